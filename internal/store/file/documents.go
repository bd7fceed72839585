package file

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/account/splice"
)

// of are the documents of one kind; nil when the file has no member for them.
func (d document) of(kind account.Kind) (map[string]jsontext.Value, error) {
	switch kind {
	case account.Users:
		return d.Users, nil
	case account.Roles:
		return d.Roles, nil
	}
	return nil, fmt.Errorf("users file: %s found; users and roles are kept", kind)
}

// Names are those of all users or roles, sorted.
func (s *Store) Names(_ context.Context, kind account.Kind) ([]string, error) {
	documents, err := s.kept.of(kind)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(documents)), nil
}

// Document returns the bytes that the file has for a user or role, or
// account.ErrNotExist.
func (s *Store) Document(_ context.Context, kind account.Kind, name string) ([]byte, error) {
	documents, err := s.kept.of(kind)
	if err != nil {
		return nil, err
	}
	kept, ok := documents[name]
	if !ok {
		return nil, account.ErrNotExist
	}
	return slices.Clone(kept), nil
}

// Names are those of all users or roles, sorted.
func (u *Users) Names(ctx context.Context, kind account.Kind) ([]string, error) {
	return u.Snapshot().Names(ctx, kind)
}

// Document returns the bytes that the file has for a user or role, or
// account.ErrNotExist.
func (u *Users) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	return u.Snapshot().Document(ctx, kind, name)
}

// Put stores a document in the file, and changes nothing else in it, to the
// byte; see account.Documents. The file must exist.
func (u *Users) Put(ctx context.Context, kind account.Kind, name string, doc []byte) error {
	u.writing.Lock()
	defer u.writing.Unlock()
	before, b, err := u.begin(ctx)
	if err != nil {
		return err
	}
	there, err := before.kept.of(kind)
	if err != nil {
		return err
	}
	kept, err := account.Kept(kind, name, doc, before.user(name), before.floor)
	if err != nil {
		return err
	}
	changed, err := withMember(b, there != nil, kind, name, kept)
	if err != nil {
		return u.failed(err)
	}
	// The file was good before: what is wrong now, such as too deep a nesting, came
	// with the document.
	after, err := parseChanged(changed)
	if err != nil {
		return fmt.Errorf("%w: %w", account.ErrDocument, err)
	}
	return u.write(after, changed)
}

// withMember is the file with the document in it. Where none of its kind are, the
// member for them may lack, or be null.
func withMember(b []byte, others bool, kind account.Kind, name string, doc jsontext.Value) ([]byte, error) {
	if others {
		return splice.Members(b, map[string]jsontext.Value{name: doc}, kind.String())
	}
	// CheckName lets no letter through that JSON escapes.
	first := slices.Concat([]byte(`{"`+name+`": `), doc, []byte("}"))
	return splice.Members(b, map[string]jsontext.Value{kind.String(): first})
}

// Delete removes a document from the file, and raises rev_floor for a user's;
// see account.Documents.
func (u *Users) Delete(ctx context.Context, kind account.Kind, name string) error {
	if err := account.CheckName(name); err != nil {
		return fmt.Errorf("%w: %s %w", account.ErrDocument, kind.Singular(), err)
	}
	u.writing.Lock()
	defer u.writing.Unlock()
	before, b, err := u.begin(ctx)
	if err != nil {
		return u.orNobody(err)
	}
	there, err := before.kept.of(kind)
	if err != nil {
		return err
	}
	if _, ok := there[name]; !ok {
		return account.ErrNotExist
	}
	floor := before.floor
	if kind == account.Users {
		if floor, err = account.FloorAfter(before.user(name), floor); err != nil {
			return err
		}
	}
	changed, err := without(b, kind, name, floor, before.floor)
	if err != nil {
		return u.failed(err)
	}
	after, err := parseChanged(changed)
	if err != nil {
		return u.failed(err)
	}
	return u.write(after, changed)
}

// without is the file with the document taken out and the floor raised.
func without(b []byte, kind account.Kind, name string, floor, former int64) ([]byte, error) {
	changed, err := splice.Members(b, map[string]jsontext.Value{name: nil}, kind.String())
	if err != nil || floor == former {
		return changed, err
	}
	return splice.Members(changed, map[string]jsontext.Value{"rev_floor": strconv.AppendInt(nil, floor, 10)})
}
