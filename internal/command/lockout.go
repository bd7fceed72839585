package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
)

func (s *shell) lockout() *cobra.Command {
	return s.group(&cobra.Command{Use: "lockout", Short: "Lock-outs: users closed to clients after failed logins"}, s.listLockouts(), s.release())
}

func (s *shell) listLockouts() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "Lists who is refused now"}
	cmd.Long = "Lists who is refused now, the worst first. Names that no user has are not shown:\nsomebody may have typed a password there."
	w := s.server(cmd)
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		d, err := w.reach()
		if err != nil {
			return err
		}
		all, err := d.server.Lockouts(ctx)
		if err != nil {
			return err
		}
		return s.result(cmd, map[string][]admin.Lockout{"lockouts": all}, func(out io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(s.Err, "There are no lock-outs.")
				return
			}
			var rows [][]string
			for _, l := range all {
				rows = append(rows, []string{orElse(l.User, "(no user)"), orElse(l.Client, "(all strangers)"), fmt.Sprint(l.Failures), day(l.Until)})
			}
			table(out, "USER CLIENT FAILURES UNTIL", rows)
		})
	})
}

func (s *shell) release() *cobra.Command {
	cmd := &cobra.Command{Use: "release", Short: "Opens a user to clients again"}
	w := s.server(cmd)
	var client string
	cmd.Flags().StringVar(&client, "client", "", "this `address` alone, as list shows it")
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		name := args[0]
		if err := named(account.Users, name); err != nil {
			return err
		}
		d, err := w.reach()
		if err != nil {
			return err
		}
		n, err := d.server.Release(ctx, name, client)
		if err != nil {
			return err
		}
		return s.result(cmd, outcome(account.Users, name, "released", n), line("user %s: %s ended", name, counts(n, "lock-out", "lock-outs")))
	})
}
