package gate

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// decideWithoutUser judges requests that nobody answers for.
func (k *Keeper) decideWithoutUser(r *http.Request, v *visitor, asked *asks, by *permission.Decision) error {
	if v.invalid != nil && !k.UnsafeOpenWrites {
		return v.refused()
	}
	preflight := isPreflight(r)
	for i := range asked.all() {
		a := &asked.list[i]
		switch {
		case preflight && !a.writes():
		case a.Operation&^permission.PriorityWrite != 0, k.protected(a):
			return v.refused()
		case a.Operation != 0 && k.UnsafeOpenWrites:
			return &Refusal{Reason: ErrPriority}
		case a.writes() && !k.UnsafeOpenWrites:
			return v.refused()
		}
	}
	if k.UnsafeOpenWrites || preflight {
		return nil
	}
	return k.anonymous(r.Context(), asked, by)
}

// anonymous asks the document of the anonymous user, where there is one. It
// can only narrow what may be read: a write needs a token, whatever it says.
func (k *Keeper) anonymous(ctx context.Context, asked *asks, by *permission.Decision) error {
	everybody, err := account.Resolve(ctx, k.Users, account.Anonymous)
	if err != nil {
		if missing(err) {
			return nil
		}
		return fmt.Errorf("gate: looking up user anonymous: %w", err)
	}
	for i := range asked.all() {
		a := &asked.list[i]
		if everybody.Rules.DecideTo(by, a.where(), a.Level, a.Tree); !by.Allowed {
			return forbidden(ErrNoToken, &everybody.Rules, a, *a.where())
		}
	}
	return nil
}

// protected tells whether the ask touches a protected path: its own, or, when it
// asks for everything, any other. The root stands for its own path where
// permission is given, for who may do it everywhere may do it there; it does not
// stand for it here.
func (k *Keeper) protected(a *ask) bool {
	return k.protects(&a.path, &a.Demand) || a.Everywhere && k.protects(&rootPath, &a.Demand) || k.reaches(a)
}

// protects is protected for one path. A read of a tree from above does not touch
// what is protected wherever it is: the documents of users that the front door
// keeps are not in the store that is read.
func (k *Keeper) protects(p *permission.Path, d *Demand) bool {
	return k.Protected.Touches(p, d.Level, d.Tree && d.Level == permission.Write) ||
		k.ProtectedInStore.Touches(p, d.Level, d.Tree)
}

// crossSite applies the check for cross-site requests to whatever the door
// counts as a write, a GET included.
func crossSite(r *http.Request) bool {
	post := *r
	post.Method = http.MethodPost
	return new(http.CrossOriginProtection).Check(&post) != nil
}

// forScript tells whether the answer is for a script, which a browser runs without
// asking whose it is: a page of another site would read by it what the cookie opens.
// CM-Well makes any answer a script when the query has a callback.
func forScript(r *http.Request) bool {
	for _, dest := range r.Header["Sec-Fetch-Dest"] {
		if dest == "script" {
			return true
		}
	}
	q := parseQuery(r.URL.RawQuery)
	return q.mentions("callback") || q.mentions("jsonp")
}

// isPreflight is the Fetch standard's CORS preflight, which never carries a token.
// What asks to be run as another method is none: it could show a protected path.
func isPreflight(r *http.Request) bool {
	if r.Method != http.MethodOptions || len(r.Header["Origin"]) == 0 || len(r.Header["Access-Control-Request-Method"]) == 0 {
		return false
	}
	q := parseQuery(r.URL.RawQuery)
	return len(overrides(r.Header, &q)) == 0
}
