package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/migrate"
	"github.com/cm-well/cmwell-auth/internal/store/export"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

// place opens the store that a URL names. A file that is written to need not be there.
func (s *shell) place(ctx context.Context, flag, url string, target bool) (account.Documents, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	forms := []string{"file:<path>", "export:<folder>"}
	for _, scheme := range slices.Sorted(maps.Keys(s.Places)) {
		forms = append(forms, s.Places[scheme].Form)
	}
	place, known := s.Places[scheme]
	var d account.Documents
	var err error
	switch {
	case rest != "" && scheme == "file":
		d, err = s.filePlace(rest, target)
	case rest != "" && scheme == "export" && target:
		return nil, misuse("%s: an export is read and not written; another store is accepted there", flag)
	case rest != "" && scheme == "export":
		d, err = export.Open(rest)
	case rest != "" && known:
		d, err = place.Open(ctx, url, func(sentence string) { s.note("Warning: %s", sentence) })
	default: // not shown: a URL may hold a password
		return nil, misuse("%s: a place of users is accepted: %s", flag, strings.Join(forms, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return d, nil
}

func (s *shell) filePlace(path string, target bool) (account.Documents, error) {
	users, err := openFile(path, s.note)
	if target && errors.Is(err, fs.ErrNotExist) {
		return file.New(path, false), nil
	}
	if err != nil {
		return nil, err
	}
	return users, nil
}

// leave closes a store.
func leave(d account.Documents) {
	if c, ok := d.(io.Closer); ok {
		_ = c.Close() // what was to be stored is
	}
}

func (s *shell) migrate() *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "Takes users and roles from one store to another"}
	cmd.Long = `Takes users and roles from one store to another. It shows what it would do, and does
it with --apply. Documents stay as they are to the byte, and so do tokens: no rev falls,
and what keeps the tokens of deleted users dead goes along. What is in the other store
alone stays there. When it is interrupted, the same command goes on where it was.

Places are file:<path>, redis://<host>:<port>/<database>, infotons:<url of the store>,
and export:<folder>: a folder of documents, users/<name> and roles/<name>, as CM-Well has
them at /meta/auth. The password of Redis is taken from CMWELL_REDIS_PASSWORD, the prefix
of its keys from CMWELL_REDIS_PREFIX, and the token that the store behind wants from
CMWELL_STORE_TOKEN: on the command line every user of the machine could read them.`
	var from, to string
	var apply bool
	cmd.Flags().StringVar(&from, "from", "", "the `place` where the users are (required)")
	cmd.Flags().StringVar(&to, "to", "", "the `place` where they go (required)")
	cmd.Flags().BoolVar(&apply, "apply", false, "do it")
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		if from == "" || to == "" {
			return misuse("--from and --to are required")
		}
		source, err := s.place(ctx, "--from", from, false)
		if err != nil {
			return err
		}
		defer leave(source)
		target, err := s.place(ctx, "--to", to, true)
		if err != nil {
			return err
		}
		defer leave(target)
		return s.move(ctx, cmd, migrate.Stores{From: source, To: target, Progress: s.progress()}, apply)
	})
}

// move compares, and then does what is to be done and looks again.
func (s *shell) move(ctx context.Context, cmd *cobra.Command, stores migrate.Stores, apply bool) error {
	plan, err := stores.Compare(ctx)
	if err != nil {
		return err
	}
	done := false
	if apply && !plan.Nothing() {
		if err := stores.Apply(ctx, plan); err != nil {
			if errors.Is(err, context.Canceled) {
				return errors.New("interrupted: what was stored stays, and the same command goes on from there")
			}
			return err
		}
		after, err := stores.Compare(ctx)
		if err != nil {
			return err
		}
		if !after.Nothing() {
			return errors.New("the stores still differ: one of them is in use, and was changed meanwhile; run it again")
		}
		done = true
	}
	err = s.result(cmd, report(plan, done), func(out io.Writer) { writePlan(out, plan, apply, done) })
	if err == nil && len(plan.Refused) > 0 {
		return errFound
	}
	return err
}

