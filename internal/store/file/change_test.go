package file

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/account/accounttest"
)

func TestTheContractOfAStore(t *testing.T) {
	accounttest.TestStore(t, func(t *testing.T) accounttest.Home {
		_, name := live(t, `{}`)
		return home(name)
	})
}

// home is a users file.
type home string

func (h home) Open(t *testing.T) accounttest.Store {
	t.Helper()
	u, err := Open(string(h), false)
	if err != nil {
		t.Fatal(err)
	}
	u.Watch()
	t.Cleanup(func() { u.Close() })
	return u
}

func (h home) Break(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(string(h), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a request does to the file, to the byte.
func TestOnlyTheNamedDocumentChangesInTheFile(t *testing.T) {
	put := func(kind account.Kind, name, document string) func(*Users) error {
		return func(u *Users) error { return u.Put(t.Context(), kind, name, []byte(document)) }
	}
	remove := func(kind account.Kind, name string) func(*Users) error {
		return func(u *Users) error { return u.Delete(t.Context(), kind, name) }
	}
	const lines = "{\n  \"users\": {\n    \"ann\": { \"rev\": 3 }\n  }\n}\n"
	for _, row := range []struct {
		why, before string
		change      func(*Users) error
		after       string
	}{
		{"a user in an empty file", `{}`, put(account.Users, "ann", `{"rev":1}`), `{"users": {"ann": {"rev":1}}}`},
		{"a user where users are null", `{"users": null}`, put(account.Users, "ann", `{}`), `{"users": {"ann": {}}}`},
		{"a user beside one", lines, put(account.Users, "bob", `{}`), "{\n  \"users\": {\n    \"ann\": { \"rev\": 3 },\n    \"bob\": {}\n  }\n}\n"},
		{"a user replaced", lines, put(account.Users, "ann", `{"note":1}`), "{\n  \"users\": {\n    \"ann\": {\"note\":1,\"rev\":3}\n  }\n}\n"},
		{"a user whose name is in escapes", `{"users":{"\u0061nn":{"rev":3}},"roles":{}}`, put(account.Users, "ann", `{"rev":4}`), `{"users":{"\u0061nn":{"rev":4}},"roles":{}}`},
		{"a role where there are no roles", lines, put(account.Roles, "Editor", `{}`), "{\n  \"users\": {\n    \"ann\": { \"rev\": 3 }\n  },\n  \"roles\": {\"Editor\": {}}\n}\n"},
		{"a role of a user's name", `{"users":{"x":{}},"roles":{}}`, put(account.Roles, "x", `{"a":1}`), `{"users":{"x":{}},"roles":{"x": {"a":1}}}`},
		{"a user deleted", lines, remove(account.Users, "ann"), "{\n  \"users\": {\n  },\n  \"rev_floor\": 4\n}\n"},
		{"a user deleted who is below the floor", `{"rev_floor": 9, "users":{"ann":{"rev":3},"bob":{}}}`, remove(account.Users, "ann"), `{"rev_floor": 9, "users":{"bob":{}}}`},
		{"a user deleted who is at the floor", `{"rev_floor": 9, "users":{"ann":{"rev":9},"bob":{}}}`, remove(account.Users, "ann"), `{"rev_floor": 10, "users":{"bob":{}}}`},
		{"a role deleted", `{"roles":{"x":{"rev":7},"y":{}},"users":{"x":{}}}`, remove(account.Roles, "x"), `{"roles":{"y":{}},"users":{"x":{}}}`},
		{"a new user at the floor", `{"rev_floor":9}`, put(account.Users, "ann", `{}`), `{"rev_floor":9,"users":{"ann": {"rev": 9}}}`},
	} {
		u, name := live(t, row.before)
		if err := row.change(u); err != nil || text(t, name) != row.after {
			t.Errorf("%s: %v\n%s\nwant\n%s", row.why, err, text(t, name), row.after)
		}
		alone(t, name)
	}
}

// It could be read alone, and would break the file.
func TestADocumentThatIsTooDeepWithinTheFile(t *testing.T) {
	u, name := live(t, users)
	deep := `{"a":` + strings.Repeat("[", 9_998) + strings.Repeat("]", 9_998) + `}`
	if _, err := account.ParseUser("ann", []byte(deep)); err != nil {
		t.Fatal(err)
	}
	if err := u.Put(t.Context(), account.Users, "ann", []byte(deep)); !errors.Is(err, account.ErrDocument) || text(t, name) != users {
		t.Errorf("%v", err)
	}
}

func TestTheFloorInTheFile(t *testing.T) {
	for _, row := range []struct {
		floor string
		good  bool
	}{
		{`0`, true}, {`9007199254740991`, true},
		{`9007199254740992`, false}, {`-1`, false}, {`"5"`, false}, {`1.0`, false}, {`1e3`, false}, {`null`, false}, {`{}`, false}, {`true`, false}, {`99999999999999999999`, false},
	} {
		s, err := Parse([]byte(`{"users":{},"rev_floor":` + row.floor + `}`))
		if (err == nil) != row.good || (s == nil) == row.good || err != nil && !strings.Contains(err.Error(), "rev_floor: ") {
			t.Errorf("%s: %v", row.floor, err)
		}
	}
	for _, other := range []string{`{"Rev_floor":1}`, `{"revFloor":1}`, `{"rev_floor":1,"rev_floor":1}`} {
		if s, err := Parse([]byte(other)); err == nil || s != nil {
			t.Errorf("%s was taken", other)
		}
	}
}

// A root who came back at rev 0 would bring former tokens of root with it.
func TestCreateKeepsTheFloor(t *testing.T) {
	u, name := live(t, `{"users":{"root":{"rev":7}}}`)
	if err := u.Delete(t.Context(), account.Users, "root"); err != nil {
		t.Fatal(err)
	}
	if err := u.Create(t.Context(), "root", []byte(`{"rev":0}`)); err != nil {
		t.Fatal(err)
	}
	if root, err := u.User(t.Context(), "root"); err != nil || root.Revision != 8 || text(t, name) != `{"users":{"root": {"rev":8}},"rev_floor":8}` {
		t.Errorf("%+v, %v\n%s", root, err, text(t, name))
	}
}

func TestAWriteThatFailsChangesNothing(t *testing.T) {
	full := errors.New("no space left")
	for why, change := range map[string]func(*Users) error{
		"Put of a user":  func(u *Users) error { return u.Put(t.Context(), account.Users, "ann", []byte(`{"rev":9}`)) },
		"Put of one new": func(u *Users) error { return u.Put(t.Context(), account.Users, "eve", []byte(`{}`)) },
		"Put of a role":  func(u *Users) error { return u.Put(t.Context(), account.Roles, "Editor", []byte(`{}`)) },
		"Delete":         func(u *Users) error { return u.Delete(t.Context(), account.Users, "ann") },
		"Edit":           func(u *Users) error { return second(u.Edit(t.Context(), "ann", account.Revoke)) },
	} {
		u, name := live(t, users)
		before := u.Snapshot()
		u.rename = func(from, _ string) error {
			if there, err := os.ReadFile(from); err != nil || string(there) == users {
				t.Errorf("%s: nothing new was to be put in place: %v", why, err)
			}
			return full
		}
		if err := change(u); !errors.Is(err, full) || u.Snapshot() != before || text(t, name) != users {
			t.Errorf("%s: %v\n%s", why, err, text(t, name))
		}
		alone(t, name)
		u.rename = os.Rename
		if err := change(u); err != nil || u.Snapshot() == before || text(t, name) == users {
			t.Errorf("%s, when there is space: %v", why, err)
		}
	}
}

func TestDocumentsOfABrokenFile(t *testing.T) {
	u, name := live(t, users)
	for _, broken := range []string{"", `{"users":{"ann":{"rev":-1}}}`} {
		if err := os.WriteFile(name, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := u.Put(t.Context(), account.Users, "eve", []byte(`{}`)); err == nil || errors.Is(err, account.ErrDocument) {
			t.Errorf("Put: %v", err)
		}
		if err := u.Delete(t.Context(), account.Users, "ann"); err == nil || errors.Is(err, account.ErrNotExist) {
			t.Errorf("Delete: %v", err)
		}
		if got, err := u.Document(t.Context(), account.Roles, "Editor"); err != nil || string(got) != `{"operations":["Overwrite"]}` {
			t.Errorf("the last good state is gone: %s, %v", got, err)
		}
		if text(t, name) != broken {
			t.Errorf("%q was written over: %s", broken, text(t, name))
		}
	}
}

func TestAFileThatIsGoneIsNotMadeByAPut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users.json")
	u := New(name, false)
	if err := u.Put(t.Context(), account.Users, "ann", []byte(`{}`)); !errors.Is(err, os.ErrNotExist) || errors.Is(err, account.ErrNotExist) {
		t.Errorf("Put: %v", err)
	}
	if err := u.Delete(t.Context(), account.Users, "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Errorf("Delete: %v", err)
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file is there")
	}
}

// 200 changes at once, of one user and of many, while the file is read.
func TestManyChangesAtOnceLoseNothing(t *testing.T) {
	u, name := live(t, `{"users":{"same":{}}}`)
	var all, reading sync.WaitGroup
	finished := make(chan struct{})
	reading.Go(func() {
		for {
			if _, err := Read(name, false); err != nil {
				t.Errorf("at some moment the file does not parse: %v", err)
			}
			select {
			case <-finished:
				return
			default:
			}
		}
	})
	const each = 50
	for i := range each {
		own, passing := fmt.Sprintf("own%02d", i), fmt.Sprintf("passing%02d", i)
		all.Go(func() {
			if _, err := u.Edit(t.Context(), "same", account.Revoke); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if err := u.Put(t.Context(), account.Users, own, fmt.Appendf(nil, `{"i":%d}`, i)); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			err := u.Put(t.Context(), account.Users, passing, []byte(`{"rev":5}`))
			if err = errors.Join(err, u.Delete(t.Context(), account.Users, passing)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	close(finished)
	reading.Wait()
	if err := u.Reload(); err != nil {
		t.Fatal(err)
	}
	names, err := u.Names(t.Context(), account.Users)
	if err != nil || len(names) != each+1 {
		t.Errorf("%d users, want %d: %q, %v", len(names), each+1, names, err)
	}
	if same, err := u.User(t.Context(), "same"); err != nil || same.Revision != each {
		t.Errorf("rev %d, want %d: %v", same.Revision, each, err)
	}
	for i := range each {
		if got, err := u.Document(t.Context(), account.Users, fmt.Sprintf("own%02d", i)); err != nil || !strings.HasPrefix(string(got), fmt.Sprintf(`{"i":%d`, i)) {
			t.Errorf("user %d: %s, %v", i, got, err)
		}
	}
	alone(t, name)
}

// Whatever the file, one document comes and goes, and all others stay.
func FuzzPut(f *testing.F) {
	f.Add([]byte(users), "eve", []byte(`{"rev":1}`), true)
	f.Add([]byte("{ }"), "ann", []byte("{ }"), false)
	f.Add([]byte("{\"roles\":null , \"rev_floor\": 3,\n\"users\" : { } }\n"), "ann", []byte(`{"\u0072ev":2}`), true)
	f.Add([]byte(`{"users":{"\u0061nn":{}, "b":{ }},"roles":{"ann":{}}}`), "ann", []byte(`{"a":"}"}`), false)
	f.Fuzz(func(t *testing.T, b []byte, name string, doc []byte, user bool) {
		kind := account.Roles
		if user {
			kind = account.Users
		}
		before, err := Parse(b)
		if err != nil {
			return
		}
		kept, err := account.Kept(kind, name, doc, before.user(name), before.floor)
		if err != nil {
			return
		}
		with, err := before.with([]account.Posted{{Kind: kind, Name: name, Document: doc}})
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		there, err := parse(with, before)
		if err != nil {
			t.Fatalf("%s\nbecame\n%s\n%v", b, with, err)
		}
		gone, err := there.without(kind, name, before.floor+1)
		if err != nil {
			t.Fatalf("%s: %v", with, err)
		}
		for text, want := range map[string]string{string(with): string(kept), string(gone): ""} {
			after, err := Parse([]byte(text))
			if err != nil {
				t.Fatalf("%s\nbecame\n%s\n%v", b, text, err)
			}
			checkOthers(t, before, after, kind, name)
			if got, err := after.Document(t.Context(), kind, name); string(got) != want || (want == "") != errors.Is(err, account.ErrNotExist) {
				t.Fatalf("%s\nbecame\n%s\n%v", b, text, err)
			}
		}
	})
}

// checkOthers compares all documents but one.
func checkOthers(t *testing.T, before, after *Store, but account.Kind, name string) {
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		old, now := before.documents(kind), after.documents(kind)
		if kind == but {
			delete(old, name)
			delete(now, name)
		}
		if !maps.Equal(old, now) {
			t.Fatalf("%s were %s and are %s", kind, old, now)
		}
	}
}

func (s *Store) documents(kind account.Kind) map[string]string {
	all := map[string]string{}
	for name := range s.of[kind].at {
		all[name] = string(s.document(kind, name))
	}
	return all
}
