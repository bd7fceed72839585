package infotons

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// User returns the user of that name as the store has it now, so that whoever logs in
// is known as well as whoever does not exist, and after the same time. While the
// store cannot tell, it is the last known state.
func (s *Store) User(ctx context.Context, name string) (account.User, error) {
	known := s.remembered(name)
	document, err := s.read(ctx, account.Users, name, known)
	if err == nil || errors.Is(err, account.ErrNotExist) {
		s.compare(name, document, err)
	}
	if errors.Is(err, account.ErrNotExist) {
		return account.User{}, account.ErrNotExist
	}
	var user account.User
	if err == nil {
		user, err = account.ParseUser(name, document)
	}
	if err == nil {
		s.saw(user)
		return user, nil
	}
	if last := s.lastKnown(name); last != nil && last.principal != nil && ctx.Err() == nil {
		return last.principal.User, nil
	}
	return account.User{}, err
}

// compare finds out that a user is not any more what is remembered: a token that is
// given for the new rev must be good at once.
func (s *Store) compare(name string, document []byte, err error) {
	path, _ := pathOf(account.Users, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[name]; e != nil {
		if was, ok := e.state.of(path); !ok || was != partOf(path, document, err) {
			e.suspect = true
		}
	}
}

// Role returns the role of that name as the store has it now.
func (s *Store) Role(ctx context.Context, name string) (account.Role, error) {
	document, err := s.read(ctx, account.Roles, name, nil)
	if err != nil {
		return account.Role{}, err
	}
	role, err := account.ParseRole(name, document)
	if err != nil {
		return account.Role{}, fmt.Errorf("users infotons: %w", err)
	}
	return role, nil
}

// Document returns the document as the store has it now.
func (s *Store) Document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	document, err := s.read(ctx, kind, name, nil)
	return bytes.Clone(document), err // others may have waited for the same bytes
}

// read reads one document now. Whoever asks for the same meanwhile waits for the same
// answer.
func (s *Store) read(ctx context.Context, kind account.Kind, name string, known *state) ([]byte, error) {
	path, err := pathOf(kind, name)
	if err != nil {
		return nil, err
	}
	return fly(ctx, s, s.now(), path, func(ctx context.Context) ([]byte, error) { return s.document(ctx, path, known) })
}
