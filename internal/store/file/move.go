package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/account/splice"
)

// Fill stores documents in one step: all of them, or none. A file that does not
// exist is made.
func (u *Users) Fill(ctx context.Context, documents []account.Posted) error {
	_, err := u.replace(ctx, func(before *Store) ([]byte, error) { return before.with(documents) })
	if !errors.Is(err, fs.ErrNotExist) {
		return ofDocument(err)
	}
	return u.begin(ctx, func() error {
		none, err := Parse([]byte(nobody))
		if err != nil {
			return err
		}
		text, err := none.with(documents)
		if err != nil {
			return err
		}
		if _, err := none.changedTo(text); err != nil {
			return ofDocument(err)
		}
		fleeting, err := u.place(text, os.Link) // fails where a rename would overwrite
		return cmp.Or(err, fleeting)
	})
}

// Floor is what deleted users have left: the file's rev_floor.
func (u *Users) Floor(context.Context) (int64, error) { return u.Snapshot().floor, nil }

// RaiseFloor makes rev_floor at least this one.
func (u *Users) RaiseFloor(ctx context.Context, floor int64) error {
	if err := account.CheckFloor(floor); err != nil {
		return fmt.Errorf("rev_floor: %w", err)
	}
	_, err := u.replace(ctx, func(before *Store) ([]byte, error) {
		if floor <= before.floor {
			return nil, nil
		}
		return splice.Members(before.text, map[string]jsontext.Value{"rev_floor": strconv.AppendInt(nil, floor, 10)})
	})
	return err
}

var (
	_ account.Replacer = (*Users)(nil)
	_ account.Floored  = (*Users)(nil)
	_ account.Filler   = (*Users)(nil)
)
