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

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/console"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/keyring"
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

	// Mode is "enforce" (the default) or "observe": then what would be refused on
	// its way to the store is logged and passes nevertheless.
	Mode string `json:"mode,omitempty"`

	// Profile tells requests that read from those that write: "cmwell" (the
	// default) knows CM-Well's calls, "http" goes by the method.
	Profile string `json:"profile,omitempty"`

	// LoginPath is where tokens are given; "/_login" by default. No other
	// spelling of it reaches the store.
	LoginPath string `json:"login_path,omitempty"`

	// Realm is shown in challenges (RFC 9110, section 11.5); "cmwell" by default.
	Realm string `json:"realm,omitempty"`

	// AuthPath is where the front door serves its own operations, such as changing
	// one's password; "/_auth" by default. No other spelling of it reaches the store.
	AuthPath string `json:"auth_path,omitempty"`

	// Console is "on" (the default) or "off": whether a browser that opens AuthPath
	// is shown the page for people.
	Console string `json:"console,omitempty"`

	// JSONLogin is where tokens are given for a JSON body; not served by default.
	JSONLogin string `json:"json_login,omitempty"`

	// Schemes are what the login offers, in this order; ["digest", "basic"] by
	// default. After "digest" its algorithms may stand, "sha-256" and "md5";
	// otherwise MD5 is offered, and SHA-256 too unless a user has only the hash
	// for MD5.
	Schemes []string `json:"schemes,omitempty"`

	// LoginLimit is how many failed logins a user and client have within a
	// window before they are answered 429; "10 15m" by default.
	LoginLimit string `json:"login_limit,omitempty"`

	// LoginWorkers is how many workers hash passwords, 1 to 1024; half the
	// processors by default, at least 1. Each takes up to four logins that wait,
	// where all users have bcrypt hashes of one cost.
	LoginWorkers caddyhttp.WeakString `json:"login_workers,omitempty"`

	// LoginQueue is how many logins wait for their turn before others are
	// answered 503, 0 to 100000; 64 by default.
	LoginQueue caddyhttp.WeakString `json:"login_queue,omitempty"`

	// LoginCache is how long a right password is remembered, so that it need not
	// be hashed again: a duration up to 24h, or "off", the default.
	LoginCache string `json:"login_cache,omitempty"`

	// PasswordHash is how new passwords are kept: "bcrypt" (the default, as
	// CM-Well reads it) or "argon2id".
	PasswordHash string `json:"password_hash,omitempty"`

	// Algorithm signs tokens, and is the only one that is accepted: "HS256" (the
	// default, CM-Well's), "HS512", "ES256", "RS256" or "EdDSA".
	Algorithm string `json:"algorithm,omitempty"`

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

	// ReadRaw are sets of Caddy's request matchers: what one of them matches reads,
	// whatever the profile says of it.
	ReadRaw caddyhttp.RawMatcherSets `json:"read,omitempty" caddy:"namespace=http.matchers"`

	// WriteRaw are sets of matchers like ReadRaw: what one of them matches writes.
	// It wins over ReadRaw.
	WriteRaw caddyhttp.RawMatcherSets `json:"write,omitempty" caddy:"namespace=http.matchers"`

	// Bulk says what becomes of writes whose targets are in the body: "judge" (the
	// default: they pass when the user may write every target), "root-only" (when
	// the user may write everywhere) or "off" (they do not pass).
	Bulk string `json:"bulk,omitempty"`

	// BulkLimit is how much of such a body is read, "1KiB" to "1GiB"; "16MiB" by
	// default.
	BulkLimit string `json:"bulk_limit,omitempty"`

	// BulkPath lists paths that take bulk writes by POST, for stores other than
	// CM-Well, whose own are known.
	BulkPath []string `json:"bulk_path,omitempty"`

	// BulkFormat is the RDF format that BulkPath takes, by CM-Well's name for it;
	// by default a request's Content-Type says.
	BulkFormat string `json:"bulk_format,omitempty"`

	// UnauthenticatedStatus answers requests that need a token and have none
	// that is valid: 401 (the default) or 403.
	UnauthenticatedStatus caddyhttp.WeakString `json:"unauthenticated_status,omitempty"`

	// IdentityHeader carries the verified user's name to the store;
	// "X-CM-Well-User" by default. It is never taken from a client.
	IdentityHeader string `json:"identity_header,omitempty"`

	// identity is the same for the same configuration.
	identity string
	settings settings
	users    openedUsers
	reads    matchers
	writes   matchers
	reminder reminder
	keys     *token.Keys
	managed  *keyring.Ring // nil when the keys are configured
	// keyWritten is when the file of the configured key was; zero for any other key.
	keyWritten time.Time
	guards     guards
	hashing    *login.Hashing
	accounts   *login.Accounts
	exchange   *login.Exchange
	keeper     *gate.Keeper
	endpoint   *admin.Endpoint
	// documents serve what the gate says is for them.
	documents *admin.Documents
	operator  *admin.Operator
	page      *console.Page // nil when it is off, and so is
	activity  *activity
	// expire is called when users in the store behind may have changed.
	expire func()
	logger *zap.Logger
	audit  *zap.Logger
	events announcer

	// unfollow ends what the store of users and the managed keys tell us.
	unfollow []func()

	// shared is what Cleanup gives back to the pool.
	shared []poolKey

	// pending counts what must be made before the first request is served; ready is
	// closed when nothing is.
	pending atomic.Int32
	ready   chan struct{}
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
	h.ready = make(chan struct{})
	configured, err := json.Marshal(h)
	if err != nil {
		return err
	}
	h.identity = string(configured)
	if h.settings, err = h.resolve(caddy.NewReplacer()); err != nil {
		return err
	}
	if err := h.provisionMatchers(ctx); err != nil {
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
	if h.events, err = newAnnouncer(ctx); err != nil {
		return err
	}
	if h.users, err = h.provisionUsers(ctx, app); err != nil {
		return err
	}
	h.assemble(h.users)
	app.doors = append(app.doors, h)
	h.watchLogs(ctx, app)
	if err := h.provisionWatch(ctx); err != nil {
		return err
	}
	// Not before the start: a configuration that fails must leave the running one
	// alone. And before the first request, which may be a guess.
	h.beforeServing(app, func(context.Context) error {
		h.guards.limits.SetLimit(h.settings.limit)
		h.hashing.Resize(h.settings.workers, h.settings.queue)
		h.hashing.SetCache(h.settings.cache, time.Now)
		return nil
	})
	return nil
}

// announce says in the log what the operator should know before the first request.
func (h *Handler) announce() {
	for _, warning := range h.settings.warnings {
		h.logger.Warn(warning)
	}
	if h.settings.observe && h.reminder.due(time.Now()) {
		h.logger.Warn(observing)
	}
	if h.settings.production {
		h.logger.Info("environment is production: writes need a token")
	} else {
		h.logger.Warn("environment is development: writes pass without a token, except to protected paths")
	}
}

// Interface guards.
var (
	_ caddy.Module                = (*Handler)(nil)
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
