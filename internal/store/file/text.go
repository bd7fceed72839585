package file

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/account/splice"
)

// in is the text with the part replaced.
func (s *Store) in(at span, text []byte) []byte {
	return slices.Concat(s.text[:at.from], text, s.text[at.to:])
}

// with is the text with the document in it.
func (s *Store) with(kind account.Kind, name string, document jsontext.Value) ([]byte, error) {
	here := s.of[kind]
	if at, ok := here.at[name]; ok {
		return s.in(at, document), nil
	}
	if here.all != (span{}) {
		return s.withMembers(here.all, map[string]jsontext.Value{name: document})
	}
	// Where none of its kind are, the member for them may lack, or be null. CheckName
	// lets no letter through that JSON escapes.
	first := slices.Concat([]byte(`{"`+name+`": `), document, []byte("}"))
	return splice.Members(s.text, map[string]jsontext.Value{kind.String(): first})
}

// without is the text with the document taken out and the floor raised.
func (s *Store) without(kind account.Kind, name string, floor int64) ([]byte, error) {
	changed, err := s.withMembers(s.of[kind].all, map[string]jsontext.Value{name: nil})
	if err != nil || floor == s.floor {
		return changed, err
	}
	return splice.Members(changed, map[string]jsontext.Value{"rev_floor": strconv.AppendInt(nil, floor, 10)})
}

// withFields is the text with the fields of one user changed.
func (s *Store) withFields(user string, fields account.Fields) ([]byte, error) {
	document, err := fields.In(s.document(account.Users, user))
	if err != nil {
		return nil, err
	}
	return s.in(s.of[account.Users].at[user], document), nil
}

// withMembers changes members of the object at that place: a value sets the
// member, nil removes it.
func (s *Store) withMembers(object span, edits map[string]jsontext.Value) ([]byte, error) {
	changed, err := splice.Members(s.text[object.from:object.to], edits)
	if err != nil {
		return nil, err
	}
	return s.in(object, changed), nil
}
