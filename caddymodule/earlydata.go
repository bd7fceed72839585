package caddymodule

import (
	"errors"
	"net/http"
)

// errTooEarly says: a write or a login came as early data, which anybody on the
// way can send again.
var errTooEarly = errors.New("cmwell_auth: early data may be a replay")

// isEarly tells whether the request may be a replay: its TLS handshake is not
// complete, or a server on its way says so (RFC 8470, section 5.1, where any
// value counts as 1).
func isEarly(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || len(r.Header["Early-Data"]) > 0
}
