package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"golang.org/x/sync/semaphore"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// settings are the configuration with every placeholder resolved, every
// default filled in and every value checked.
type settings struct {
	production     bool
	observe        bool
	profile        gate.Profile
	loginPath      string
	authPath       string
	jsonLogin      string // empty when it is not served
	console        bool
	schemes        []schemeSettings
	limit          guard.Limit
	workers        int
	queue          int
	cache          time.Duration // 0 for off
	passwordHash   account.Scheme
	realm          string
	expiry         time.Duration
	maxExpiry      time.Duration
	unit           token.Unit
	algorithm      token.Algorithm
	sources        []gate.Source
	forwardToken   bool
	defaultRoot    login.RootPolicy
	protected      []permission.Entry // wherever they are
	inStore        []permission.Entry // and those that the store holds
	bulk           gate.Bulk
	unauthStatus   int
	identityHeader string
	warnings       []string
}

// TokenSource is a place where tokens are looked for.
type TokenSource struct {
	// Kind is "header", "bearer", "cookie" or "query".
	Kind string `json:"kind"`
	// Name of the header, cookie or query parameter; empty for bearer.
	Name string `json:"name,omitempty"`
}

// Protection is a path that needs a token in every environment.
type Protection struct {
	// Path and everything below it, as people write it (not percent-encoded).
	Path string `json:"path"`
	// Levels are "read" and "write"; both when empty.
	Levels []string `json:"levels,omitempty"`
}

// resolver replaces placeholders and keeps the first error.
type resolver struct {
	repl *caddy.Replacer
	err  error
}

// value resolves one value, puts the default where it is empty, and checks it.
func value[T any](r *resolver, name, configured, standard string, parse func(string) (T, error)) T {
	var none T
	if r.err != nil {
		return none
	}
	resolved, err := r.repl.ReplaceOrErr(configured, false, true)
	if err == nil {
		if resolved == "" {
			resolved = standard
		}
		var v T
		if v, err = parse(resolved); err == nil {
			return v
		}
	}
	r.err = fmt.Errorf("%s: %w", name, err)
	return none
}

