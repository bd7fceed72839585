// Package command is what an operator types: `caddy cmwell-auth user add ann`. It
// works on a running server through the admin API, or on a users file itself.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/remote"
)

// How a command ends. Scripts tell these apart, so they do not change.
const (
	done        = 0
	failed      = 1 // what was asked for was refused, or went wrong
	misused     = 2 // the command line is not accepted
	absent      = 3 // there is no such user, role, right or file
	unreachable = 4 // no server answers
)

const exitCodes = `Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no such user, role or file,
4 the server cannot be reached.`

// Surroundings are what the commands need of the program that they are part of.
type Surroundings struct {
	In       io.Reader
	Out, Err io.Writer
	// Reach finds the admin endpoint of a running server, as Caddy's own commands do
	// with the flags of these names.
	Reach func(address, config, adapter string) (client *http.Client, base string, err error)
	// Exit is the error that ends the program with a code and says nothing.
	Exit func(code int) error
	// Places are stores that users move between, beside files and exports, by the
	// scheme of their URL.
	Places map[string]Place
}

// Place is a kind of store that users move from and to.
type Place struct {
	// Form is what its URL looks like.
	Form string
	// Open finds the store, which is closed when it is an io.Closer. note tells the
	// operator what else there is to say.
	Open func(ctx context.Context, url string, note func(string)) (account.Documents, error)
}

// Build makes the command what it is, with all below it.
func Build(top *cobra.Command, s Surroundings) {
	sh := &shell{s}
	top.Long = `Looks after the users of the front door, cmwell_auth: who they are, what they
may do, and their tokens. Without --file it asks the running server, through
Caddy's admin endpoint; with --file it works on a users file itself, also while
a server has it in use.`
	top.SetUsageTemplate(usageTemplate)
	top.SetHelpTemplate(`{{with or .Long .Short}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}
` + exitCodes + "\n")
	top.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return sh.end(cmd, usage{err}) })
	sh.group(top, sh.user(), sh.role(), sh.token(), sh.key(), sh.lockout(), sh.explain(), sh.check(), sh.migrate(), sh.state(), sh.hashPassword())
}

// usageTemplate is Cobra's own without what does not occur here.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} <command>

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}

{{.CommandPath}} <command> --help tells more.{{else}}{{.UseLine}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// shell is a command line in its surroundings.
type shell struct{ Surroundings }

// usage is an error of the command line itself.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func misuse(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// group makes a command of others: alone it shows its help.
func (s *shell) group(parent *cobra.Command, children ...*cobra.Command) *cobra.Command {
	parent.AddCommand(children...)
	parent.Args = cobra.ArbitraryArgs
	parent.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() && c.Name() != "help" {
				names = append(names, c.Name())
			}
		}
		return s.end(cmd, misuse("%s: there is no command %q; there are %s", cmd.CommandPath(), args[0], strings.Join(names, ", ")))
	}
	return parent
}

// leaf makes a command that takes these arguments, and does something.
func (s *shell) leaf(cmd *cobra.Command, arguments []string, run func(ctx context.Context, args []string) error) *cobra.Command {
	cmd.Use = strings.Join(append([]string{cmd.Use}, arguments...), " ")
	cmd.DisableFlagsInUseLine = false
	cmd.Flags().Bool("json", false, "print JSON, for programs")
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := counted(arguments, args); err != nil {
			return s.end(cmd, err)
		}
		// A second interrupt ends the program where it stands.
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		defer stop()
		return s.end(cmd, run(ctx, args))
	}
	return cmd
}

// counted compares arguments with those that are wanted, such as <name> and [<path>].
func counted(wanted, args []string) error {
	least := 0
	for _, w := range wanted {
		if !strings.HasPrefix(w, "[") {
			least++
		}
	}
	switch {
	case len(args) < least:
		return misuse("%s is missing", wanted[len(args)])
	case len(args) > len(wanted) && len(wanted) == 0:
		return misuse("%q is one too many: no arguments are accepted", args[0])
	case len(args) > len(wanted):
		return misuse("%q is one too many: %s is accepted", args[len(wanted)], strings.Join(wanted, " "))
	}
	return nil
}

// errFound ends a command whose result is that something is wrong: it has been printed.
var errFound = errors.New("found")

// end says what went wrong, and gives the error that ends the program.
func (s *shell) end(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if errors.Is(err, errFound) {
		return s.Exit(failed)
	}
	code := codeOf(err)
	message := sentence(err)
	if code == unreachable {
		message += ". Is it running? --address names its admin endpoint"
		if cmd.Flags().Lookup("file") != nil {
			message += ", --file works on a users file itself"
		}
	}
	switch {
	case inJSON(cmd):
		s.failure(message, code)
	default:
		fmt.Fprintln(s.Err, "Error: "+printable(message))
		if code == misused {
			fmt.Fprintf(s.Err, "%s --help tells more.\n", cmd.CommandPath())
		}
	}
	return s.Exit(code)
}

// sentence is an error without the name of the package that it began in.
func sentence(err error) string {
	text := err.Error()
	pkg, rest, found := strings.Cut(text, ": ")
	if found && slices.Contains([]string{"account", "admin", "export", "login", "migrate", "permission", "remote", "token"}, pkg) {
		text = rest
	}
	return text
}

func (s *shell) failure(message string, code int) {
	encoder := json.NewEncoder(s.Err)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(struct {
		Error string `json:"error"`
		Exit  int    `json:"exit"`
	}{message, code}) // who does not read it has the code
}

func codeOf(err error) int {
	var misuse usage
	switch {
	case errors.As(err, &misuse):
		return misused
	case errors.Is(err, remote.ErrUnreachable):
		return unreachable
	case errors.Is(err, account.ErrNotExist), errors.Is(err, fs.ErrNotExist):
		return absent
	}
	return failed
}

// inJSON tells whether the command is to print JSON.
func inJSON(cmd *cobra.Command) bool {
	json, err := cmd.Flags().GetBool("json")
	return err == nil && json
}
