//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// of is a file or folder of somebody.
type of struct {
	fs.FileInfo
	mode fs.FileMode
	uid  uint32
}

func (o of) Mode() fs.FileMode { return o.mode }
func (o of) Sys() any          { return &syscall.Stat_t{Uid: o.uid} }

func TestWhoCouldChangeTheFile(t *testing.T) {
	const root, caddy, eve = 0, 101, 666
	for _, row := range []struct {
		why      string
		me       int
		file, in of
		says     []string // in that order, of the file and then of its folder
	}{
		{"all is mine", caddy, of{mode: 0o600, uid: caddy}, of{mode: 0o700, uid: caddy}, nil},
		{"root gave it", caddy, of{mode: 0o400, uid: root}, of{mode: 0o755, uid: root}, nil},
		{"I am root", root, of{mode: 0o600, uid: root}, of{mode: 0o755, uid: root}, nil},
		{"I am root in the folder of another", root, of{mode: 0o600, uid: caddy}, of{mode: 0o700, uid: caddy}, nil},
		{"it is another's", caddy, of{mode: 0o600, uid: eve}, of{mode: 0o700, uid: caddy}, []string{"user id 666, who can change it"}},
		{"it is another's, and I am root", root, of{mode: 0o600, uid: eve}, of{mode: 0o755, uid: root}, []string{"user id 666, who can change it"}},
		{"others may read it", caddy, of{mode: 0o640, uid: caddy}, of{mode: 0o700, uid: caddy}, []string{"mode 0640: others can open"}},
		{"the folder is a group's", caddy, of{mode: 0o600, uid: caddy}, of{mode: 0o775, uid: caddy}, []string{"mode 0775: others can put another"}},
		{"the folder is everybody's", caddy, of{mode: 0o600, uid: caddy}, of{mode: 0o777 | fs.ModeSticky, uid: root}, []string{"mode 0777: others can put another"}},
		{"the folder is another's", caddy, of{mode: 0o600, uid: caddy}, of{mode: 0o755, uid: eve}, []string{"user id 666, who can put another"}},
		{"all is wrong", caddy, of{mode: 0o666, uid: eve}, of{mode: 0o777, uid: eve}, []string{"mode 0666", "who can change it", "mode 0777", "who can put another"}},
	} {
		said := append(fileExposure("/x/users.json", row.file, row.in, row.me), folderExposure("/x", row.in, row.me)...)
		if len(said) != len(row.says) {
			t.Errorf("%s: %q", row.why, said)
			continue
		}
		for i, says := range row.says {
			if !strings.Contains(said[i], says) || !strings.Contains(said[i], "accepted") {
				t.Errorf("%s: %q should say %q", row.why, said[i], says)
			}
		}
	}
}

func TestAFolderThatOthersCanWriteIn(t *testing.T) {
	for _, mode := range []fs.FileMode{0o770, 0o722, 0o777, 0o777 | fs.ModeSticky} {
		name := write(t, users, 0o600)
		must(t, os.Chmod(filepath.Dir(name), mode))
		if s, err := Read(name, false); !errors.Is(err, ErrExposed) || s != nil {
			t.Errorf("%v: %v", mode, err)
		}
		s, err := Read(name, true)
		if err != nil || !strings.Contains(s.Warnings()[0], "its folder") {
			t.Errorf("%v, when lax: %v", mode, err)
		}
	}
	folder := t.TempDir()
	must(t, os.Chmod(folder, 0o777))
	if err := New(filepath.Join(folder, "users.json"), false).Create(t.Context(), "root", []byte(`{}`)); !errors.Is(err, ErrExposed) {
		t.Errorf("Create: %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("Create left %v, %v", left, err)
	}
	name := write(t, users, 0o600)
	link := filepath.Join(t.TempDir(), "users.json")
	must(t, os.Symlink(name, link))
	_, err := Read(link, false)
	must(t, err, os.Chmod(filepath.Dir(name), 0o777))
	if _, err := Read(link, false); !errors.Is(err, ErrExposed) {
		t.Errorf("behind a link: %v", err)
	}
}

// Nobody ever writes into the pipe.
func TestAPipeIsNoFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users.json")
	must(t, syscall.Mkfifo(name, 0o600))
	done := make(chan error)
	go func() { done <- second(Read(name, true)) }()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Error(err)
		}
	case <-time.After(soon):
		t.Error("it waits for who writes")
	}
}

// Only root can have it otherwise: to everybody else, all files are one's own.
func TestRootShutsNobodyOut(t *testing.T) {
	u, name := live(t, users)
	u.lax = true
	const somebody = 12345
	if os.Geteuid() == 0 {
		must(t, os.Chown(name, somebody, somebody))
	}
	before, err := os.Stat(name)
	must(t, err)
	_, err = u.Edit(t.Context(), "ann", account.Revoke)
	must(t, err)
	for _, name := range []string{name, beside(name, "lock")} {
		after, err := os.Stat(name)
		must(t, err)
		had, _ := owner(before)
		if has, _ := owner(after); has != had || after.Mode() != 0o600 {
			t.Errorf("%s is of %d, not %d, %v", name, has, had, after.Mode())
		}
	}
}

func TestWhatIsWrittenIsForTheOwnerWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	name := filepath.Join(t.TempDir(), "a", "b", "users.json")
	u := New(name, false)
	u.rename = func(from, to string) error {
		if info, err := os.Lstat(from); err != nil || info.Mode() != 0o600 {
			t.Errorf("while it is written: %v, %v", info.Mode(), err)
		}
		return os.Rename(from, to)
	}
	must(t, u.Create(t.Context(), "root", []byte(`{}`)))
	_, err := u.Edit(t.Context(), "root", account.Revoke)
	must(t, err)
	for path, want := range map[string]fs.FileMode{name: 0o600, beside(name, "lock"): 0o600, filepath.Dir(name): 0o700 | fs.ModeDir, filepath.Dir(filepath.Dir(name)): 0o700 | fs.ModeDir} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want %v; %v", path, info.Mode(), want, err)
		}
	}
}
