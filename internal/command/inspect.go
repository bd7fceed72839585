package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// inspection is what token inspect finds.
type inspection struct {
	Header  json.RawMessage `json:"header"`
	Claims  json.RawMessage `json:"claims"`
	Expires *time.Time      `json:"expires,omitempty"`
	// Accepted tells whether everything that was looked at is right.
	Accepted bool     `json:"accepted"`
	Wrong    []string `json:"wrong"`
	// Unchecked is what was not looked at.
	Unchecked []string `json:"unchecked"`
}

func (s *shell) inspect() *cobra.Command {
	cmd := &cobra.Command{Use: "inspect", Short: "Shows what is in a token, and what is wrong with it"}
	cmd.Long = `Shows what is in a token, and what is wrong with it. The token is read from standard
input: as an argument every user of the machine could read it. It is never printed.
Its signature is verified with --key-file, its user and rev are compared with those
in --file; without them nobody has looked at these.`
	w := &where{shell: s}
	var key keyFlags
	key.add(cmd, "verify the signature with the secret or public key in the file at this `path`")
	cmd.Flags().StringVar(&w.file, "file", "", "look the user up in the users file at this `path`")
	cmd = s.leaf(cmd, []string{"[<token>]"}, func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			return misuse("a token is not accepted on the command line, where every user of the machine can read it: pipe it in")
		}
		raw, err := s.givenToken(ctx)
		if err != nil {
			return err
		}
		found, err := token.Inspect(raw)
		if err != nil {
			return err
		}
		i := inspection{Header: json.RawMessage(found.Header), Claims: json.RawMessage(found.Claims), Wrong: []string{}, Unchecked: []string{}}
		if err := s.judge(ctx, &i, found, raw, key, w); err != nil {
			return err
		}
		i.Accepted = len(i.Wrong) == 0
		err = s.result(cmd, i, func(out io.Writer) { fmt.Fprint(out, i.text()) })
		if err == nil && !i.Accepted {
			return errFound
		}
		return err
	})
	cmd.Use = "inspect"
	return cmd
}

// givenToken reads a token, as it stands in a header or alone.
func (s *shell) givenToken(ctx context.Context) (string, error) {
	var raw string
	var err error
	if s.atTerminal() {
		raw, err = s.ask(ctx, "Token: ")
	} else {
		raw, err = s.secretLine("a token")
	}
	if err != nil {
		return "", err
	}
	if raw = strings.TrimSpace(raw); raw == "" {
		return "", misuse("no token on standard input")
	}
	return raw, nil
}

// judge finds what is wrong with a token.
func (s *shell) judge(ctx context.Context, i *inspection, found token.Unverified, raw string, key keyFlags, w *where) error {
	if found.Wrong != nil {
		i.Wrong = append(i.Wrong, strings.TrimPrefix(found.Wrong.Error(), "token: "))
		return nil
	}
	claims, now := found.UnverifiedClaims, time.Now()
	i.Expires = &claims.Expires
	if !now.Before(claims.Expires) {
		i.Wrong = append(i.Wrong, "expired "+moment(claims.Expires))
	}
	if now.Before(found.NotBefore) {
		i.Wrong = append(i.Wrong, "not valid before "+moment(found.NotBefore))
	}
	if key.file == "" {
		i.Unchecked = append(i.Unchecked, "signature")
	} else {
		keys, err := s.keys(key, true)
		if err != nil {
			return err
		}
		_, err = keys.Verify(raw, claims.Expires.Add(-time.Millisecond)) // its time was looked at above
		if err != nil && !errors.Is(err, token.ErrNotYetValid) {
			i.Wrong = append(i.Wrong, strings.TrimPrefix(err.Error(), "token: "))
		}
	}
	if w.file == "" {
		i.Unchecked = append(i.Unchecked, "user", "rev")
		return nil
	}
	d, err := w.open()
	if err != nil {
		return err
	}
	u, err := d.User(ctx, claims.Subject)
	switch {
	case errors.Is(err, account.ErrNotExist):
		i.Wrong = append(i.Wrong, d.nobody(account.Users, claims.Subject).Error())
	case err != nil:
		return err
	case u.Revision != claims.Revision:
		i.Wrong = append(i.Wrong, fmt.Sprintf("revoked: its rev is %d, and the user's %d", claims.Revision, u.Revision))
	}
	return nil
}

// text is the inspection for people.
func (i inspection) text() string {
	lines := [][2]string{{"header", string(i.Header)}, {"claims", string(i.Claims)}}
	if i.Expires != nil {
		lines = append(lines, [2]string{"expires", moment(*i.Expires)})
	}
	for _, wrong := range i.Wrong {
		lines = append(lines, [2]string{"wrong", wrong})
	}
	if len(i.Wrong) == 0 {
		lines = append(lines, [2]string{"wrong", "nothing that was looked at"})
	}
	if len(i.Unchecked) > 0 {
		lines = append(lines, [2]string{"unchecked", strings.Join(i.Unchecked, ", ")})
	}
	return "token\n" + labelled(lines)
}
