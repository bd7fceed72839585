package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

func init() { caddy.RegisterModule(new(FileUsers)) }

// FileUsers keeps users and roles in one JSON file, {"users":{…},"roles":{…}}
// of CM-Well's documents. Changes of the file, by whomever, are seen within a second.
type FileUsers struct {
	// Path of the file; by default cmwell_auth/users.json in Caddy's data
	// directory. In production only its owner may have access to it.
	Path string `json:"path,omitempty"`

	unfollow func()
}

// CaddyModule names the module.
func (*FileUsers) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.cmwell_auth.users.file", New: func() caddy.Module { return new(FileUsers) }}
}

// UnmarshalCaddyfile reads "file <path>".
func (f *FileUsers) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "file"
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("%s found after users file; one path is accepted", arguments(len(args)))
	}
	f.Path = args[0]
	if d.NextBlock(d.Nesting()) {
		return d.Errf("a block found after users file; one path is accepted")
	}
	return nil
}

// Open reads the file. One that does not exist, or has no users in it, is taken
// for new, unless Caddy's storage knows that it was used, or its users are in use:
// then it was lost, and a fresh root would hand the store to whoever comes first.
func (f *FileUsers) Open(ctx caddy.Context, options UserStoreOptions) (Store, error) {
	name, err := f.resolve()
	if err != nil {
		return nil, err
	}
	shared, err := options.Share(fmt.Sprintf("file %s %v", name, options.Production), func() (any, error) {
		return file.New(name, !options.Production), nil
	})
	if err != nil {
		return nil, err
	}
	users, ok := shared.(*file.Users)
	if !ok {
		return nil, fmt.Errorf("users file: what is shared for it is %T", shared)
	}
	err = users.Reload()
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return nil, err
	}
	storage, mark := ctx.Storage(), usedMark(name)
	if n := users.Snapshot().Len(); gone || n == 0 {
		if n > 0 || storage.Exists(ctx, mark) {
			return nil, fmt.Errorf("users file %s was used before and is empty or gone: restore it, or delete %s in Caddy's storage to begin anew", name, mark)
		}
		if options.RootDocument != nil {
			options.BeforeServing(func(ctx context.Context) error { return makeRoot(ctx, users, name, options) })
		}
	}
	options.AtStart(func(ctx context.Context) error {
		users.Watch()
		note := func() error {
			if users.Snapshot().Len() == 0 || storage.Exists(ctx, mark) {
				return nil
			}
			return storage.Store(ctx, mark, []byte(name+"\n"))
		}
		if users.Snapshot().Len() == 0 { // those who come later are lost as easily
			f.unfollow = users.Follow(func(Change) {
				if err := note(); err != nil {
					options.Warn("that the users file was used could not be noted: " + err.Error())
				}
			})
		}
		return note()
	})
	return users, nil
}

// Cleanup ends what the start began. The users themselves are shared.
func (f *FileUsers) Cleanup() error {
	if f.unfollow != nil {
		f.unfollow()
	}
	return nil
}

// makeRoot writes a users file with the user that CM-Well documents for a new store.
func makeRoot(ctx context.Context, users *file.Users, name string, options UserStoreOptions) error {
	document, err := options.RootDocument(ctx)
	if err != nil {
		return err
	}
	err = users.Create(ctx, account.Root, document)
	if errors.Is(err, fs.ErrExist) { // another server was quicker
		return users.Reload()
	}
	if err == nil {
		options.Warn("users file " + name + " is new: user root has the password root")
	}
	return err
}

func (f *FileUsers) resolve() (string, error) {
	name, err := caddy.NewReplacer().ReplaceOrErr(f.Path, false, true)
	if err != nil {
		return "", fmt.Errorf("users file: %w", err)
	}
	if name == "" {
		if f.Path != "" {
			return "", fmt.Errorf("users file: %s is empty; a path is accepted", f.Path)
		}
		name = filepath.Join(caddy.AppDataDir(), "cmwell_auth", "users.json")
	}
	return filepath.Abs(name)
}

// usedMark is the note in Caddy's storage that a users file has been used.
func usedMark(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "cmwell_auth/used/" + hex.EncodeToString(sum[:16])
}

// Interface guards.
var (
	_ UserStore             = (*FileUsers)(nil)
	_ caddy.CleanerUpper    = (*FileUsers)(nil)
	_ caddyfile.Unmarshaler = (*FileUsers)(nil)
)
