// Package export reads users and roles from a folder of documents, as they are when
// somebody has saved what CM-Well has at /meta/auth:
//
//	users/ann
//	users/bob.json
//	roles/Editor
//
// The name of a file is that of the user or role; one ".json" at its end is left out.
// Nothing is written there.
package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// MaxDocument is the greatest document that is read, in bytes.
const MaxDocument = 1 << 20

// Folder is an export as it was found.
type Folder struct {
	path string
	// files are those of each kind, by the name of the user or role.
	files map[account.Kind]map[string]string
}

var _ account.Documents = (*Folder)(nil)

// Open finds the documents of a folder. One without users and roles in it, and one
// with anything else in their folders than documents, is an error.
func Open(path string) (*Folder, error) {
	f := &Folder{path: path, files: map[account.Kind]map[string]string{}}
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		entries, err := os.ReadDir(filepath.Join(path, kind.String()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		f.files[kind] = map[string]string{}
		for _, e := range entries {
			name := strings.TrimSuffix(e.Name(), ".json")
			file := filepath.Join(path, kind.String(), e.Name())
			if !e.Type().IsRegular() {
				return nil, fmt.Errorf("export: %s is no file; documents are accepted, one in a file", file)
			}
			if err := account.CheckName(name); err != nil {
				return nil, fmt.Errorf("export: %s: %s %w", file, kind.Singular(), err)
			}
			if other := f.files[kind][name]; other != "" {
				return nil, fmt.Errorf("export: %s and %s are both of %s %s", other, file, kind.Singular(), name)
			}
			f.files[kind][name] = file
		}
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("export: %w", nothing(path))
	}
	return f, nil
}

// nothing is fs.ErrNotExist in a sentence about a folder.
type nothing string

func (n nothing) Error() string {
	return string(n) + " holds neither users nor roles; a folder with documents at users/<name> and roles/<name> is accepted"
}

func (nothing) Is(target error) bool { return target == fs.ErrNotExist }

// Names are those of all users or roles, sorted.
func (f *Folder) Names(_ context.Context, kind account.Kind) ([]string, error) {
	return slices.Sorted(maps.Keys(f.files[kind])), nil
}

// Document returns the bytes of the file, without the white space around them.
func (f *Folder) Document(_ context.Context, kind account.Kind, name string) ([]byte, error) {
	file, ok := f.files[kind][name]
	if !ok {
		return nil, account.ErrNotExist
	}
	r, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if len(b) > MaxDocument {
		return nil, fmt.Errorf("export: %s is larger than %d bytes", file, MaxDocument)
	}
	return bytes.TrimSpace(b), nil
}

// User returns the user of that name.
func (f *Folder) User(ctx context.Context, name string) (account.User, error) {
	document, err := f.Document(ctx, account.Users, name)
	if err != nil {
		return account.User{}, err
	}
	return account.ParseUser(name, document)
}

// Role returns the role of that name.
func (f *Folder) Role(ctx context.Context, name string) (account.Role, error) {
	document, err := f.Document(ctx, account.Roles, name)
	if err != nil {
		return account.Role{}, err
	}
	return account.ParseRole(name, document)
}

// Put is account.ErrReadOnly.
func (f *Folder) Put(context.Context, account.Kind, string, []byte) error { return account.ErrReadOnly }

// Delete is account.ErrReadOnly.
func (f *Folder) Delete(context.Context, account.Kind, string) error { return account.ErrReadOnly }
