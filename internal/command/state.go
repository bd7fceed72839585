package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/admin"
)

func (s *shell) state() *cobra.Command {
	cmd := &cobra.Command{Use: "state", Short: "Shows how the front doors of a running server are"}
	w := s.server(cmd)
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		d, err := w.reach()
		if err != nil {
			return err
		}
		doors, err := d.server.Doors(ctx)
		if err != nil {
			return err
		}
		return s.result(cmd, map[string][]admin.Door{"doors": doors}, func(out io.Writer) {
			for _, door := range doors {
				fmt.Fprintf(out, "front door %d\n%s", door.Number, labelled(doorLines(door)))
			}
		})
	})
}

func doorLines(d admin.Door) [][2]string {
	health := "serving"
	if !d.OK {
		health = "closed: it answers 503 until its keys are made and its users can be read"
	}
	users := d.Users
	if !d.Writable {
		users += ", which cannot be changed through it"
	}
	lines := [][2]string{
		{"health", health},
		{"users", users},
	}
	if !d.ReadAt.IsZero() {
		lines = append(lines, [2]string{"read", moment(d.ReadAt)})
	}
	if !d.KeySince.IsZero() {
		lines = append(lines, [2]string{"key since", moment(d.KeySince)})
	}
	if d.Trouble != "" {
		lines = append(lines, [2]string{"trouble", d.Trouble})
	}
	return append(lines,
		[2]string{"environment", d.Environment + ", mode " + d.Mode},
		[2]string{"realm", d.Realm},
		[2]string{"passwords", d.PasswordHash},
		[2]string{"tokens", "live " + d.Expiry + ", at most " + d.MaxExpiry},
		[2]string{"waiting", counts(d.WaitingLogins, "login", "logins")},
	)
}
