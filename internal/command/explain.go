package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

func (s *shell) explain() *cobra.Command {
	cmd := &cobra.Command{Use: "explain", Short: "Tells whether a user may do something, and why"}
	cmd.Long = `Tells whether a user may read or write a path, and which entry of which document
says so. The running server takes its own settings into account; with --file the
answer is that of the rules alone. The user "anonymous" stands for requests without
a token.`
	w := s.where(cmd)
	var level string
	var tree bool
	cmd.Flags().StringVar(&level, "level", "r", "the `level`: r for reading, w for writing")
	cmd.Flags().BoolVar(&tree, "tree", false, "the path and everything below it")
	return s.leaf(cmd, []string{"<user>", "<path>"}, func(ctx context.Context, args []string) error {
		if err := named(account.Users, args[0]); err != nil {
			return err
		}
		if !strings.HasPrefix(args[1], "/") {
			return misuse("path %q found; one that begins with a slash is accepted", args[1])
		}
		parsed, err := admin.ParseLevel(level)
		if err != nil {
			return misuse("--level %q found; r and w are accepted", level)
		}
		d, err := w.open()
		if err != nil {
			return err
		}
		answer, err := d.explain(ctx, admin.Question{User: args[0], Path: args[1], Level: parsed, Tree: tree})
		if err != nil {
			return err
		}
		return s.result(cmd, answer, func(out io.Writer) { fmt.Fprint(out, explanation(answer)) })
	})
}

func (d *desk) explain(ctx context.Context, q admin.Question) (admin.Explanation, error) {
	if d.server != nil {
		return d.server.Explain(ctx, q)
	}
	path, err := permission.ParsePath(q.Path)
	if err != nil {
		return admin.Explanation{}, err
	}
	who, err := account.Resolve(ctx, d.Documents, q.User)
	if errors.Is(err, account.ErrNotExist) {
		return admin.Explanation{}, d.nobody(account.Users, q.User)
	}
	if err != nil {
		return admin.Explanation{}, err
	}
	report := who.Rules.Explain(path, q.Level, q.Tree).Report(q.User)
	return admin.Explanation{User: q.User, Passes: report.Allowed, Report: report, Because: "These are the rules alone: what the front door's settings protect or open is not known here."}, nil
}

// explanation is the answer for people.
func explanation(e admin.Explanation) string {
	word := "no"
	if e.Passes {
		word = "yes"
	}
	lines := []string{e.Sentence}
	for _, m := range e.NearMisses {
		miss := "Near miss: " + m.Sentence + "."
		lines[0] = strings.TrimSuffix(lines[0], " "+miss) // each on a line of its own
		lines = append(lines, miss)
	}
	if len(e.Readings) > 1 {
		lines = append(lines, "The path can be read as "+strings.Join(e.Readings, ", ")+".")
	}
	if e.Because != "" {
		lines = append(lines, e.Because)
	}
	return word + "\n  " + printable(strings.Join(lines, "\n  ")) + "\n"
}
