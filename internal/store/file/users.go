package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Users is a users file in use: it can be read again and changed, while requests
// see the last good state of it, always whole, and wait for nothing. It is safe for
// concurrent use. Processes that have the file in common change it one after the
// other, each what the one before has left. Who edits the file by hand keeps
// rev_floor, and gives a user who was removed and is there again a rev that the user
// never had: nothing here remembers the former one, and with an old rev old tokens
// are valid again.
type Users struct {
	name string
	lax  bool
	// rename puts a complete file in the place of the former one.
	rename func(from, to string) error

	turn     chan struct{} // holds one while the file is being changed
	released time.Time     // when the lock was last given up; of who has the turn
	current  atomic.Pointer[state]
	followed following
	watching watching
}

// state is what is in use, and why a later Reload failed.
type state struct {
	*Store
	readAt  time.Time
	trouble error
}

var (
	_ account.Editor    = (*Users)(nil)
	_ account.Documents = (*Users)(nil)
	_ account.Resolver  = (*Users)(nil)
	_ account.Followed  = (*Users)(nil)
)

// Open reads the file, with the errors of Read.
func Open(name string, lax bool) (*Users, error) {
	u := New(name, lax)
	if err := u.Reload(); err != nil {
		return nil, err
	}
	return u, nil
}

// New is for a file that need not exist yet: there is nobody in it until Reload
// or Create.
func New(name string, lax bool) *Users {
	u := &Users{name: name, lax: lax, rename: os.Rename, turn: make(chan struct{}, 1)}
	u.current.Store(&state{Store: new(Store), readAt: time.Now()})
	u.followed.told = u.current.Load()
	return u
}

// Location is where the users are, as a URL.
func (u *Users) Location() string { return "file:" + u.name }

// User returns the user of that name, or account.ErrNotExist.
func (u *Users) User(ctx context.Context, name string) (account.User, error) {
	return u.Snapshot().User(ctx, name)
}

// Principal returns the user of that name with its roles, or account.ErrNotExist.
func (u *Users) Principal(ctx context.Context, name string) (*account.Principal, error) {
	return u.Snapshot().Principal(ctx, name)
}

// Role returns the role of that name, or account.ErrNotExist.
func (u *Users) Role(ctx context.Context, name string) (account.Role, error) {
	return u.Snapshot().Role(ctx, name)
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

// OnlyMD5 tells whether some user can log in by HTTP Digest with MD5 alone.
func (u *Users) OnlyMD5() bool { return u.Snapshot().OnlyMD5() }

// Snapshot is the state that is in use now. It does not change any more.
func (u *Users) Snapshot() *Store { return u.current.Load().Store }

// State tells when the state in use was last found in the file, and why a later
// Reload failed; nil when none did. The error is an account.Trouble.
func (u *Users) State() (readAt time.Time, trouble error) {
	now := u.current.Load()
	return now.readAt, now.trouble
}

// Reload reads the file again. On an error, which is one of Read's or ErrEmptied,
// the last good state stays in use.
func (u *Users) Reload() error {
	defer u.tell()
	for {
		last := u.current.Load()
		now, err := u.again(last)
		// Whoever changed the file meanwhile has put a newer state into use.
		if u.current.CompareAndSwap(last, now) {
			return err
		}
	}
}

// again is the state after the file was read once more.
func (u *Users) again(last *state) (*state, error) {
	s, err := read(u.name, u.lax, last.Store)
	if err == nil {
		return &state{Store: s, readAt: time.Now()}, nil
	}
	now := *last
	// A file that never was is no trouble: it is yet to be made.
	if last.text != nil || !errors.Is(err, fs.ErrNotExist) {
		now.trouble = troubled(err)
	}
	return &now, err
}

// use puts a state into use that is in the file; last is what was in use when that
// was read.
func (u *Users) use(s *Store, last *state) {
	now := &state{Store: s, readAt: time.Now()}
	// Whoever read the file since may have seen what came after.
	if u.current.Swap(now) != last {
		_ = u.Reload()
	}
}

func (u *Users) failed(err error) error { return fmt.Errorf("users file %s: %w", u.name, err) }
