package admin

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Documents answers requests to the user and role documents, in CM-Well's manner:
// below /meta/auth, users/<name> and roles/<name>. Whether the user may read or
// write there has been decided before; that only Admin writes, and sees hashes, is
// seen to here. All fields but Store are required.
type Documents struct {
	// Identify returns the user of the request's token with all its operations.
	// Without a user nothing is answered, not even to read.
	Identify func(*http.Request) (account.User, permission.Operation, error)
	// Query is the query of a request without its token.
	Query func(*http.Request) string
	// Store keeps the documents; nil when that is elsewhere.
	Store account.Documents
	// Answer gives status, message and headers for an error.
	Answer func(error) (status int, message string, header http.Header)
	// Done is told, for the audit log, of every change that was tried, such as
	// "put user bob", and of every read that was refused or failed, such as "get
	// user bob"; not of reads of what does not exist or cannot be asked for.
	Done func(r *http.Request, op, user string, err error)
}

// place is what a path names.
type place struct {
	kind account.Kind // zero in the folder of both kinds
	name string       // empty in a folder
}

// placeOf reads a path that is percent-decoded. A folder may end in a slash, a
// document may not. The name may be anything but a path.
func placeOf(path string) (place, bool) {
	below, ok := strings.CutPrefix(path, "/meta/auth")
	if !ok || below != "" && below[0] != '/' {
		return place{}, false
	}
	if below == "" || below == "/" {
		return place{}, true
	}
	folder, name, _ := strings.Cut(below[1:], "/")
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		if folder == kind.String() {
			return place{kind, name}, !strings.Contains(name, "/")
		}
	}
	return place{}, false
}

// methods are those that the place knows, as Allow lists them.
func (p place) methods() []string {
	if p.name == "" {
		return []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	}
	return []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut}
}

// op says what is asked for. A name that no document has is left out: it can be
// of any length.
func (p place) op(r *http.Request) string {
	if p.name == "" {
		if p.kind == 0 {
			return "list folders"
		}
		return "list " + p.kind.String()
	}
	words := []string{"put", p.kind.Singular(), p.name}
	if r.Method == http.MethodDelete {
		words[0] = "delete"
	} else if !writes(r) {
		words[0] = "get"
	}
	if account.CheckName(p.name) != nil {
		words = words[:2]
	}
	return strings.Join(words, " ")
}

// writes tells by the methods that any place knows.
func writes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// Serve answers a request to the path, which the caller has decoded and judged.
// HEAD is GET without the body.
func (d *Documents) Serve(w http.ResponseWriter, r *http.Request, path string) {
	p, ok := placeOf(path)
	if !ok {
		fail(w, http.StatusNotFound, "nothing is here; /meta/auth holds users/<name> and roles/<name>")
		return
	}
	methods := p.methods()
	if r.Method == http.MethodOptions || !slices.Contains(methods, r.Method) {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fail(w, http.StatusMethodNotAllowed, r.Method+" is not accepted here; "+strings.Join(methods, ", ")+" are")
		return
	}
	result, user, err := d.decide(r, p)
	if writes(r) || err != nil && !mistaken(err) {
		d.Done(r, p.op(r), user, err)
	}
	if err != nil {
		status, message, header := d.Answer(err)
		for name, values := range header {
			w.Header()[name] = values
		}
		fail(w, status, message)
		return
	}
	if document, ok := result.([]byte); ok {
		w.Header().Set("ETag", Tag(document))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) //nolint:gosec // G705: it is JSON and says so; a client that is gone needs no answer
		return
	}
	write(w, http.StatusOK, result)
}

// mistaken tells whether an error is about what was asked for alone, and says
// nothing about the user or the store.
func mistaken(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrParameters) || errors.Is(err, account.ErrDocument)
}

// decide gives what is to be shown: a document's bytes or a value for JSON; and
// whose request it is.
func (d *Documents) decide(r *http.Request, p place) (result any, user string, err error) {
	who, held, err := d.Identify(r)
	if err != nil {
		return nil, "", err
	}
	admin := held&permission.Admin != 0
	if writes(r) && !admin {
		return nil, who.Name, ErrNeedsOperation
	}
	if err := d.checkQuery(r); err != nil {
		return nil, who.Name, err
	}
	switch {
	case writes(r):
		result, err = d.change(r, p)
	case p.name != "":
		result, err = d.document(r, p, admin)
	default:
		result, err = d.list(r, p)
	}
	return result, who.Name, err
}
