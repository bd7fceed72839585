// Package gate decides about every request on its way to the store: who sends
// it, what it asks for, and whether it passes.
package gate

import (
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

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
	Protected permission.Protection
	// ProtectedInStore is the same for paths that the store behind certainly holds:
	// reading a tree from above them counts as reading them.
	ProtectedInStore permission.Protection
	// Reads and Writes, where they are set, tell the requests that the operator
	// declares to read or to write, whatever Profile says of them; Writes wins. An
	// error means that nobody can tell, and the request does not pass.
	Reads, Writes func(*http.Request) (bool, error)
	// Bulk says how requests are judged whose targets are in their body.
	Bulk Bulk
	// OwnPaths are served by the front door; no other spelling of them passes.
	OwnPaths []string
	// OwnDocuments tells that the front door serves the documents of users and
	// roles, at /meta/auth and below.
	OwnDocuments bool
	// DocumentsInStore tells that the store behind holds documents of users and roles
	// that count. What could show or change them there needs the operation Admin.
	DocumentsInStore bool
	// IdentityHeader carries the user's name to the store, in net/http's spelling.
	IdentityHeader string
	// ForwardToken sends the verified token on.
	ForwardToken bool
	// Now is the clock.
	Now func() time.Time
}

// Check decides about one request and changes nothing in it; a body that it
// reads, it puts back. The error is a
// *Refusal when the answer is no; any other error means that the store of
// users, or the keys, could not tell, and the request must not pass either.
// With an error the Pass is nobody's, and tells the Access alone.
func (k *Keeper) Check(r *http.Request) (pass Pass, err error) {
	pass.Write = true // until it is known what is wanted
	if k.Keys == nil || k.Users == nil || k.Now == nil {
		return pass, errors.New("gate: keeper is not set up")
	}
	if err = k.check(r, &pass); err != nil {
		return Pass{Access: pass.Access}, err
	}
	return pass, nil
}

// check fills in the pass as far as it gets.
func (k *Keeper) check(r *http.Request, pass *Pass) error {
	var asked asks
	path := &asked.list[0].path
	escaped, err := path.ReadURL(r.URL)
	misspelt := false
	if err == nil {
		misspelt = k.misspells(path)
		pass.Path, pass.Document = path.String(), k.OwnDocuments && documents(path)
		pass.forStore = !misspelt && !pass.Document
	}
	if no := k.acceptable(r, escaped); no != nil {
		return &Refusal{Reason: no}
	}
	if err != nil {
		return &Refusal{Reason: err}
	}
	if misspelt {
		return &Refusal{Reason: ErrSpelling}
	}
	var q question
	pass.seen = k.look(r.Header)
	q.method, q.header, q.askNoMore = r.Method, r.Header, !pass.seen.asksMore
	q.query.plain = true
	if raw := r.URL.RawQuery; raw != "" {
		var room [6]pair // as many as most queries have; without one, not even cleared
		q.query = parseQuery(raw, room[:]...)
	}
	if k.hidesToken(&q.query) {
		return &Refusal{Reason: ErrQuery}
	}
	if err := k.Profile.asks(&asked, &q); err != nil {
		return &Refusal{Reason: err}
	}
	if err := k.adjust(r, &asked); err != nil {
		return err
	}
	pass.Write = asked.write()
	var v visitor
	if err := k.visitor(r, &v); err != nil {
		return err
	}
	if v.known() {
		pass.of(&v)
	}
	if err := k.decide(r, &v, &asked, &pass.Decision); err != nil {
		pass.Decision = permission.Decision{} // what was asked last did not allow
		if err = k.judgeBody(r, &v, &asked, err); err != nil {
			pass.User = v.named()
			return err
		}
	}
	pass.ChangesUsers = k.changesUsers(&v, &asked, pass.Document)
	if pass.Document && path.Len() > 1 {
		return &Refusal{Reason: ErrSpelling} // or the store would be sent it in the one reading
	}
	return nil
}

// misspells tells whether a store could read the path as one of the front
// door's own. The exact spelling does not get here.
func (k *Keeper) misspells(p *permission.Path) bool {
	for i := range p.Len() {
		reading := p.Reading(i)
		for _, own := range k.OwnPaths {
			if !beginDifferently(reading, own) && strings.EqualFold(reading, own) {
				return true
			}
		}
	}
	return false
}

// beginDifferently tells whether the first letters of two paths are such that the
// paths differ in more than case. Of what is not ASCII it says nothing: K, the
// sign of Kelvin, is a k in another case.
func beginDifferently(a, b string) bool {
	return len(a) > 1 && len(b) > 1 && a[1] < utf8.RuneSelf && b[1] < utf8.RuneSelf && a[1]|0x20 != b[1]|0x20
}
