package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Principal returns the user of that name with its roles, of one state, or
// account.ErrNotExist. It asks Redis only for those whom this door does not know.
// While Redis is not heard of, those are found who were known, as they were last,
// for MaxStale; everybody else is an error.
func (s *Store) Principal(ctx context.Context, name string) (*account.Principal, error) {
	p, certain := s.view.known(name)
	if !certain {
		return s.look(ctx, name)
	}
	if p == nil {
		return nil, account.ErrNotExist
	}
	return p, nil
}

func (s *Store) look(ctx context.Context, name string) (*account.Principal, error) {
	if account.CheckName(name) != nil {
		return nil, account.ErrNotExist
	}
	current := s.view.current()
	c := s.users.Load()
	if current == nil || c == nil {
		return s.view.lastKnown(name)
	}
	f := s.view.board(name, func(f *flight) {
		found, err := s.load(s.life, *c, name)
		s.view.land(name, f, current, found, err)
	})
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case f.err == nil && f.found == nil:
		return nil, account.ErrNotExist
	case f.err == nil || errors.Is(f.err, errUnsound):
		return f.found, f.err
	}
	// Redis was heard of a moment ago, and does not answer.
	if p, err := s.view.lastKnown(name); err == nil || errors.Is(err, account.ErrNotExist) {
		return p, err
	}
	return nil, f.err
}

// load asks Redis for a user and its roles.
func (s *Store) load(ctx context.Context, c rueidis.Client, name string) (*finding, error) {
	keys := []string{s.keys.of(account.Users, name)}
	var names []string // of the roles that keys has behind the user
	for range 5 {
		documents, err := s.read(ctx, c, keys...)
		if err != nil {
			return nil, err
		}
		if documents[0] == "" {
			return new(finding), nil
		}
		user, err := parsed(name, documents[0])
		if err != nil {
			return nil, err
		}
		needed := slices.Compact(slices.Sorted(slices.Values(user.Roles)))
		if slices.Equal(needed, names) {
			return s.compose(user, documents, names)
		}
		if len(needed) > maxRoles {
			return nil, fmt.Errorf("%w: user %s has %d roles, at most %d are accepted", errUnsound, name, len(needed), maxRoles)
		}
		names, keys = needed, keys[:1]
		for _, role := range names {
			keys = append(keys, s.keys.of(account.Roles, role))
		}
	}
	return nil, fmt.Errorf("redis: the roles of user %s change faster than they can be read", name)
}

// compose puts a user together with its roles, of which documents has those behind
// the user's.
func (s *Store) compose(user account.User, documents, names []string) (*finding, error) {
	found := &finding{size: len(documents[0])}
	for i, name := range names {
		r, err := s.role(name, documents[1+i])
		if err != nil {
			return nil, err
		}
		found.roles = append(found.roles, r)
	}
	var err error
	found.principal, err = account.Compose(user, func(name string) (account.Role, error) {
		i, _ := slices.BinarySearch(names, name)
		return found.roles[i].parsed, found.roles[i].exists()
	})
	return found, err
}

// role is the role with this document, the same for all who have it.
func (s *Store) role(name, document string) (*role, error) {
	if r := s.view.roleOf(name, document); r != nil {
		return r, nil
	}
	r := &role{name: name, document: document}
	if document == "" {
		return r, nil
	}
	var err error
	if r.parsed, err = account.ParseRole(name, []byte(document)); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsound, err)
	}
	return r, nil
}

func (r *role) exists() error {
	if r.document == "" {
		return account.ErrNotExist
	}
	return nil
}

// User returns the user of that name, or account.ErrNotExist. It always asks Redis:
// a login is decided by what is true now, and takes as long for a name that nobody
// has.
func (s *Store) User(ctx context.Context, name string) (account.User, error) {
	document, err := s.Document(ctx, account.Users, name)
	if err != nil {
		return account.User{}, err
	}
	return parsed(name, string(document))
}

// Role returns the role of that name, or account.ErrNotExist. It always asks Redis.
func (s *Store) Role(ctx context.Context, name string) (account.Role, error) {
	document, err := s.Document(ctx, account.Roles, name)
	if err != nil {
		return account.Role{}, err
	}
	role, err := account.ParseRole(name, document)
	if err != nil {
		return account.Role{}, fmt.Errorf("%w: %w", errUnsound, err)
	}
	return role, nil
}
