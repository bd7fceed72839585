// Package gate decides about every request on its way to the store: who sends
// it, what it asks for, and whether it passes.
package gate

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// Keeper decides about requests. The zero Keeper lets nobody through; all
// fields are set before its first use and not changed afterwards.
type Keeper struct {
	// UnsafeOpenWrites lets everything but protected paths and operations pass
	// without a token: the development environment.
	UnsafeOpenWrites bool
	// Profile tells what reads from what writes.
	Profile Profile
	// Sources are the places of tokens.
	Sources []Source
	// Keys verify them.
	Keys *token.Keys
	// Users tells who exists.
	Users account.Store
	// Protected is what needs a token and permission everywhere: what its entries
	// allow, less what they deny.
	Protected []permission.Entry
	// ProtectedInStore is the same for paths that the store behind certainly holds:
	// reading a tree from above them counts as reading them.
	ProtectedInStore []permission.Entry
	// OwnPaths are served by the front door; no other spelling of them passes.
	OwnPaths []string
	// IdentityHeader carries the user's name to the store, in net/http's spelling.
	IdentityHeader string
	// ForwardToken sends the verified token on.
	ForwardToken bool
	// Now is the clock.
	Now func() time.Time
}

// Pass is the answer yes.
type Pass struct {
	// User is who was verified; empty for anonymous.
	User string
	// Revision is the user's.
	Revision int64
	// Write tells that the request wants more than to read.
	Write bool
	// Path is the first reading of the path that was judged.
	Path string
	// Decision is the permission rule that allowed, when one was asked.
	Decision permission.Decision

	token  string // verified
	source Source
}

// visitor is who a request comes from.
type visitor struct {
	user    account.User // zero for nobody
	token   string
	source  Source
	invalid error // why the token that is there does not count
}

func (v visitor) known() bool { return v.user.Name != "" }

// Check decides about one request and changes nothing in it. The error is a
// *Refusal when the answer is no; any other error means that the store of
// users, or the keys, could not tell, and the request must not pass either.
func (k *Keeper) Check(r *http.Request) (Pass, error) {
	if k.Keys == nil || k.Users == nil || k.Now == nil {
		return Pass{}, errors.New("gate: keeper is not set up")
	}
	if err := k.acceptable(r); err != nil {
		return Pass{}, &Refusal{Reason: err, Write: true}
	}
	path, err := permission.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return Pass{}, &Refusal{Reason: err, Write: true}
	}
	if k.misspells(path) {
		return Pass{}, &Refusal{Reason: ErrSpelling, Write: true, Path: path.String()}
	}
	q := parseQuery(r.URL.RawQuery)
	if k.hidesToken(q) {
		return Pass{}, &Refusal{Reason: ErrQuery, Write: true, Path: path.String()}
	}
	asks, err := k.Profile.asks(r, path, q)
	if err != nil {
		return Pass{}, &Refusal{Reason: err, Write: true, Path: path.String()}
	}
	pass := Pass{Path: path.String()}
	for _, a := range asks {
		pass.Write = pass.Write || a.writes()
	}
	v, err := k.visitor(r, pass.Write)
	if err != nil {
		return Pass{}, err
	}
	pass.User, pass.Revision, pass.token, pass.source = v.user.Name, v.user.Revision, v.token, v.source
	d, err := k.decide(r, v, asks)
	var no *Refusal
	if errors.As(err, &no) {
		no.User, no.Write, no.Path = cmp.Or(no.User, v.user.Name), pass.Write, pass.Path
	}
	if err != nil {
		return Pass{}, err
	}
	pass.Decision = d
	return pass, nil
}

// misspells tells whether a store could read the path as one of the front
// door's own. The exact spelling does not get here.
func (k *Keeper) misspells(p permission.Path) bool {
	for i := range p.Len() {
		for _, own := range k.OwnPaths {
			if strings.EqualFold(p.Reading(i), own) {
				return true
			}
		}
	}
	return false
}

