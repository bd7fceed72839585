package caddymodule

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// panicking is a store of users with a mistake in it.
type panicking struct{ account.Store }

func (panicking) User(context.Context, string) (account.User, error) { panic("a mistake") }

// Caddy answers a panic by closing the connection; what matters is what has
// happened until then.
func TestAPanicLeadsNobodyThrough(t *testing.T) {
	h, token := frontDoor(t)
	h.keeper.Users = panicking{}
	passed, panicked := false, false
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		passed = true
		return nil
	})
	r, w := prepared(httptest.NewRequest(http.MethodPut, "/tests/a", http.NoBody), token)
	func() {
		defer func() { panicked = recover() != nil }()
		_ = h.ServeHTTP(w, r, next)
	}()
	if !panicked || passed || w.status != 0 {
		t.Errorf("panicked %v, passed %v, answered %d", panicked, passed, w.status)
	}
}
