package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// keyFlags name a key at hand.
type keyFlags struct{ file, algorithm string }

func (f *keyFlags) add(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&f.file, "key-file", "", what)
	cmd.Flags().StringVar(&f.algorithm, "algorithm", "HS256", "with --key-file, the `algorithm` of the key: HS256, HS512, ES256, RS256 or EdDSA")
}

// maxKeyFile is the greatest key file that is read, in bytes.
const maxKeyFile = 64 << 10

// keys reads the file as the directive's file <path> does: the bytes of a secret for
// HS256 and HS512, PEM for the others. To verify, a public key does.
func (s *shell) keys(f keyFlags, verify bool) (*token.Keys, error) {
	a, err := token.ParseAlgorithm(f.algorithm)
	if err != nil {
		return nil, misuse("--algorithm: %w", err)
	}
	text, err := s.keyBytes(f.file)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", f.file, err)
	}
	config := token.Config{Algorithm: a}
	switch {
	case a.Symmetric():
		config.Signing = token.Secret(text)
	case verify && bytes.Contains(text, []byte("PUBLIC KEY")):
		err = verifyOnly(&config, text)
	default:
		config.Signing, err = token.ParsePrivate(a, text)
	}
	var keys token.Keys
	if err == nil {
		err = keys.Use(config)
	}
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", f.file, errors.New(strings.TrimPrefix(err.Error(), "signing_key: ")))
	}
	return &keys, nil
}

// verifyOnly has the config accept a public key. It must be able to sign, and gets a
// key for that which nobody has.
func verifyOnly(config *token.Config, text []byte) error {
	public, err := token.ParsePublic(config.Algorithm, text)
	if err != nil {
		return err
	}
	made, err := token.Generate(config.Algorithm)
	if err != nil {
		return err
	}
	config.Accept = []token.Key{public}
	config.Signing, err = token.Restore(config.Algorithm, made)
	return err
}

func (s *shell) keyBytes(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, errorAlone(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("a regular file of at most %d bytes is accepted", maxKeyFile)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, errorAlone(err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && !bytes.Contains(b, []byte("PUBLIC KEY")) {
		s.note("Warning: key file %s has mode %04o: others can open it; 0600 is accepted", name, mode)
	}
	// Editors end a file with a line break; it is no part of the secret.
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")), nil
}

// errorAlone is an error of a file without the file's name, which stands before it.
func errorAlone(err error) error {
	if of := new(os.PathError); errors.As(err, &of) {
		return of.Err
	}
	return err
}