// visitor finds the token and its user. An invalid token is no error here: in
// development it makes its bearer anonymous.
func (k *Keeper) visitor(r *http.Request, writes bool) (visitor, error) {
	raw, source, found, err := k.present(r)
	if err != nil {
		return visitor{}, &Refusal{Reason: err, Write: writes}
	}
	if !found {
		return visitor{}, nil
	}
	claims, err := k.Keys.Verify(raw, k.Now())
	if errors.Is(err, token.ErrNoKey) {
		return visitor{}, err
	}
	if err != nil {
		return visitor{invalid: err}, nil
	}
	// A name that no user can have never reaches the store, a log or an answer.
	if account.CheckName(claims.Subject) != nil || claims.Subject == account.Anonymous {
		return visitor{invalid: token.ErrMalformed}, nil
	}
	user, err := k.Users.User(r.Context(), claims.Subject)
	switch {
	case errors.Is(err, account.ErrNotExist):
		return visitor{invalid: &Refusal{Reason: ErrUnknownUser, User: claims.Subject}}, nil
	case err != nil:
		return visitor{}, fmt.Errorf("gate: looking up user %s: %w", claims.Subject, err)
	case user.Revision != claims.Revision:
		return visitor{invalid: &Refusal{Reason: ErrRevoked, User: user.Name}}, nil
	}
	return visitor{user: user, token: raw, source: source}, nil
}

// Identify returns the user of the request's token, with the operations of its
// roles too, for what the front door serves itself. Its errors are those of Check.
func (k *Keeper) Identify(r *http.Request) (account.User, permission.Operation, error) {
	v, err := k.visitor(r, true)
	if err != nil {
		return account.User{}, 0, err
	}
	if !v.known() {
		refusal := refused(cmp.Or(v.invalid, ErrNoToken))
		refusal.Write = true
		return account.User{}, 0, refusal
	}
	if v.source.kind == InCookie && crossSite(r) {
		return account.User{}, 0, &Refusal{Reason: ErrCrossSite, User: v.user.Name, Write: true}
	}
	_, operations, err := account.Grants(r.Context(), k.Users, v.user)
	if err != nil {
		return account.User{}, 0, fmt.Errorf("gate: %w", err)
	}
	return v.user, operations, nil
}

// present returns the one token of the request. The same token in two places
// is one; an empty value is a token that is not valid.
func (k *Keeper) present(r *http.Request) (raw string, from Source, found bool, err error) {
	for _, s := range k.Sources {
		if s.kind == InBearer && len(r.Header["Authorization"]) > 1 {
			return "", Source{}, false, ErrTwoTokens // which line counts depends on who reads
		}
		for _, value := range s.tokens(r) {
			if found && value != raw {
				return "", Source{}, false, ErrTwoTokens
			}
			if !found {
				raw, from, found = value, s, true
			}
		}
	}
	return raw, from, found, nil
}

// decide asks the environment, and the user's rules where they count.
func (k *Keeper) decide(r *http.Request, v visitor, asks []ask) (permission.Decision, error) {
	if !v.known() {
		return k.decideWithoutUser(r, v, asks)
	}
	rules, operations, err := account.Grants(r.Context(), k.Users, v.user)
	if err != nil {
		return permission.Decision{}, fmt.Errorf("gate: %w", err)
	}
	var decided permission.Decision
	for _, a := range asks {
		if missing := a.Operation &^ operations; missing != 0 {
			return permission.Decision{}, &Refusal{Reason: operationError(missing)}
		}
		if a.Level == 0 || k.UnsafeOpenWrites && !k.protected(a) {
			continue
		}
		decided = k.byRules(rules, v.user.Name, a)
		if !decided.Allowed {
			return permission.Decision{}, &Refusal{Reason: ErrForbidden, Decision: decided}
		}
	}
	for _, a := range asks {
		if a.writes() && v.source.kind == InCookie && crossSite(r) {
			return permission.Decision{}, &Refusal{Reason: ErrCrossSite}
		}
	}
	return decided, nil
}

func operationError(missing permission.Operation) error {
	if missing == permission.PriorityWrite {
		return ErrPriority
	}
	return ErrForbidden
}

// rootPath stands for every path, where the targets are not in the URL.
var rootPath, _ = permission.ParsePath("/")

func (a ask) where() permission.Path {
	if a.Everywhere {
		return rootPath
	}
	return a.path
}

// ownDocument is where a user may always read about itself.
const ownDocument = "/meta/auth/users/"

func (k *Keeper) byRules(rules permission.Rules, name string, a ask) permission.Decision {
	p := a.where()
	d := rules.Decide(p, a.Level, a.Tree)
	if !d.Allowed && a.Level == permission.Read && p.Len() == 1 && p.String() == ownDocument+name {
		d.Allowed = true
	}
	return d
}
