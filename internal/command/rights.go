package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// rightsFlags say what a user or role is to be given.
type rightsFlags struct {
	allow, deny, roles, operations []string
	exact                          bool
}

func (f *rightsFlags) add(cmd *cobra.Command, kind account.Kind) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.allow, "allow", nil, "allow `levels:path`, such as rw:/example.org, and all below it (repeatable)")
	flags.StringArrayVar(&f.deny, "deny", nil, "deny `levels:path`, such as w:/example.org/old, and all below it (repeatable)")
	flags.BoolVar(&f.exact, "exact", false, "the paths alone, without what is below them")
	flags.StringArrayVar(&f.operations, "operation", nil, "the operation `name`: Admin, Overwrite or PriorityWrite (repeatable)")
	if kind == account.Users {
		flags.StringArrayVar(&f.roles, "role", nil, "the role of this `name` (repeatable)")
	}
}

func (f *rightsFlags) none() bool {
	return len(f.allow)+len(f.deny)+len(f.roles)+len(f.operations) == 0
}

// rights reads the flags.
func (f *rightsFlags) rights() (account.Rights, error) {
	if f.exact && len(f.allow)+len(f.deny) == 0 {
		return account.Rights{}, misuse("--exact is about --allow and --deny, and there is none")
	}
	var r account.Rights
	for i, text := range append(f.allow[:len(f.allow):len(f.allow)], f.deny...) {
		e, err := entry(text, i < len(f.allow), !f.exact)
		if err != nil {
			return account.Rights{}, err
		}
		r.Entries = append(r.Entries, e)
	}
	for _, role := range f.roles {
		if err := named(account.Roles, role); err != nil {
			return account.Rights{}, err
		}
		r.Roles = append(r.Roles, role)
	}
	var err error
	r.Operations, err = operationsOf(f.operations)
	return r, err
}

// entry reads levels and a path, such as rw:/example.org.
func entry(text string, allow, recursive bool) (permission.Entry, error) {
	letters, path, found := strings.Cut(text, ":")
	if !found {
		return permission.Entry{}, misuse("%q found; levels and a path are accepted, such as rw:/example.org", text)
	}
	levels, err := permission.ParseLevels(letters)
	if err != nil {
		return permission.Entry{}, misuse("%q: %w", text, err)
	}
	e, err := permission.NewEntry(path, allow, recursive, levels)
	if err != nil {
		return permission.Entry{}, misuse("%q: %w", text, err)
	}
	return e, nil
}

func operationsOf(names []string) (permission.Operation, error) {
	var all permission.Operation
	for _, name := range names {
		o, err := permission.ParseOperation(name)
		if err != nil {
			return 0, usage{err}
		}
		all |= o
	}
	return all, nil
}

// withdrawalFlags say what a user or role is to have no more.
type withdrawalFlags struct{ paths, roles, operations []string }

func (f *withdrawalFlags) add(cmd *cobra.Command, kind account.Kind) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.paths, "path", nil, "every entry for exactly this `path` (repeatable)")
	flags.StringArrayVar(&f.operations, "operation", nil, "the operation `name`: Admin, Overwrite or PriorityWrite (repeatable)")
	if kind == account.Users {
		flags.StringArrayVar(&f.roles, "role", nil, "the role of this `name` (repeatable)")
	}
}

func (f *withdrawalFlags) none() bool { return len(f.paths)+len(f.roles)+len(f.operations) == 0 }

func (f *withdrawalFlags) withdrawal() (account.Withdrawal, error) {
	for _, path := range f.paths {
		if _, err := permission.NewEntry(path, true, true, permission.Read); err != nil {
			return account.Withdrawal{}, usage{err}
		}
	}
	operations, err := operationsOf(f.operations)
	return account.Withdrawal{Paths: f.paths, Roles: f.roles, Operations: operations}, err
}

// rightLines are rights as people read them.
func rightLines(entries []permission.Entry, operations permission.Operation, roles []string) [][2]string {
	var lines [][2]string
	for i, e := range entries {
		label := ""
		if i == 0 {
			label = "paths"
		}
		lines = append(lines, [2]string{label, e.String()})
	}
	if len(entries) == 0 {
		lines = append(lines, [2]string{"paths", "none"})
	}
	if operations != 0 {
		lines = append(lines, [2]string{"operations", strings.Join(operations.Names(), ", ")})
	}
	if len(roles) > 0 {
		lines = append(lines, [2]string{"roles", strings.Join(roles, ", ")})
	}
	return lines
}

// labelled writes lines of a label and a text.
func labelled(lines [][2]string) string {
	var b strings.Builder
	width := len("operations")
	for _, l := range lines {
		width = max(width, len(l[0]))
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, l[0], printable(l[1]))
	}
	return b.String()
}