// resolve turns the configuration into settings.
func (h *Handler) resolve(repl *caddy.Replacer) (settings, error) {
	r := &resolver{repl: repl}
	s := settings{
		production:     value(r, "environment", h.Environment, "production", parseEnvironment),
		observe:        value(r, "mode", h.Mode, "enforce", parseMode),
		profile:        value(r, "profile", h.Profile, "cmwell", parseProfile),
		loginPath:      value(r, "login_path", h.LoginPath, "/_login", parseOwnPath),
		authPath:       value(r, "auth_path", h.AuthPath, "/_auth", parseOwnPath),
		jsonLogin:      value(r, "json_login", h.JSONLogin, "off", parseJSONLogin),
		console:        value(r, "console", h.Console, "on", parseSwitch),
		limit:          value(r, "login_limit", h.LoginLimit, "10 15m", parseLimit),
		workers:        value(r, "login_workers", string(h.LoginWorkers), strconv.Itoa(halfTheProcessors()), parseWorkers),
		queue:          value(r, "login_queue", string(h.LoginQueue), "64", parseQueue),
		cache:          value(r, "login_cache", h.LoginCache, "off", parseCache),
		passwordHash:   value(r, "password_hash", h.PasswordHash, "bcrypt", parsePasswordHash),
		realm:          value(r, "realm", h.Realm, "cmwell", parseRealm),
		expiry:         value(r, "expiry", h.Expiry, "24h", parseLife),
		maxExpiry:      value(r, "max_expiry", h.MaxExpiry, "60d", parseLife),
		unit:           value(r, "expiry_unit", h.ExpiryUnit, "milliseconds", parseUnit),
		algorithm:      value(r, "algorithm", h.Algorithm, "HS256", parseAlgorithm),
		forwardToken:   value(r, "forward_token", h.ForwardToken, "on", parseSwitch),
		defaultRoot:    value(r, "default_root", h.DefaultRoot, "loopback", parseDefaultRoot),
		unauthStatus:   value(r, "unauthenticated_status", string(h.UnauthenticatedStatus), "401", parseStatus),
		identityHeader: value(r, "identity_header", h.IdentityHeader, "X-CM-Well-User", parseIdentityHeader),
	}
	s.schemes = value(r, "schemes", strings.Join(h.Schemes, " "), "digest basic", parseSchemes)
	own := []string{s.loginPath, s.authPath, s.jsonLogin}
	if r.err == nil && (own[0] == own[1] || own[0] == own[2] || own[1] == own[2] || slices.Contains(own, keySetPath)) {
		r.err = fmt.Errorf("login_path, auth_path and json_login: %s found; different paths are accepted, none of them %s", strings.TrimSuffix(strings.Join(own, ", "), ", "), keySetPath)
	}
	if r.err == nil && s.expiry > s.maxExpiry {
		r.err = fmt.Errorf("expiry: %s found; at most its maximum, %s, is accepted", login.Period(s.expiry), login.Period(s.maxExpiry))
	}
	if configured, _ := repl.ReplaceOrErr(h.Environment, false, true); configured == "" && h.Environment != "" {
		s.warnings = append(s.warnings, fmt.Sprintf("environment %s is empty: taken as production", h.Environment))
	}
	s.bulk = gate.Bulk{
		Policy: value(r, "bulk", h.Bulk, "judge", parseBulk),
		Limit:  value(r, "bulk_limit", h.BulkLimit, "16MiB", parseSize),
		Format: value(r, "bulk_format", h.BulkFormat, "", parseBulkFormat),
		Wait:   bodyWait,
		Turns:  bodyTurns(),
	}
	s.bulk.Room = semaphore.NewWeighted(bodiesAtOnce * s.bulk.Limit)
	for _, path := range h.BulkPath {
		s.bulk.Paths = append(s.bulk.Paths, value(r, "bulk_path", path, "", parseOwnPath))
	}
	h.resolveSources(r, &s)
	h.resolveProtection(r, &s)
	return s, r.err
}

func (h *Handler) resolveSources(r *resolver, s *settings) {
	configured := h.TokenFrom
	if len(configured) == 0 {
		configured = []TokenSource{{"header", gate.TokenHeader2}, {"header", gate.TokenHeader}}
	}
	for _, c := range configured {
		name := value(r, "token_from", c.Name, "", func(name string) (string, error) { return name, nil })
		source := value(r, "token_from", c.Kind, "", func(kind string) (gate.Source, error) { return parseSource(kind, name) })
		s.sources = append(s.sources, source)
		if r.err == nil && source.String() == "header "+s.identityHeader {
			r.err = fmt.Errorf("token_from: header %s found; it is identity_header, and another header is accepted", s.identityHeader)
		}
	}
}

// resolveProtection adds the configured paths to those that are always
// protected: adding one must never open another.
func (h *Handler) resolveProtection(r *resolver, s *settings) {
	s.protected = alwaysProtected(s.profile)
	for _, p := range h.Protect {
		levels := value(r, "protect", strings.Join(p.Levels, " "), "read write", parseLevels)
		s.inStore = append(s.inStore, value(r, "protect", p.Path, "", func(path string) (permission.Entry, error) {
			return permission.NewEntry(path, true, true, levels)
		}))
	}
}

func alwaysProtected(profile gate.Profile) []permission.Entry {
	both := permission.Read | permission.Write
	entries := []permission.Entry{entryOf("/meta/auth", true, both)}
	if profile == gate.CMWell {
		entries = append(entries, entryOf("/meta", true, permission.Write), entryOf("/meta/sys/dc", false, permission.Write))
	}
	return entries
}

// entryOf is for paths that stand in this file.
func entryOf(path string, protect bool, levels permission.Level) permission.Entry {
	e, err := permission.NewEntry(path, protect, true, levels)
	if err != nil {
		panic(err)
	}
	return e
}
