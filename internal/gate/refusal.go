package gate

import (
	"errors"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// Why a request does not pass. A Refusal wraps one of these, or one of token's
// errors; any other error of Check means that the front door could not decide.
var (
	// ErrTarget says: the request target is not what would be sent on byte for byte.
	ErrTarget = errors.New("gate: request target would be changed on its way")
	// ErrMethod says: no method (RFC 9110, section 9.1), or CONNECT or TRACE.
	ErrMethod = errors.New("gate: method is not accepted")
	// ErrDestination says: a Destination header that does not name one path.
	ErrDestination = errors.New("gate: Destination is not one acceptable path")
	// ErrQuery says: a query that readers split differently and that holds a token.
	ErrQuery = errors.New("gate: query with a token is not plain")
	// ErrLength says: the length that is announced is not plainly the body's.
	ErrLength = errors.New("gate: Content-Length is not one length")
	// ErrTrailer says: a trailer announces what only the front door may say.
	ErrTrailer = errors.New("gate: trailer is not accepted")
	// ErrSpelling says: another spelling of a path that the front door itself serves.
	ErrSpelling = errors.New("gate: another spelling of the front door's own path")
	// ErrTwoTokens says: different tokens in one request.
	ErrTwoTokens = errors.New("gate: two different tokens")
	// ErrNoToken says: this needs a token, and there is none.
	ErrNoToken = errors.New("gate: no token")
	// ErrUnknownUser says: the token is good, and its user does not exist.
	ErrUnknownUser = errors.New("gate: user does not exist")
	// ErrRevoked says: the token's revision is not the user's.
	ErrRevoked = errors.New("gate: token revoked")
	// ErrForbidden says: the user may not do this.
	ErrForbidden = errors.New("gate: not permitted")
	// ErrPriority says: the user may not write with priority.
	ErrPriority = errors.New("gate: no priority write")
	// ErrCrossSite says: a write, or a read for a script, by a cookie that another
	// site made the browser send.
	ErrCrossSite = errors.New("gate: cross-site use of a cookie")
	// ErrNotInHeader says: the token counts, but a browser may have sent it by itself.
	ErrNotInHeader = errors.New("gate: token is not in a header")
)

// Refusal says why a request does not pass. It is not to be changed: many requests
// share one.
type Refusal struct {
	// Reason is one of the errors of this package or of token.
	Reason error
	// User is who does not exist, with ErrUnknownUser.
	User string
	// Explanation tells which permission rule said no, and which nearly said yes;
	// nil when no rule was asked.
	Explanation *permission.Explanation
	// Paths are the first of those in the body that are refused, as first read.
	Paths []string
	// Missing are operations that the request needs and the user lacks.
	Missing permission.Operation

	bodyMay bool // Missing is for everything, and not for what the body names
}

// What is refused whoever asks for it, and so anybody can have refused as often as he
// likes, is made once: a flood of forged tokens costs no memory.
var (
	noToken = &Refusal{Reason: ErrNoToken}
	revoked = &Refusal{Reason: ErrRevoked}
	// invalid are in the order in which they are looked for.
	invalid = []*Refusal{
		{Reason: token.ErrSignature}, {Reason: token.ErrExpired}, {Reason: token.ErrMalformed},
		{Reason: token.ErrAlgorithm}, {Reason: token.ErrUnknownKey}, {Reason: token.ErrNotYetValid},
	}
)

// invalidFor is the refusal of a token that was not verified for that reason.
func invalidFor(reason error) *Refusal {
	for _, no := range invalid {
		if reason == no.Reason || errors.Is(reason, no.Reason) { //nolint:errorlint // the quick way first
			return no
		}
	}
	return &Refusal{Reason: reason}
}

// Error is the reason's text.
func (r *Refusal) Error() string { return r.Reason.Error() }

// Unwrap is the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

// Rule is the permission rule that said no; the zero Decision when none was asked.
func (r *Refusal) Rule() permission.Decision {
	if r.Explanation == nil {
		return permission.Decision{}
	}
	return r.Explanation.Decision
}

// forbidden is the refusal of somebody's rules.
func forbidden(reason error, rules *permission.Rules, a *ask, path permission.Path) *Refusal {
	why := rules.Explain(path, a.Level, a.Tree)
	return &Refusal{Reason: reason, Explanation: &why}
}

// Observe is what becomes of a request with that Access that Check did not let pass, where
// this is only noted: it passes as its verified user's, or else as nobody's. False: it
// may ask for what the front door itself serves, or could change the documents of users
// in the store, and passes to no store in any mode.
func (k *Keeper) Observe(r *http.Request, a Access) (Pass, bool) {
	if !a.forStore || k.endangers(r) {
		return Pass{}, false
	}
	pass := Pass{Access: Access{Write: a.Write, Path: a.Path, forStore: true}}
	// Where nobody was verified before the refusal, nobody is.
	if v := (visitor{}); k.visitor(r, &v) == nil && v.known() && v.User.Name == a.User {
		pass.of(&v)
	}
	return pass, true
}
