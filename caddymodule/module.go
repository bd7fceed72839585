// Package caddymodule is the front door as modules of Caddy: the handler
// http.handlers.cmwell_auth with its directive cmwell_auth, the user stores in
// the namespace http.cmwell_auth.users, and a development store to try it with.
package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/token"
)

func init() { caddy.RegisterModule(new(Handler)) }

// Handler is the front door of a data store. It logs applications in, and lets
// requests pass to the next handler according to their tokens. Every field is
// optional, every value may hold placeholders ({env.X}, {file.X}), which are
// resolved once, when the configuration is loaded. The zero configuration is a
// production front door.
type Handler struct {
	// Environment is "production" (or "prod") or "development" (or "dev", "test",
	// "staging", "qa", "local"). In development only protected paths need a
	// token. Empty means production.
	Environment string `json:"environment,omitempty"`

	// Profile tells requests that read from those that write: "cmwell" (the
	// default) knows CM-Well's calls, "http" goes by the method.
	Profile string `json:"profile,omitempty"`

	// LoginPath is where tokens are given; "/_login" by default. No other
	// spelling of it reaches the store.
	LoginPath string `json:"login_path,omitempty"`

	// Realm is shown in challenges (RFC 9110, section 11.5); "cmwell" by default.
	Realm string `json:"realm,omitempty"`

	// Schemes are what the login offers, in this order; ["basic"] by default.
	Schemes []string `json:"schemes,omitempty"`

	// SigningKey signs tokens and verifies them; managed by default.
	SigningKey *KeySource `json:"signing_key,omitempty"`

	// AcceptKey lists keys that verify tokens and never sign.
	AcceptKey []KeySource `json:"accept_key,omitempty"`

	// Expiry is how long a token lives unless the login asks otherwise: a
	// duration with units m, h, d; "24h" by default, at least 1m.
	Expiry string `json:"expiry,omitempty"`

	// MaxExpiry is the longest life that a login may ask for; "60d" by default.
	MaxExpiry string `json:"max_expiry,omitempty"`

	// ExpiryUnit is the unit of the exp claim in new tokens: "milliseconds" (the
	// default, as CM-Well writes it) or "seconds" (RFC 7519).
	ExpiryUnit string `json:"expiry_unit,omitempty"`

	// TokenFrom lists the places where a request's token is looked for. By
	// default the headers X-CM-WELL-TOKEN2 and X-CM-WELL-TOKEN.
	TokenFrom []TokenSource `json:"token_from,omitempty"`

	// ForwardToken is "on" (the default: the store sees the verified token, and
	// no other) or "off" (the store sees none).
	ForwardToken string `json:"forward_token,omitempty"`

	// UsersRaw is the module that knows the users; a file in Caddy's data
	// directory by default.
	UsersRaw json.RawMessage `json:"users,omitempty" caddy:"namespace=http.cmwell_auth.users inline_key=store"`

	// DefaultRoot says from where the user root may log in while it has the
	// password root, which it has in a new store: "loopback" (the default),
	// "anywhere", or "off" (no such user is made, and the password opens nothing).
	DefaultRoot string `json:"default_root,omitempty"`

	// Protect lists paths that need a token and permission in every environment,
	// beside those that always do: /meta/auth, and in the profile cmwell writes
	// to /meta except /meta/sys/dc.
	Protect []Protection `json:"protect,omitempty"`

	// UnauthenticatedStatus answers requests that need a token and have none
	// that is valid: 401 (the default) or 403.
	UnauthenticatedStatus caddyhttp.WeakString `json:"unauthenticated_status,omitempty"`

	// IdentityHeader carries the verified user's name to the store;
	// "X-CM-Well-User" by default. It is never taken from a client.
	IdentityHeader string `json:"identity_header,omitempty"`

	settings  settings
	keys      *token.Keys
	passwords *account.Passwords
	exchange  *login.Exchange
	keeper    *gate.Keeper
	logger    *zap.Logger
	audit     *zap.Logger

	// pending counts what must be made before the first request is served.
	pending atomic.Int32
}

// CaddyModule names the module.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.cmwell_auth",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision reads the whole configuration and the users. It writes nothing:
// what is made on a first start is made when the configuration is started.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	h.audit = h.logger.Named("audit")
	var err error
	if h.settings, err = h.resolve(caddy.NewReplacer()); err != nil {
		return err
	}
	h.announce()
	starter, err := ctx.App(startAppID)
	if err != nil {
		return err
	}
	app, ok := starter.(*StartApp)
	if !ok {
		return fmt.Errorf("app %s is %T, which is not ours", startAppID, starter)
	}
	if err := h.provisionKeys(ctx, app); err != nil {
		return err
	}
	users, err := h.provisionUsers(ctx, app)
	if err != nil {
		return err
	}
	h.assemble(users)
	return nil
}

// announce says in the log what the operator should know before the first request.
func (h *Handler) announce() {
	for _, warning := range h.settings.warnings {
		h.logger.Warn(warning)
	}
	if h.settings.production {
		h.logger.Info("environment is production: writes need a token")
	} else {
		h.logger.Warn("environment is development: writes pass without a token, except to protected paths")
	}
}

// beforeServing has f called when the configuration starts. Caddy starts its
// parts in no certain order, so until f is done requests are answered 503.
func (h *Handler) beforeServing(app *StartApp, f func(context.Context) error) {
	h.pending.Add(1)
	app.atStart(func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		h.pending.Add(-1)
		return nil
	})
}

// assemble puts the parts together, from settings that are known to be good.
func (h *Handler) assemble(users account.Store) {
	s := h.settings
	accounts := &login.Accounts{
		Users:       users,
		Passwords:   h.passwords,
		DefaultRoot: s.defaultRoot,
	}
	h.exchange = &login.Exchange{
		Schemes: []login.Scheme{&login.Basic{Realm: s.realm, Accounts: accounts}},
		Keys:    h.keys, Expiry: s.expiry, MaxExpiry: s.maxExpiry, Now: time.Now,
	}
	h.keeper = &gate.Keeper{
		UnsafeOpenWrites: !s.production,
		Profile:          s.profile,
		Sources:          s.sources,
		Keys:             h.keys,
		Users:            users,
		Protected:        s.protected,
		OwnPaths:         []string{s.loginPath},
		IdentityHeader:   s.identityHeader,
		ForwardToken:     s.forwardToken,
		Now:              time.Now,
	}
}

// Interface guards.
var (
	_ caddy.Module                = (*Handler)(nil)
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
