package file

import (
	"fmt"
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

// with is the text with the documents in it, as account.Kept makes them; no two are
// of one kind and name.
func (s *Store) with(documents []account.Posted) ([]byte, error) {
	kept := map[account.Kind]map[string]jsontext.Value{account.Users: {}, account.Roles: {}}
	for _, d := range documents {
		k, err := account.Kept(d.Kind, d.Name, d.Document, s.user(d.Name), s.floor)
		if err != nil {
			return nil, err
		}
		if kept[d.Kind][d.Name] != nil {
			return nil, fmt.Errorf("%w: %s %s is there twice", account.ErrDocument, d.Kind.Singular(), d.Name)
		}
		kept[d.Kind][d.Name] = k
	}
	if len(documents) == 1 {
		d := documents[0]
		if at, ok := s.of[d.Kind].at[d.Name]; ok {
			return s.in(at, kept[d.Kind][d.Name]), nil
		}
		if all := s.of[d.Kind].all; all != (span{}) {
			return s.withMembers(all, kept[d.Kind])
		}
	}
	text := s.text
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		members := kept[kind]
		var err error
		if len(members) > 0 && s.of[kind].all == (span{}) { // the member for them may lack, or be null
			text, err = splice.Members(text, map[string]jsontext.Value{kind.String(): jsontext.Value("{}")})
		}
		if err == nil && len(members) > 0 {
			text, err = splice.Members(text, members, kind.String())
		}
		if err != nil {
			return nil, err
		}
	}
	return text, nil
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
