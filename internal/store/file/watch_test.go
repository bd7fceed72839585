package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// soon is how long a test waits for what is promised within a second: a machine
// that is busy with other things is no broken promise.
const soon = 20 * time.Second

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > soon {
			t.Fatalf("after %s it is not so that %s", soon, what)
		}
	}
}

// revised is a file whose ann has that rev, of the same length for all of one digit.
func revised(rev int) string { return fmt.Sprintf(`{"users":{"ann":{"rev":%d}}}`, rev) }

func (u *Users) awaitRev(t *testing.T, rev int) {
	t.Helper()
	eventually(t, fmt.Sprintf("ann has rev %d", rev), func() bool {
		ann, err := u.User(t.Context(), "ann")
		return err == nil && ann.Revision == int64(rev)
	})
}

// must fails the test on the first error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func put(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) }

// moved is how most editors save: another file in place of the one that was there.
func moved(name, text string) error {
	return errors.Join(put(name+"~", text), os.Rename(name+"~", name))
}

// Each is a way to save the file a second time, with rev 2 in place of 1.
var waysToSave = []struct {
	why string
	// lay writes the file with rev 1 in the folder and returns its name.
	lay  func(t *testing.T, folder string) string
	save func(t *testing.T, folder, name string)
}{
	{"written in place", plainly, func(t *testing.T, _, name string) { must(t, put(name, revised(2))) }},
	{"another file in its place", plainly, func(t *testing.T, _, name string) { must(t, moved(name, revised(2))) }},
	{"with the former time and size", plainly, func(t *testing.T, _, name string) {
		before, err := os.Stat(name)
		must(t, err, put(name, revised(2)), os.Chtimes(name, before.ModTime(), before.ModTime()))
	}},
	{"with a time of long ago", plainly, func(t *testing.T, _, name string) {
		must(t, put(name, revised(2)), os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0)))
	}},
	{"with a time to come", plainly, func(t *testing.T, _, name string) {
		ahead := time.Now().Add(240 * time.Hour)
		must(t, put(name, revised(2)), os.Chtimes(name, ahead, ahead))
	}},
	{"in two halves", plainly, func(t *testing.T, _, name string) {
		must(t, put(name, revised(2)[:10]))
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteString(revised(2)[10:])
		must(t, err, f.Close())
	}},
	{"removed and made anew", plainly, func(t *testing.T, _, name string) { must(t, os.Remove(name), put(name, revised(2))) }},
	{"the folder removed and made anew", plainly, func(t *testing.T, folder, name string) {
		must(t, os.RemoveAll(folder), os.Mkdir(folder, 0o700), put(name, revised(2)))
	}},
	{"the folder renamed, and another in its place", plainly, func(t *testing.T, folder, name string) {
		must(t, os.Rename(folder, folder+"~"), os.Mkdir(folder, 0o700), put(name, revised(2)))
	}},
	{"the folder is a link that changes", func(t *testing.T, folder string) string {
		must(t, os.Remove(folder), os.Mkdir(folder+"1", 0o700), os.Mkdir(folder+"2", 0o700), os.Symlink(folder+"1", folder),
			put(filepath.Join(folder+"1", "users.json"), revised(1)), put(filepath.Join(folder+"2", "users.json"), revised(2)))
		return filepath.Join(folder, "users.json")
	}, func(t *testing.T, folder, _ string) {
		must(t, os.Symlink(folder+"2", folder+"~"), os.Rename(folder+"~", folder))
	}},
	{"as Kubernetes does", func(t *testing.T, folder string) string {
		// users.json -> ..data/users.json, ..data -> ..1
		for rev := 1; rev <= 2; rev++ {
			version := filepath.Join(folder, fmt.Sprintf("..%d", rev))
			must(t, os.Mkdir(version, 0o700), put(filepath.Join(version, "users.json"), revised(rev)))
		}
		name := filepath.Join(folder, "users.json")
		must(t, os.Symlink("..1", filepath.Join(folder, "..data")), os.Symlink("..data/users.json", name))
		return name
	}, func(t *testing.T, folder, _ string) {
		next := filepath.Join(folder, "..data_tmp")
		must(t, os.Symlink("..2", next), os.Rename(next, filepath.Join(folder, "..data")))
	}},
	{"behind a link to another folder", func(t *testing.T, folder string) string {
		target, name := filepath.Join(t.TempDir(), "kept.json"), filepath.Join(folder, "users.json")
		must(t, put(target, revised(1)), os.Symlink(target, name))
		return name
	}, func(t *testing.T, _, name string) {
		target, err := os.Readlink(name)
		must(t, err, moved(target, revised(2)))
	}},
}

func plainly(t *testing.T, folder string) string {
	name := filepath.Join(folder, "users.json")
	must(t, put(name, revised(1)))
	return name
}

// noWatcher is a system that has no more of them to give.
func noWatcher() (*fsnotify.Watcher, error) { return nil, syscall.EMFILE }

