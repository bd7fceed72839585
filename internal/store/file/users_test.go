package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func live(t *testing.T, text string) (u *Users, name string) {
	t.Helper()
	name = write(t, text, 0o600)
	u, err := Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	return u, name
}

// set is a change that does not look at the user.
func set(fields account.Fields) func(account.User) (account.Fields, error) {
	return func(account.User) (account.Fields, error) { return fields, nil }
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone finds nothing beside the file in its folder but the lock.
func alone(t *testing.T, name string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(name))
	for _, entry := range left {
		if found := filepath.Join(filepath.Dir(name), entry.Name()); found != name && found != beside(name, "lock") {
			t.Errorf("litter: %s", found)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestAnEditIsSeenAndStored(t *testing.T) {
	u, name := live(t, users)
	before := u.Snapshot()
	got, err := u.Edit(t.Context(), "ann", account.Revoke)
	if err != nil || got.Name != "ann" || got.Revision != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	if now, err := u.User(t.Context(), "ann"); err != nil || now.Revision != 4 {
		t.Errorf("%+v, %v", now, err)
	}
	if want := strings.Replace(users, `"rev":3`, `"rev":4`, 1); text(t, name) != want {
		t.Errorf("the file is\n%s\nwant\n%s", text(t, name), want)
	}
	if old, err := before.User(t.Context(), "ann"); err != nil || old.Revision != 3 {
		t.Errorf("an edit reached a snapshot: %+v, %v", old, err)
	}
	if r, err := u.Role(t.Context(), "Editor"); err != nil || r.Name != "Editor" {
		t.Errorf("%+v, %v", r, err)
	}
	alone(t, name)
}

func TestAPasswordIsSetInTheFile(t *testing.T) {
	u, _ := live(t, users)
	_, err := u.Edit(t.Context(), "bob", func(now account.User) (account.Fields, error) {
		return account.SetPassword(now, account.Argon2id, "cmwell", "new")
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := u.User(t.Context(), "bob")
	if err != nil || !new(account.Passwords).Match(again, "new") || again.Revision != 1 || again.HA1 == "" || again.HA1SHA256 == "" {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestAnEditWithoutFieldsWritesNothing(t *testing.T) {
	u, name := live(t, users)
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := u.Edit(t.Context(), "ann", set(nil)); err != nil || got.Revision != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if after, err := os.Stat(name); err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced: %v", err)
	}
}

func TestAnEditKeepsWhatWasEditedByHand(t *testing.T) {
	u, name := live(t, users)
	byHand := strings.Replace(users, `"rev":3`, `"rev":30, "note":  "by hand"`, 1)
	if err := os.WriteFile(name, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := u.Edit(t.Context(), "ann", account.Revoke); err != nil || got.Revision != 31 {
		t.Errorf("%+v, %v", got, err)
	}
	if want := strings.Replace(byHand, `"rev":30`, `"rev":31`, 1); text(t, name) != want {
		t.Errorf("%s", text(t, name))
	}
}

func TestABrokenFileIsNotWritten(t *testing.T) {
	for _, broken := range []string{"", "{", users[:len(users)-1], `{"users":{"ann":{"rev":-1}}}`} {
		u, name := live(t, users)
		if err := os.WriteFile(name, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := u.Edit(t.Context(), "ann", account.Revoke); err == nil || text(t, name) != broken {
			t.Errorf("%q: %v", broken, err)
		}
		if now, err := u.User(t.Context(), "ann"); err != nil || now.Revision != 3 {
			t.Errorf("%q: the last good state is gone: %+v, %v", broken, now, err)
		}
	}
}

func TestAFileThatOthersCanOpenByNowIsNotEdited(t *testing.T) {
	u, name := live(t, users)
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); !errors.Is(err, ErrExposed) || text(t, name) != users {
		t.Errorf("%v", err)
	}
}

func TestManyEditsAtOnceLoseNothing(t *testing.T) {
	u, name := live(t, users)
	const writers, each = 16, 50
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if _, err := u.Edit(t.Context(), "ann", account.Revoke); err != nil {
					t.Error(err)
				}
				if _, err := u.User(t.Context(), "bob"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for where, u := range map[string]*Users{"in use": u, "in the file": New(name, false)} {
		if where == "in the file" {
			if err := u.Reload(); err != nil {
				t.Fatal(err)
			}
		}
		if ann, err := u.User(t.Context(), "ann"); err != nil || ann.Revision != 3+writers*each {
			t.Errorf("%s: rev %d, want %d; %v", where, ann.Revision, 3+writers*each, err)
		}
	}
	alone(t, name)
}

func TestReloadTakesWhatIsGood(t *testing.T) {
	u, name := live(t, users)
	read, _ := u.State()
	for _, row := range []struct {
		text string
		good bool
		rev  int64
	}{
		{strings.Replace(users, `"rev":3`, `"rev":4`, 1), true, 4},
		{`{"users":{"ann":{"rev":5},}}`, false, 4},
		{`{"users":{"ann":{"rev":6}}}`, true, 6},
	} {
		if err := os.WriteFile(name, []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := u.Reload()
		at, trouble := u.State()
		if (err == nil) != row.good || !errors.Is(trouble, err) || at.After(read) != row.good {
			t.Errorf("%s: %v; since %v: %v", row.text, err, at, trouble)
		}
		if ann, err := u.User(t.Context(), "ann"); err != nil || ann.Revision != row.rev {
			t.Errorf("%s: %+v, %v", row.text, ann, err)
		}
		read = at
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := u.Reload(); !errors.Is(err, fs.ErrNotExist) || u.Snapshot().Len() != 1 {
		t.Errorf("%v", err)
	}
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone is made anew by an edit: %v", err)
	}
}

func TestAFileThatDoesNotExistYet(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users.json")
	if u, err := Open(name, false); u != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v, %v", u, err)
	}
	u := New(name, false)
	for where, err := range map[string]error{
		"User": second(u.User(t.Context(), "root")),
		"Role": second(u.Role(t.Context(), "root")),
		"Edit": second(u.Edit(t.Context(), "root", account.Revoke)),
	} {
		if !errors.Is(err, account.ErrNotExist) {
			t.Errorf("%s: %v", where, err)
		}
	}
	if err := u.Create(t.Context(), "root", []byte(`{"rev":1}`)); err != nil {
		t.Fatal(err)
	}
	if root, err := u.Edit(t.Context(), "root", account.Revoke); err != nil || root.Revision != 2 {
		t.Errorf("%+v, %v", root, err)
	}
	if err := u.Create(t.Context(), "eve", []byte(`{}`)); !errors.Is(err, fs.ErrExist) || u.Snapshot().Len() != 1 {
		t.Errorf("a second Create: %v", err)
	}
	alone(t, name)
}

func second[T any](_ T, err error) error { return err }

func TestTheUserThatIsHandedOutIsACopy(t *testing.T) {
	u, _ := live(t, users)
	_, err := u.Edit(t.Context(), "ann", func(now account.User) (account.Fields, error) {
		now.Roles[0] = "Admin"
		return nil, nil
	})
	if ann, _ := u.User(t.Context(), "ann"); err != nil || fmt.Sprint(ann.Roles) != "[Editor Gone]" {
		t.Errorf("%v, %v", ann.Roles, err)
	}
}
