package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// MaxSize is the greatest file that is read, in bytes.
const MaxSize = 256 << 20

var (
	// ErrExposed says: others than who should may open the file, which holds password
	// hashes, or put another one in its place.
	ErrExposed = errors.New("the users file is exposed")
	// ErrEmptied says: the file has no users any more, and nobody has deleted them.
	ErrEmptied = errors.New("there are no users in it any more, and they were not deleted: rev_floor is not above their revs")
)

// Read loads the file. A file that does not exist is an error that wraps
// fs.ErrNotExist. In production, which is when it is not lax, the file belongs to
// who runs the process or to root, and nobody else may open it or replace it in
// its folder: what is otherwise is an error that wraps ErrExposed. When lax, it is
// a warning.
func Read(name string, lax bool) (*Store, error) { return read(name, lax, new(Store)) }

// read returns before when that is the state of what stands there.
func read(name string, lax bool, before *Store) (*Store, error) {
	text, exposure, err := contents(name, lax)
	if err != nil {
		return nil, fmt.Errorf("users file: %w", err)
	}
	if before.is(text, exposure) {
		return before, nil
	}
	s, err := parse(text, before)
	if err != nil {
		return nil, fmt.Errorf("users file %s: %w", name, err)
	}
	if s.Len() == 0 && !s.deleted(before) {
		return nil, fmt.Errorf("users file %s: %w", name, ErrEmptied)
	}
	s.exposure = exposure
	return s, nil
}

// is tells whether the state is that of a file with the text and the exposure; the
// zero Store is of none.
func (s *Store) is(text []byte, exposure []string) bool {
	return s.text != nil && bytes.Equal(text, s.text) && slices.Equal(exposure, s.exposure)
}

// deleted tells whether all users of before can have been deleted, which leaves a
// greater rev_floor than a file that was emptied or begun anew has.
func (s *Store) deleted(before *Store) bool {
	for _, p := range before.users {
		if p.User.Revision >= s.floor {
			return false
		}
	}
	return true
}

func contents(name string, lax bool) (text []byte, exposure []string, err error) {
	f, err := os.OpenFile(name, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is no regular file; one is accepted", name)
	}
	if info.Size() > MaxSize {
		return nil, nil, fmt.Errorf("%s has %d bytes; at most %d are accepted", name, info.Size(), MaxSize)
	}
	if exposure, err = exposureOf(name, info); err != nil {
		return nil, nil, err
	}
	if err := exposed(exposure, lax); err != nil {
		return nil, nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = b.ReadFrom(io.LimitReader(f, MaxSize))
	return b.Bytes(), exposure, err
}

// exposed is ErrExposed when there is something to be said that matters.
func exposed(said []string, lax bool) error {
	if lax || len(said) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrExposed, strings.Join(said, "; "))
}

// exposureOf are sentences about what others could do to the file. Where the name
// is a symbolic link, its folder counts and that of the file.
func exposureOf(name string, info fs.FileInfo) (said []string, err error) {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	me := os.Geteuid()
	var in fs.FileInfo
	for _, folder := range []string{filepath.Dir(name), filepath.Dir(target)} {
		before := in
		if in, err = os.Stat(folder); err != nil {
			return nil, err
		}
		if before == nil || !os.SameFile(before, in) {
			said = append(said, folderExposure(folder, in, me)...)
		}
	}
	return append(fileExposure(name, info, in, me), said...), nil
}

// fileExposure is about the file, which lies in the folder in, for a process of
// the user id me.
func fileExposure(name string, info, in fs.FileInfo, me int) (said []string) {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		said = append(said, fmt.Sprintf("%s has mode %04o: others can open the password hashes; 0600 is accepted", name, mode))
	}
	id, known := owner(info)
	if host, _ := owner(in); known && id != 0 && id != me && (me != 0 || id != host) {
		said = append(said, fmt.Sprintf("%s belongs to the user id %d, who can change it; a file of root or of the user id of the server, %d, is accepted", name, id, me))
	}
	return said
}

// folderExposure is about a folder: whoever may write in it can replace the file.
func folderExposure(folder string, in fs.FileInfo, me int) (said []string) {
	if mode := in.Mode().Perm(); mode&0o022 != 0 && !readOnly(folder) {
		said = append(said, fmt.Sprintf("its folder %s has mode %04o: others can put another file in its place; 0755 or less is accepted", folder, mode))
	}
	if id, known := owner(in); known && id != 0 && id != me && me != 0 {
		said = append(said, fmt.Sprintf("its folder %s belongs to the user id %d, who can put another file in its place; one of root or of the user id of the server, %d, is accepted", folder, id, me))
	}
	return said
}

// troubled is the error with what everybody may know of it.
func troubled(err error) error {
	t := &account.Trouble{Reason: "the users file cannot be opened", Err: err}
	var wrong *mistake
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Reason = "the users file is gone"
	case errors.Is(err, ErrExposed):
		t.Reason = "others could open or replace the users file"
	case errors.Is(err, ErrEmptied):
		t.Reason = "the users file has no users any more"
	case errors.As(err, &wrong) && wrong.json:
		t.Reason = "the users file is not of the form that is accepted"
	case errors.As(err, &wrong):
		t.Reason = "a document in the users file is not accepted"
	}
	return t
}
