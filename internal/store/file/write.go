package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Create writes a new users file with one user in it, durably and for the
// owner alone. A file that exists is left as it is, and is an error that wraps
// fs.ErrExist, unless there are no users in it: then it is replaced, and only
// the floor that deleted users have left stays.
func Create(name, user string, doc jsontext.Value) error {
	put := os.Link // fails where a rename would overwrite
	d := document{Users: map[string]jsontext.Value{}, Roles: map[string]jsontext.Value{}}
	var floor int64
	if there, err := Read(name, true); err == nil && there.Len() == 0 {
		put, floor, d.RevFloor = os.Rename, there.floor, there.kept.RevFloor
	}
	doc, err := account.Kept(account.Users, user, doc, account.User{}, floor)
	if err != nil {
		return fmt.Errorf("users file: %w", err)
	}
	d.Users[user] = doc
	b, err := json.Marshal(d, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("users file: %w", err)
	}
	if _, err := Parse(b); err != nil {
		return fmt.Errorf("users file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("users file: %w", err)
	}
	if err := place(name, append(b, '\n'), put); err != nil {
		return fmt.Errorf("users file: %w", err)
	}
	return nil
}

// place puts the bytes at name in one step: whoever looks sees what was there
// or all of the new file, and after a crash too. Only the owner can open it, and
// may do no more with it than with the file that was there.
func place(name string, b []byte, put func(from, to string) error) error {
	mode, err := modeFor(name)
	if err != nil {
		return err
	}
	folder := filepath.Dir(name)
	f, err := os.CreateTemp(folder, "."+strings.TrimPrefix(filepath.Base(name), ".")+".*") // mode 0600, O_EXCL
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := put(f.Name(), name); err != nil {
		return err
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
		return 0, fmt.Errorf("%s is a symbolic link, through which nothing is written; the path of the file itself is accepted", name)
	}
	return info.Mode().Perm() & 0o600, nil
}
