package caddymodule

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// errSentBefore says: this write was on its way to the store once, and what
// became of it is not known.
var errSentBefore = errors.New("cmwell_auth: the connection to the store failed under a write, which may have been executed; it is not sent again")

// errSecondTime is errSentBefore in the form at which Caddy's proxy ends its attempts.
var errSecondTime = fmt.Errorf("%w: %w", errSentBefore, context.Canceled)

// looksHarmless tells whether a proxy takes the request for one that may be
// sent twice (RFC 9110, section 9.2.2). For a write it must not be: by a GET, a
// store may be told to purge.
func looksHarmless(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	// Go's client takes the word of whoever sends these; the store may not know them.
	return len(r.Header["Idempotency-Key"]) > 0 || len(r.Header["X-Idempotency-Key"]) > 0
}

// sendOnce lets next send the request to the store at most once. After an
// attempt that had a connection and brought no answer, it returns an error for
// 502. Attempts that end before a connection is there may be repeated, and so
// may those whose answer the operator has said to be worth another one
// (lb_retry_match with a status). A transport that reports nothing to
// net/http/httptrace, such as FastCGI, is not kept from repeating.
func sendOnce(w *onceWriter, r *http.Request, next caddyhttp.Handler) error {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	w.attempt = &onlyAttempt{cancel: cancel, placeholders: replacerOf(r)}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: w.attempt.wanted, GotConn: w.attempt.given})
	err := next.ServeHTTP(w, r.WithContext(ctx))
	if w.held {
		return caddyhttp.Error(http.StatusBadGateway, errSentBefore)
	}
	return err
}

// onlyAttempt watches the connections that a request is given.
type onlyAttempt struct {
	cancel       context.CancelCauseFunc
	placeholders *caddy.Replacer

	mu    sync.Mutex
	sent  bool // it had a connection, so the store may have it
	spent bool // another one was asked for
}

// answeredPlaceholder is set by Caddy's proxy for a complete answer, and for nothing less.
const answeredPlaceholder = "http.reverse_proxy.status_code"

// wanted is told that a connection is looked for.
func (a *onlyAttempt) wanted(string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.sent {
		return
	}
	if _, answered := a.placeholders.Get(answeredPlaceholder); answered {
		a.sent = false // what comes is another exchange, as after forward_auth
		return
	}
	a.spent = true
	a.cancel(errSecondTime)
}

// given is told of a connection before a byte of the request is on it.
func (a *onlyAttempt) given(got httptrace.GotConnInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = true
	a.placeholders.Delete(answeredPlaceholder) // it is about an exchange before this one
	// HTTP/2 and HTTP/3 look at the context before they write. HTTP/1.1 may not,
	// once it holds a connection; on a closed one it cannot write.
	if a.spent && !multiplexed(got) {
		_ = got.Conn.Close()
	}
}

// multiplexed tells whether requests of others are on the connection. One of
// HTTP/2 without TLS looks like one of HTTP/1.1, and is taken for it.
func multiplexed(got httptrace.GotConnInfo) bool {
	if got.Conn.LocalAddr().Network() == "udp" {
		return true
	}
	secure, ok := got.Conn.(interface{ ConnectionState() tls.ConnectionState })
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

func (a *onlyAttempt) isSpent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.spent
}

// onceWriter holds back the answer that Caddy's proxy gives to a client that
// has gone away: this one is still there.
type onceWriter struct {
	*caddyhttp.ResponseWriterWrapper
	attempt *onlyAttempt
	held    bool
}

// statusClientGone is how Caddy's proxy ends a request whose context has ended.
const statusClientGone = 499

// WriteHeader passes every other status on.
func (w *onceWriter) WriteHeader(status int) {
	if status == statusClientGone && w.attempt.isSpent() {
		w.held = true
		return
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}
