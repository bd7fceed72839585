package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// errSpoilt says: the changed file could not be read again.
var errSpoilt = errors.New("the change is not accepted")

// Edit changes one user in the file, and nothing else in it, to the byte. The
// file is read before, so that what was edited by hand is not lost. After an
// error the state that was in use stays so.
func (u *Users) Edit(ctx context.Context, name string, change func(account.User) (account.Fields, error)) (account.User, error) {
	after, err := u.replace(ctx, func(before *Store) ([]byte, error) {
		user, err := before.User(ctx, name)
		if err != nil {
			return nil, err
		}
		fields, err := change(clone(user))
		if err != nil || len(fields) == 0 {
			return nil, err
		}
		return before.withFields(name, fields)
	})
	if err != nil {
		return account.User{}, u.orNobody(err)
	}
	return after.User(ctx, name)
}

// clone keeps the state from whoever is handed a user to change.
func clone(u account.User) account.User {
	u.Paths, u.Roles = slices.Clone(u.Paths), slices.Clone(u.Roles)
	return u
}

// Put stores a document in the file, and changes nothing else in it, to the
// byte; see account.Documents. The file must exist.
func (u *Users) Put(ctx context.Context, kind account.Kind, name string, doc []byte) error {
	return u.Replace(ctx, kind, name, func([]byte) ([]byte, error) { return doc, nil })
}

// Replace stores what next makes of the document that is there; see
// account.Replacer. The file must exist.
func (u *Users) Replace(ctx context.Context, kind account.Kind, name string, next func([]byte) ([]byte, error)) error {
	if err := checkKind(kind); err != nil {
		return err
	}
	_, err := u.replace(ctx, func(before *Store) ([]byte, error) {
		doc, err := next(slices.Clone(before.document(kind, name)))
		if err != nil {
			return nil, err
		}
		return before.with([]account.Posted{{Kind: kind, Name: name, Document: doc}})
	})
	return ofDocument(err)
}

// ofDocument is an error of a change that is all documents. What could be read alone
// may not be there, such as for too deep a nesting.
func ofDocument(err error) error {
	if errors.Is(err, errSpoilt) {
		return fmt.Errorf("%w: %w", account.ErrDocument, err)
	}
	return err
}

// Delete removes a document from the file, and raises rev_floor for a user's;
// see account.Documents.
func (u *Users) Delete(ctx context.Context, kind account.Kind, name string) error {
	if err := account.CheckName(name); err != nil {
		return fmt.Errorf("%w: %s %w", account.ErrDocument, kind.Singular(), err)
	}
	if err := checkKind(kind); err != nil {
		return err
	}
	_, err := u.replace(ctx, func(before *Store) ([]byte, error) {
		if before.document(kind, name) == nil {
			return nil, account.ErrNotExist
		}
		floor := before.floor
		if kind == account.Users {
			var err error
			if floor, err = account.FloorAfter(before.user(name), floor); err != nil {
				return nil, err
			}
		}
		return before.without(kind, name, floor)
	})
	return u.orNobody(err)
}

// orNobody is the error for one who looks for a user: in a file that is yet to be
// written there is nobody. One that is gone is an error.
func (u *Users) orNobody(err error) error {
	if errors.Is(err, fs.ErrNotExist) && u.Snapshot().text == nil {
		return account.ErrNotExist
	}
	return err
}

// changedTo is the state of the text, when it can be read again.
func (s *Store) changedTo(text []byte) (*Store, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: the file would have %d bytes, and at most %d are read", errSpoilt, len(text), MaxSize)
	}
	after, err := parse(text, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSpoilt, err)
	}
	after.exposure = s.exposure
	return after, nil
}

// replace has next change the text of the file, as nobody else does at that time,
// and takes into use what came of it. No text means that nothing is to be changed.
// next is called again when the file was edited by hand meanwhile.
func (u *Users) replace(ctx context.Context, next func(*Store) ([]byte, error)) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// No lock file beside what cannot be changed.
	_, refused := modeFor(u.name)
	_, absent := os.Stat(u.name)
	if err := cmp.Or(refused, absent); err != nil {
		return nil, u.failed(err)
	}
	release, err := u.hold(ctx)
	if err != nil {
		return nil, u.failed(err)
	}
	defer u.tell()
	defer release()
	for range 5 {
		after, err := u.replaceOnce(next)
		if !errors.Is(err, errMoved) {
			return after, err
		}
	}
	return nil, u.failed(errMoved)
}

func (u *Users) replaceOnce(next func(*Store) ([]byte, error)) (*Store, error) {
	inUse, seen := u.current.Load(), versionOf(u.name)
	before, err := read(u.name, u.lax, inUse.Store)
	if err != nil {
		return nil, err
	}
	text, err := next(before)
	if err != nil {
		return nil, err
	}
	if text == nil {
		u.use(before, inUse)
		return before, nil
	}
	after, err := before.changedTo(text)
	if err != nil {
		return nil, err
	}
	fleeting, err := u.place(text, func(from, to string) error {
		// An editor takes no lock, and what it wrote is not to be lost either.
		if versionOf(to) != seen {
			return errMoved
		}
		return u.rename(from, to)
	})
	if err != nil {
		return nil, u.failed(err)
	}
	u.use(after, inUse)
	if fleeting != nil {
		return nil, u.failed(fleeting)
	}
	return after, nil
}

// Create writes a new users file with one user in it, durably and for the owner
// alone, in a folder that is made when there is none. A file that exists is left as
// it is, and is an error that wraps fs.ErrExist, unless there are no users in it:
// then its user is added to what it has.
func (u *Users) Create(ctx context.Context, user string, doc jsontext.Value) error {
	return u.begin(ctx, func() error { return u.create(user, doc) })
}

// nobody is a new file, with a line for each who comes.
const nobody = "{\n  \"users\": {\n  },\n  \"roles\": {\n  }\n}\n"

// begin has write write a file that is not there, in a folder that is made when there
// is none.
func (u *Users) begin(ctx context.Context, write func() error) error {
	folder := filepath.Dir(u.name)
	if err := makeFolder(folder); err != nil {
		return u.failed(err)
	}
	in, err := os.Stat(folder)
	if err != nil {
		return u.failed(err)
	}
	if err := exposed(folderExposure(folder, in, os.Geteuid()), u.lax); err != nil {
		return u.failed(err)
	}
	release, err := u.hold(ctx)
	if err != nil {
		return u.failed(err)
	}
	defer release()
	if err := write(); err != nil {
		return u.failed(err)
	}
	return u.Reload()
}

func (u *Users) create(user string, doc jsontext.Value) error {
	there, err := Read(u.name, true)
	put := u.rename
	if err != nil || there.Len() > 0 {
		put = os.Link // fails where a rename would overwrite
		if there, err = Parse([]byte(nobody)); err != nil {
			return err
		}
	}
	text, err := there.with([]account.Posted{{Kind: account.Users, Name: user, Document: doc}})
	if err != nil {
		return err
	}
	fleeting, err := u.place(text, put)
	return cmp.Or(err, fleeting)
}
