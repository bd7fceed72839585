package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Principal is a user with all that its roles add, as of one state of the store.
// Whoever asks for the user is given the same Principal, and nobody changes it.
type Principal struct {
	User User
	// Rules are the user's own entries and those of its roles.
	Rules permission.Rules
	// Operations are the user's own and those of its roles.
	Operations permission.Operation
}

// Resolver is a Store that knows users together with their roles. So a request
// that comes while both are changed is decided by one state and not by a half
// of each, and nothing is put together anew for it.
type Resolver interface {
	Store
	// Principal has the errors of Store.User.
	Principal(ctx context.Context, name string) (*Principal, error)
}

// Resolve returns the principal of that name, ErrNotExist when there is none, and
// any other error when the store cannot tell. Of a Store that is no Resolver, user
// and roles are of the moments at which they are asked for.
func Resolve(ctx context.Context, s Store, name string) (*Principal, error) {
	if r, ok := s.(Resolver); ok {
		return r.Principal(ctx, name)
	}
	u, err := s.User(ctx, name)
	if err != nil {
		return nil, err
	}
	return Compose(u, func(role string) (Role, error) { return s.Role(ctx, role) })
}

// Compose makes the principal of a user. role has the errors of Store.Role: a role
// that does not exist grants nothing and is no error; one that nobody can tell of is.
func Compose(u User, role func(name string) (Role, error)) (*Principal, error) {
	p := &Principal{User: u, Rules: permission.Rules{Own: u.Paths, Index: permission.NewIndex(u.Paths)}, Operations: u.Operations}
	for _, name := range u.Roles {
		r, err := role(name)
		if errors.Is(err, ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", name, err)
		}
		p.Rules.Roles = append(p.Rules.Roles, permission.Role{Name: r.Name, Entries: r.Paths, Index: r.index})
		p.Operations |= r.Operations
	}
	return p, nil
}
