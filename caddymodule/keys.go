package caddymodule

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// KeySource says where a key comes from: a secret for the algorithms HS256 and
// HS512, PEM for the others.
type KeySource struct {
	// From is "managed" (made on the first start and kept in Caddy's storage, so
	// that all servers on one storage share it), "file", "env" or "literal".
	From string `json:"from"`
	// Value is the file's path, the variable's name, or the key itself.
	Value string `json:"value,omitempty"`
}

// maxKeyFile is the greatest key file that is read, in bytes.
const maxKeyFile = 64 << 10

// provisionKeys reads the configured keys, and finds out what of the managed ones
// must be made at the start.
func (h *Handler) provisionKeys(ctx caddy.Context, app *StartApp) error {
	h.keys = new(token.Keys)
	config := token.Config{Algorithm: h.settings.algorithm, Unit: h.settings.unit, UnsafeShortSecrets: !h.settings.production}
	for i, source := range h.AcceptKey {
		key, err := h.key(source, true)
		if err != nil {
			return fmt.Errorf("accept_key %d: %w", i+1, err)
		}
		config.Accept = append(config.Accept, key)
	}
	if h.SigningKey == nil || h.SigningKey.From == "managed" {
		h.warnOfShort(config.Accept)
		return h.provisionManagedKeys(ctx, app, config)
	}
	var err error
	if config.Signing, err = h.key(*h.SigningKey, false); err != nil {
		return fmt.Errorf("signing_key: %w", err)
	}
	if err := h.keys.Use(config); err != nil {
		return err
	}
	h.warnOfShort(append(config.Accept, config.Signing))
	h.keyWritten = h.SigningKey.written()
	return nil
}

// written is when the file of the key was last written; zero for a key from elsewhere,
// whose age nobody knows.
func (s KeySource) written() time.Time {
	if s.From != "file" {
		return time.Time{}
	}
	info, err := os.Stat(caddy.NewReplacer().ReplaceAll(s.Value, ""))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (h *Handler) warnOfShort(keys []token.Key) {
	for _, key := range keys {
		if s, ok := key.(token.Secret); ok && len(s) < token.MinSecret {
			h.logger.Warn(fmt.Sprintf("a key has %d bytes: fewer than %d can be guessed from one token, and production refuses them", len(s), token.MinSecret))
		}
	}
}

// key reads a key that the operator keeps: one that verifies, or one that signs
// as well. No error shows any of it.
func (h *Handler) key(source KeySource, verifies bool) (token.Key, error) {
	a := h.settings.algorithm
	public := verifies && !a.Symmetric()
	b, err := h.keyBytes(source, public)
	if err != nil {
		return nil, err
	}
	var key token.Key
	switch {
	case a.Symmetric():
		return token.Secret(b), nil
	case public:
		key, err = token.ParsePublic(a, b)
	default:
		key, err = token.ParsePrivate(a, b)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.name(), err)
	}
	return key, nil
}

// name is what an error may say of where a key comes from.
func (s KeySource) name() string {
	if s.From == "literal" {
		return "the key in the configuration"
	}
	return s.From + " " + s.Value
}

func (h *Handler) keyBytes(source KeySource, public bool) ([]byte, error) {
	resolved, err := caddy.NewReplacer().ReplaceOrErr(source.Value, false, true)
	if err != nil {
		return nil, errors.New("a placeholder found that is not known; {env.NAME} and {file.path} are accepted")
	}
	switch source.From {
	case "literal":
		if resolved == source.Value && !public {
			h.logger.Warn("a key stands in the configuration, where the admin API and backups show it: file, env or a placeholder keep it out")
		}
		return []byte(resolved), nil
	case "env":
		v, set := os.LookupEnv(resolved)
		if !set || v == "" {
			return nil, fmt.Errorf("environment variable %s is not set, or empty; a variable that holds the key is accepted", resolved)
		}
		return []byte(v), nil
	case "file":
		return h.keyFile(resolved, public)
	}
	return nil, fmt.Errorf("%q found; file, env and literal are accepted, and managed for signing_key", source.From)
}

func (h *Handler) keyFile(name string, public bool) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, plainly(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s is no regular file, or too large; a regular file of at most %d bytes is accepted", name, maxKeyFile)
	}
	if err := h.keyMode(name, info.Mode().Perm(), public); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, plainly(err)
	}
	if h.settings.algorithm.Symmetric() && bytes.Contains(b, []byte("-----BEGIN")) {
		return nil, fmt.Errorf("PEM found in %s; the bytes of a secret are accepted with %s", name, h.settings.algorithm)
	}
	// Editors end a file with a line break; it is no part of the secret.
	return []byte(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")), nil
}

// plainly is why a file cannot be read, without the name of a system call.
func plainly(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return fmt.Errorf("%s cannot be read: %w", failed.Path, failed.Err)
	}
	return err
}

// keyMode refuses a file that others can open, or, when everybody may read it,
// one that others can replace by a key of their own.
func (h *Handler) keyMode(name string, mode fs.FileMode, public bool) error {
	forbidden, others, accepted := fs.FileMode(0o077), "open the key", "0600"
	if public {
		forbidden, others, accepted = 0o022, "replace the key", "0644"
	}
	if mode&forbidden == 0 {
		return nil
	}
	warning := fmt.Sprintf("%s has mode %04o: others can %s; %s is accepted", name, mode, others, accepted)
	if h.settings.production {
		return errors.New(warning)
	}
	h.logger.Warn(warning)
	return nil
}
