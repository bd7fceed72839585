package admin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Console is what the page at auth_path asks for, with Admin, beside the operations
// that everybody has. All fields are required.
type Console struct {
	// Operator does it, as for the admin API.
	Operator *Operator
	// Identify is Endpoint's, for a token that is in a header: nothing of this can be
	// asked for by a link, or with a cookie.
	Identify func(*http.Request) (account.User, permission.Operation, error)
	// NewPassword makes a password that nobody guesses.
	NewPassword func() string
	// Keys lists the managed keys.
	Keys func() any
	// Rotate makes a new one; with dropOld the others are dead.
	Rotate func(ctx context.Context, dropOld bool) error
	// Doors are those that have the same users.
	Doors func() ([]Door, error)
	// Seen is how many tokens of a user were used lately, and within what.
	Seen func(user string) (tokens int, within string)
	// Recent has the audit log behind the entry of that number, and the last refusals.
	Recent func(after uint64) any
	// MayWrite tells whether a user's write to a path passes.
	MayWrite MayWrite
}

// consoleOperations are all that op can be besides, where the console is on.
var consoleOperations = []operation{
	ofConsole("doors", http.MethodGet, (*Endpoint).doors),
	ofConsole("keys", http.MethodGet, (*Endpoint).keys),
	ofConsole("lint", http.MethodGet, (*Endpoint).lint),
	ofConsole("lockouts", http.MethodGet, (*Endpoint).lockouts),
	ofConsole("recent", http.MethodGet, (*Endpoint).recent),
	ofConsole("release", http.MethodPost, (*Endpoint).release),
	ofConsole("reset-password", http.MethodPost, (*Endpoint).resetPassword),
	ofConsole("revoke", http.MethodPost, (*Endpoint).revoke),
	ofConsole("roles", http.MethodGet, survey(account.Roles)),
	ofConsole("rotate-keys", http.MethodPost, (*Endpoint).rotate),
	ofConsole("seen", http.MethodGet, (*Endpoint).seen),
	ofConsole("users", http.MethodGet, survey(account.Users)),
	ofConsole("writers", http.MethodGet, (*Endpoint).writers),
}

func ofConsole(name, method string, run run) operation {
	return operation{name: name, method: method, console: true, user: true, needs: permission.Admin, run: run}
}

// allowed refuses who may not do the same with the documents: Admin alone is not
// enough there, so it must not be here.
func (e *Endpoint) allowed(r *request, user account.User, level permission.Level, path string) error {
	tree := level == permission.Read
	answer, err := e.Explain(r.Context(), Question{User: user.Name, Path: path, Level: level, Tree: tree})
	if err == nil && !answer.Passes {
		return ErrNeedsOperation
	}
	return err
}

// about reads the body of an operation on a user, which must be one that somebody
// could have; then the name goes to the audit log.
func (e *Endpoint) about(r *request, doing string, further ...string) (map[string]string, error) {
	r.doing = doing + " user"
	body, err := e.ReadBody(r.Body, append(further, "user")...)
	if err != nil {
		return nil, err
	}
	if err := (place{account.Users, body["user"]}).check(); err != nil {
		return nil, err
	}
	r.doing += " " + body["user"]
	return body, nil
}

// parameters are those of the query, each of which may be there once, and no others.
func (r *request) parameters(accepted ...string) (map[string]string, error) {
	given := map[string]string{}
	for name, values := range r.query {
		if name == "op" {
			continue
		}
		if !slices.Contains(accepted, name) || len(values) != 1 {
			return nil, fmt.Errorf("%w: parameter %.40q found; accepted are %s, each once", ErrParameters, name, strings.Join(append([]string{"op"}, accepted...), ", "))
		}
		given[name] = values[0]
	}
	return given, nil
}

// number is a parameter that is a whole number; standard when it is not given.
func number(given map[string]string, name string, standard int) (int, error) {
	text, found := given[name]
	if !found {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %s %.40q found; a whole number is accepted", ErrParameters, name, text)
	}
	return n, nil
}
