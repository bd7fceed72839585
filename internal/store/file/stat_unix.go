//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// withoutWaiting opens a pipe without waiting for who is at its other end.
	withoutWaiting = unix.O_NONBLOCK
	// itself opens what is of that name and not what a symbolic link points at.
	itself = unix.O_NOFOLLOW | unix.O_NONBLOCK
)

// versionOf is the version of the file that the name leads to; the zero version
// when that cannot be told.
func versionOf(name string) version {
	var s unix.Stat_t
	if err := unix.Stat(name, &s); err != nil {
		return version{}
	}
	return version{uint64(s.Dev), uint64(s.Ino), s.Size, s.Mtim.Nano(), s.Ctim.Nano()} //nolint:unconvert // of other types on other systems
}

// owner is the id of the user whom the file belongs to.
func owner(info fs.FileInfo) (id int, known bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(s.Uid), true
}

// readOnly tells whether nobody can change anything in the folder, as in one that
// Kubernetes mounts.
func readOnly(folder string) bool { return errors.Is(unix.Access(folder, unix.W_OK), unix.EROFS) }

// keepOwner gives f to whom the file of that name belongs to, or its folder: root,
// who may write everywhere, must not shut out the server by it.
func keepOwner(f *os.File, name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Lstat(name)
	if err != nil {
		info, err = os.Stat(filepath.Dir(name))
	}
	if err != nil {
		return err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(s.Uid), int(s.Gid))
}
