package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/keyring"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// outcome is what a client gets for an error.
type outcome struct {
	err error
	// status of the answer; 0 is the configured status for "no valid token".
	status int
	// reason is one word for logs and metrics, of this closed set.
	reason string
	// message for the client, as CM-Well has it where CM-Well has one; %s stands
	// for the user in the token. Empty: the error's own sentence.
	message string
}

// notValid is CM-Well's message for every token that is not accepted.
const notValid = "given token is not valid (not signed or expired)"

// outcomes is the one table from error to answer. The first row whose error is
// wrapped decides; an error without a row is a fault of ours, never a pass.
var outcomes = []outcome{
	{gate.ErrNoToken, 0, "no_token", "Not authorized, please login first"},
	{gate.ErrTwoTokens, 0, "two_tokens", "two different tokens in one request"},
	{gate.ErrUnknownUser, 0, "unknown_user", "Username %s was not found in CM-Well"},
	{gate.ErrRevoked, 0, "revoked", notValid},
	{token.ErrMalformed, 0, "malformed_token", notValid},
	{token.ErrAlgorithm, 0, "algorithm", notValid},
	{token.ErrUnknownKey, 0, "unknown_key", notValid},
	{token.ErrSignature, 0, "signature", notValid},
	{token.ErrExpired, 0, "expired", notValid},
	{token.ErrNotYetValid, 0, "not_yet_valid", notValid},

	{gate.ErrForbidden, http.StatusForbidden, "forbidden", "Authenticated but not authorized"},
	{gate.ErrPriority, http.StatusForbidden, "priority", "User not authorized for priority write"},
	{gate.ErrCrossSite, http.StatusForbidden, "cross_site", "a write, or a read for a script, by cookie from another site is not accepted"},
	{gate.ErrNotInHeader, http.StatusForbidden, "not_in_header", "this takes a token in a header only"},

	{gate.ErrBulkOff, http.StatusForbidden, "bulk_off", "bulk writes are not accepted here"},
	{gate.ErrUnjudged, http.StatusForbidden, "unjudged", ""},
	{gate.ErrBulkFormat, http.StatusUnsupportedMediaType, "bulk_format", ""},
	{gate.ErrBulkSize, http.StatusRequestEntityTooLarge, "bulk_size", ""},
	{gate.ErrBulkBusy, http.StatusServiceUnavailable, "bulk_busy", "Too many bodies are being judged, try again later."},
	{gate.ErrBulkBody, http.StatusBadRequest, "bulk_body", ""},

	{gate.ErrTarget, http.StatusBadRequest, "target", "the request target is not accepted: it would be changed on its way to the store. Percent-encode it, and send a path and a query only"},
	{permission.ErrPath, http.StatusBadRequest, "path", "the path is not accepted: it holds control characters or is not UTF-8"},
	{permission.ErrTooManyReadings, http.StatusBadRequest, "ambiguous_path", "the path is not accepted: it can be read in too many ways"},
	{gate.ErrSpelling, http.StatusBadRequest, "spelling", "the path is another spelling of one that is served here; use the plain one"},
	{gate.ErrDestination, http.StatusBadRequest, "destination", "Destination is not accepted: one URL or path without query is"},
	{gate.ErrQuery, http.StatusBadRequest, "query", "the query is not accepted: with a token in it, only key=value pairs joined by & are"},
	{gate.ErrLength, http.StatusBadRequest, "length", "Content-Length is not accepted: one number, the length of the body, is"},
	{gate.ErrTrailer, http.StatusBadRequest, "trailer", "a trailer with credentials or an identity is not accepted"},
	{gate.ErrMethod, http.StatusMethodNotAllowed, "method", "the method is not accepted"},
	{errTooEarly, http.StatusTooEarly, "too_early", "this is not accepted as early data, which may be a replay; send it again after the handshake"},

	{admin.ErrNeedsOperation, http.StatusForbidden, "forbidden", "Authenticated but not authorized"},
	{admin.ErrNotFound, http.StatusNotFound, "not_found", ""},
	{admin.ErrCondition, http.StatusPreconditionFailed, "condition", ""},
	{admin.ErrDocumentSize, http.StatusRequestEntityTooLarge, "body_size", ""},
	{admin.ErrParameters, http.StatusBadRequest, "bad_parameters", ""},
	{account.ErrDocument, http.StatusBadRequest, "bad_document", ""},
	{account.ErrReadOnly, http.StatusNotImplemented, "read_only", "users cannot be changed here"},
	{account.ErrPassword, http.StatusBadRequest, "bad_password", ""},
	{login.ErrOvertaken, http.StatusConflict, "conflict", "the user was changed at the same time; try again"},

	{errNotPrivate, http.StatusForbidden, "not_private", ""},
	{errNoRoute, http.StatusNotFound, "not_found", ""},
	{errNoMethod, http.StatusMethodNotAllowed, "method", ""},
	{errNoDoor, http.StatusBadRequest, "no_door", ""},
	{errManyDoors, http.StatusConflict, "many_doors", ""},
	{errNotManaged, http.StatusConflict, "not_managed", ""},
	{keyring.ErrFull, http.StatusConflict, "keys_full", ""},
	{errNoneServes, http.StatusServiceUnavailable, "no_door", ""},

	{guard.ErrThrottled, http.StatusTooManyRequests, "throttled", "Too many failed logins, try again later."},
	{login.ErrBusy, http.StatusServiceUnavailable, "busy", "Too many logins are waiting, try again later."},
	{login.ErrUnguarded, http.StatusServiceUnavailable, "unguarded", "Logins cannot be counted at the moment, try again later."},
	{login.ErrBody, http.StatusBadRequest, "bad_body", ""},
	{login.ErrBodySize, http.StatusRequestEntityTooLarge, "body_size", ""},
	{login.ErrExpiry, http.StatusBadRequest, "bad_expiry", ""},
	{login.ErrCredentials, http.StatusBadRequest, "bad_credentials", ""},
	{login.ErrNoCredentials, http.StatusUnauthorized, "no_credentials", "Please provide your credentials."},
	// Their text must be the last row's: a client must not learn that the password is right.
	{login.ErrDefaultPassword, http.StatusUnauthorized, "default_password", rejected},
	{login.ErrStale, http.StatusUnauthorized, "stale", rejected},
	{login.ErrRejected, http.StatusUnauthorized, "rejected", rejected},
}

