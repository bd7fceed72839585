package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func opened(t *testing.T, content string) (*Users, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	return u, name
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

func TestManyDocumentsAreStoredInOneStep(t *testing.T) {
	u, name := opened(t, `{"roles":null, "users":{"bob":{"rev":3, "note":1}},"rev_floor":7}`)
	err := u.Fill(t.Context(), []account.Posted{
		{Kind: account.Roles, Name: "Editor", Document: []byte(`{"note": 1}`)},
		{Kind: account.Users, Name: "ann", Document: []byte(`{"rev":1}`)},
		{Kind: account.Users, Name: "bob", Document: []byte(`{"rev":1}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, name, `{"roles":{"Editor": {"note": 1}}, "users":{"bob":{"rev":3},"ann":{"rev":7}},"rev_floor":7}`)

	for _, bad := range [][]account.Posted{
		{{Kind: account.Users, Name: "eve", Document: []byte(`{}`)}, {Kind: account.Users, Name: "zoe", Document: []byte(`{"rev":-1}`)}},
		{{Kind: account.Users, Name: "eve", Document: []byte(`{}`)}, {Kind: account.Users, Name: "eve", Document: []byte(`{}`)}},
	} {
		if err := u.Fill(t.Context(), bad); !errors.Is(err, account.ErrDocument) {
			t.Error(err)
		}
	}
	if _, err := u.User(t.Context(), "eve"); !errors.Is(err, account.ErrNotExist) {
		t.Error("half of them were stored")
	}
}

func TestFillMakesAFileWithALineForEach(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users.json")
	u := New(name, false)
	err := u.Fill(t.Context(), []account.Posted{
		{Kind: account.Users, Name: "bob", Document: []byte(`{"rev":1}`)},
		{Kind: account.Users, Name: "ann", Document: []byte("{\"rev\": 2}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, name, "{\n  \"users\": {\n    \"ann\": {\"rev\": 2},\n    \"bob\": {\"rev\":1}\n  },\n  \"roles\": {\n  }\n}\n")
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got, err := u.User(t.Context(), "bob"); err != nil || got.Revision != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheFloorStandsInTheFile(t *testing.T) {
	u, name := opened(t, "{\"users\":{\"bob\":{}}\n}")
	if err := u.RaiseFloor(t.Context(), 9); err != nil {
		t.Error(err)
	}
	holds(t, name, "{\"users\":{\"bob\":{}},\"rev_floor\":9\n}")
	if err := New(name+".gone", false).RaiseFloor(t.Context(), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
