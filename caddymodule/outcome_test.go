package caddymodule

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
	jwt "github.com/cm-well/cmwell-auth/internal/token"
)

// inner are sentinels that never reach a client: they are handled on the way.
var inner = []string{
	"token.ErrNoKey",        // a fault of ours: 503 without a row
	"token.ErrShortSecret",  // a configuration error
	"token.ErrPublicSecret", // a configuration error
	"token.ErrKey",          // a configuration error
	"login.ErrNotMine",      // the next scheme is asked
	"account.ErrNotExist",   // means no user, or no role
}

// sentinels are the exported errors of the packages whose errors reach the table.
func sentinels(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pkg := range []string{"token", "permission", "account", "guard", "login", "gate", "admin"} {
		files, err := filepath.Glob("../internal/" + pkg + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok {
					for _, name := range spec.Names {
						if strings.HasPrefix(name.Name, "Err") {
							names = append(names, pkg+"."+name.Name)
						}
					}
				}
				return true
			})
		}
	}
	return names
}

func TestEverySentinelHasARow(t *testing.T) {
	source, err := os.ReadFile("outcome.go")
	if err != nil {
		t.Fatal(err)
	}
	found := sentinels(t)
	if len(found) < 20 {
		t.Fatalf("only %d sentinels found", len(found))
	}
	for _, name := range found {
		if !strings.Contains(string(source), "{"+name+",") && !slices.Contains(inner, name) {
			t.Errorf("%s has no row in outcome.go", name)
		}
	}
}

func TestEveryReasonIsOneWord(t *testing.T) {
	for _, o := range append(outcomes, broken) {
		if strings.Trim(o.reason, "abcdefghijklmnopqrstuvwxyz_") != "" || o.reason == "" {
			t.Errorf("reason %q", o.reason)
		}
	}
}

func TestAnswersToErrors(t *testing.T) {
	for _, row := range []struct {
		err          error
		write        bool
		status       int
		reason, body string
	}{
		{gate.ErrNoToken, false, 401, "no_token", "Not authorized, please login first\n"},
		{gate.ErrNoToken, true, 401, "no_token", `{"success":false,"message":"Not authorized, please login first"}`},
		{fmt.Errorf("%w: x", jwt.ErrMalformed), true, 401, "malformed_token", `{"success":false,"message":"given token is not valid (not signed or expired)"}`},
		{&gate.Refusal{Reason: gate.ErrUnknownUser, User: "ann"}, false, 401, "unknown_user", "Username ann was not found in CM-Well\n"},
		{&gate.Refusal{Reason: gate.ErrForbidden}, true, 403, "forbidden", `{"success":false,"message":"Authenticated but not authorized"}`},
		{gate.ErrPriority, true, 403, "priority", `{"success":false,"message":"User not authorized for priority write"}`},
		{login.ErrRejected, false, 401, "rejected", "Not authenticated.\n401 - User/Pass don't match.\n"},
		{login.ErrDefaultPassword, false, 401, "default_password", "Not authenticated.\n401 - User/Pass don't match.\n"},
		{login.ErrNoCredentials, false, 401, "no_credentials", "Please provide your credentials.\n"},
		{fmt.Errorf("%w: it is zero", login.ErrExpiry), false, 400, "bad_expiry", "exp is not accepted: it is zero\n"},
		{fmt.Errorf("%w: %w", login.ErrUnguarded, errors.New("x")), false, 503, "unguarded", "Logins cannot be counted at the moment, try again later.\n"},
		{guard.Throttled(time.Minute), false, 429, "throttled", "Too many failed logins, try again later.\n"},
		{errors.New("a connection is gone"), true, 503, "broken", `{"success":false,"message":"the front door cannot decide at the moment, try again later"}`},
		{jwt.ErrNoKey, false, 503, "broken", "the front door cannot decide at the moment, try again later\n"},
	} {
		o := outcomeOf(row.err, 401)
		if _, body := o.body(row.write); o.status != row.status || o.reason != row.reason || body != row.body {
			t.Errorf("%v: %d %s %q; want %d %s %q", row.err, o.status, o.reason, body, row.status, row.reason, row.body)
		}
	}
	if o := outcomeOf(gate.ErrNoToken, 403); o.status != 403 {
		t.Errorf("with unauthenticated_status 403: %d", o.status)
	}
	if o := outcomeOf(gate.ErrForbidden, 401); o.status != 403 {
		t.Errorf("forbidden: %d", o.status)
	}
}

func TestPrivateAnswers(t *testing.T) {
	for _, row := range []struct{ store, want string }{
		{"", "private"},
		{"public, max-age=60", "private, max-age=60"},
		{"max-age=60, s-maxage=600, proxy-revalidate", "private, max-age=60"},
		{"private, max-age=60", "private, max-age=60"},
		{"no-store", "no-store"},
		{"No-Cache", "private, No-Cache"},
		{"PUBLIC", "private"},
	} {
		var values []string
		if row.store != "" {
			values = []string{row.store}
		}
		if got := private(values); got != row.want {
			t.Errorf("%q: %q, want %q", row.store, got, row.want)
		}
	}
}
