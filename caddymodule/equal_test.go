package caddymodule

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// village has a user with a password, and one without any secret.
type village struct{ hash string }

func (v village) User(_ context.Context, name string) (account.User, error) {
	switch name {
	case "ann":
		return account.User{Name: name, PasswordHash: v.hash}, nil
	case "nod2":
		return account.User{Name: name}, nil
	}
	return account.User{}, account.ErrNotExist
}

func (village) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

// answered is what a client and a clock can see of a failed login.
type answered struct {
	status      int
	contentType string
	body        string
	rounds      int64
}

// Who fails to log in learns nothing about who exists: same bytes, same work.
func TestEveryFailedLoginLooksAlike(t *testing.T) {
	hash, err := account.HashPassword("right", 5)
	if err != nil {
		t.Fatal(err)
	}
	passwords := new(account.Passwords)
	passwords.SetShapes([]account.Shape{{Cost: 6}})
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	throttle := guard.NewThrottle(100, now)
	throttle.SetLimit(guard.Limit{Failures: 3, Window: time.Hour})
	accounts := &login.Accounts{
		Users: village{hash}, Passwords: passwords, Hashing: login.NewHashing(1, 8), Limits: throttle,
		Client: func(*http.Request) string { return "192.0.2.7" },
	}
	exchange := &login.Exchange{
		Schemes: []login.Scheme{&login.Basic{Realm: "cmwell", Accounts: accounts}},
		Keys:    new(token.Keys), Expiry: time.Hour, MaxExpiry: time.Hour, Now: now,
	}
	try := func(name string) answered {
		before := passwords.Spent()
		r := httptest.NewRequest(http.MethodGet, "/_login", nil)
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(name+":wrong")))
		_, err := exchange.Login(r)
		o := outcomeOf(err, http.StatusUnauthorized)
		contentType, body := o.body(false)
		return answered{o.status, contentType, body, passwords.Spent() - before}
	}
	names := []string{"ann", "nobody", "nod2", "anonymous", "not/a name"}
	refused := answered{401, "text/plain; charset=utf-8", "Not authenticated.\n401 - User/Pass don't match.\n", 1 << 6}
	locked := answered{429, "text/plain; charset=utf-8", "Too many failed logins, try again later.\n", 0}
	for round, want := range []answered{refused, refused, refused, locked, locked} {
		for _, name := range names {
			if got := try(name); got != want {
				t.Errorf("try %d as %s: %+v, want %+v", round+1, name, got, want)
			}
		}
	}
}
