package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/remote"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

// where are the flags that say whose users are meant.
type where struct {
	shell                                 *shell
	address, config, adapter, users, file string
	realm, passwordHash                   string
}

// where gives a command these flags.
func (s *shell) where(cmd *cobra.Command) *where {
	w := s.server(cmd)
	cmd.Flags().StringVar(&w.file, "file", "", "work on the users file at this `path`, and ask no server")
	return w
}

// server gives a command the flags for a running server alone.
func (s *shell) server(cmd *cobra.Command) *where {
	w := &where{shell: s}
	f := cmd.Flags()
	f.StringVar(&w.address, "address", "", "the server's admin `endpoint`, such as localhost:2019 or unix//run/caddy.sock")
	f.StringVarP(&w.config, "config", "c", "", "find the admin endpoint in the configuration file at this `path`")
	f.StringVarP(&w.adapter, "adapter", "a", "", "the adapter of that file, by its `name`, such as caddyfile")
	f.StringVar(&w.users, "users", "", "`which` users, where the server has several: a number or a place, as state shows them")
	return w
}

// hashing adds the flags that a running server answers itself.
func (w *where) hashing(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.realm, "realm", "", "with --file, the realm of Digest, a `text` (default cmwell)")
	cmd.Flags().StringVar(&w.passwordHash, "password-hash", "", "with --file, the `scheme` bcrypt or argon2id (default bcrypt)")
}

// desk is where users are looked after: a running server, or a file.
type desk struct {
	account.Documents
	// place is "in users.json" or "on the server".
	place string
	// server is nil at a file.
	server *remote.Client
	file   *file.Users
	flags  *where
}

// open finds the users. A file must exist.
func (w *where) open() (*desk, error) {
	if w.file == "" {
		return w.reach()
	}
	if w.address+w.config+w.adapter+w.users != "" {
		return nil, misuse("--file works on the file alone: --address, --config, --adapter and --users are for a running server")
	}
	users, err := openFile(w.file, w.shell.note)
	if err != nil {
		return nil, err
	}
	return &desk{Documents: users, place: "in " + w.file, file: users, flags: w}, nil
}

// openFile reads a users file. What the front door refuses in production alone is a
// note here.
func openFile(name string, note func(string, ...any)) (*file.Users, error) {
	users, err := file.Open(name, false)
	if errors.Is(err, file.ErrExposed) {
		note("Warning: %s", strings.TrimPrefix(err.Error(), "users file: "))
		users, err = file.Open(name, true)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noFile{name, ": the front door makes it at its first start, and user add --create does"}
	}
	if err != nil {
		return nil, err
	}
	return users, nil
}

// noFile is fs.ErrNotExist in a sentence.
type noFile struct{ name, advice string }

func (n noFile) Error() string      { return "users file " + n.name + " does not exist" + n.advice }
func (noFile) Is(target error) bool { return target == fs.ErrNotExist }

// reach finds the running server.
func (w *where) reach() (*desk, error) {
	client, base, err := w.shell.Reach(w.address, w.config, w.adapter)
	if err != nil {
		return nil, err
	}
	server := &remote.Client{HTTP: client, Base: base, Users: w.users}
	return &desk{Documents: server, place: "on the server", server: server, flags: w}, nil
}

// hashes is how new passwords are kept there.
func (d *desk) hashes(ctx context.Context) (account.Scheme, string, error) {
	if d.server == nil {
		return hashesOf(orElse(d.flags.passwordHash, "bcrypt"), orElse(d.flags.realm, "cmwell"))
	}
	if d.flags.realm+d.flags.passwordHash != "" {
		return 0, "", misuse("--realm and --password-hash go with --file: a running server has its own")
	}
	doors, err := d.server.Doors(ctx)
	if err == nil && len(doors) == 0 {
		err = errors.New("the server says nothing of its front doors")
	}
	if err != nil {
		return 0, "", err
	}
	for _, door := range doors[1:] {
		if door.Users != doors[0].Users || door.Realm != doors[0].Realm || door.PasswordHash != doors[0].PasswordHash {
			return 0, "", misuse("the server has several front doors; --users says which: %s", doorList(doors))
		}
	}
	return hashesOf(doors[0].PasswordHash, doors[0].Realm)
}

func hashesOf(scheme, realm string) (account.Scheme, string, error) {
	parsed, err := account.ParseScheme(scheme)
	if err != nil {
		return 0, "", usage{err}
	}
	return parsed, realm, nil
}

func orElse(given, standard string) string {
	if given == "" {
		return standard
	}
	return given
}

func doorList(doors []admin.Door) string {
	var all []string
	for _, d := range doors {
		all = append(all, fmt.Sprintf("%d (%s, realm %s)", d.Number, d.Users, d.Realm))
	}
	return strings.Join(all, ", ")
}

// survey lists all users or roles.
func (d *desk) survey(ctx context.Context, kind account.Kind) (admin.Page, error) {
	var all admin.Page
	for {
		page, err := d.page(ctx, kind, all.Next, admin.MaxPage)
		if err != nil {
			return admin.Page{}, err
		}
		all.Users, all.Roles = append(all.Users, page.Users...), append(all.Roles, page.Roles...)
		if all.Next = page.Next; page.Next == "" {
			return all, nil
		}
	}
}

func (d *desk) page(ctx context.Context, kind account.Kind, after string, limit int) (admin.Page, error) {
	if d.server != nil {
		return d.server.Survey(ctx, kind, after, limit)
	}
	return admin.Survey(ctx, d, kind, after, limit)
}

// document is that of a user or role, or an error that names it.
func (d *desk) document(ctx context.Context, kind account.Kind, name string) ([]byte, error) {
	document, err := d.Document(ctx, kind, name)
	if errors.Is(err, account.ErrNotExist) {
		return nil, d.nobody(kind, name)
	}
	return document, err
}

// change makes another document of the one that is there.
func (d *desk) change(ctx context.Context, kind account.Kind, name string, next func(kept []byte) ([]byte, error)) error {
	return account.Replace(ctx, d.Documents, kind, name, func(kept []byte) ([]byte, error) {
		if kept == nil {
			return nil, d.nobody(kind, name)
		}
		return next(kept)
	})
}

// nobody is account.ErrNotExist in a sentence.
func (d *desk) nobody(kind account.Kind, name string) error {
	return missing(fmt.Sprintf("%s %s does not exist %s", kind.Singular(), name, d.place))
}

type missing string

func (m missing) Error() string      { return string(m) }
func (missing) Is(target error) bool { return target == account.ErrNotExist }

// named refuses what cannot be a name before anybody is asked.
func named(kind account.Kind, name string) error {
	if err := account.CheckName(name); err != nil {
		return misuse("%s %w", kind.Singular(), err)
	}
	return nil
}
