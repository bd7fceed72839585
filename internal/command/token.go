package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/token"
)

func (s *shell) token() *cobra.Command {
	return s.group(&cobra.Command{Use: "token", Short: "Tokens: what a login gives"}, s.issue(), s.inspect(), s.revoke())
}

// maxLife bounds a token that is made without a server, as the directive's default does.
const maxLife = 60 * 24 * time.Hour

func (s *shell) issue() *cobra.Command {
	cmd := &cobra.Command{Use: "issue", Short: "Makes a token of a user"}
	cmd.Long = `Makes a token of a user, without the user's password, and prints it. The running
server signs it; with --key-file it is signed here, with that key, and the user's
rev is taken from --file or --rev.`
	w := s.where(cmd)
	var user, expiry string
	var key keyFlags
	var rev int64
	f := cmd.Flags()
	f.StringVar(&user, "user", "", "the `name` of the user (required)")
	f.StringVar(&expiry, "expiry", "", "its `life`, such as 30d or 3d12h (default the server's, or 24h)")
	key.add(cmd, "sign with the key in the file at this `path`, and ask no server")
	f.Int64Var(&rev, "rev", 0, "with --key-file, the user's rev, a `number`, where no --file says it")
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		if user == "" {
			return misuse("--user is missing: whose token?")
		}
		if err := named(account.Users, user); err != nil {
			return err
		}
		var issued admin.Issued
		var err error
		switch {
		case key.file != "":
			issued, err = s.sign(ctx, w, user, expiry, key, rev, f.Changed("rev"))
		case w.file != "" || f.Changed("rev"):
			err = misuse("--file and --rev go with --key-file: a users file has no key to sign with")
		default:
			issued, err = w.issue(ctx, user, expiry)
		}
		if err != nil {
			return err
		}
		return s.result(cmd, issued, func(out io.Writer) {
			fmt.Fprintln(out, issued.Token)
			s.note("A token of %s with rev %d, until %s.", user, issued.Rev, moment(issued.Expires))
		})
	})
}

func (w *where) issue(ctx context.Context, user, expiry string) (admin.Issued, error) {
	d, err := w.open()
	if err != nil {
		return admin.Issued{}, err
	}
	return d.server.Issue(ctx, user, expiry)
}

// sign makes a token with a key at hand.
func (s *shell) sign(ctx context.Context, w *where, user, expiry string, key keyFlags, rev int64, revGiven bool) (admin.Issued, error) {
	if revGiven == (w.file != "") {
		return admin.Issued{}, misuse("with --key-file the user's rev is needed, once: --file names the users, or --rev says it")
	}
	life := 24 * time.Hour
	var err error
	if expiry != "" {
		if life, err = login.ParseExpiry(expiry, maxLife); err != nil {
			return admin.Issued{}, misuse("--expiry: %s", strings.TrimPrefix(err.Error(), "login: exp is not accepted: "))
		}
	}
	keys, err := s.keys(key, false)
	if err != nil {
		return admin.Issued{}, err
	}
	if w.file != "" {
		d, err := w.open()
		if err != nil {
			return admin.Issued{}, err
		}
		u, err := d.User(ctx, user)
		if errors.Is(err, account.ErrNotExist) {
			return admin.Issued{}, d.nobody(account.Users, user)
		}
		if err != nil {
			return admin.Issued{}, err
		}
		rev = u.Revision
	}
	c := token.Claims{Subject: user, Expires: time.Now().Add(life), Revision: rev}
	raw, err := keys.Sign(c)
	if err != nil {
		return admin.Issued{}, err
	}
	return admin.Issued{Token: raw, Expires: c.Expires.UTC(), Rev: rev}, nil
}

func (s *shell) revoke() *cobra.Command {
	cmd := &cobra.Command{Use: "revoke", Short: "Ends all tokens of a user"}
	cmd.Long = "Ends all tokens of a user, by raising the user's rev. The password stays as it is:\nto keep the user out, passwd or rm."
	w := s.where(cmd)
	var user string
	cmd.Flags().StringVar(&user, "user", "", "the `name` of the user (required)")
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		if user == "" {
			return misuse("--user is missing: whose tokens?")
		}
		if err := named(account.Users, user); err != nil {
			return err
		}
		d, err := w.open()
		if err != nil {
			return err
		}
		var rev int64
		if d.server != nil {
			rev, err = d.server.Revoke(ctx, user)
		} else {
			rev, err = d.setFields(ctx, user, nil)
		}
		if err != nil {
			return err
		}
		return s.result(cmd, outcome(account.Users, user, "rev", rev), line("every token of user %s is dead; its rev is %d now", user, rev))
	})
}
