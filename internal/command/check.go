package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/store/file"
)

// findings are what check has to say.
type findings struct {
	Mistakes []string `json:"mistakes"`
	Warnings []string `json:"warnings"`
	More     int      `json:"more"`
}

func (s *shell) check() *cobra.Command {
	cmd := &cobra.Command{Use: "check", Short: "Looks for mistakes in a users file, or in a running server's users"}
	cmd.Long = `Looks for mistakes, which keep a users file from being used, and for what is probably
not meant: roles that do not exist, entries without effect, users who cannot log in.
With a file it tells of every mistake in it; without one it asks the running server.`
	w := s.server(cmd)
	var strict bool
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings fail too")
	return s.leaf(cmd, []string{"[<file>]"}, func(ctx context.Context, args []string) error {
		f, summary, err := s.findings(ctx, w, args)
		if err != nil {
			return err
		}
		err = s.result(cmd, f, func(out io.Writer) {
			for _, m := range f.Mistakes {
				fmt.Fprintln(out, "Mistake: "+printable(m))
			}
			for _, warning := range f.Warnings {
				fmt.Fprintln(out, "Warning: "+printable(warning))
			}
			if f.More > 0 {
				fmt.Fprintf(out, "%d more warnings are not shown\n", f.More)
			}
			fmt.Fprintln(out, printable(summary))
		})
		if err == nil && (len(f.Mistakes) > 0 || strict && len(f.Warnings) > 0) {
			return errFound
		}
		return err
	})
}

func (s *shell) findings(ctx context.Context, w *where, args []string) (findings, string, error) {
	f := findings{Mistakes: []string{}, Warnings: []string{}}
	if len(args) == 0 {
		d, err := w.reach()
		if err != nil {
			return f, "", err
		}
		found, err := d.server.Lint(ctx)
		if err != nil {
			return f, "", err
		}
		f.Warnings, f.More = append(f.Warnings, found.Warnings...), found.More
		return f, "the server's users: " + counts(len(f.Warnings)+f.More, "warning", "warnings"), nil
	}
	report, err := file.Check(args[0])
	if errors.Is(err, fs.ErrNotExist) {
		return f, "", noFile{args[0], ""}
	}
	if err != nil {
		return f, "", err
	}
	f.Mistakes, f.Warnings = append(f.Mistakes, report.Mistakes...), append(f.Warnings, report.Warnings...)
	summary := args[0] + ": "
	if len(f.Mistakes) > 0 {
		summary += counts(len(f.Mistakes), "mistake", "mistakes") + ", and none of it is used"
	} else {
		summary += counts(report.Users, "user", "users") + ", " + counts(report.Roles, "role", "roles") + ", " + counts(len(f.Warnings), "warning", "warnings")
	}
	return f, summary, nil
}
