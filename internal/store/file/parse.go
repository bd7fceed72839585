package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// mistake is what is wrong in a users file, and where.
type mistake struct {
	line int
	// json tells that the file is not of the form of all users files, so that no
	// document in it could be told from another.
	json bool
	err  error
}

func (m *mistake) Error() string { return fmt.Sprintf("line %d: %v", m.line, m.err) }
func (m *mistake) Unwrap() error { return m.err }

// Parse reads the document strictly. The first mistake is the error; it names the
// line, the user or role, the field, what was found and what is accepted. The
// bytes must not change any more.
func Parse(b []byte) (*Store, error) { return parse(b, new(Store)) }

// parse reads the text. What stands in it as it did before is not read again, and
// its users are the same: in a file of many, what is new is mostly one.
func parse(text []byte, before *Store) (*Store, error) {
	s := &Store{text: text}
	l := &layout{Decoder: jsontext.NewDecoder(bytes.NewBuffer(text)), s: s}
	if err := l.read(); err != nil {
		at := int(l.InputOffset())
		if syntactic := (*jsontext.SyntacticError)(nil); errors.As(err, &syntactic) {
			at = int(syntactic.ByteOffset)
		}
		return nil, &mistake{line: s.line(at), json: true, err: fmt.Errorf(`%w; a JSON object {"users": {…}, "roles": {…}} is accepted`, plain(err))}
	}
	changed, err := s.parseRoles(l.names[account.Roles], before)
	if err != nil {
		return nil, err
	}
	if err := s.parseUsers(l.names[account.Users], before, changed); err != nil {
		return nil, err
	}
	return s, nil
}

// plain says what is wrong with a text that is no JSON, without the name of the library
// that has found it.
func plain(err error) error {
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return err
	}
	return &broken{syntactic}
}

// broken is a text that is no JSON.
type broken struct{ *jsontext.SyntacticError }

func (b *broken) Error() string {
	return "broken JSON found: " + strings.TrimPrefix(b.SyntacticError.Error(), "jsontext: ")
}

func (b *broken) Unwrap() error { return b.SyntacticError }

// line is the number of the line that a place in the text is on.
func (s *Store) line(at int) int { return 1 + bytes.Count(s.text[:min(at, len(s.text))], []byte("\n")) }

// layout finds out where things stand in a text.
type layout struct {
	*jsontext.Decoder
	s     *Store
	names [account.Roles + 1][]string // by kind, in the order of the text
}

func (l *layout) read() error {
	if l.PeekKind() != '{' {
		// Null would be no users, and a list none that are seen.
		if _, err := l.ReadValue(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return errors.New("no JSON object found")
	}
	if _, err := l.ReadToken(); err != nil {
		return err
	}
	for l.PeekKind() == '"' {
		name, err := l.ReadToken()
		if err != nil {
			return err
		}
		switch name := name.String(); name {
		case account.Users.String():
			err = l.section(account.Users)
		case account.Roles.String():
			err = l.section(account.Roles)
		case "rev_floor":
			err = l.floor()
		default:
			err = fmt.Errorf("unknown name %.140q found", name)
		}
		if err != nil {
			return err
		}
	}
	if _, err := l.ReadToken(); err != nil {
		return err
	}
	if _, err := l.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("text found behind the object")
	}
	return nil
}

// section reads the object of all users or all roles, or null.
func (l *layout) section(kind account.Kind) error {
	open, err := l.ReadToken()
	if err != nil || open.Kind() == 'n' {
		return err
	}
	if open.Kind() != '{' {
		return fmt.Errorf("%s: a JSON %s found where an object belongs", kind, nameOf(open.Kind()))
	}
	here := section{all: span{from: int(l.InputOffset()) - 1}, at: map[string]span{}}
	for l.PeekKind() == '"' {
		token, err := l.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		value, err := l.ReadValue()
		if err != nil {
			return err
		}
		end := int(l.InputOffset())
		here.at[name] = span{end - len(value), end}
		l.names[kind] = append(l.names[kind], name)
	}
	_, err = l.ReadToken()
	here.all.to = int(l.InputOffset())
	l.s.of[kind] = here
	return err
}

func nameOf(k jsontext.Kind) string {
	switch k {
	case '[':
		return "array"
	case '{':
		return "object"
	}
	return k.String()
}

// floor reads rev_floor.
func (l *layout) floor() error {
	value, err := l.ReadValue()
	if err != nil {
		return err
	}
	// Null would read as 0, and 0 revives what was revoked.
	if err := json.Unmarshal(value, &l.s.floor); err != nil || value.Kind() != '0' {
		return fmt.Errorf("rev_floor: a JSON %s found where a whole number belongs", nameOf(value.Kind()))
	}
	if err := account.CheckFloor(l.s.floor); err != nil {
		return fmt.Errorf("rev_floor: %w", err)
	}
	return nil
}

// parseRoles returns the names of the roles that are not what they were before,
// those that are gone among them.
func (s *Store) parseRoles(names []string, before *Store) (changed map[string]bool, err error) {
	changed = map[string]bool{}
	s.roles = make(map[string]account.Role, len(names))
	for _, name := range names {
		document := s.document(account.Roles, name)
		if former, ok := before.roles[name]; ok && bytes.Equal(document, before.document(account.Roles, name)) {
			s.roles[name] = former
			continue
		}
		changed[name] = true
		if s.roles[name], err = account.ParseRole(name, document); err != nil {
			return nil, s.mistakeIn(account.Roles, name, err)
		}
	}
	for name := range before.roles {
		if _, ok := s.roles[name]; !ok {
			changed[name] = true
		}
	}
	return changed, nil
}

func (s *Store) parseUsers(names []string, before *Store, changedRoles map[string]bool) (err error) {
	s.users = make(map[string]*account.Principal, len(names))
	for _, name := range names {
		document := s.document(account.Users, name)
		p, known := before.users[name]
		known = known && bytes.Equal(document, before.document(account.Users, name))
		if known && !slices.ContainsFunc(p.User.Roles, func(role string) bool { return changedRoles[role] }) {
			s.users[name] = p
			s.note(p.User)
			continue
		}
		var user account.User
		if known {
			user = p.User
		} else if user, err = account.ParseUser(name, document); err != nil {
			return s.mistakeIn(account.Users, name, err)
		}
		if s.users[name], err = account.Compose(user, s.roleOrNone); err != nil {
			return err
		}
		s.note(user)
	}
	s.anonymous = s.users[account.Anonymous]
	return nil
}

func (s *Store) mistakeIn(kind account.Kind, name string, err error) error {
	return &mistake{line: s.line(s.of[kind].at[name].from), err: err}
}

// note gathers what is asked of all users together, at every login for one: a
// walk over all of them then would be as long as the file.
func (s *Store) note(u account.User) {
	if shape, ok := u.Shape(); ok && !slices.Contains(s.shapes, shape) {
		s.shapes = append(s.shapes, shape)
	}
	s.onlyMD5 = s.onlyMD5 || u.HA1 != "" && u.HA1SHA256 == ""
}
