package login

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/token"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// users is a store of name → password, hashed at the least cost.
type users map[string]string

func (s users) User(_ context.Context, name string) (account.User, error) {
	if name == "broken" {
		return account.User{}, errors.New("no connection")
	}
	password, ok := s[name]
	if !ok {
		return account.User{}, account.ErrNotExist
	}
	hash, err := account.HashPassword(password, 4)
	return account.User{Name: name, PasswordHash: hash, Revision: 7}, err
}

func (users) Role(context.Context, string) (account.Role, error) {
	return account.Role{}, account.ErrNotExist
}

// cheap compares passwords at the least cost.
func cheap() *account.Passwords {
	p := new(account.Passwords)
	p.SetShapes([]account.Shape{{Cost: 4}})
	return p
}

func exchange(t testing.TB, s account.Store) (*Exchange, *Accounts) {
	t.Helper()
	keys := new(token.Keys)
	if err := keys.Use(token.Config{Signing: token.Secret("a secret of the tests, 32 bytes or more")}); err != nil {
		t.Fatal(err)
	}
	a := &Accounts{
		Users: s, Passwords: cheap(), Hashing: NewHashing(1, 8),
		Limits: guard.NewThrottle(1000, func() time.Time { return noon }),
		Client: func(r *http.Request) string { return r.RemoteAddr },
	}
	return &Exchange{
		Schemes: []Scheme{&Basic{Realm: "cmwell", Accounts: a}},
		Keys:    keys, Expiry: day, MaxExpiry: 60 * day, Now: func() time.Time { return noon },
	}, a
}

// allow sets how many failures are allowed.
func allow(a *Accounts, failures int) {
	throttle := guard.NewThrottle(1000, func() time.Time { return noon })
	throttle.SetLimit(guard.Limit{Failures: failures, Window: 15 * time.Minute})
	a.Limits = throttle
}

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func request(target string, authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, a := range authorization {
		r.Header.Add("Authorization", a)
	}
	return r
}

var everybody = users{"ann": "a:b:c", "bob@example.org": "pässwörd", "root": "root", "anonymous": "x"}

func TestTheRightPasswordGetsAToken(t *testing.T) {
	x, _ := exchange(t, everybody)
	for _, row := range []struct {
		authorization, target, name string
		life                        time.Duration
	}{
		{basic("ann", "a:b:c"), "/_login", "ann", day},
		{basic("bob@example.org", "pässwörd"), "/_login?exp=30m", "bob@example.org", 30 * time.Minute},
		{"bAsIc   " + basic("ann", "a:b:c")[6:], "/_login?exp=60d", "ann", 60 * day},
	} {
		grant, err := x.Login(request(row.target, row.authorization))
		if err != nil || grant.User.Name != row.name || !grant.Expires.Equal(noon.Add(row.life)) {
			t.Errorf("%s: %+v, %v", row.name, grant, err)
			continue
		}
		claims, err := x.Keys.Verify(grant.Token, noon)
		if err != nil || claims.Subject != row.name || claims.Revision != 7 {
			t.Errorf("%s: the token says %+v, %v", row.name, claims, err)
		}
	}
}

func TestLoginsThatAreRefused(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for _, row := range []struct {
		why, target   string
		authorization []string
		want          error
		rounds        int64 // of hashing: none for what is malformed, 2^4 for every wrong pair
	}{
		{"no credentials", "/_login", nil, ErrNoCredentials, 0},
		{"credentials of another scheme", "/_login", []string{"Bearer x"}, ErrNoCredentials, 0},
		{"a Digest that holds the word Basic", "/_login", []string{`Digest username="Basic"`}, ErrNoCredentials, 0},
		{"a wrong password", "/_login", []string{basic("ann", "a:b")}, ErrRejected, 16},
		{"an unknown user", "/_login", []string{basic("eve", "a:b:c")}, ErrRejected, 16},
		{"an empty user", "/_login", []string{basic("", "x")}, ErrRejected, 16},
		{"an empty password", "/_login", []string{basic("ann", "")}, ErrRejected, 16},
		{"only a colon", "/_login", []string{basic("", "")}, ErrRejected, 16},
		{"a NUL in the name", "/_login", []string{basic("ann\x00", "a:b:c")}, ErrRejected, 16},
		{"another case", "/_login", []string{basic("Ann", "a:b:c")}, ErrRejected, 16},
		{"the anonymous user", "/_login", []string{basic("anonymous", "x")}, ErrRejected, 16},
		{"no colon", "/_login", []string{"Basic " + encode([]byte("ann"))}, ErrCredentials, 0},
		{"nothing behind Basic", "/_login", []string{"Basic"}, ErrCredentials, 0},
		{"no base64", "/_login", []string{"Basic %%%"}, ErrCredentials, 0},
		{"base64 without padding", "/_login", []string{strings.TrimRight(basic("ann", "a:b:cc"), "=")}, ErrCredentials, 0},
		{"base64 of URLs", "/_login", []string{"Basic -_-_"}, ErrCredentials, 0},
		{"two Authorization headers", "/_login", []string{basic("ann", "a:b:c"), basic("root", "root")}, ErrCredentials, 0},
		{"a bad exp, before anything is hashed", "/_login?exp=1y", []string{basic("ann", "a:b:c")}, ErrExpiry, 0},
	} {
		x, a := exchange(t, everybody)
		grant, err := x.Login(request(row.target, row.authorization...))
		if !errors.Is(err, row.want) || grant.Token != "" || grant.User.Name != "" {
			t.Errorf("%s: %+v, %v; want %v", row.why, grant, err, row.want)
		}
		if got := a.Passwords.Spent(); got != row.rounds {
			t.Errorf("%s: %d rounds of hashing, want %d", row.why, got, row.rounds)
		}
	}
}

