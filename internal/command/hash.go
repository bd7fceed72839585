package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func (s *shell) hashPassword() *cobra.Command {
	cmd := &cobra.Command{Use: "hash-password", Short: "Prints the hash of a password, for a user document"}
	cmd.Long = `Prints the hash of a password: the digest of a user document. With --user it prints
digest, digest2 and digest2_sha256, which HTTP Digest needs, as members of one.
The password is asked for at the terminal, or read from standard input; on the command
line every user of the machine could read it.`
	var secret secretFlags
	secret.add(cmd)
	var user, realm, scheme string
	cmd.Flags().StringVar(&user, "user", "", "print the hashes for Digest too, which are those of the user of this `name`")
	cmd.Flags().StringVar(&realm, "realm", "cmwell", "with --user, the realm of Digest, a `text`")
	cmd.Flags().StringVar(&scheme, "password-hash", "bcrypt", "the `scheme`, bcrypt or argon2id")
	return s.leaf(cmd, nil, func(ctx context.Context, _ []string) error {
		parsed, realm, err := hashesOf(scheme, realm)
		if err != nil {
			return err
		}
		of := "hashing"
		if user != "" {
			of = user
			if err := named(account.Users, user); err != nil {
				return err
			}
		}
		password, err := s.newPassword(ctx, secret, of)
		if err != nil {
			return err
		}
		fields, err := hashed(user, parsed, realm, password)
		if err != nil {
			return err
		}
		if user == "" {
			fields = account.Fields{"digest": fields["digest"]}
		}
		return s.result(cmd, fields, func(out io.Writer) {
			if user == "" {
				fmt.Fprintln(out, fields["digest"])
				return
			}
			for _, name := range []string{"digest", "digest2", "digest2_sha256"} {
				fmt.Fprintf(out, "%q: %q,\n", name, fields[name])
			}
		})
	})
}
