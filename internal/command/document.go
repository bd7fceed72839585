package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// The changes that users and roles have alike.

// remove deletes a user or role.
func (s *shell) remove(kind account.Kind) *cobra.Command {
	cmd := &cobra.Command{Use: "rm", Short: "Deletes a " + kind.Singular()}
	if kind == account.Users {
		cmd.Long = "Deletes a user. Every token of the user is dead, also when a user of that name is\nmade again."
	} else {
		cmd.Long = "Deletes a role. Users that have it keep its name, which then grants nothing."
	}
	w := s.where(cmd)
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		name := args[0]
		if err := named(kind, name); err != nil {
			return err
		}
		d, err := w.open()
		if err != nil {
			return err
		}
		err = d.Delete(ctx, kind, name)
		if errors.Is(err, account.ErrNotExist) {
			return d.nobody(kind, name)
		}
		if err != nil {
			return err
		}
		if left, err := d.page(ctx, account.Users, "", 1); kind == account.Users && err == nil && len(left.Users) == 0 {
			s.note("Warning: nobody is left. A front door whose users are gone does not start again.")
		}
		return s.result(cmd, outcome(kind, name, "deleted", true), line("%s %s was deleted", kind.Singular(), name))
	})
}

// grant gives rights.
func (s *shell) grant(kind account.Kind) *cobra.Command {
	cmd := &cobra.Command{Use: "grant", Short: "Gives a " + kind.Singular() + " rights"}
	cmd.Long = "Gives a " + kind.Singular() + " rights, from the next request on. Levels are r, w or rw; a denial\nbeats an allowance."
	w := s.where(cmd)
	var f rightsFlags
	f.add(cmd, kind)
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		rights, err := f.rights()
		if err == nil && f.none() {
			err = misuse("nothing is to be given: --allow, --deny, --operation%s say what", also(kind))
		}
		if err != nil {
			return err
		}
		return s.amend(ctx, cmd, w, kind, args[0], func(document []byte) ([]byte, error) {
			return account.Grant(kind, args[0], document, rights)
		})
	})
}

func also(kind account.Kind) string {
	if kind == account.Users {
		return " and --role"
	}
	return ""
}

// withdraw takes rights.
func (s *shell) withdraw(kind account.Kind) *cobra.Command {
	cmd := &cobra.Command{Use: "revoke", Short: "Takes rights from a " + kind.Singular()}
	cmd.Long = "Takes rights from a " + kind.Singular() + ", from the next request on. What is not there to be taken is\nan error, lest a misspelt path stays open."
	if kind == account.Users {
		cmd.Long += " To end the user's tokens: token revoke."
	}
	w := s.where(cmd)
	var f withdrawalFlags
	f.add(cmd, kind)
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		withdrawal, err := f.withdrawal()
		if err == nil && f.none() {
			err = misuse("nothing is to be taken: --path, --operation%s say what", also(kind))
			if kind == account.Users {
				err = misuse("%w; to end the user's tokens: token revoke --user %s", err, args[0])
			}
		}
		if err != nil {
			return err
		}
		return s.amend(ctx, cmd, w, kind, args[0], func(document []byte) ([]byte, error) {
			return account.Withdraw(kind, args[0], document, withdrawal)
		})
	})
}

// amend changes a document, and shows what has become of it.
func (s *shell) amend(ctx context.Context, cmd *cobra.Command, w *where, kind account.Kind, name string, next func([]byte) ([]byte, error)) error {
	if err := named(kind, name); err != nil {
		return err
	}
	d, err := w.open()
	if err != nil {
		return err
	}
	changed := false
	err = d.change(ctx, kind, name, func(kept []byte) ([]byte, error) {
		document, err := next(kept)
		changed = string(document) != string(kept)
		return document, err
	})
	if err != nil {
		return err
	}
	if inJSON(cmd) {
		return s.result(cmd, outcome(kind, name, "changed", changed), nil)
	}
	document, err := d.document(ctx, kind, name)
	if err != nil {
		return err
	}
	if !changed {
		s.note("Nothing was to be changed.")
	}
	return s.describe(ctx, d, kind, name, document)
}

// outcome is what a change is in JSON, such as {"user":"ann","deleted":true}.
func outcome(kind account.Kind, name, what string, value any) map[string]any {
	return map[string]any{kind.Singular(): name, what: value}
}