func TestWhoeverSavesTheFileIsSeen(t *testing.T) {
	for how, watch := range map[string]func(*Users){
		"told by the system":             (*Users).Watch,
		"where the system tells nothing": func(u *Users) { u.watchBy(noWatcher) },
	} {
		for _, row := range waysToSave {
			t.Run(how+", "+row.why, func(t *testing.T) {
				t.Parallel()
				folder := filepath.Join(t.TempDir(), "kept")
				must(t, os.Mkdir(folder, 0o700))
				name := row.lay(t, folder)
				u, err := Open(name, true)
				must(t, err)
				defer u.Close()
				opened, _ := u.State()
				watch(u)
				eventually(t, "the watcher has begun", func() bool {
					at, _ := u.State()
					return at.After(opened)
				})
				var troubles []error
				u.Follow(func(c account.Change) {
					if c.Trouble != nil {
						troubles = append(troubles, c.Trouble)
					}
				})
				row.save(t, folder, name)
				begun := time.Now()
				u.awaitRev(t, 2)
				t.Logf("seen after %s", time.Since(begun))
				must(t, u.Close())
				if len(troubles) > 0 {
					t.Errorf("meanwhile it was told of %v", troubles)
				}
			})
		}
	}
}

func TestAFileThatCannotBeReadKeepsTheLastGoodState(t *testing.T) {
	for _, row := range []struct {
		why    string
		spoil  func(name string) error
		reason string
	}{
		{"cut off", func(name string) error { return put(name, revised(2)[:10]) }, "the users file is not of the form that is accepted"},
		{"nothing in it", func(name string) error { return put(name, "") }, "the users file is not of the form that is accepted"},
		{"a wrong document", func(name string) error { return put(name, `{"users":{"ann":{"rev":-2}}}`) }, "a document in the users file is not accepted"},
		{"nobody in it", func(name string) error { return moved(name, `{"users":{},"roles":{}}`) }, "the users file has no users any more"},
		{"nobody in it, below a floor too low", func(name string) error { return put(name, `{"rev_floor":1}`) }, "the users file has no users any more"},
		{"gone", os.Remove, "the users file is gone"},
		{"its folder gone", func(name string) error { return os.RemoveAll(filepath.Dir(name)) }, "the users file is gone"},
		{"a folder", func(name string) error { return errors.Join(os.Remove(name), os.Mkdir(name, 0o700)) }, "the users file cannot be opened"},
		{"open to others", func(name string) error { return os.Chmod(name, 0o644) }, "others could open or replace the users file"},
		{"too large", func(name string) error { return os.Truncate(name, MaxSize+1) }, "the users file cannot be opened"},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			u, name := live(t, revised(1))
			defer u.Close()
			u.Watch()
			var mu sync.Mutex
			var told []account.Change
			u.Follow(func(c account.Change) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, c)
			})
			must(t, row.spoil(name))
			eventually(t, "it is told", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(told) == 2
			})
			_, trouble := u.State()
			var known *account.Trouble
			if !errors.As(trouble, &known) || known.Reason != row.reason || told[1].Trouble == nil || !strings.Contains(trouble.Error(), name) {
				t.Errorf("trouble %v, told %+v", trouble, told)
			}
			u.awaitRev(t, 1)
			if _, err := u.Edit(t.Context(), "ann", account.Revoke); err == nil {
				t.Error("it was edited")
			}
			must(t, os.RemoveAll(filepath.Dir(name)), os.Mkdir(filepath.Dir(name), 0o700), put(name, revised(3)))
			u.awaitRev(t, 3)
			if _, trouble := u.State(); trouble != nil {
				t.Errorf("when it is good again: %v", trouble)
			}
			must(t, u.Close())
			if len(told) != 3 || told[2].Trouble != nil {
				t.Errorf("told %d times, at last of %v", len(told), told[len(told)-1].Trouble)
			}
		})
	}
}

// A file of which size and modification time are what they were.
func TestAVersionIsOfOneContent(t *testing.T) {
	name := plainly(t, t.TempDir())
	info, err := os.Stat(name)
	must(t, err)
	before := versionOf(name)
	eventually(t, "it is another version", func() bool {
		must(t, put(name, revised(2)), os.Chtimes(name, info.ModTime(), info.ModTime()))
		now := versionOf(name)
		if now.size != before.size || now.modified != before.modified || now.inode != before.inode {
			t.Fatalf("%+v after %+v", now, before)
		}
		return now != before
	})
	if gone := versionOf(name + "~"); gone != (version{}) {
		t.Errorf("what is not there has the version %+v", gone)
	}
}

// A user who is deleted by another process is believed to be.
func TestTheLastUserCanBeDeletedElsewhere(t *testing.T) {
	u, name := live(t, revised(5))
	other, err := Open(name, false)
	must(t, err, other.Delete(t.Context(), account.Users, "ann"), u.Reload())
	if u.Snapshot().Len() != 0 {
		t.Error("ann is still there")
	}
}

// Nor is its folder there at first.
func TestAFileThatComesLaterIsSeen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "not yet", "users.json")
	u := New(name, false)
	defer u.Close()
	u.Watch()
	if err := u.Reload(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, trouble := u.State(); trouble != nil {
		t.Errorf("what was not made is no trouble: %v", trouble)
	}
	must(t, os.Mkdir(filepath.Dir(name), 0o700), put(name, revised(1)))
	u.awaitRev(t, 1)
}

func TestAWatcherLeavesNothingBehind(t *testing.T) {
	count := func() int {
		open, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(open) + runtime.NumGoroutine()
	}
	u, _ := live(t, revised(1))
	before := count()
	for range 50 {
		u.Watch()
		u.Watch() // once is enough
		must(t, u.Close(), u.Close())
	}
	eventually(t, "goroutines and descriptors are as many as before", func() bool { return count() <= before })
	if _, err := u.User(t.Context(), "ann"); err != nil {
		t.Errorf("closed, it knows nobody: %v", err)
	}
}
