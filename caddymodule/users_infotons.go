package caddymodule

import (
	"context"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/infotons"
)

func init() { caddy.RegisterModule(new(InfotonUsers)) }

// InfotonUsers finds users and roles in the data store behind the front door, a
// CM-Well, at /meta/auth/users/<name> and /meta/auth/roles/<name>. Every value may
// hold placeholders. No user is ever made there but by whoever asks for it.
type InfotonUsers struct {
	// URL is the store's: http or https, and a host.
	URL string `json:"url"`
	// User is whose name is in the tokens that the front door signs for itself, and
	// shows to the store alone; "cmwell-auth" by default. The store must know it, and
	// let it read and write /meta/auth.
	User string `json:"user,omitempty"`
	// Token is shown to the store instead: one that somebody else has signed, or "off"
	// for none.
	Token string `json:"token,omitempty"`
	// MaxAge is how old the state of a user may be that requests are decided by: 100ms
	// to 1h, "1s" by default.
	MaxAge string `json:"max_age,omitempty"`
	// MaxStale is how old it may be while the store does not answer: up to 24h, "5m" by
	// default, and not below MaxAge.
	MaxStale string `json:"max_stale,omitempty"`
	// CacheSize is how many users are remembered: 1 to 10000000, 100000 by default.
	CacheSize caddyhttp.WeakString `json:"cache_size,omitempty"`
	// Timeout is how long one answer of the store may take: 100ms to 30s, "2s" by
	// default.
	Timeout string `json:"timeout,omitempty"`
}

// CaddyModule names the module.
func (*InfotonUsers) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.cmwell_auth.users.infotons", New: func() caddy.Module { return new(InfotonUsers) }}
}

// infotonSettings are InfotonUsers with every placeholder resolved.
type infotonSettings struct {
	url, user, token string // no token: one is signed for the user
	maxAge, maxStale time.Duration
	timeout          time.Duration
	size             int
}

// settle is how long after a change of a document its door looks whether another one
// has written over it.
const settle = 150 * time.Millisecond

// liveInfotons tell the passwords' checker which hashes there are, and the operator
// what in a new document is probably not meant.
type liveInfotons struct {
	*infotons.Store
	passwords *account.Passwords
	warn      func(string)
}

// User finds a user who logs in; see infotons.Store.
func (l liveInfotons) User(ctx context.Context, name string) (account.User, error) {
	defer func() { l.passwords.SetShapes(l.Shapes()) }()
	return l.Store.User(ctx, name)
}

// Put stores a document; see account.Documents.
func (l liveInfotons) Put(ctx context.Context, kind account.Kind, name string, document []byte) error {
	return l.Replace(ctx, kind, name, func([]byte) ([]byte, error) { return document, nil })
}

// Replace stores what next makes of a document; see account.Replacer.
func (l liveInfotons) Replace(ctx context.Context, kind account.Kind, name string, next func(kept []byte) ([]byte, error)) error {
	return replaceAndLint(ctx, l.Store, kind, name, next, l.warn)
}

// OnlyMD5 tells whether some user can log in by Digest with MD5 alone. Nobody looks
// through all of them; who has lived in a CM-Well has the hash for MD5.
func (liveInfotons) OnlyMD5() bool { return true }

// Open asks the store for nothing: it may be started after the front door.
func (i *InfotonUsers) Open(_ caddy.Context, options UserStoreOptions) (Store, error) {
	s, err := i.resolve()
	if err != nil {
		return nil, fmt.Errorf("users infotons: %w", err)
	}
	sign := s.signer(options.SignFor)
	key := fmt.Sprintf("infotons %+v", s)
	if s.token == "" {
		key += " signed by " + options.Signer
	}
	shared, err := options.Share(key, func() (any, error) {
		return infotons.New(infotons.Config{
			URL: s.url, Timeout: s.timeout, MaxAge: s.maxAge, MaxStale: s.maxStale, CacheSize: s.size, Settle: settle, Now: time.Now,
		}), nil
	})
	if err != nil {
		return nil, err
	}
	store, ok := shared.(*infotons.Store)
	if !ok {
		return nil, fmt.Errorf("users infotons: what is shared for it is %T", shared)
	}
	// Not before the start: a configuration that fails must not sign for the running one.
	options.AtStart(func(context.Context) error {
		store.Use(sign, func(err error) { options.Warn(err.Error()) })
		return nil
	})
	return liveInfotons{store, options.Passwords, options.Warn}, nil
}

// signer makes the token that the store is shown; nil for none.
func (s infotonSettings) signer(signFor func(string) (string, error)) func() (string, error) {
	switch s.token {
	case "":
		return func() (string, error) { return signFor(s.user) }
	case "off":
		return nil
	}
	return func() (string, error) { return s.token, nil }
}

// Interface guards.
var (
	_ UserStore             = (*InfotonUsers)(nil)
	_ caddyfile.Unmarshaler = (*InfotonUsers)(nil)
	_ account.Editor        = liveInfotons{}
	_ account.Replacer      = liveInfotons{}
	_ account.Resolver      = liveInfotons{}
	_ account.Distant       = liveInfotons{}
)
