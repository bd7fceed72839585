package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		{"a value of another type", t.Context(), "ann", set(account.Fields{"rev": "9"}), nil, "rev: a JSON string found; a whole number is accepted there"},
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
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); !errors.Is(err, account.ErrReadOnly) || !strings.Contains(err.Error(), "is a symbolic link") || text(t, target) != users {
		t.Errorf("%v\n%s", err, text(t, target))
	}
	alone(t, name)
	alone(t, target)
	dangling := filepath.Join(t.TempDir(), "users.json")
	if err := os.Symlink(filepath.Join(t.TempDir(), "none"), dangling); err != nil {
		t.Fatal(err)
	}
	if err := New(dangling, false).Create(t.Context(), "root", []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
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

// A backup that is a hard link stays what it was.
func TestAHardLinkKeepsWhatWasThere(t *testing.T) {
	u, name := live(t, users)
	backup := filepath.Join(t.TempDir(), "backup.json")
	must(t, os.Link(name, backup))
	_, err := u.Edit(t.Context(), "ann", account.Revoke)
	must(t, err)
	if text(t, backup) != users || text(t, name) == users {
		t.Errorf("the backup is\n%s", text(t, backup))
	}
}

// An editor takes no lock. What it saves while a change is under way stays.
func TestWhatIsSavedByHandDuringAChangeIsNotLost(t *testing.T) {
	u, name := live(t, users)
	var seen []int64
	_, err := u.Edit(t.Context(), "ann", func(now account.User) (account.Fields, error) {
		if seen = append(seen, now.Revision); len(seen) == 1 {
			must(t, moved(name, strings.Replace(users, `"rev":3`, `"rev":9, "note":  1`, 1)))
		}
		return account.Fields{"rev": now.Revision + 1}, nil
	})
	must(t, err)
	if want := strings.Replace(users, `"rev":3`, `"rev":10, "note":  1`, 1); text(t, name) != want || fmt.Sprint(seen) != "[3 9]" {
		t.Errorf("asked with %d, the file is\n%s\nwant\n%s", seen, text(t, name), want)
	}
	// One who never stops saving is not written over.
	saved := ""
	_, err = u.Edit(t.Context(), "ann", func(now account.User) (account.Fields, error) {
		saved = strings.Replace(users, `"rev":3`, fmt.Sprintf(`"rev":%d`, now.Revision+100), 1)
		return account.Fields{"rev": 7}, moved(name, saved)
	})
	if !errors.Is(err, errMoved) || text(t, name) != saved {
		t.Errorf("%v; the file is\n%s", err, text(t, name))
	}
	alone(t, name)
}

func TestTheRootIsAddedToWhatAFileWithoutUsersHas(t *testing.T) {
	u, name := live(t, `{"roles":{"Editor":{"note":1}},"rev_floor":4}`)
	must(t, u.Create(t.Context(), "root", []byte(`{}`)))
	if want := `{"roles":{"Editor":{"note":1}},"rev_floor":4,"users":{"root": {"rev": 4}}}`; text(t, name) != want {
		t.Errorf("%s, want %s", text(t, name), want)
	}
}

func TestOnlyLeftoversOfOursAreRemoved(t *testing.T) {
	u, name := live(t, users)
	folder := filepath.Dir(name)
	stay := []string{"users.json", "users.json.1.tmp", ".users.json.tmp", ".users.json..tmp", ".users.json.a1.tmp", ".users.json.1.tmp.bak", ".other.json.1.tmp", ".users.json.swp"}
	for _, other := range append(stay[1:], ".users.json.123.tmp", ".users.json.4.tmp") {
		must(t, put(filepath.Join(folder, other), "x"))
	}
	must(t, os.Mkdir(filepath.Join(folder, ".users.json.5.tmp"), 0o700), os.Symlink(name, filepath.Join(folder, ".users.json.6.tmp")))
	stay = append(stay, ".users.json.5.tmp", ".users.json.6.tmp", ".users.json.lock")

	// Whoever holds the lock may be writing one of them.
	release := held(t, name)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := u.RemoveLeftovers(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(folder, ".users.json.4.tmp")); err != nil {
		t.Errorf("while another writes: %v", err)
	}
	release()
	must(t, u.RemoveLeftovers(t.Context()))
	left, err := os.ReadDir(folder)
	must(t, err)
	if len(left) != len(stay) {
		t.Errorf("%d are left, want %d: %v", len(left), len(stay), left)
	}
	for _, other := range stay {
		_, err := os.Lstat(filepath.Join(folder, other))
		must(t, err)
	}
	must(t, New(filepath.Join(folder, "none", "users.json"), false).RemoveLeftovers(t.Context()))
}