const rejected = "Not authenticated.\n401 - User/Pass don't match."

// broken is the answer when the front door cannot decide.
var broken = outcome{status: http.StatusServiceUnavailable, reason: "broken", message: "the front door cannot decide at the moment, try again later"}

// outcomeOf finds the row of an error.
func outcomeOf(err error, unauthenticated int) outcome {
	for _, o := range outcomes {
		if !errors.Is(err, o.err) {
			continue
		}
		if o.status == 0 {
			o.status = unauthenticated
		}
		if o.message == "" {
			_, o.message, _ = strings.Cut(err.Error(), ": ") // without the package's name
		}
		var refusal *gate.Refusal
		if errors.As(err, &refusal) && strings.Contains(o.message, "%s") {
			o.message = fmt.Sprintf(o.message, refusal.User)
		}
		return o
	}
	return broken
}

// why is the reason as a sentence, which holds nothing of the request.
func (o outcome) why() string {
	if o.err == nil {
		return "the front door could not decide: see its log"
	}
	about, sentence, found := strings.Cut(o.err.Error(), ": ")
	switch {
	case !found:
		return about
	case about == "token":
		return "the token is not accepted: " + sentence
	}
	return sentence // without the package's name
}

// body is the message in CM-Well's form: JSON for what wanted to write, a line
// of text for the rest. Paths are those in a body that were refused; with them
// it is JSON.
func (o outcome) body(write bool, paths ...string) (contentType, body string) {
	if !write && len(paths) == 0 {
		return "text/plain; charset=utf-8", o.message + "\n"
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // nobody takes it for HTML, and people read it
	err := encoder.Encode(struct {
		Success bool     `json:"success"`
		Message string   `json:"message"`
		Paths   []string `json:"paths,omitempty"`
	}{false, o.message, paths})
	if err != nil {
		return "application/json", `{"success":false}`
	}
	return "application/json", strings.TrimSuffix(b.String(), "\n")
}
