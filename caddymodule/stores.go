package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync/atomic"

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
	// Open is called once, when the front door's configuration is loaded. It
	// writes nothing; what must be written at the first start, it hands to
	// options.BeforeServing.
	Open(ctx caddy.Context, options UserStoreOptions) (Store, error)
}

// UserStoreOptions is what the front door tells its store of users.
type UserStoreOptions struct {
	// Production refuses what development only warns of.
	Production bool
	// MakeRoot asks for the user root with the documented default password, when
	// the store is empty and was never used.
	MakeRoot bool
	// BeforeServing has a function called when the configuration starts; until
	// then the front door answers 503. Its error keeps the configuration from
	// being used.
	BeforeServing func(func(context.Context) error)
	// AtStart is the same without the waiting.
	AtStart func(func(context.Context) error)
	// HashCost tells the front door the highest bcrypt cost among the users.
	HashCost func(int)
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

// fileState is the users as they are now: before the first start there may be none.
type fileState struct{ current atomic.Pointer[file.Store] }

func (s *fileState) User(ctx context.Context, name string) (account.User, error) {
	return s.current.Load().User(ctx, name)
}

func (s *fileState) Role(ctx context.Context, name string) (account.Role, error) {
	return s.current.Load().Role(ctx, name)
}

// Open reads the file. One that does not exist, or has no users in it, is taken
// for new, unless Caddy's storage knows that it was used: then it was lost, and
// a fresh root would hand the store to whoever comes first.
func (f *FileUsers) Open(ctx caddy.Context, options UserStoreOptions) (Store, error) {
	name, err := f.resolve()
	if err != nil {
		return nil, err
	}
	users, err := file.Read(name, !options.Production)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		users = new(file.Store)
	}
	for _, warning := range users.Warnings() {
		options.Warn("users file: " + warning)
	}
	storage, mark := ctx.Storage(), usedMark(name)
	if users.Len() == 0 && storage.Exists(ctx, mark) {
		return nil, fmt.Errorf("users file %s was used before and is empty or gone: restore it, or delete %s in Caddy's storage to begin anew", name, mark)
	}
	state := new(fileState)
	take := func(users *file.Store) {
		options.HashCost(users.HighestCost())
		state.current.Store(users)
	}
	take(users)
	if users.Len() == 0 && options.MakeRoot {
		options.BeforeServing(func(context.Context) error {
			made, err := makeRoot(name, options)
			if err == nil {
				take(made)
			}
			return err
		})
	}
	options.AtStart(func(ctx context.Context) error {
		if state.current.Load().Len() == 0 || storage.Exists(ctx, mark) {
			return nil
		}
		return storage.Store(ctx, mark, []byte(name+"\n"))
	})
	return state, nil
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

// makeRoot writes a users file with the user that CM-Well documents for a new
// store: root, password root, all operations, read and write everywhere.
func makeRoot(name string, options UserStoreOptions) (*file.Store, error) {
	hash, err := account.HashPassword(account.RootPassword, account.DefaultCost)
	if err != nil {
		return nil, err
	}
	document, err := json.Marshal(map[string]any{
		"paths":      []any{map[string]any{"id": "/", "sign": "+", "recursive": true, "permissions": "rw"}},
		"operations": []string{"Admin", "Overwrite", "PriorityWrite"},
		"rev":        0,
		"digest":     hash,
	})
	if err != nil {
		return nil, err
	}
	err = file.Create(name, account.Root, document)
	if errors.Is(err, fs.ErrExist) { // another server was quicker
		return file.Read(name, !options.Production)
	}
	if err != nil {
		return nil, err
	}
	options.Warn("users file " + name + " is new: user root has the password root")
	return file.Read(name, !options.Production)
}

// Interface guards.
var (
	_ UserStore             = (*FileUsers)(nil)
	_ caddyfile.Unmarshaler = (*FileUsers)(nil)
	_ account.Store         = (*fileState)(nil)
)
