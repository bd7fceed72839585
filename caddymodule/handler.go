package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/keyring"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// ServeHTTP serves the front door's own paths, and lets other requests pass to
// next or refuses them. Nothing passes on an error.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.pending.Load() > 0 && !h.started(r.Context()) {
		h.refuse(w, r, gate.Access{Write: true, Path: r.URL.Path}, errStarting)
		return nil
	}
	if serve := h.own(r); serve != nil {
		if isEarly(r) { // a replayed answer would use up a nonce, or do an operation twice
			h.refuse(w, r, gate.Access{Path: r.URL.Path}, tooEarly)
			return nil
		}
		secure(w.Header())
		serve(w, r)
		return nil
	}
	pass, err := h.admit(r)
	if err != nil {
		h.refuse(w, r, pass.Access, err)
		return nil
	}
	h.activity.sees(&pass)
	if pass.Document {
		secure(w.Header())
		h.documents.Serve(w, r, pass.Path)
		return nil
	}
	h.keeper.Prepare(r, &pass)
	if pass.User != "" {
		private := &privateWriter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, vary: pass.Vary()}
		if pass.ChangesUsers {
			private.before = h.expire // whoever has the answer finds the users as they are then
			defer h.expire()
		}
		w = private
	}
	if pass.Write && looksHarmless(r) {
		return sendOnce(&onceWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}, r, next)
	}
	return next.ServeHTTP(w, r)
}

// tooEarly refuses what could be a replay (RFC 8470, section 5.2).
var tooEarly = &gate.Refusal{Reason: errTooEarly}

// admit asks the gate, and returns its error when the request does not pass, with a
// Pass that tells the Access alone.
func (h *Handler) admit(r *http.Request) (gate.Pass, error) {
	pass, err := h.keeper.Check(r)
	if err != nil {
		observed, passes := h.observe(r, pass.Access, err)
		if !passes {
			return pass, err
		}
		pass = observed
	}
	if pass.Write && isEarly(r) { // whoever is observed only, too: the client sends it again
		return gate.Pass{Access: pass.Access}, tooEarly
	}
	if err == nil {
		notePass(r, &pass)
	}
	return pass, nil
}

// own finds what the front door serves itself. Only the exact spelling counts:
// the gate refuses the others.
func (h *Handler) own(r *http.Request) http.HandlerFunc {
	var serve http.HandlerFunc
	switch r.URL.Path {
	case "":
	case h.settings.loginPath:
		serve = h.serveLogin
	case h.settings.authPath:
		serve = h.serveAuth
	case h.settings.jsonLogin:
		serve = h.serveJSONLogin
	case keySetPath:
		serve = h.serveKeySet
	}
	if serve == nil || r.URL.Path != r.URL.EscapedPath() {
		return nil
	}
	return serve
}

// startPatience is how long a request waits for what is made at the start. At a
// reload that takes a moment, in which new connections come already.
const startPatience = 3 * time.Second

// started waits until all is made, and tells whether it is.
func (h *Handler) started(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	select {
	case <-h.ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// errStarting is no refusal: there is no row for it, so it is answered 503.
var errStarting = errors.New("keys or users are still being made")

// keySetPath is the front door's own whatever the algorithm: what a store has
// there would be taken for the keys of its tokens.
const keySetPath = "/.well-known/jwks.json"

// serveKeySet answers GET and HEAD with the public keys that verify tokens.
func (h *Handler) serveKeySet(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "text/plain; charset=utf-8", r.Method+" is not accepted here; GET and HEAD are\n")
		return
	}
	set := h.keys.PublicKeys()
	if set == nil {
		answer(w, http.StatusNotFound, "text/plain; charset=utf-8", "there is no public key here: tokens are signed with a secret\n")
		return
	}
	w.Header().Del("Pragma")
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(keyring.Settle/time.Second)))
	answer(w, http.StatusOK, "application/jwk-set+json", string(set))
}

// serveLogin answers GET and HEAD with a token for credentials.
func (h *Handler) serveLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Authorization")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "text/plain; charset=utf-8", r.Method+" is not accepted here; GET and HEAD are\n")
		return
	}
	grant, err := h.exchange.Login(r)
	h.auditLogin(r, grant, err)
	if err == nil {
		answer(w, http.StatusOK, "application/json", `{"token":"`+grant.Token+`"}`)
		return
	}
	holdRefusal(r, err)
	o := outcomeOf(err, http.StatusUnauthorized)
	if o.status == http.StatusUnauthorized {
		w.Header()["Www-Authenticate"] = h.exchange.Challenges(err)
	}
	askPatience(w.Header(), o, err)
	contentType, body := o.body(false)
	answer(w, o.status, contentType, body)
}

// serveJSONLogin answers POST with a token for a name and a password in a JSON
// body, in the style of the NeMO archive.
func (h *Handler) serveJSONLogin(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		answerJSON(w, http.StatusMethodNotAllowed, message{r.Method + " is not accepted here; POST is"})
		return
	}
	var grant login.Grant
	credentials, err := login.ReadStrings(http.MaxBytesReader(w, r.Body, login.MaxBody), "username", "password")
	if err == nil {
		grant, err = h.exchange.LoginWith(r, h.accounts, credentials["username"], credentials["password"])
	}
	h.auditLogin(r, grant, err)
	if err == nil {
		answerJSON(w, http.StatusOK, jsonGrant{
			"Successful login.", grant.Token, grant.User.Email, grant.User.First, grant.User.Last, grant.Expires.Unix(),
		})
		return
	}
	holdRefusal(r, err)
	o := outcomeOf(err, http.StatusUnauthorized)
	askPatience(w.Header(), o, err)
	if o.status == http.StatusUnauthorized {
		o.message = "Login failed."
	}
	answerJSON(w, o.status, message{o.message})
}

// message is an answer of the JSON login other than a token.
type message struct {
	Message string `json:"message"`
}

// jsonGrant is a successful JSON login. ExpireAt is in seconds since the epoch.
type jsonGrant struct {
	Message  string `json:"message"`
	JWT      string `json:"jwt"`
	Email    string `json:"email"`
	First    string `json:"first"`
	Last     string `json:"last"`
	ExpireAt int64  `json:"expireAt"`
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte("{}")
	}
	answer(w, status, "application/json", string(text))
}

// askPatience says when to come again, where that helps.
func askPatience(header http.Header, o outcome, err error) {
	var throttled *guard.ThrottledError
	switch {
	case errors.As(err, &throttled):
		header.Set("Retry-After", strconv.Itoa(int(throttled.RetryAfter/time.Second)))
	case o.status == http.StatusServiceUnavailable:
		header.Set("Retry-After", retryAfter)
	}
}

// refuse answers a request that does not pass.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, access gate.Access, err error) {
	o := outcomeOf(err, h.settings.unauthStatus)
	h.auditRefusal(r, access, o, err, false)
	secure(w.Header())
	if r.Header.Get("Expect") != "" {
		w.Header().Set("Connection", "close") // or the server would wait for a body that nobody asked for
	}
	switch o.status {
	case http.StatusUnauthorized:
		w.Header()["Www-Authenticate"] = h.challenges(err)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE")
	}
	askPatience(w.Header(), o, err)
	var paths []string
	if refusal, ok := errors.AsType[*gate.Refusal](err); ok {
		paths = refusal.Paths
	}
	contentType, body := o.body(access.Write, paths...)
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
