package caddymodule

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// The placeholders that a decision leaves on its request. The first one also
// fills user_id in Caddy's access log.
const (
	userPlaceholder     = "http.auth.user.id"
	revisionPlaceholder = "http.auth.user.rev"
	decisionPlaceholder = "http.cmwell_auth.decision"
	rulePlaceholder     = "http.cmwell_auth.rule"
	levelPlaceholder    = "http.cmwell_auth.level"
)

func replacerOf(r *http.Request) *caddy.Replacer {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return caddy.NewEmptyReplacer()
	}
	return repl
}

func level(write bool) string {
	if write {
		return "write"
	}
	return "read"
}

// notePass sets the placeholders of a request that passes.
func notePass(r *http.Request, pass gate.Pass) {
	repl := replacerOf(r)
	if pass.User != "" {
		repl.Set(userPlaceholder, pass.User)
		repl.Set(revisionPlaceholder, pass.Revision)
	}
	repl.Set(decisionPlaceholder, "pass")
	if pass.Write { // constants, which cost no allocation
		repl.Set(levelPlaceholder, "write")
	} else {
		repl.Set(levelPlaceholder, "read")
	}
	if pass.Decision != (permission.Decision{}) {
		repl.Set(rulePlaceholder, pass.Decision)
	}
}

// auditRefusal writes why a request does not pass, or would not: verdict. It names verified users
// only, shows the path and never the query, and no credential.
func (h *Handler) auditRefusal(r *http.Request, o outcome, err error, verdict string) {
	var refusal *gate.Refusal
	known := errors.As(err, &refusal)
	repl := replacerOf(r)
	repl.Set(decisionPlaceholder, o.reason)
	if !known {
		h.logger.Error("the front door could not decide", zap.Error(err), clientOf(r))
		return
	}
	if refusal.User != "" {
		repl.Set(userPlaceholder, refusal.User)
	}
	repl.Set(levelPlaceholder, level(refusal.Write))
	repl.Set(rulePlaceholder, refusal.Explanation.Decision)
	fields := []zap.Field{
		zap.String("reason", o.reason),
		zap.Int("status", o.status),
		zap.String("user", refusal.User),
		zap.String("method", shorten(r.Method)),
		zap.String("level", level(refusal.Write)),
		zap.String("path", shorten(refusal.Path)),
		clientOf(r),
	}
	h.audit.Info(verdict, append(fields, explained(refusal)...)...)
}

// explained tells which rule refused, and what an operator would ask next.
func explained(refusal *gate.Refusal) []zap.Field {
	e := refusal.Explanation
	fields := []zap.Field{zap.Stringer("rule", e.Decision)}
	if refusal.Missing != 0 {
		fields = append(fields, zap.Stringer("needs", refusal.Missing))
	}
	if e.Level == 0 {
		return fields // no rule was asked
	}
	report := e.Report(refusal.User)
	var near []string
	for _, m := range report.NearMisses {
		near = append(near, shorten(m.Sentence))
	}
	return append(fields,
		zap.String("role", e.Role),
		zap.String("reading", shorten(e.Reading)),
		zap.String("why", shorten(report.Sentence)),
		zap.Strings("near_misses", near))
}

// auditLogin writes who got a token, or why nobody did. What a client typed as
// a name is not shown: it may be a password in the wrong field.
func (h *Handler) auditLogin(r *http.Request, grant login.Grant, err error) {
	repl := replacerOf(r)
	if err == nil {
		repl.Set(userPlaceholder, grant.User.Name)
		h.audit.Info("login", zap.String("user", grant.User.Name), zap.Time("expires", grant.Expires), clientOf(r))
		return
	}
	o := outcomeOf(err, http.StatusUnauthorized)
	if o.status == http.StatusServiceUnavailable {
		h.logger.Error("the login could not be decided", zap.Error(err), clientOf(r))
	}
	h.audit.Info("login failed", zap.String("reason", o.reason), zap.Int("status", o.status), clientOf(r))
}

// clientOf is the client's address as Caddy knows it, behind trusted proxies too.
func clientOf(r *http.Request) zap.Field { return zap.String("client_ip", clientIP(r)) }

func clientIP(r *http.Request) string {
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	return client
}

// shorten keeps one request from filling a log.
func shorten(s string) string {
	const most = 512
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
