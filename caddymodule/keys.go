package caddymodule

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/certmagic"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// KeySource says where an HMAC secret comes from.
type KeySource struct {
	// From is "managed" (made on the first start and kept in Caddy's storage, so
	// that all servers on one storage share it), "file", "env" or "literal".
	From string `json:"from"`
	// Value is the file's path, the variable's name, or the secret itself.
	Value string `json:"value,omitempty"`
}

// maxKeyFile is the greatest key file that is read, in bytes.
const maxKeyFile = 64 << 10

// provisionKeys reads the configured keys. A managed key that does not exist
// yet is made at the start.
func (h *Handler) provisionKeys(ctx caddy.Context, app *StartApp) error {
	h.keys = new(token.Keys)
	config := token.Config{Unit: h.settings.unit, UnsafeShortSecrets: !h.settings.production}
	for i, source := range h.AcceptKey {
		secret, err := h.secret(source)
		if err != nil {
			return fmt.Errorf("accept_key %d: %w", i+1, err)
		}
		config.Accept = append(config.Accept, secret)
	}
	if h.SigningKey == nil || h.SigningKey.From == "managed" {
		return h.provisionManagedKey(ctx, app, config)
	}
	secret, err := h.secret(*h.SigningKey)
	if err != nil {
		return fmt.Errorf("signing_key: %w", err)
	}
	config.Signing = secret
	return h.use(config)
}

// use hands the keys over, and says when they are weak.
func (h *Handler) use(config token.Config) error {
	if err := h.keys.Use(config); err != nil {
		return err
	}
	for _, s := range append(config.Accept, config.Signing) {
		if len(s) < token.MinSecret {
			h.logger.Warn(fmt.Sprintf("a key has %d bytes: fewer than %d can be guessed from one token, and production refuses them", len(s), token.MinSecret))
		}
	}
	return nil
}

// secret reads a key that the operator keeps. No error shows any of it.
func (h *Handler) secret(source KeySource) (token.Secret, error) {
	resolved, err := caddy.NewReplacer().ReplaceOrErr(source.Value, false, true)
	if err != nil {
		return nil, errors.New("a placeholder is not known")
	}
	switch source.From {
	case "literal":
		if resolved == source.Value {
			h.logger.Warn("a key stands in the configuration, where the admin API and backups show it: file, env or a placeholder keep it out")
		}
		return token.Secret(resolved), nil
	case "env":
		v, set := os.LookupEnv(resolved)
		if !set || v == "" {
			return nil, fmt.Errorf("environment variable %q is not set or empty", resolved)
		}
		return token.Secret(v), nil
	case "file":
		return h.keyFile(resolved)
	}
	return nil, fmt.Errorf("%q found; managed, file <path>, env <NAME> and <secret> are accepted", source.From)
}

func (h *Handler) keyFile(name string) (token.Secret, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s: a regular file of at most %d bytes is accepted", name, maxKeyFile)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		warning := fmt.Sprintf("%s has mode %04o: others can open the key; 0600 is accepted", name, mode)
		if h.settings.production {
			return nil, errors.New(warning)
		}
		h.logger.Warn(warning)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("-----BEGIN")) {
		return nil, fmt.Errorf("%s holds PEM; the bytes of an HMAC secret are accepted", name)
	}
	// Editors end a file with a line break; it is no part of the secret.
	return token.Secret(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")), nil
}

// The managed key is kept in hexadecimal, under a name of its own.
const (
	managedKey  = "cmwell_auth/signing_key"
	managedSize = 32
)

func (h *Handler) provisionManagedKey(ctx caddy.Context, app *StartApp, config token.Config) error {
	storage := ctx.Storage()
	secret, err := loadManagedKey(ctx, storage)
	if err == nil {
		config.Signing = secret
		return h.use(config)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	h.beforeServing(app, func(ctx context.Context) error {
		if config.Signing, err = makeManagedKey(ctx, storage); err != nil {
			return err
		}
		return h.use(config)
	})
	return nil
}

func loadManagedKey(ctx context.Context, storage certmagic.Storage) (token.Secret, error) {
	b, err := storage.Load(ctx, managedKey)
	if err != nil {
		return nil, fmt.Errorf("managed signing key: %w", err)
	}
	secret, err := hex.DecodeString(string(b))
	if err != nil || len(secret) != managedSize {
		return nil, fmt.Errorf("managed signing key: %s in Caddy's storage is damaged: %d hexadecimal digits are accepted", managedKey, 2*managedSize)
	}
	return secret, nil
}

// makeManagedKey makes the key, unless another server on the same storage was
// quicker: then its key is everybody's.
func makeManagedKey(ctx context.Context, storage certmagic.Storage) (token.Secret, error) {
	if err := storage.Lock(ctx, managedKey); err != nil {
		return nil, fmt.Errorf("managed signing key: %w", err)
	}
	defer storage.Unlock(context.WithoutCancel(ctx), managedKey) //nolint:errcheck // a lock left behind expires
	secret, err := loadManagedKey(ctx, storage)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	secret = make(token.Secret, managedSize)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("managed signing key: %w", err)
	}
	if err := storage.Store(ctx, managedKey, []byte(hex.EncodeToString(secret))); err != nil {
		return nil, fmt.Errorf("managed signing key: %w", err)
	}
	return secret, nil
}
