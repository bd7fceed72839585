package account

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shelf is documents by kind and name; one without bytes has just gone, and the name
// "broken" cannot be read.
type shelf map[Kind]map[string]string

func (s shelf) Names(_ context.Context, kind Kind) ([]string, error) {
	return slices.Sorted(maps.Keys(s[kind])), nil
}

func (s shelf) Document(_ context.Context, kind Kind, name string) ([]byte, error) {
	if name == "broken" {
		return nil, errors.New("no answer")
	}
	if s[kind][name] == "" {
		return nil, ErrNotExist
	}
	return []byte(s[kind][name]), nil
}

func (shelf) User(context.Context, string) (User, error)      { return User{}, ErrNotExist }
func (shelf) Role(context.Context, string) (Role, error)      { return Role{}, ErrNotExist }
func (shelf) Put(context.Context, Kind, string, []byte) error { return ErrReadOnly }
func (shelf) Delete(context.Context, Kind, string) error      { return ErrReadOnly }

func TestLintAllLooksAtEveryDocument(t *testing.T) {
	s := shelf{
		Roles: {"Editor": `{}`, "Odd": `{"paths":[{"id":"/a%20b","sign":"+","permissions":"r"}]}`, "Bad": `{"paths":1}`},
		Users: {"ann": `{"roles":["Editor","Gone"]}`, "bob": `{"rev":-1}`, "gone": ""},
	}
	var said []string
	if err := LintAll(t.Context(), s, func(sentence string) { said = append(said, sentence) }); err != nil {
		t.Fatal(err)
	}
	want := []string{"role Bad: paths", "role Odd: the entry", "user ann: the role Gone does not exist", "user ann: no digest", "user bob: rev -1"}
	if len(said) != len(want) {
		t.Fatalf("%q", said)
	}
	for i := range want {
		if !strings.HasPrefix(said[i], want[i]) {
			t.Errorf("%q; want %q", said[i], want[i])
		}
	}
	s[Users]["broken"] = "{}"
	if err := LintAll(t.Context(), s, func(string) {}); err == nil || !strings.Contains(err.Error(), "user broken: no answer") {
		t.Error(err)
	}
}
