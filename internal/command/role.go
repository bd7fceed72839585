package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func (s *shell) role() *cobra.Command {
	return s.group(&cobra.Command{Use: "role", Short: "Roles: rights that users share"},
		s.list(account.Roles), s.show(account.Roles), s.addRole(), s.grant(account.Roles), s.withdraw(account.Roles), s.remove(account.Roles))
}

func (s *shell) addRole() *cobra.Command {
	cmd := &cobra.Command{Use: "add", Short: "Makes a role"}
	w := s.where(cmd)
	var f rightsFlags
	f.add(cmd, account.Roles)
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		name := args[0]
		if err := named(account.Roles, name); err != nil {
			return err
		}
		rights, err := f.rights()
		if err != nil {
			return err
		}
		d, err := w.open()
		if err != nil {
			return err
		}
		err = account.Replace(ctx, d.Documents, account.Roles, name, func(kept []byte) ([]byte, error) {
			if kept != nil {
				return nil, fmt.Errorf("role %s exists already %s; role grant and role revoke change it", name, d.place)
			}
			return account.Grant(account.Roles, name, []byte(`{"paths":[],"operations":[]}`), rights)
		})
		if err != nil {
			return err
		}
		if inJSON(cmd) {
			return s.result(cmd, outcome(account.Roles, name, "added", true), nil)
		}
		document, err := d.document(ctx, account.Roles, name)
		if err != nil {
			return err
		}
		return s.describe(ctx, d, account.Roles, name, document)
	})
}
