package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/account/splice"
)

// Users is a users file in use: it can be read again and edited, while requests
// see the last good state of it, always whole. It is safe for concurrent use.
// What another process writes while an Edit, Put or Delete is under way may be
// lost. Who edits the file by hand keeps rev_floor, and gives a user who was
// removed and is there again a rev that the user never had: nothing here
// remembers the former one, and with an old rev old tokens are valid again.
type Users struct {
	name string
	wide bool
	// rename puts a complete file in the place of the former one.
	rename func(from, to string) error

	writing sync.Mutex // whoever changes current holds it
	current atomic.Pointer[state]
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
)

// Open reads the file, with the errors of Read.
func Open(name string, wide bool) (*Users, error) {
	u := New(name, wide)
	if err := u.Reload(); err != nil {
		return nil, err
	}
	return u, nil
}

// New is for a file that need not exist yet: there is nobody in it until Reload
// or Create.
func New(name string, wide bool) *Users {
	u := &Users{name: name, wide: wide, rename: os.Rename}
	u.take(new(Store))
	return u
}

func (u *Users) take(s *Store) { u.current.Store(&state{Store: s, readAt: time.Now()}) }

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

// Snapshot is the state that is in use now. It does not change any more.
func (u *Users) Snapshot() *Store { return u.current.Load().Store }

// State tells when the state in use was read or written, and why a later Reload
// failed; nil when none did.
func (u *Users) State() (readAt time.Time, trouble error) {
	now := u.current.Load()
	return now.readAt, now.trouble
}

// Reload reads the file again. On an error, which is one of Read's, the last good
// state stays in use.
func (u *Users) Reload() error {
	u.writing.Lock()
	defer u.writing.Unlock()
	return u.reload()
}

func (u *Users) reload() error {
	s, err := Read(u.name, u.wide)
	if err != nil {
		last := *u.current.Load()
		last.trouble = err
		u.current.Store(&last)
		return err
	}
	u.take(s)
	return nil
}

// Create writes a new file with one user in it, as the function Create does, and
// takes it into use.
func (u *Users) Create(user string, doc jsontext.Value) error {
	u.writing.Lock()
	defer u.writing.Unlock()
	if err := Create(u.name, user, doc); err != nil {
		return err
	}
	return u.reload()
}

// Edit changes one user in the file, and nothing else in it, to the byte. The
// file is read before, so that what was edited by hand is not lost. After an
// error the state that was in use stays so.
func (u *Users) Edit(ctx context.Context, name string, change func(account.User) (account.Fields, error)) (account.User, error) {
	u.writing.Lock()
	defer u.writing.Unlock()
	before, b, err := u.begin(ctx)
	if err != nil {
		return account.User{}, u.orNobody(err)
	}
	user, err := before.User(ctx, name)
	if err != nil {
		return account.User{}, err
	}
	fields, err := change(clone(user))
	if err != nil {
		return account.User{}, err
	}
	if len(fields) == 0 {
		u.take(before)
		return before.User(ctx, name)
	}
	changed, err := edited(b, name, fields)
	if err != nil {
		return account.User{}, u.failed(err)
	}
	after, err := parseChanged(changed)
	if err != nil {
		return account.User{}, u.failed(err)
	}
	if err := u.write(after, changed); err != nil {
		return account.User{}, err
	}
	return after.User(ctx, name)
}

// clone keeps the state from whoever is handed a user to change.
func clone(u account.User) account.User {
	u.Paths, u.Roles = slices.Clone(u.Paths), slices.Clone(u.Roles)
	return u
}

// begin reads the file for a change of it.
func (u *Users) begin(ctx context.Context) (*Store, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return read(u.name, u.wide)
}

// orNobody is begin's error for one who looks for a user: in a file that is yet
// to be written there is nobody. One that is gone is an error.
func (u *Users) orNobody(err error) error {
	if errors.Is(err, fs.ErrNotExist) && u.Snapshot().Len() == 0 {
		return account.ErrNotExist
	}
	return err
}

// parseChanged refuses what could not be read again.
func parseChanged(b []byte) (*Store, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("it would have %d bytes, and at most %d are read", len(b), MaxSize)
	}
	return Parse(b)
}

// write stores the changed file, of which after is the state, and takes it into
// use; or else it does neither.
func (u *Users) write(after *Store, changed []byte) error {
	if err := place(u.name, changed, u.rename); err != nil {
		return u.failed(err)
	}
	u.take(after)
	return nil
}

func (u *Users) failed(err error) error { return fmt.Errorf("users file %s: %w", u.name, err) }

// edited is the file with the fields of one user changed.
func edited(b []byte, user string, fields account.Fields) ([]byte, error) {
	if err := fields.Check(); err != nil {
		return nil, err
	}
	edits, err := encoded(fields)
	if err != nil {
		return nil, err
	}
	return editUser(b, user, edits)
}

// editUser changes members of one user's object: a value sets the member, nil
// removes it. The file must be one that Parse accepts.
func editUser(b []byte, user string, edits map[string]jsontext.Value) ([]byte, error) {
	return splice.Members(b, edits, account.Users.String(), user)
}

func encoded(fields account.Fields) (map[string]jsontext.Value, error) {
	edits := make(map[string]jsontext.Value, len(fields))
	for name, value := range fields {
		edits[name] = nil
		if value == nil {
			continue
		}
		b, err := json.Marshal(value, json.Deterministic(true))
		if err != nil {
			// The error could hold the value, which may be a hash.
			return nil, fmt.Errorf("field %s: a %T found, which cannot be written in JSON", name, value)
		}
		edits[name] = b
	}
	return edits, nil
}
