package gate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// adjust adds what the operator declares, and what the documents of users need.
func (k *Keeper) adjust(r *http.Request, asked *asks) error {
	if k.Reads != nil || k.Writes != nil {
		if err := k.declared(r, asked); err != nil {
			return err
		}
	}
	at := &asked.list[0]
	if len(k.Bulk.Paths) > 0 {
		if body, takes := k.takes(r, &at.path); takes {
			at.Level, at.Tree, at.Everywhere, at.Body = permission.Write, true, true, body
		}
	}
	if at.Body != NoBody && at.Body != Lines && at.Level == permission.Write && k.Bulk.Policy == BulkOff {
		return &Refusal{Reason: ErrBulkOff}
	}
	needAdminForDocuments(asked)
	k.needAdminForLinks(r, at)
	return nil
}

// needAdminForDocuments: who writes a user's document gives any permission to
// anybody.
func needAdminForDocuments(asked *asks) {
	for i := range asked.all() {
		if a := &asked.list[i]; a.Level == permission.Write && documents(&a.path) {
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
	if k.Reads == nil || at.Level != permission.Write || !asked.asSent || documents(&at.path) || k.reaches(at) {
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
func documents(p *permission.Path) bool {
	for i := range p.Len() {
		if rest, found := strings.CutPrefix(p.Reading(i), documentsPath); found && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// decide asks the environment, and the user's rules where they count. by becomes
// the last rule that was asked; without an error, that is the one that allowed.
func (k *Keeper) decide(r *http.Request, v *visitor, asked *asks, by *permission.Decision) error {
	if !v.known() {
		return k.decideWithoutUser(r, v, asked, by)
	}
	for i := range asked.all() {
		a := &asked.list[i]
		if missing := a.Operation &^ v.Operations; missing != 0 {
			return &Refusal{Reason: operationError(missing), Missing: missing}
		}
		if no := k.beyond(v, a); no != nil {
			return no
		}
		if a.Level == 0 || k.UnsafeOpenWrites && !k.protected(a) {
			continue
		}
		if k.byRules(by, v.Principal, a); !by.Allowed {
			return forbidden(ErrForbidden, &v.Rules, a, *a.where())
		}
	}
	if v.source.kind == InCookie && (asked.write() || forScript(r)) && crossSite(r) {
		return &Refusal{Reason: ErrCrossSite}
	}
	return nil
}

func operationError(missing permission.Operation) error {
	if missing == permission.PriorityWrite {
		return ErrPriority
	}
	return ErrForbidden
}

// rootPath stands for every path, where the targets are not in the URL.
var rootPath, _ = permission.ParsePath("/")

func (a *ask) where() *permission.Path {
	if a.Everywhere {
		return &rootPath
	}
	return &a.path
}

// ownDocument is where a user may always read about itself.
const ownDocument = documentsPath + "/users/"

func (k *Keeper) byRules(d *permission.Decision, who *account.Principal, a *ask) {
	p := a.where()
	who.Rules.DecideTo(d, p, a.Level, a.Tree)
	if !d.Allowed && a.Level == permission.Read && p.Len() == 1 && p.String() == ownDocument+who.User.Name {
		d.Allowed = true
	}
}
