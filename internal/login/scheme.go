// Package login exchanges credentials for access tokens.
package login

import (
	"errors"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// What a scheme says of a request, other than that the store is broken (any
// other error).
var (
	// ErrNotMine says: the request carries no credentials of this scheme.
	ErrNotMine = errors.New("login: no credentials of this scheme")
	// ErrRejected says: the credentials are well-formed, and wrong.
	ErrRejected = errors.New("login: credentials are wrong")
	// ErrCredentials says: the credentials are not well-formed.
	ErrCredentials = errors.New("login: credentials are malformed")
)

// Scheme is an HTTP authentication scheme (RFC 9110, section 11.1).
type Scheme interface {
	// Authenticate returns the user whose credentials the request carries, or
	// ErrNotMine, ErrRejected, ErrCredentials; any other error means that the
	// store could not tell.
	Authenticate(r *http.Request) (account.User, error)
	// Challenge returns what this scheme offers, one WWW-Authenticate value each.
	// With stale, the answer before was right, and only its nonce too old.
	Challenge(stale bool) []string
}