// planReport is a plan in JSON.
type planReport struct {
	Applied   bool           `json:"applied"`
	Added     []changeReport `json:"added"`
	Changed   []changeReport `json:"changed"`
	OnlyThere []changeReport `json:"onlyThere"`
	Refused   []changeReport `json:"refused"`
	Same      map[string]int `json:"same"`
	// RevFloor is raised to this; 0 where it stays.
	RevFloor int64 `json:"revFloor"`
}

type changeReport struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Rev     int64  `json:"rev,omitempty"`
	Refused string `json:"refused,omitempty"`
}

func report(p *migrate.Plan, applied bool) planReport {
	changes := func(list []migrate.Change) []changeReport {
		all := []changeReport{}
		for _, c := range list {
			all = append(all, changeReport{c.Kind.Singular(), c.Name, c.Raised, c.Refused})
		}
		return all
	}
	return planReport{
		Applied: applied, Added: changes(p.Added), Changed: changes(p.Changed), OnlyThere: changes(p.OnlyThere), Refused: changes(p.Refused),
		Same:     map[string]int{"users": p.Same[account.Users], "roles": p.Same[account.Roles]},
		RevFloor: p.Floor,
	}
}

// maxNamed is how many documents of a sort are named to people.
const maxNamed = 50

// writePlan is the difference by name, and the counts.
func writePlan(out io.Writer, p *migrate.Plan, apply, done bool) {
	for _, part := range []struct {
		sign    string
		changes []migrate.Change
	}{{"+", p.Added}, {"~", p.Changed}, {"=", p.OnlyThere}, {"!", p.Refused}} {
		for i, c := range part.changes {
			if i == maxNamed {
				fmt.Fprintf(out, "%s %d more, which --json names\n", part.sign, len(part.changes)-i)
				break
			}
			text := part.sign + " " + c.Kind.Singular() + " " + c.Name
			switch {
			case part.sign == "=":
				text += " is only there, and stays"
			case c.Refused != "":
				text = part.sign + " " + c.Refused // which names it
			case c.Raised > 0:
				text += fmt.Sprintf(" gets rev %d: its tokens end", c.Raised)
			}
			fmt.Fprintln(out, printable(text))
		}
	}
	if p.Floor > 0 {
		fmt.Fprintf(out, "~ rev_floor %d: what deleted users have left\n", p.Floor)
	}
	fmt.Fprintf(out, "%d added, %d changed, %d the same, %d only there\n", len(p.Added), len(p.Changed), p.Same[account.Users]+p.Same[account.Roles], len(p.OnlyThere))
	switch {
	case len(p.Refused) > 0:
		fmt.Fprintf(out, "%s not accepted: correct or remove them, nothing was changed\n", counts(len(p.Refused), "document is", "documents are"))
	case p.Nothing():
		fmt.Fprintln(out, "Nothing is to be done.")
	case done:
		fmt.Fprintln(out, "Done, and compared again: all of it is there.")
	case !apply:
		fmt.Fprintln(out, "Nothing was changed: --apply does it.")
	}
}

// progress tells of long work, on standard error: in one line that changes where it is
// a terminal, elsewhere every ten seconds.
func (s *shell) progress() func(step string, done, of int) {
	err, ok := s.Err.(*os.File)
	terminal := ok && term.IsTerminal(int(err.Fd()))
	begun := time.Now()
	last := begun
	return func(step string, done, of int) {
		pause := 10 * time.Second
		if terminal {
			pause = 200 * time.Millisecond
		}
		now := time.Now()
		switch {
		case terminal && done == of && last != begun:
			fmt.Fprint(s.Err, "\r\x1b[K")
		case now.Sub(last) < pause:
			return
		case terminal:
			fmt.Fprintf(s.Err, "\r%s: %d of %d", step, done, of)
		default:
			fmt.Fprintf(s.Err, "%s: %d of %d\n", step, done, of)
		}
		last = now
	}
}