func TestABrokenStoreLogsNobodyIn(t *testing.T) {
	x, _ := exchange(t, everybody)
	_, err := x.Login(request("/_login", basic("broken", "x")))
	for _, not := range []error{nil, ErrRejected, ErrNoCredentials, ErrCredentials, ErrExpiry} {
		if errors.Is(err, not) {
			t.Errorf("it reads as %v", not)
		}
	}
}

func TestTheZeroExchangeLogsNobodyIn(t *testing.T) {
	x := Exchange{Expiry: day, MaxExpiry: day, Now: func() time.Time { return noon }}
	if _, err := x.Login(request("/_login", basic("ann", "a:b:c"))); !errors.Is(err, ErrNoCredentials) {
		t.Error(err)
	}
	x2, _ := exchange(t, everybody)
	x2.Keys = new(token.Keys)
	if g, err := x2.Login(request("/_login", basic("ann", "a:b:c"))); !errors.Is(err, token.ErrNoKey) || g.Token != "" {
		t.Errorf("without a key: %+v, %v", g, err)
	}
}

// The password that everybody knows is for this machine only, and a proxy on
// this machine does not make its clients local.
func TestTheDefaultPasswordOpensNothingFromAfar(t *testing.T) {
	for _, row := range []struct {
		why, peer, host string
		header          string
		local           bool
	}{
		{"loopback, localhost", "127.0.0.1:5", "localhost:8080", "", true},
		{"loopback, an address", "127.0.0.9:5", "127.0.0.1", "", true},
		{"IPv6", "[::1]:5", "[::1]:8080", "", true},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:5", "LOCALHOST", "", true},
		{"another machine", "192.0.2.7:5", "localhost", "", false},
		{"a host name that a proxy passes on", "127.0.0.1:5", "data.example.org", "", false},
		{"a name that begins with localhost", "127.0.0.1:5", "localhost.example.org", "", false},
		{"no host", "127.0.0.1:5", "", "", false},
		{"no peer", "", "localhost", "", false},
		{"a Unix socket", "@", "localhost", "", false},
		{"behind a proxy", "127.0.0.1:5", "localhost", "X-Forwarded-For", false},
		{"behind a standard proxy", "127.0.0.1:5", "localhost", "Forwarded", false},
		{"behind nginx", "127.0.0.1:5", "localhost", "X-Real-IP", false},
		{"behind Via", "127.0.0.1:5", "localhost", "Via", false},
	} {
		x, _ := exchange(t, everybody)
		// Two spaces behind Basic: what decides is what was checked, not a second reading of the header.
		for _, authorization := range []string{basic("root", "root"), "Basic  " + basic("root", "root")[6:]} {
			r := request("/_login", authorization)
			r.RemoteAddr, r.Host = row.peer, row.host
			if row.header != "" {
				r.Header.Set(row.header, "")
			}
			_, err := x.Login(r)
			if row.local && err != nil || !row.local && (!errors.Is(err, ErrDefaultPassword) || !errors.Is(err, ErrRejected)) {
				t.Errorf("%s: %v", row.why, err)
			}
		}
	}
	x, a := exchange(t, everybody)
	a.DefaultRoot = UnsafeRootFromAnywhere
	r := request("/_login", basic("root", "root"))
	r.RemoteAddr = "192.0.2.7:5"
	if _, err := x.Login(r); err != nil {
		t.Errorf("anywhere: %v", err)
	}
	x, a = exchange(t, everybody)
	a.DefaultRoot = RootFromNowhere
	r = request("/_login", basic("root", "root"))
	r.RemoteAddr, r.Host = "127.0.0.1:5", "localhost"
	if _, err := x.Login(r); !errors.Is(err, ErrDefaultPassword) {
		t.Errorf("nowhere: %v", err)
	}
	x, _ = exchange(t, users{"root": "changed"})
	r = request("/_login", basic("root", "changed"))
	r.RemoteAddr = "192.0.2.7:5"
	if _, err := x.Login(r); err != nil {
		t.Errorf("a changed password: %v", err)
	}
}

func TestTheChallenge(t *testing.T) {
	x, _ := exchange(t, everybody)
	if got := x.Challenges(ErrNoCredentials); !slices.Equal(got, []string{`Basic realm="cmwell", charset="UTF-8"`}) {
		t.Errorf("%q", got)
	}
}

func FuzzBasic(f *testing.F) {
	_, fuzzed := exchange(f, users{})
	allow(fuzzed, 1<<30)
	f.Add("Basic YW5uOmE6Yjpj")
	f.Add("Basic")
	f.Fuzz(func(t *testing.T, authorization string) {
		b := &Basic{Realm: "cmwell", Accounts: fuzzed}
		r := httptest.NewRequest(http.MethodGet, "/_login", nil)
		r.Header["Authorization"] = []string{authorization}
		if u, err := b.Authenticate(r); err == nil || u.Name != "" {
			t.Fatalf("nobody exists, and %+v, %v came back", u, err)
		}
	})
}
