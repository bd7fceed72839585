package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/keyring"
)

func (s *shell) key() *cobra.Command {
	return s.group(&cobra.Command{Use: "key", Short: "Keys: what tokens are signed with"}, s.listKeys(), s.rotateKeys())
}

func (s *shell) listKeys() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "Lists the managed keys of a running server"}
	cmd.Long = "Lists the managed keys of a running server, never the keys themselves. A key that\nverifies is dropped by itself when every token that it signed has expired."
	w := s.server(cmd)
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		d, err := w.reach()
		if err != nil {
			return err
		}
		keys, err := d.server.Keys(ctx)
		if err != nil {
			return err
		}
		return s.showKeys(cmd, keys)
	})
}

func (s *shell) rotateKeys() *cobra.Command {
	cmd := &cobra.Command{Use: "rotate", Short: "Makes new managed keys, which sign from then on"}
	cmd.Long = `Makes new managed keys, which sign from then on. Tokens of the former ones stay valid
until they expire. With --drop-old they do not: every token is dead at once, for the
day on which a key has got out.`
	w := s.server(cmd)
	var drop bool
	cmd.Flags().BoolVar(&drop, "drop-old", false, "accept no token that was signed before")
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		d, err := w.reach()
		if err != nil {
			return err
		}
		keys, err := d.server.Rotate(ctx, drop)
		if err != nil {
			return err
		}
		return s.showKeys(cmd, keys)
	})
}

func (s *shell) showKeys(cmd *cobra.Command, keys []keyring.Info) error {
	return s.result(cmd, map[string][]keyring.Info{"keys": keys}, func(out io.Writer) {
		if len(keys) == 0 {
			fmt.Fprintln(s.Err, "There are no managed keys: the signing key stands in the configuration.")
			return
		}
		var rows [][]string
		for _, k := range keys {
			rows = append(rows, []string{k.ID, k.Algorithm.String(), string(k.State), day(k.Created), day(k.SafeToDropAt)})
		}
		table(out, "ID ALGORITHM STATE CREATED SAFE-TO-DROP", rows)
	})
}

// day is a time in a table; empty for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}
