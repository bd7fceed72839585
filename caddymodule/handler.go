package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/gate"
)

// ServeHTTP serves the front door's own paths, and lets other requests pass to
// next or refuses them. Nothing passes on an error.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.pending.Load() > 0 {
		h.refuse(w, r, errStarting)
		return nil
	}
	if r.URL.Path == h.settings.loginPath && r.URL.EscapedPath() == h.settings.loginPath {
		h.serveLogin(w, r)
		return nil
	}
	pass, err := h.keeper.Check(r)
	if err != nil {
		h.refuse(w, r, err)
		return nil
	}
	notePass(r, pass)
	h.keeper.Prepare(r, pass)
	if pass.User != "" {
		w = &privateWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, vary: pass.Vary()}
	}
	return next.ServeHTTP(w, r)
}

// errStarting is no refusal: there is no row for it, so it is answered 503.
var errStarting = errors.New("keys or users are still being made")

// serveLogin answers GET and HEAD with a token for credentials.
func (h *Handler) serveLogin(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	w.Header().Set("Vary", "Authorization")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "text/plain; charset=utf-8", r.Method+" is not accepted at the login; GET is.\n")
		return
	}
	grant, err := h.exchange.Login(r)
	h.auditLogin(r, grant, err)
	if err == nil {
		answer(w, http.StatusOK, "application/json", `{"token":"`+grant.Token+`"}`)
		return
	}
	o := outcomeOf(err, http.StatusUnauthorized)
	if o.status == http.StatusUnauthorized {
		w.Header()["Www-Authenticate"] = h.exchange.Challenges()
	}
	if o.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	contentType, body := o.body(false)
	answer(w, o.status, contentType, body)
}

// refuse answers a request that does not pass.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	o := outcomeOf(err, h.settings.unauthStatus)
	h.auditRefusal(r, o, err)
	secure(w.Header())
	switch o.status {
	case http.StatusUnauthorized:
		w.Header()["Www-Authenticate"] = h.challenges(err)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	}
	var refusal *gate.Refusal
	write := !errors.As(err, &refusal) || refusal.Write
	contentType, body := o.body(write)
	answer(w, o.status, contentType, body)
}

// challenges names the token, and never a scheme for which a browser would ask
// a person in the middle of a data request.
func (h *Handler) challenges(err error) []string {
	all := []string{fmt.Sprintf(`CM-Well-Token realm="%s"`, h.settings.realm)}
	for _, s := range h.settings.sources {
		if s.Kind() != gate.InBearer {
			continue
		}
		bearer := fmt.Sprintf(`Bearer realm="%s"`, h.settings.realm)
		if !errors.Is(err, gate.ErrNoToken) {
			bearer += `, error="invalid_token"` //nolint:gosec // RFC 6750, section 3.1: a code, no token
		}
		return append(all, bearer)
	}
	return all
}

// retryAfter is how many seconds a client should wait when we cannot decide.
const retryAfter = "5"

// secure sets what every answer of the front door's own carries: it is stored
// by nobody, shown in no frame, and taken for nothing but what it says.
func secure(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

func answer(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) //nolint:gosec // plain text or JSON, with nosniff; a client that is gone needs no answer
}
