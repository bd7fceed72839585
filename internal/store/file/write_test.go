package file

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestEditsThatAreNotStored(t *testing.T) {
	refused := errors.New("changed my mind")
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		why    string
		ctx    context.Context
		user   string
		change func(account.User) (account.Fields, error)
		is     error
		says   string
	}{
		{"nobody of that name", t.Context(), "eve", account.Revoke, account.ErrNotExist, ""},
		{"a role of that name", t.Context(), "Editor", account.Revoke, account.ErrNotExist, ""},
		{"an error of change", t.Context(), "ann", func(account.User) (account.Fields, error) { return account.Fields{"rev": 9}, refused }, refused, ""},
		{"nobody waits for it", done, "ann", account.Revoke, context.Canceled, ""},
		{"a field that a user has not", t.Context(), "ann", set(account.Fields{"rev": 9, "quota": 1}), nil, `field "quota" found; paths, roles`},
		{"a field in another case", t.Context(), "ann", set(account.Fields{"Rev": 9}), nil, `field "Rev" found`},
		{"a value that is not accepted", t.Context(), "ann", set(account.Fields{"rev": -1}), nil, "user ann: rev -1"},
		{"a value of another type", t.Context(), "ann", set(account.Fields{"rev": "9"}), nil, "rev: a JSON string is not accepted"},
		{"a hash that is none", t.Context(), "ann", set(account.Fields{"digest": "secret"}), nil, "user ann: digest: 6 characters"},
		{"a value that JSON cannot hold", t.Context(), "ann", set(account.Fields{"email": math.Inf(1)}), nil, "field email: a float64 found"},
		{"a text that JSON cannot hold", t.Context(), "ann", set(account.Fields{"email": "secret\xff"}), nil, "field email: a string found"},
	} {
		u, name := live(t, users)
		before := u.Snapshot()
		got, err := u.Edit(row.ctx, row.user, row.change)
		if err == nil || row.is != nil && !errors.Is(err, row.is) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", row.why, err)
		}
		if got.Name != "" || u.Snapshot() != before || text(t, name) != users {
			t.Errorf("%s: something changed: %+v\n%s", row.why, got, text(t, name))
		}
		alone(t, name)
	}
	u, _ := live(t, users)
	if _, err := u.Edit(t.Context(), "ann", func(account.User) (account.Fields, error) { return nil, refused }); err != refused { //nolint:errorlint // as it is
		t.Errorf("an error of change is not returned as it is: %v", err)
	}
}

func TestOneWhoWritesNarrowsTheMode(t *testing.T) {
	for _, row := range []struct{ before, after fs.FileMode }{{0o600, 0o600}, {0o400, 0o400}, {0o644, 0o600}, {0o777, 0o600}} {
		name := write(t, users, row.before)
		u, err := Open(name, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Edit(t.Context(), "ann", account.Revoke); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != row.after {
			t.Errorf("%o became %o, want %o; %v", row.before, info.Mode().Perm(), row.after, err)
		}
	}
}

func TestNothingIsWrittenThroughASymbolicLink(t *testing.T) {
	_, target := live(t, users)
	name := filepath.Join(t.TempDir(), "users.json")
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
	u, err := Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); err == nil || !strings.Contains(err.Error(), "is a symbolic link") || text(t, target) != users {
		t.Errorf("%v\n%s", err, text(t, target))
	}
	alone(t, name)
	alone(t, target)
	dangling := filepath.Join(t.TempDir(), "users.json")
	if err := os.Symlink(filepath.Join(t.TempDir(), "none"), dangling); err != nil {
		t.Fatal(err)
	}
	if err := New(dangling, false).Create("root", []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
		t.Errorf("Create: %v", err)
	}
}

// The writing fails at the last step: the file has become a folder meanwhile.
func TestAfterAFailedWriteTheOldStateServes(t *testing.T) {
	u, name := live(t, users)
	before := u.Snapshot()
	_, err := u.Edit(t.Context(), "ann", func(now account.User) (account.Fields, error) {
		return account.Fields{"rev": 9}, errors.Join(os.Remove(name), os.Mkdir(name, 0o700))
	})
	if err == nil || u.Snapshot() != before {
		t.Errorf("%v", err)
	}
	alone(t, name)
}
