// Package admin serves the front door's own endpoint, /_auth, in CM-Well's
// manner: the op parameter names what is wanted, answers are JSON.
package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Endpoint answers requests to auth_path. All fields but Console are required.
type Endpoint struct {
	// Identify returns the user of the request's token with all its operations.
	Identify func(*http.Request) (account.User, permission.Operation, error)
	// GeneratePassword makes a password and its hash, when it is its turn.
	GeneratePassword func(context.Context) (password, hash string, err error)
	// ChangePassword sets a user's password when the current one is right.
	ChangePassword func(r *http.Request, name, current, next string) error
	// Logout makes every token of the user invalid.
	Logout func(ctx context.Context, name string) error
	// Explain tells whether a user may do something, and which rule decides.
	Explain Explain
	// Invalidate reads the users again.
	Invalidate func() error
	// Health tells how the front door is.
	Health func() Health
	// ReadBody reads strings of a JSON body.
	ReadBody func(body io.Reader, names ...string) (map[string]string, error)
	// Answer gives status, message and headers for an error.
	Answer func(error) (status int, message string, header http.Header)
	// Done is told of every change and every refusal, for the audit log.
	Done func(r *http.Request, op, user string, err error)
	// Console has what its page asks for beside the operations; nil when it is off.
	Console *Console
}

// Health is what op=health shows: nothing secret, and no names.
type Health struct {
	// OK tells whether the front door can decide.
	OK bool `json:"ok"`
	// Store is the kind of the users' store.
	Store string `json:"store"`
	// ReadAt is when the users were last read; zero when that was not needed yet.
	ReadAt time.Time `json:"readAt,omitzero"`
	// KeySince is from when the key signs that signs now, or when its file was last
	// written; zero when neither is known.
	KeySince time.Time `json:"keySince,omitzero"`
	// Trouble says what is wrong with the home of users or keys; empty when nothing is.
	Trouble string `json:"trouble,omitempty"`
	// WaitingLogins is how many logins wait for their turn.
	WaitingLogins int `json:"waitingLogins"`
}

// request is one call with its parameters read.
type request struct {
	*http.Request
	query url.Values
	// doing is what the audit log calls it.
	doing string
}

// operation is one op: what it does and gives.
type operation struct {
	name string
	// method is the only one that is accepted; empty for GET and POST.
	method string
	// console tells that it is there for the page: the token is in a header, and the
	// audit log has what is changed or refused, and not what is only looked at.
	console bool
	// user tells that a token is needed.
	user bool
	// needs are operations that the token's user must have.
	needs permission.Operation
	run   run
}

// run does an operation for the user of the token, who holds these operations.
type run func(e *Endpoint, r *request, user account.User, held permission.Operation) (any, error)

// operations are all that op can be.
var operations = []operation{
	{name: "change-password", user: true, run: (*Endpoint).changePassword},
	{name: "explain", user: true, run: (*Endpoint).explain},
	{name: "generate-password", run: (*Endpoint).generatePassword},
	{name: "health", run: (*Endpoint).health},
	{name: "invalidate-cache", user: true, needs: permission.Admin, run: (*Endpoint).invalidate},
	{name: "logout", user: true, run: (*Endpoint).logout},
	{name: "whoami", user: true, run: (*Endpoint).whoami},
}

// known names what op can be.
func (e *Endpoint) known() string {
	all := names(operations)
	if e.Console != nil {
		all += ", and for the console login, " + names(consoleOperations)
	}
	return all
}

func names(of []operation) string {
	var all []string
	for _, o := range of {
		all = append(all, o.name)
	}
	return strings.Join(all, ", ")
}

// find gives the operation of that name.
func (e *Endpoint) find(op string) (operation, bool) {
	all := operations
	if e.Console != nil {
		all = slices.Concat(operations, consoleOperations)
	}
	i := slices.IndexFunc(all, func(o operation) bool { return o.name == op })
	if i < 0 {
		return operation{}, false
	}
	return all[i], true
}

// ServeHTTP answers GET and POST. HEAD is GET without the body.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		fail(w, http.StatusMethodNotAllowed, r.Method+" is not accepted here; GET and POST are")
		return
	}
	// A query that readers split differently could hide another op.
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query["op"]) > 1 {
		fail(w, http.StatusBadRequest, "the query is not accepted: op is given once, in key=value pairs joined by &")
		return
	}
	o, found := e.find(query.Get("op"))
	if !found {
		fail(w, http.StatusBadRequest, fmt.Sprintf("op %.40q found; %s are accepted", query.Get("op"), e.known()))
		return
	}
	if o.method != "" && r.Method != o.method {
		w.Header().Set("Allow", o.method)
		fail(w, http.StatusMethodNotAllowed, r.Method+" is not accepted for "+o.name+"; "+o.method+" is")
		return
	}
	e.serve(w, &request{r, query, o.name}, o)
}

func (e *Endpoint) serve(w http.ResponseWriter, r *request, o operation) {
	var user account.User
	var held permission.Operation
	var err error
	if o.user {
		identify := e.Identify
		if o.console {
			identify = e.Console.Identify
		}
		user, held, err = identify(r.Request)
		if err == nil && o.needs&^held != 0 {
			err = ErrNeedsOperation
		}
	}
	var result any
	if err == nil {
		result, err = o.run(e, r, user, held)
	}
	looked := o.console && o.method == http.MethodGet && (err == nil || mistaken(err))
	if o.user && !looked {
		e.Done(r.Request, r.doing, user.Name, err)
	}
	if err != nil {
		status, message, header := e.Answer(err)
		for name, values := range header {
			w.Header()[name] = values
		}
		fail(w, status, message)
		return
	}
	status := http.StatusOK
	if h, ok := result.(Health); ok && !h.OK {
		status = http.StatusServiceUnavailable
	}
	write(w, status, result)
}

type success struct {
	Success bool `json:"success"`
}

type failure struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func fail(w http.ResponseWriter, status int, message string) {
	write(w, status, failure{false, message})
}

func write(w http.ResponseWriter, status int, result any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(result) // a client that is gone needs no answer
}
