package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

func init() { caddy.RegisterModule(new(FileUsers)) }

// What a store of users works with, for modules outside this repository.
type (
	// Store finds users and roles by name.
	Store = account.Store
	// User is one account.
	User = account.User
	// Role is a set of permissions that users share.
	Role = account.Role
)

// ErrNotExist is what a Store returns for a name that does not exist.
var ErrNotExist = account.ErrNotExist

// UserStore is what modules in the namespace http.cmwell_auth.users provide.
type UserStore interface {
	caddy.Module
	// Open is called once, when the front door's configuration is loaded. It
	// writes nothing; what must be written at the first start, it hands to
	// options.BeforeServing.
	Open(ctx caddy.Context, options UserStoreOptions) (Store, error)
}

// UserStoreOptions is what the front door tells its store of users.
type UserStoreOptions struct {
	// Production refuses what development only warns of.
	Production bool
	// RootDocument makes the document of the user root with the documented default
	// password, for a store that is empty and was never used; nil when no such user
	// is wanted. It takes a while.
	RootDocument func(context.Context) ([]byte, error)
	// Share returns the value of the key that all configurations in this process
	// share, also across a reload, and has it made when there is none.
	Share func(key string, construct func() (any, error)) (any, error)
	// Passwords is to be told which shapes the users' password hashes have.
	Passwords *account.Passwords
	// BeforeServing has a function called when the configuration starts; until
	// then the front door answers 503. Its error keeps the configuration from
	// being used.
	BeforeServing func(func(context.Context) error)
	// AtStart is the same without the waiting.
	AtStart func(func(context.Context) error)
	// Warn logs a sentence for the operator.
	Warn func(string)
}

// FileUsers keeps users and roles in one JSON file, {"users":{…},"roles":{…}}
// of CM-Well's documents. The file is read when the configuration is loaded.
type FileUsers struct {
	// Path of the file; by default cmwell_auth/users.json in Caddy's data
	// directory. In production only its owner may have access to it.
	Path string `json:"path,omitempty"`
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
		return d.Errf("users file: %d arguments found; one path is accepted", len(args))
	}
	f.Path = args[0]
	if d.NextBlock(d.Nesting()) {
		return d.Errf("users file: a block found; one path is accepted")
	}
	return nil
}

// liveFile is a users file that tells the passwords' checker which hashes are in
// it, and the operator what is probably not meant as it stands there.
type liveFile struct {
	*file.Users
	passwords *account.Passwords
	warn      func(string)
}

// Reload reads the file again. On an error the last good state stays in use.
func (l liveFile) Reload() error {
	defer l.told()
	err := l.Users.Reload()
	if err == nil {
		for _, warning := range l.Snapshot().Warnings() {
			l.warn("users file: " + warning)
		}
	}
	return err
}

// Put stores a document; see account.Documents.
func (l liveFile) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	defer l.told()
	err := l.Users.Put(ctx, kind, name, document)
	if err == nil {
		for _, warning := range l.Snapshot().Lint(kind, name) {
			l.warn(warning)
		}
	}
	return err
}

// Delete removes a document; see account.Documents.
func (l liveFile) Delete(ctx context.Context, kind account.Kind, name string) error {
	defer l.told()
	return l.Users.Delete(ctx, kind, name)
}

// Edit changes a user; see account.Editor.
func (l liveFile) Edit(ctx context.Context, name string, change func(account.User) (account.Fields, error)) (account.User, error) {
	defer l.told()
	return l.Users.Edit(ctx, name, change)
}

func (l liveFile) told() { l.passwords.SetShapes(l.Snapshot().Shapes()) }

// OnlyMD5 tells whether some user can log in by Digest with MD5 alone.
func (l liveFile) OnlyMD5() bool { return l.Snapshot().OnlyMD5() }

// Open reads the file. One that does not exist, or has no users in it, is taken
// for new, unless Caddy's storage knows that it was used: then it was lost, and
// a fresh root would hand the store to whoever comes first.
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
	same, ok := shared.(*file.Users)
	if !ok {
		return nil, fmt.Errorf("users file: what is shared for it is %T", shared)
	}
	users := liveFile{same, options.Passwords, options.Warn}
	if err := users.Reload(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	storage, mark := ctx.Storage(), usedMark(name)
	if gone(name) || users.Snapshot().Len() == 0 {
		if storage.Exists(ctx, mark) {
			return nil, fmt.Errorf("users file %s was used before and is empty or gone: restore it, or delete %s in Caddy's storage to begin anew", name, mark)
		}
		if options.RootDocument != nil {
			options.BeforeServing(func(ctx context.Context) error { return makeRoot(ctx, users, name, options) })
		}
	}
	options.AtStart(func(ctx context.Context) error {
		if users.Snapshot().Len() == 0 || storage.Exists(ctx, mark) {
			return nil
		}
		return storage.Store(ctx, mark, []byte(name+"\n"))
	})
	return users, nil
}

// gone tells whether the file is not there, though its last state may be in use.
func gone(name string) bool {
	_, err := os.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// makeRoot writes a users file with the user that CM-Well documents for a new store.
func makeRoot(ctx context.Context, users liveFile, name string, options UserStoreOptions) error {
	defer users.told()
	document, err := options.RootDocument(ctx)
	if err != nil {
		return err
	}
	err = users.Create(account.Root, document)
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
			return "", fmt.Errorf("users file: %q is empty; a path is accepted", f.Path)
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
	_ caddyfile.Unmarshaler = (*FileUsers)(nil)
	_ account.Editor        = liveFile{}
	_ account.Documents     = liveFile{}
)
