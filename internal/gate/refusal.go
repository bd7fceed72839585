package gate

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/permission"
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

// Refusal says why a request does not pass, and what was asked.
type Refusal struct {
	// Reason is one of the errors of this package or of token.
	Reason error
	// User is the verified user, or the name in a verified token whose user
	// does not exist; empty when nobody is known.
	User string
	// Write tells that the request wanted more than to read.
	Write bool
	// Path is the first reading of the path that was judged.
	Path string
	// Explanation tells which permission rule said no, and which nearly said yes;
	// nil when no rule was asked.
	Explanation *permission.Explanation
	// Paths are the first of those in the body that are refused, as first read.
	Paths []string
	// Missing are operations that the request needs and the user lacks.
	Missing permission.Operation

	own     bool // asked for what the front door itself serves
	bodyMay bool // Missing is for everything, and not for what the body names
}

// completed adds to a refusal what is known of the request. Other errors stay
// as they are.
func completed(err error, pass *Pass) error {
	if no, ok := errors.AsType[*Refusal](err); ok {
		no.User, no.Write, no.Path = cmp.Or(no.User, pass.User), pass.Write, pass.Path
		no.own = no.own || pass.Document
	}
	return err
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

// Observe is what becomes of a request that Check did not let pass where that is
// only noted: it passes as its verified user's, or else as nobody's. False: it
// asks for what the front door itself serves, or could change the documents of users
// in the store, and passes to no store in any mode.
func (k *Keeper) Observe(r *http.Request, err error) (Pass, bool) {
	if no, ok := errors.AsType[*Refusal](err); ok {
		if no.own || k.endangers(r) {
			return Pass{}, false
		}
		pass := Pass{Write: no.Write, Path: no.Path}
		// Where nobody was verified before the refusal, nobody is.
		if v := (visitor{}); k.visitor(r, &v) == nil && v.known() && v.User.Name == no.User {
			pass.of(&v)
		}
		return pass, true
	}
	path, err := permission.ParsePath(r.URL.EscapedPath())
	if err != nil || k.OwnDocuments && documents(&path) || k.endangers(r) {
		return Pass{}, false
	}
	return Pass{Path: path.String(), Write: true}, true
}
