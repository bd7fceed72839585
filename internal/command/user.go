package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

func (s *shell) user() *cobra.Command {
	return s.group(&cobra.Command{Use: "user", Short: "Users: who they are and what they may do"},
		s.list(account.Users), s.show(account.Users), s.addUser(), s.passwd(), s.grant(account.Users), s.withdraw(account.Users), s.remove(account.Users))
}

// newUser is a document of nobody in particular.
const newUser = `{"paths":[],"roles":[],"operations":[],"rev":0}`

func (s *shell) addUser() *cobra.Command {
	cmd := &cobra.Command{Use: "add", Short: "Makes a user"}
	cmd.Long = `Makes a user. The password is asked for at the terminal, read from standard input,
or made; on the command line every user of the machine could read it.
The user "anonymous" has no password: its document says what may be read without
a token.`
	w := s.where(cmd)
	w.hashing(cmd)
	var f rightsFlags
	f.add(cmd, account.Users)
	var secret secretFlags
	secret.addGenerate(cmd)
	var create bool
	cmd.Flags().BoolVar(&create, "create", false, "with --file, make the file when it does not exist")
	people := account.Fields{}
	for name, what := range map[string]string{"email": "an `address` for people", "first": "a person's first `name`", "last": "a person's last `name`"} {
		cmd.Flags().Func(name, what, func(text string) error { people[name] = text; return nil })
	}
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		name := args[0]
		if err := named(account.Users, name); err != nil {
			return err
		}
		rights, err := f.rights()
		if err != nil {
			return err
		}
		d, err := w.openOrCreate(create)
		if err != nil {
			return err
		}
		document, password, err := s.draft(ctx, d, name, secret, people)
		if err == nil {
			document, err = account.Grant(account.Users, name, document, rights)
		}
		if err == nil {
			err = d.addNew(ctx, name, document)
		}
		if err != nil {
			return err
		}
		return s.added(ctx, cmd, d, name, password)
	})
}

// openOrCreate finds the users; a file that is to be made need not be there.
func (w *where) openOrCreate(create bool) (*desk, error) {
	if !create {
		return w.open()
	}
	if w.file == "" {
		return nil, misuse("--create goes with --file")
	}
	d, err := w.open()
	if errors.Is(err, fs.ErrNotExist) {
		users := file.New(w.file, false)
		return &desk{Documents: users, file: users, place: "in " + w.file, flags: w}, nil
	}
	return d, err
}

// draft is the document of a new user but for its rights, and the password when it
// was made here.
func (s *shell) draft(ctx context.Context, d *desk, name string, secret secretFlags, people account.Fields) (document []byte, made string, err error) {
	fields := maps.Clone(people)
	if name == account.Anonymous {
		if secret != (secretFlags{}) {
			return nil, "", misuse("user %s never logs in, and has no password", name)
		}
		document, err = fields.In([]byte(newUser))
		return document, "", err
	}
	// Whoever types a password wants to know before that it is for nothing.
	if _, err := d.Document(ctx, account.Users, name); !errors.Is(err, account.ErrNotExist) {
		if err == nil {
			err = d.exists(name)
		}
		return nil, "", err
	}
	scheme, realm, err := d.hashes(ctx)
	if err != nil {
		return nil, "", err
	}
	password, err := s.newPassword(ctx, secret, name)
	if err != nil {
		return nil, "", err
	}
	hashes, err := hashed(name, scheme, realm, password)
	if err != nil {
		return nil, "", err
	}
	maps.Copy(fields, hashes)
	if secret.generate {
		made = password
	}
	document, err = fields.In([]byte(newUser))
	return document, made, err
}

func (d *desk) exists(name string) error {
	return fmt.Errorf("user %s exists already %s; user passwd and user grant change it", name, d.place)
}

