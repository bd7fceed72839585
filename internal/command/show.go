package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
)

// list prints all users or roles.
func (s *shell) list(kind account.Kind) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "Lists all " + kind.String()}
	w := s.where(cmd)
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		d, err := w.open()
		if err != nil {
			return err
		}
		all, err := d.survey(ctx, kind)
		if err != nil {
			return err
		}
		return s.result(cmd, all, func(out io.Writer) {
			if len(all.Users)+len(all.Roles) == 0 {
				fmt.Fprintln(s.Err, "There are no "+kind.String()+".")
				return
			}
			listing(out, kind, all)
		})
	})
}

func listing(out io.Writer, kind account.Kind, all admin.Page) {
	var rows [][]string
	if kind == account.Roles {
		for _, r := range all.Roles {
			rows = append(rows, []string{r.Name, fmt.Sprint(r.Paths), strings.Join(r.Operations, ",")})
		}
		table(out, "NAME PATHS OPERATIONS", rows)
		return
	}
	for _, u := range all.Users {
		rows = append(rows, []string{u.Name, fmt.Sprint(u.Rev), u.Password, fmt.Sprint(u.Paths), strings.Join(u.Roles, ","), strings.Join(u.Operations, ",")})
	}
	table(out, "NAME REV PASSWORD PATHS ROLES OPERATIONS", rows)
}

// show prints one user or role.
func (s *shell) show(kind account.Kind) *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "Shows a " + kind.Singular()}
	cmd.Long = "Shows a " + kind.Singular() + ", and what is probably not meant in its document.\nWith --json it prints the document itself."
	w := s.where(cmd)
	var hashes bool
	if kind == account.Users {
		cmd.Long += "\nThe hashes of the password are left out unless --hashes asks for them: whoever\nhas them can guess the password, and with those for Digest log in."
		cmd.Flags().BoolVar(&hashes, "hashes", false, "with --json, the hashes of the password too")
	}
	return s.leaf(cmd, []string{"<name>"}, func(ctx context.Context, args []string) error {
		if hashes && !inJSON(cmd) {
			return misuse("--hashes goes with --json")
		}
		if err := named(kind, args[0]); err != nil {
			return err
		}
		d, err := w.open()
		if err != nil {
			return err
		}
		document, err := d.document(ctx, kind, args[0])
		if err != nil {
			return err
		}
		if inJSON(cmd) {
			return s.printDocument(cmd, document, hashes)
		}
		return s.describe(ctx, d, kind, args[0], document)
	})
}

func (s *shell) printDocument(cmd *cobra.Command, document []byte, hashes bool) error {
	if !hashes {
		var err error
		if document, err = account.Redact(document); err != nil {
			return err
		}
	}
	return s.result(cmd, json.RawMessage(document), nil)
}

// describe prints a user or role for people.
func (s *shell) describe(ctx context.Context, d *desk, kind account.Kind, name string, document []byte) error {
	var lines [][2]string
	var sentences []string
	if kind == account.Roles {
		r, err := account.ParseRole(name, document)
		if err != nil {
			return err
		}
		lines, sentences = rightLines(r.Paths, r.Operations, nil), account.LintRole(r)
	} else {
		u, err := account.ParseUser(name, document)
		if err != nil {
			return err
		}
		roles, err := d.rolesOf(ctx, u)
		if err != nil {
			return err
		}
		lines = append(userLines(u), rightLines(u.Paths, u.Operations, u.Roles)...)
		for _, role := range u.Roles {
			lines = append(lines, roleLines(role, roles)...)
		}
		sentences = account.Lint(u, func(role string) (account.Role, bool) { r, ok := roles[role]; return r, ok })
	}
	fmt.Fprint(s.Out, kind.Singular()+" "+name+"\n"+labelled(lines))
	for _, sentence := range sentences {
		s.note("Warning: %s", sentence)
	}
	return nil
}

// roleLines are what a role adds to a user.
func roleLines(name string, roles map[string]account.Role) [][2]string {
	label := "role " + name
	r, exists := roles[name]
	if !exists {
		return [][2]string{{label, "does not exist"}}
	}
	lines := rightLines(r.Paths, r.Operations, nil)
	for i := range lines {
		if lines[i][0] = ""; i == 0 {
			lines[i][0] = label
		}
	}
	return lines
}

func userLines(u account.User) [][2]string {
	shape, _ := u.Shape()
	lines := [][2]string{{"rev", fmt.Sprint(u.Revision)}, {"password", shape.String()}}
	var digest []string
	if u.HA1SHA256 != "" {
		digest = append(digest, "SHA-256")
	}
	if u.HA1 != "" {
		digest = append(digest, "MD5")
	}
	if digest != nil {
		lines = append(lines, [2]string{"digest", strings.Join(digest, ", ")})
	}
	for _, l := range [][2]string{{"name", strings.TrimSpace(u.First + " " + u.Last)}, {"email", u.Email}} {
		if l[1] != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// rolesOf are those of a user's roles that exist.
func (d *desk) rolesOf(ctx context.Context, u account.User) (map[string]account.Role, error) {
	roles := map[string]account.Role{}
	for _, name := range u.Roles {
		r, err := d.Role(ctx, name)
		if errors.Is(err, account.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", name, err)
		}
		roles[name] = r
	}
	return roles, nil
}
