package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// secretFlags say where a password comes from: never from the command line, which
// every user of the machine can read.
type secretFlags struct{ stdin, generate bool }

func (f *secretFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.stdin, "password-stdin", false, "read the password from standard input, one line")
}

func (f *secretFlags) addGenerate(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().BoolVar(&f.generate, "generate-password", false, "make a password of 128 random bits, and show it once")
}

// newPassword asks for a password as the flags say. A terminal is asked twice, and
// shows nothing.
func (s *shell) newPassword(ctx context.Context, f secretFlags, of string) (string, error) {
	switch {
	case f.stdin && f.generate:
		return "", misuse("--password-stdin and --generate-password exclude each other")
	case f.generate:
		return rand.Text(), nil
	case f.stdin:
		return s.secretLine("the password")
	}
	if !s.atTerminal() {
		return "", misuse("there is no terminal to ask for the password; --password-stdin reads it from standard input, --generate-password makes one")
	}
	first, err := s.ask(ctx, "Password for "+of+": ")
	if err != nil {
		return "", err
	}
	second, err := s.ask(ctx, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// maxSecret is the longest line that is read as a secret, in bytes: a token's.
const maxSecret = 8 << 10

// secretLine reads one line from standard input, without the line break.
func (s *shell) secretLine(what string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(s.In, maxSecret+3))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", what, err)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if len(text) > maxSecret || bytes.ContainsAny(text, "\r\n") {
		return "", misuse("standard input holds more than a line, or more than %d bytes: %s alone is accepted", maxSecret, what)
	}
	return string(text), nil
}

// atTerminal tells whether somebody sits at standard input.
func (s *shell) atTerminal() bool {
	in, ok := s.In.(*os.File)
	return ok && term.IsTerminal(int(in.Fd()))
}

// ask reads a line from the terminal without showing it. An interrupt leaves the
// terminal as it was.
func (s *shell) ask(ctx context.Context, prompt string) (string, error) {
	in, ok := s.In.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal")
	}
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	fmt.Fprint(s.Err, prompt)
	type answer struct {
		text []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(int(in.Fd()))
		read <- answer{text, err}
	}()
	select {
	case a := <-read:
		fmt.Fprintln(s.Err)
		return string(a.text), a.err
	case <-ctx.Done():
		_ = term.Restore(int(in.Fd()), before) // there is nothing else to be done
		fmt.Fprintln(s.Err)
		return "", errors.New("interrupted; nothing was changed")
	}
}

// hashed makes the fields of a user's document for a password.
func hashed(name string, scheme account.Scheme, realm, password string) (account.Fields, error) {
	fields, err := account.SetPassword(account.User{Name: name}, scheme, realm, password)
	if err != nil {
		return nil, err
	}
	delete(fields, "rev")
	return fields, nil
}