// addNew stores the document of a user who is not there yet.
func (d *desk) addNew(ctx context.Context, name string, document []byte) error {
	if d.file != nil && d.file.Snapshot().Len() == 0 {
		return d.file.Create(ctx, name, document)
	}
	return account.Replace(ctx, d.Documents, account.Users, name, func(kept []byte) ([]byte, error) {
		if kept != nil {
			return nil, d.exists(name)
		}
		return document, nil
	})
}

// added tells of a new user, and of its password when nobody else knows it.
func (s *shell) added(ctx context.Context, cmd *cobra.Command, d *desk, name, password string) error {
	value := outcome(account.Users, name, "added", true)
	if password != "" {
		value["password"] = password
	}
	err := s.result(cmd, value, func(out io.Writer) {
		fmt.Fprintf(out, "user %s was made %s\n", name, printable(d.place))
		if password != "" {
			fmt.Fprintf(out, "password: %s\n", password)
			s.note("It is shown this once: only its hash is kept.")
		}
	})
	if err != nil || inJSON(cmd) {
		return err
	}
	return s.warn(ctx, d, name)
}

// warn says what is probably not meant in a user's document.
func (s *shell) warn(ctx context.Context, d *desk, name string) error {
	u, err := d.User(ctx, name)
	if err != nil {
		return err
	}
	roles, err := d.rolesOf(ctx, u)
	if err != nil {
		return err
	}
	for _, sentence := range account.Lint(u, func(role string) (account.Role, bool) { r, ok := roles[role]; return r, ok }) {
		s.note("Warning: %s", sentence)
	}
	return nil
}

func (s *shell) passwd() *cobra.Command {
	cmd := &cobra.Command{Use: "passwd", Short: "Gives a user another password"}
	cmd.Long = "Gives a user another password. Every token of the user is dead from then on. The\npassword is asked for at the terminal, read from standard input, or made; on the\ncommand line every user of the machine could read it."
	w := s.where(cmd)
	w.hashing(cmd)
	var secret secretFlags
	secret.addGenerate(cmd)
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		name := args[0]
		if err := named(account.Users, name); err != nil {
			return err
		}
		if name == account.Anonymous {
			return misuse("user %s never logs in, and has no password", name)
		}
		d, err := w.open()
		if err != nil {
			return err
		}
		if _, err := d.document(ctx, account.Users, name); err != nil {
			return err
		}
		scheme, realm, err := d.hashes(ctx)
		if err != nil {
			return err
		}
		password, err := s.newPassword(ctx, secret, name)
		if err != nil {
			return err
		}
		rev, err := d.setPassword(ctx, name, password, scheme, realm)
		if err != nil {
			return err
		}
		value := outcome(account.Users, name, "rev", rev)
		if secret.generate {
			value["password"] = password
		}
		return s.result(cmd, value, func(out io.Writer) {
			fmt.Fprintf(out, "user %s has another password; every token it had is dead\n", name)
			if secret.generate {
				fmt.Fprintf(out, "password: %s\n", password)
				s.note("It is shown this once: only its hash is kept.")
			}
		})
	})
}

// setPassword gives a user another password; a server does it by itself, so that its
// audit log says what was done. It returns the rev that the user has then.
func (d *desk) setPassword(ctx context.Context, name, password string, scheme account.Scheme, realm string) (int64, error) {
	if d.server != nil {
		return d.server.SetPassword(ctx, name, password)
	}
	hashes, err := hashed(name, scheme, realm, password)
	if err != nil {
		return 0, err
	}
	return d.setFields(ctx, name, hashes)
}

// setFields changes fields of a user and makes every token of it invalid. It returns
// the rev that the user has then.
func (d *desk) setFields(ctx context.Context, name string, fields account.Fields) (rev int64, err error) {
	err = d.change(ctx, account.Users, name, func(kept []byte) ([]byte, error) {
		u, err := account.ParseUser(name, kept)
		if err != nil {
			return nil, err
		}
		all, err := account.Revoke(u)
		if err != nil {
			return nil, err
		}
		rev = u.Revision + 1
		maps.Copy(all, fields)
		return all.In(kept)
	})
	return rev, err
}
