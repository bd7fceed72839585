package infotons

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// state is a user with its roles, as they were at one moment.
type state struct {
	principal *account.Principal // nil for nobody
	// parts are the documents that it is made of: the user's first.
	parts []part
}

// part is one document by its path. The zero sum is for none.
type part struct {
	path string
	sum  [sha256.Size]byte
}

func partOf(path string, document []byte, err error) part {
	if err != nil {
		return part{path: path}
	}
	return part{path, sha256.Sum256(document)}
}

func (p part) absent() bool { return p.sum == [sha256.Size]byte{} }

// of finds what is known about a path.
func (s *state) of(path string) (part, bool) {
	if s == nil {
		return part{}, false
	}
	i := slices.IndexFunc(s.parts, func(p part) bool { return p.path == path })
	if i < 0 {
		return part{}, false
	}
	return s.parts[i], true
}

// readings is how often a user and its roles are read until they stand still.
const readings = 4

// stable reads a user with its roles, of one state of the store. CM-Well gives one
// document at a time, so what differs from what is known is read once more: two
// readings that are the same, one after the other, were both true between them.
func (s *Store) stable(ctx context.Context, name string, known *state) (*state, error) {
	for range readings {
		now, err := s.once(ctx, name, known)
		if err != nil {
			return nil, err
		}
		if known != nil && slices.Equal(known.parts, now.parts) {
			return known, nil
		}
		if len(now.parts) == 1 { // one document is always of one state
			return now, nil
		}
		known = now
	}
	return nil, fmt.Errorf("users infotons: user %s: %w", name, errRestless)
}

// errRestless says: no two readings were the same.
var errRestless = errors.New("it or its roles were changed whenever they were read")

// once reads a user, and then its roles.
func (s *Store) once(ctx context.Context, name string, known *state) (*state, error) {
	now := new(state)
	read := func(kind account.Kind, name string) ([]byte, error) {
		path, err := pathOf(kind, name)
		if err != nil {
			return nil, err
		}
		document, err := s.document(ctx, path, known)
		if err == nil || errors.Is(err, account.ErrNotExist) {
			now.parts = append(now.parts, partOf(path, document, err))
		}
		return document, err
	}
	document, err := read(account.Users, name)
	if errors.Is(err, account.ErrNotExist) {
		return now, nil
	}
	if err != nil {
		return nil, err
	}
	user, err := account.ParseUser(name, document)
	if err != nil {
		return nil, fmt.Errorf("users infotons: %w", err)
	}
	s.saw(user)
	now.principal, err = account.Compose(user, func(role string) (account.Role, error) {
		document, err := read(account.Roles, role)
		if err != nil {
			return account.Role{}, err
		}
		return account.ParseRole(role, document)
	})
	if err != nil {
		return nil, fmt.Errorf("users infotons: user %s: %w", name, err)
	}
	return now, nil
}

// document reads the one at the path. That it does not exist is believed at once only
// where it is known already, or where the worst of it is that a user is refused: a
// role that denies, and the document of requests without a token, must not vanish
// because CM-Well, which says 404 then too, cannot read them just now.
func (s *Store) document(ctx context.Context, path string, known *state) ([]byte, error) {
	document, err := s.client.get(ctx, path)
	if !errors.Is(err, account.ErrNotExist) {
		return document, err
	}
	if last, ok := known.of(path); ok && last.absent() || !ok && refuses(path) {
		return nil, account.ErrNotExist
	}
	return nil, s.client.absent(ctx, path, err)
}

// refuses tells whether that there is no such document can only refuse.
func refuses(path string) bool {
	return strings.HasPrefix(path, root+"/users/") && path != root+"/users/"+account.Anonymous
}

// certain reads the document at the path for a change of it. Nil is for none, and
// then there is none for certain: what is made anew takes the place of nothing.
func (c *client) certain(ctx context.Context, path string) ([]byte, error) {
	document, err := c.get(ctx, path)
	if errors.Is(err, account.ErrNotExist) {
		if err = c.absent(ctx, path, err); errors.Is(err, account.ErrNotExist) {
			return nil, nil
		}
	}
	return document, err
}

// absent is account.ErrNotExist when that is certain: the store says that it was
// deleted, or its search, which reads from elsewhere, does not find it either.
func (c *client) absent(ctx context.Context, path string, why error) error {
	if errors.Is(why, errDeleted) {
		return account.ErrNotExist
	}
	at := strings.LastIndexByte(path, '/')
	listed, err := c.list(ctx, path[:at])
	if err != nil {
		return err
	}
	if listed[path[at+1:]] {
		return fmt.Errorf("users infotons: %s is listed and cannot be read", path)
	}
	return account.ErrNotExist
}
