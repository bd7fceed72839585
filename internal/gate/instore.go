package gate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// storedDocuments are where users and roles are in a CM-Well, and what makes a
// CM-Well show or change them by itself: rules that serve one path as another,
// agents that read and write without a token, and libraries, which are code.
var storedDocuments = permission.Protect(
	recursive(documentsPath, permission.Read|permission.Write),
	recursive("/meta/services", permission.Write),
	recursive("/meta/sys/agents", permission.Write),
	recursive("/meta/lib", permission.Write),
)

// recursive is for paths that stand in this file.
func recursive(id string, levels permission.Level) permission.Entry {
	e, err := permission.NewEntry(id, true, true, levels)
	if err != nil {
		panic(err)
	}
	return e
}

// reaches tells whether the store could show or change the documents of users there,
// asked for this. They hold hashes, so it is for Admin alone, whatever permissions
// say.
func (k *Keeper) reaches(a *ask) bool {
	return k.DocumentsInStore &&
		(a.Everywhere || a.Level == 0 || storedDocuments.Touches(&a.path, a.Level, a.Tree))
}

// beyond refuses a request that reaches the documents to whoever is not Admin. What
// names its targets in its body may still be for others, and at the documents' own
// paths it is the front door that answers.
func (k *Keeper) beyond(v *visitor, a *ask) *Refusal {
	if v.Operations&permission.Admin != 0 || !k.reaches(a) || k.OwnDocuments && !a.Everywhere && documents(&a.path) {
		return nil
	}
	return &Refusal{Reason: ErrForbidden, Missing: permission.Admin, bodyMay: a.Body != NoBody}
}

// needAdminForLinks: a forward link shows its target at its own path, to whoever may
// read that.
func (k *Keeper) needAdminForLinks(r *http.Request, at *ask) {
	if k.DocumentsInStore && forwards(r.Header) {
		at.Operation |= permission.Admin
	}
}

// forwards tells whether CM-Well could take the request for one that makes a forward
// link: it has other kinds, 0 and 1, that send the client to their target.
func forwards(h http.Header) bool {
	link, forward := false, false
	for _, kind := range h["X-Cm-Well-Type"] {
		link = link || strings.EqualFold(kind, "LN")
	}
	for _, kind := range h["X-Cm-Well-Link-Type"] {
		forward = forward || kind != "0" && kind != "1"
	}
	return link && forward
}

// changesUsers tells whether a request that passes may change documents of users in
// the store: only Admin's can, unless the front door serves it itself.
func (k *Keeper) changesUsers(v *visitor, asked *asks, served bool) bool {
	if served || !v.known() || v.Operations&permission.Admin == 0 {
		return false
	}
	for i := range asked.all() {
		if a := &asked.list[i]; a.writes() && k.reaches(a) {
			return true
		}
	}
	return false
}

// endangers tells whether a request that is refused could change documents of users
// in the store, if it passed nevertheless because refusals are only observed: from
// then on the door would believe what it has written. A body is looked at for that.
func (k *Keeper) endangers(r *http.Request) bool {
	if !k.DocumentsInStore {
		return false
	}
	path, err := permission.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return true
	}
	var asked asks
	asked.list[0].path = path
	q := question{method: r.Method, query: parseQuery(r.URL.RawQuery), header: r.Header}
	if k.Profile.asks(&asked, &q) != nil || k.adjust(r, &asked) != nil {
		return true
	}
	for i := range asked.all() {
		a := &asked.list[i]
		switch {
		case !a.writes() || !k.reaches(a) && a.Operation&permission.Admin == 0:
		case a.Body == Subjects && asked.asSent && r.URL.EscapedPath() == path.String():
			if k.bodyEndangers(r) {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func (k *Keeper) bodyEndangers(r *http.Request) bool {
	dangerous := false
	err := k.named(r, Subjects, func(targets []target) {
		dangerous = slices.ContainsFunc(targets, func(t target) bool {
			return t.link || k.reaches(&ask{t.path, Demand{Level: permission.Write, Tree: t.tree}})
		})
	})
	return err != nil || dangerous
}
