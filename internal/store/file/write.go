package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// errMoved says: the file is not any more what was read of it.
var errMoved = errors.New("it was edited at the same time, again and again")

// place puts the text at the name of the users file in one step, by put: whoever
// looks sees what was there or all of the new file, and after a crash too. Only the
// owner can open it, and may do no more with it than with the file that was there.
// fleeting is the error when the file is there, but may be gone after a crash of the
// machine.
func (u *Users) place(text []byte, put func(from, to string) error) (fleeting, err error) {
	mode, err := modeFor(u.name)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(u.name), filepath.Base(beside(u.name, "*"+leftover))) // mode 0600, O_EXCL
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, keepOwner(f, u.name), f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return nil, err
	}
	if err := put(f.Name(), u.name); err != nil {
		return nil, err
	}
	return syncFolder(filepath.Dir(u.name)), nil
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some file systems have folders that need none
	}
	return errors.Join(err, d.Close())
}

// modeFor is the mode of a new file in place of the one at name.
func modeFor(name string) (fs.FileMode, error) {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0o600, nil
	}
	if err != nil {
		return 0, err
	}
	// Replaced, the link would part from what it points at; followed, it could lead
	// to a folder where others decide what is written.
	if info.Mode()&fs.ModeSymlink != 0 {
		return 0, fmt.Errorf("%w: it is a symbolic link, through which nothing is written; the path of the file itself is accepted", account.ErrReadOnly)
	}
	return info.Mode().Perm() & 0o600, nil
}

// makeFolder makes the folder, durably too, for its owner alone.
func makeFolder(name string) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(name)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// leftover ends the name of a file that is being written.
const leftover = ".tmp"

// leftovers are the files that were being written, by us: of a process that was
// killed, when nobody is writing.
func (u *Users) leftovers() ([]string, error) {
	folder := filepath.Dir(u.name)
	all, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range all {
		number, ours := strings.CutPrefix(filepath.Join(folder, entry.Name()), beside(u.name, ""))
		number, written := strings.CutSuffix(number, leftover)
		if ours && written && number != "" && strings.Trim(number, "0123456789") == "" && entry.Type().IsRegular() {
			found = append(found, filepath.Join(folder, entry.Name()))
		}
	}
	return found, nil
}

// RemoveLeftovers removes what a process that was killed while it wrote has left
// beside the file.
func (u *Users) RemoveLeftovers(ctx context.Context) error {
	if found, err := u.leftovers(); errors.Is(err, fs.ErrNotExist) || err == nil && len(found) == 0 {
		return nil
	}
	release, err := u.hold(ctx)
	if err != nil {
		return u.failed(err)
	}
	defer release()
	found, err := u.leftovers() // those of before may be at their place by now
	for _, name := range found {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
