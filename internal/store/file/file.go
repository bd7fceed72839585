// Package file keeps users and roles in one JSON document on disk:
//
//	{"users": {"ann": {…}}, "roles": {"Editor": {…}}, "rev_floor": 0}
//
// whose members are CM-Well's user and role documents, and what deleted users
// leave behind. The document is read whole and checked whole: one mistake in it,
// and none of it is used.
package file

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Store is the state of one users file as it was read. It is immutable and safe
// for concurrent use; the zero Store has nobody in it.
type Store struct {
	text  []byte // the whole file; nobody changes it
	users map[string]*account.Principal
	// anonymous is among the users, too, where there is one: each request without a
	// token asks for it.
	anonymous *account.Principal
	roles     map[string]account.Role
	of        [account.Roles + 1]section // by kind
	floor     int64                      // the lowest rev of a new user
	exposure  []string                   // what is to be said of the file itself
	shapes    []account.Shape
	onlyMD5   bool
}

// section is where the documents of one kind stand in the text.
type section struct {
	all span // of the object that they are members of; empty when there is none
	at  map[string]span
}

// span is a part of the text.
type span struct{ from, to int }

var _ account.Resolver = (*Store)(nil)

// User returns the user of that name, or account.ErrNotExist.
func (s *Store) User(ctx context.Context, name string) (account.User, error) {
	p, err := s.Principal(ctx, name)
	if err != nil {
		return account.User{}, err
	}
	return p.User, nil
}

// Principal returns the user of that name with its roles, or account.ErrNotExist.
func (s *Store) Principal(_ context.Context, name string) (*account.Principal, error) {
	p := s.anonymous
	if name != account.Anonymous {
		p = s.users[name]
	}
	if p == nil {
		return nil, account.ErrNotExist
	}
	return p, nil
}

// user is the zero User for nobody.
func (s *Store) user(name string) account.User {
	if p := s.users[name]; p != nil {
		return p.User
	}
	return account.User{}
}

// Role returns the role of that name, or account.ErrNotExist.
func (s *Store) Role(_ context.Context, name string) (account.Role, error) { return s.roleOrNone(name) }

func (s *Store) roleOrNone(name string) (account.Role, error) {
	if r, ok := s.roles[name]; ok {
		return r, nil
	}
	return account.Role{}, account.ErrNotExist
}

func (s *Store) role(name string) (account.Role, bool) { r, ok := s.roles[name]; return r, ok }

// Names are those of all users or roles, sorted.
func (s *Store) Names(_ context.Context, kind account.Kind) ([]string, error) {
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(s.of[kind].at)), nil
}

// Document returns the bytes that the file has for a user or role, or
// account.ErrNotExist.
func (s *Store) Document(_ context.Context, kind account.Kind, name string) ([]byte, error) {
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	kept := s.document(kind, name)
	if kept == nil {
		return nil, account.ErrNotExist
	}
	return slices.Clone(kept), nil
}

func checkKind(kind account.Kind) error {
	if kind != account.Users && kind != account.Roles {
		return fmt.Errorf("users file: %s found; users and roles are kept", kind)
	}
	return nil
}

// document is a part of the text, or nil. The kind is one that is kept.
func (s *Store) document(kind account.Kind, name string) []byte {
	at, ok := s.of[kind].at[name]
	if !ok {
		return nil
	}
	return s.text[at.from:at.to]
}

// Len is the number of users.
func (s *Store) Len() int { return len(s.users) }

// Shapes are those of the users' password hashes, each once.
func (s *Store) Shapes() []account.Shape { return s.shapes }

// OnlyMD5 tells whether some user can log in by HTTP Digest with MD5 alone.
func (s *Store) OnlyMD5() bool { return s.onlyMD5 }
