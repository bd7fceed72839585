package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/store/file"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// frontDoor is a production door that knows ann, who may write below /tests.
func frontDoor(t testing.TB) (h *Handler, annsToken string) {
	t.Helper()
	users, err := file.Parse([]byte(`{"users":{"ann":{"rev":1000,"paths":[{"id":"/tests","sign":"+","recursive":true,"permissions":"rw"}]}},"roles":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	keys := new(token.Keys)
	if err := keys.Use(token.Config{Signing: token.Secret("a secret of the tests, 32 bytes or more")}); err != nil {
		t.Fatal(err)
	}
	annsToken, err = keys.Sign(token.Claims{Subject: "ann", Expires: time.Now().Add(time.Hour), Revision: 1000})
	if err != nil {
		t.Fatal(err)
	}
	s := settings{
		production: true, loginPath: "/_login", authPath: "/_auth", unauthStatus: http.StatusUnauthorized, realm: "cmwell",
		sources:      []gate.Source{gate.NewSource(gate.InHeader, gate.TokenHeader2), gate.NewSource(gate.InHeader, gate.TokenHeader)},
		forwardToken: true, identityHeader: "X-Cm-Well-User", protected: alwaysProtected(gate.CMWell),
	}
	h = &Handler{settings: s, keys: keys, logger: zap.NewNop(), audit: zap.NewNop()}
	h.keeper = &gate.Keeper{
		Profile: gate.CMWell, Sources: s.sources, Keys: keys, Users: users, Protected: permission.Protect(s.protected...),
		OwnPaths: []string{s.loginPath, s.authPath}, OwnDocuments: true,
		IdentityHeader: s.identityHeader, ForwardToken: true, Now: time.Now,
	}
	return h, annsToken
}

// BenchmarkHandler is a request through the door, beside what Caddy does for
// every request whatever is behind it.
func BenchmarkHandler(b *testing.B) {
	h, token := frontDoor(b)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusOK)
		return nil
	})
	for _, row := range []struct{ name, method, token string }{
		{"anonymous read", http.MethodGet, ""},
		{"authenticated write", http.MethodPut, token},
	} {
		received := httptest.NewRequest(row.method, "/tests/a/b", http.NoBody)
		for _, door := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s, door %v", row.name, door), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r, w := prepared(received, row.token)
					var err error
					if door {
						err = h.ServeHTTP(w, r, next)
					} else {
						err = next.ServeHTTP(w, r)
					}
					if err != nil || w.status != http.StatusOK {
						b.Fatal(w.status, err)
					}
				}
			})
		}
	}
}

func TestAnAnonymousReadCostsNoAllocation(t *testing.T) {
	h, _ := frontDoor(t)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusOK)
		return nil
	})
	received := httptest.NewRequest(http.MethodGet, "/tests/a/b", http.NoBody)
	behind := func(serve func(http.ResponseWriter, *http.Request) error) float64 {
		return testing.AllocsPerRun(200, func() {
			r, w := prepared(received, "")
			if err := serve(w, r); err != nil || w.status != http.StatusOK {
				t.Fatal(w.status, err)
			}
		})
	}
	door := func(w http.ResponseWriter, r *http.Request) error { return h.ServeHTTP(w, r, next) }
	if with, without := behind(door), behind(next); with != without {
		t.Errorf("%v allocations with the front door, %v without it", with, without)
	}
}

// prepared is a request as Caddy hands it to its handlers, from curl.
func prepared(received *http.Request, token string) (*http.Request, *answerOf) {
	r := new(http.Request)
	*r = *received
	r.Header = http.Header{"User-Agent": {"curl/8"}, "Accept": {"*/*"}}
	if token != "" {
		r.Header[gate.TokenHeader] = []string{token}
	}
	w := &answerOf{header: http.Header{}}
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, new(caddyhttp.Server)), w
}

// answerOf is an answer that nobody reads.
type answerOf struct {
	header http.Header
	status int
}

func (a *answerOf) Header() http.Header         { return a.header }
func (a *answerOf) Write(b []byte) (int, error) { return len(b), nil }
func (a *answerOf) WriteHeader(status int)      { a.status = status }
