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

// notePass gives the placeholders of a request that passes their values. What
// another handler has set for a user before is gone: the token is who asks.
func notePass(r *http.Request, pass *gate.Pass) {
	repl := replacerOf(r)
	if pass.User != "" {
		repl.Delete(userPlaceholder)
		repl.Delete(revisionPlaceholder)
	}
	switch {
	case pass.User != "", pass.Decision != permission.Decision{}:
		kept := *pass
		repl.Map(func(placeholder string) (any, bool) { return placed(&kept, placeholder) })
	case pass.Write:
		repl.Map(nobodysWrite)
	default:
		repl.Map(nobodysRead)
	}
	counted.passed(pass.Write)
	noteOnSpan(r, "pass", pass.Write, pass.User, pass.Decision)
}

// Of most passes there is nothing to say that is not so of all others like them.
var nobodysRead, nobodysWrite = placedForNobody(false), placedForNobody(true)

func placedForNobody(write bool) caddy.ReplacerFunc {
	return func(placeholder string) (any, bool) {
		return placed(&gate.Pass{Access: gate.Access{Write: write}}, placeholder)
	}
}

// placed is the value of a placeholder after a pass. It is found when somebody
// asks: for most requests nobody does, and setting all cost as much as deciding.
func placed(pass *gate.Pass, placeholder string) (value any, found bool) {
	switch placeholder {
	case userPlaceholder:
		return pass.User, pass.User != ""
	case revisionPlaceholder:
		return pass.Revision, pass.User != ""
	case decisionPlaceholder:
		return "pass", true
	case levelPlaceholder:
		return level(pass.Write), true
	case rulePlaceholder:
		return pass.Decision, pass.Decision != (permission.Decision{})
	}
	return nil, false
}

// auditRefusal writes why a request does not pass, or would not when it is
// observed only. It names verified users only, shows the path and never the query,
// and no credential.
func (h *Handler) auditRefusal(r *http.Request, access gate.Access, o outcome, err error, observed bool) {
	verdict, decision := "refused", o.reason
	if observed {
		verdict, decision = "would have refused", "observed_"+o.reason
	}
	refusal, decided := errors.AsType[*gate.Refusal](err)
	if !decided {
		refusal = new(gate.Refusal)
		h.logger.Error("the front door could not decide", zap.Error(err), clientOf(r), requestID(r))
	}
	repl := replacerOf(r)
	repl.Set(decisionPlaceholder, decision)
	repl.Set(levelPlaceholder, level(access.Write))
	if access.User != "" {
		repl.Set(userPlaceholder, access.User)
	}
	repl.Set(rulePlaceholder, refusal.Rule())
	counted.refused(access.Write, observed, o)
	noteOnSpan(r, decision, access.Write, access.User, refusal.Rule())
	fields := []zap.Field{
		zap.String("reason", o.reason),
		zap.Int("status", o.status),
		zap.String("user", access.User),
		zap.String("method", shorten(r.Method)),
		zap.String("access", level(access.Write)), // level is the entry's own
		zap.String("path", shorten(access.Path)),
		clientOf(r),
		requestID(r),
	}
	h.audit.Info(verdict, append(fields, explained(refusal, access.User, o)...)...)
}

// explained tells which rule refused, and what an operator would ask next.
func explained(refusal *gate.Refusal, user string, o outcome) []zap.Field {
	e := refusal.Explanation
	fields := []zap.Field{zap.Stringer("rule", refusal.Rule())}
	if refusal.Missing != 0 {
		fields = append(fields, zap.Stringer("needs", refusal.Missing))
	}
	if e == nil {
		return append(fields, zap.String("why", o.why()))
	}
	report := e.Report(user)
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
	repl, scheme := replacerOf(r), h.schemeOf(r)
	if err == nil {
		repl.Set(userPlaceholder, grant.User.Name)
		counted.loggedIn(scheme, "success")
		h.audit.Info("login", zap.String("user", grant.User.Name), zap.String("scheme", scheme), zap.Time("expires", grant.Expires), clientOf(r), requestID(r))
		return
	}
	o := outcomeOf(err, http.StatusUnauthorized)
	h.loginFailed(r, scheme, o.reason, err)
	if o.status == http.StatusServiceUnavailable && !errors.Is(err, login.ErrBusy) {
		h.logger.Error("the login could not be decided", zap.Error(err), clientOf(r), requestID(r))
	}
	h.audit.Info("login failed", zap.String("reason", o.reason), zap.String("why", o.why()), zap.Int("status", o.status),
		zap.String("scheme", scheme), clientOf(r), requestID(r))
}

// requestID is Caddy's, which the access log then has too, as uuid.
func requestID(r *http.Request) zap.Field {
	if r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey) == nil { // not from Caddy's server
		return zap.Skip()
	}
	id, _ := replacerOf(r).GetString("http.request.uuid")
	return zap.String("request_id", id)
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
