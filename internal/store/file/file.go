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
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// MaxSize is the greatest file that is read, in bytes.
const MaxSize = 256 << 20

// ErrMode says: others than the owner may open the file, which holds password hashes.
var ErrMode = errors.New("file mode is too wide")

// Store is the state of one users file as it was read. It is immutable and safe
// for concurrent use; the zero Store has nobody in it.
type Store struct {
	users   map[string]*account.Principal
	roles   map[string]account.Role
	kept    document
	floor   int64  // the lowest rev of a new user
	wide    string // what is to be said of the file's mode
	shapes  []account.Shape
	onlyMD5 bool

	linting  sync.Once // an edit reads the whole file, and nobody asks for its warnings
	warnings []string
}

var _ account.Resolver = (*Store)(nil)

// document is the whole file, its members still in JSON.
type document struct {
	Users    map[string]jsontext.Value `json:"users"`
	Roles    map[string]jsontext.Value `json:"roles"`
	RevFloor jsontext.Value            `json:"rev_floor,omitzero"`
}

// floor is RevFloor, or 0 where there is none.
func (d document) floor() (floor int64, err error) {
	if d.RevFloor == nil {
		return 0, nil
	}
	// Null would read as 0, and 0 revives what was revoked.
	if err = json.Unmarshal(d.RevFloor, &floor); err != nil || d.RevFloor.Kind() != '0' {
		return 0, fmt.Errorf("rev_floor: a JSON %s that is no whole number is not accepted", d.RevFloor.Kind())
	}
	if err = account.CheckFloor(floor); err != nil {
		return 0, fmt.Errorf("rev_floor: %w", err)
	}
	return floor, nil
}

// Read loads the file. A file that does not exist is an error that wraps
// fs.ErrNotExist. When wide, a file that others than its owner may open is
// read nevertheless, with a warning; otherwise it is an error that wraps ErrMode.
func Read(name string, wide bool) (*Store, error) {
	s, _, err := read(name, wide)
	return s, err
}

// read returns the state and the bytes that it is read from.
func read(name string, wide bool) (*Store, []byte, error) {
	b, warning, err := contents(name, wide)
	if err != nil {
		return nil, nil, fmt.Errorf("users file: %w", err)
	}
	s, err := Parse(b)
	if err != nil {
		return nil, nil, fmt.Errorf("users file %s: %w", name, err)
	}
	s.wide = warning
	return s, b, nil
}

func contents(name string, wide bool) (b []byte, warning string, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, "", fmt.Errorf("%s is no regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, "", err
	}
	if info.Size() > MaxSize {
		return nil, "", fmt.Errorf("%s has %d bytes, at most %d are read", name, info.Size(), MaxSize)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		warning = fmt.Sprintf("%s has mode %04o: others can open the password hashes; 0600 is accepted", name, mode)
		if !wide {
			return nil, "", fmt.Errorf("%w: %s", ErrMode, warning)
		}
	}
	b, err = io.ReadAll(io.LimitReader(f, MaxSize))
	return b, warning, err
}

// Parse reads the document strictly. The first mistake is the error; it names
// the user or role, the field, what was found and what is accepted.
func Parse(b []byte) (*Store, error) {
	if jsontext.Value(b).Kind() != '{' {
		return nil, errors.New(`a JSON object {"users": {…}, "roles": {…}} is accepted`)
	}
	var d document
	if err := json.Unmarshal(b, &d, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf(`a JSON object {"users": {…}, "roles": {…}} is accepted: %w`, err)
	}
	floor, err := d.floor()
	if err != nil {
		return nil, err
	}
	s := &Store{users: make(map[string]*account.Principal, len(d.Users)), roles: make(map[string]account.Role, len(d.Roles)), kept: d, floor: floor}
	for _, name := range slices.Sorted(maps.Keys(d.Roles)) {
		role, err := account.ParseRole(name, d.Roles[name])
		if err != nil {
			return nil, err
		}
		s.roles[name] = role
	}
	for _, name := range slices.Sorted(maps.Keys(d.Users)) {
		user, err := account.ParseUser(name, d.Users[name])
		if err != nil {
			return nil, err
		}
		if s.users[name], err = account.Compose(user, s.roleOrNone); err != nil {
			return nil, err
		}
		s.note(user)
	}
	return s, nil
}

// note gathers what is asked of all users together, at every login for one: a
// walk over all of them then would be as long as the file.
func (s *Store) note(u account.User) {
	if shape, ok := u.Shape(); ok && !slices.Contains(s.shapes, shape) {
		s.shapes = append(s.shapes, shape)
	}
	s.onlyMD5 = s.onlyMD5 || u.HA1 != "" && u.HA1SHA256 == ""
}

// User returns the user of that name, or account.ErrNotExist.
func (s *Store) User(_ context.Context, name string) (account.User, error) {
	return s.user(name), s.orNobody(name)
}

// Principal returns the user of that name with its roles, or account.ErrNotExist.
func (s *Store) Principal(_ context.Context, name string) (*account.Principal, error) {
	return s.users[name], s.orNobody(name)
}

// user is the zero User for nobody.
func (s *Store) user(name string) account.User {
	if p, ok := s.users[name]; ok {
		return p.User
	}
	return account.User{}
}

func (s *Store) orNobody(name string) error {
	if _, ok := s.users[name]; !ok {
		return account.ErrNotExist
	}
	return nil
}

// Role returns the role of that name, or account.ErrNotExist.
func (s *Store) Role(_ context.Context, name string) (account.Role, error) { return s.roleOrNone(name) }

func (s *Store) roleOrNone(name string) (account.Role, error) {
	if r, ok := s.roles[name]; ok {
		return r, nil
	}
	return account.Role{}, account.ErrNotExist
}

// maxWarnings is how many sentences are kept: a log is read by people.
const maxWarnings = 100

// Warnings are sentences about what is probably not meant as it stands: about the
// file itself, then those of account.LintRole for each role, then those of
// account.Lint for each user. There are at most 101 about roles and users, the
// last of which says how many more there would be.
func (s *Store) Warnings() []string {
	s.linting.Do(func() { s.warnings = s.lint() })
	return s.warnings
}

func (s *Store) lint() []string {
	var said []string
	more := 0
	add := func(sentences []string) {
		room := min(maxWarnings-len(said), len(sentences))
		said, more = append(said, sentences[:room]...), more+len(sentences)-room
	}
	for _, name := range slices.Sorted(maps.Keys(s.roles)) {
		add(account.LintRole(s.roles[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(s.users)) {
		add(account.Lint(s.user(name), s.role))
	}
	if more > 0 {
		said = append(said, fmt.Sprintf("further warnings about users and roles, not shown here: %d", more))
	}
	if s.wide != "" {
		said = append([]string{s.wide}, said...)
	}
	return said
}

// Lint are those of the sentences that are about one user or role.
func (s *Store) Lint(kind account.Kind, name string) []string {
	if p, ok := s.users[name]; ok && kind == account.Users {
		return account.Lint(p.User, s.role)
	}
	if role, ok := s.role(name); ok && kind == account.Roles {
		return account.LintRole(role)
	}
	return nil
}

func (s *Store) role(name string) (account.Role, bool) { r, ok := s.roles[name]; return r, ok }

// Len is the number of users.
func (s *Store) Len() int { return len(s.users) }

// Shapes are those of the users' password hashes, each once.
func (s *Store) Shapes() []account.Shape { return s.shapes }

// OnlyMD5 tells whether some user can log in by HTTP Digest with MD5 alone.
func (s *Store) OnlyMD5() bool { return s.onlyMD5 }
