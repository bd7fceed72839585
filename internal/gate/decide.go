package gate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// adjust adds what the operator declares, and what the documents of users need.
func (k *Keeper) adjust(r *http.Request, asked *asks) error {
	if err := k.declared(r, asked); err != nil {
		return err
	}
	at := &asked.list[0]
	if body, takes := k.takes(r, at.path); takes {
		at.Level, at.Tree, at.Everywhere, at.Body = permission.Write, true, true, body
	}
	if k.Bulk.Policy == BulkOff && at.Level == permission.Write && at.Body != NoBody && at.Body != Lines {
		return &Refusal{Reason: ErrBulkOff}
	}
	needAdminForDocuments(asked)
	return nil
}

// needAdminForDocuments: who writes a user's document gives any permission to
// anybody.
func needAdminForDocuments(asked *asks) {
	for i := range asked.all() {
		if a := &asked.list[i]; a.Level == permission.Write && documents(a.path) {
			a.Operation |= permission.Admin
		}
	}
}

// declared applies Reads and Writes. What is declared to read is still asked for
// the operations that it needs and for all the paths that it shows. It must be
// written in one way only: a store that reads it in another way could be sent a
// write that nobody declared.
func (k *Keeper) declared(r *http.Request, asked *asks) error {
	at := &asked.list[0]
	if k.Writes != nil {
		matched, err := k.Writes(r)
		if err != nil {
			return fmt.Errorf("gate: matching a write: %w", err)
		}
		if matched || !asked.asSent {
			at.Level = permission.Write
			return nil
		}
	}
	if k.Reads == nil || at.Level != permission.Write || !asked.asSent || documents(at.path) {
		return nil
	}
	matched, err := k.Reads(r)
	if err != nil {
		return fmt.Errorf("gate: matching a read: %w", err)
	}
	if matched {
		at.Level = permission.Read
	}
	return nil
}

// documentsPath is where users and roles are, at /users and /roles below it.
const documentsPath = "/meta/auth"

// documents tells whether some reading of the path is among the documents of
// users and roles.
func documents(p permission.Path) bool {
	for i := range p.Len() {
		if rest, found := strings.CutPrefix(p.Reading(i), documentsPath); found && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// decide asks the environment, and the user's rules where they count.
func (k *Keeper) decide(r *http.Request, v visitor, asked *asks) (permission.Decision, error) {
	if !v.known() {
		return k.decideWithoutUser(r, v, asked)
	}
	var decided permission.Decision
	for _, a := range asked.all() {
		if missing := a.Operation &^ v.Operations; missing != 0 {
			return permission.Decision{}, &Refusal{Reason: operationError(missing), Missing: missing}
		}
		if a.Level == 0 || k.UnsafeOpenWrites && !k.protected(a) {
			continue
		}
		decided = k.byRules(v.Rules, v.User.Name, a)
		if !decided.Allowed {
			return permission.Decision{}, &Refusal{Reason: ErrForbidden, Explanation: v.Rules.Explain(a.where(), a.Level, a.Tree)}
		}
	}
	if asked.write() && v.source.kind == InCookie && crossSite(r) {
		return permission.Decision{}, &Refusal{Reason: ErrCrossSite}
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
const ownDocument = documentsPath + "/users/"

func (k *Keeper) byRules(rules permission.Rules, name string, a ask) permission.Decision {
	p := a.where()
	d := rules.Decide(p, a.Level, a.Tree)
	if !d.Allowed && a.Level == permission.Read && p.Len() == 1 && p.String() == ownDocument+name {
		d.Allowed = true
	}
	return d
}
