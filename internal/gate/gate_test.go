package gate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// noon is the present of these tests.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// users are the people of attacks and examples.
type users map[string]account.User

func (s users) User(_ context.Context, name string) (account.User, error) {
	if name == "broken" {
		return account.User{}, errors.New("no connection")
	}
	if u, ok := s[name]; ok {
		return u, nil
	}
	return account.User{}, account.ErrNotExist
}

func (users) Role(_ context.Context, name string) (account.Role, error) {
	if name == "Broken" {
		return account.Role{}, errors.New("no connection")
	}
	return account.Role{}, account.ErrNotExist
}

func user(t testing.TB, name, paths, more string) account.User {
	t.Helper()
	u, err := account.ParseUser(name, documentOf(paths, more))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// documentOf is that of a user or role with recursive entries, such as "+ /a rw".
func documentOf(paths, more string) []byte {
	var entries []string
	for line := range strings.SplitSeq(paths, ",") {
		w := strings.Fields(line)
		entries = append(entries, fmt.Sprintf(`{"id":%q,"sign":%q,"recursive":true,"permissions":%q}`, w[1], w[0], w[2]))
	}
	return []byte(`{"paths":[` + strings.Join(entries, ",") + `]` + more + `}`)
}

func everybody(t testing.TB) users {
	return users{
		"ann":   user(t, "ann", "+ / r, + /tests rw, - /tests/secret rw", `,"rev":5`),
		"bob":   user(t, "bob", "+ / r", ""),
		"adm":   user(t, "adm", "+ / rw", `,"operations":["Admin","Overwrite","PriorityWrite"]`),
		"wendy": user(t, "wendy", "+ /inbox w", ""),
		"torn":  user(t, "torn", "+ / rw", `,"roles":["Broken"]`),
	}
}

func entry(t testing.TB, id string, allow bool, l permission.Level) permission.Entry {
	t.Helper()
	e, err := permission.NewEntry(id, allow, true, l)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newKeeper(t testing.TB, development bool, profile Profile, sources ...Source) *Keeper {
	t.Helper()
	keys := new(token.Keys)
	if err := keys.Use(token.Config{Signing: token.Secret("a secret of the tests, 32 bytes or more")}); err != nil {
		t.Fatal(err)
	}
	if sources == nil {
		sources = []Source{NewSource(InHeader, TokenHeader2), NewSource(InHeader, TokenHeader)}
	}
	both := permission.Read | permission.Write
	return &Keeper{
		UnsafeOpenWrites: development, Profile: profile, Sources: sources, Keys: keys, Users: everybody(t),
		Protected: permission.Protect(
			entry(t, "/meta/auth", true, both), entry(t, "/meta", true, permission.Write), entry(t, "/meta/sys/dc", false, permission.Write),
		),
		ProtectedInStore: permission.Protect(entry(t, "/vault", true, both)),
		OwnPaths:         []string{"/_login"}, IdentityHeader: "X-Cm-Well-User", ForwardToken: true,
		Now: func() time.Time { return noon },
	}
}

func tokenOf(t testing.TB, k *Keeper, name string, rev int64, life time.Duration) string {
	t.Helper()
	raw, err := k.Keys.Sign(token.Claims{Subject: name, Expires: noon.Add(life), Revision: rev})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// tokenFor is a good token of a user, or one of the bad ones by its name.
func tokenFor(t testing.TB, k *Keeper, who string) string {
	t.Helper()
	switch who {
	case "garbage":
		return "x"
	case "empty":
		return ""
	case "forged":
		raw := tokenOf(t, k, "ann", 5, time.Hour)
		first := strings.LastIndexByte(raw, '.') + 1
		return raw[:first] + string(raw[first]^1) + raw[first+1:]
	case "expired":
		return tokenOf(t, k, "ann", 5, -time.Minute)
	case "revoked":
		return tokenOf(t, k, "ann", 4, time.Hour)
	case "from the future":
		return tokenOf(t, k, "ann", 6, time.Hour)
	case "ann":
		return tokenOf(t, k, "ann", 5, time.Hour)
	}
	return tokenOf(t, k, who, 0, time.Hour)
}

// send makes the request "METHOD target [name: value …]" of somebody.
func send(t testing.TB, k *Keeper, who, line string) *http.Request {
	t.Helper()
	parts := strings.Split(line, " | ")
	method, target, _ := strings.Cut(parts[0], " ")
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Method = method
	for _, h := range parts[1:] {
		name, value, _ := strings.Cut(h, ":")
		r.Header.Add(name, strings.TrimSpace(value))
	}
	if who != "" {
		r.Header.Set(TokenHeader, tokenFor(t, k, who))
	}
	return r
}

const passes = "passes"

// verdict is "passes" or the reason.
func verdict(t testing.TB, k *Keeper, r *http.Request) string {
	t.Helper()
	pass, err := k.Check(r)
	if err == nil {
		return passes
	}
	if pass != (Pass{Access: pass.Access}) {
		t.Errorf("%s %s: a pass came back with the error: %+v", r.Method, r.RequestURI, pass)
	}
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return "broken"
	}
	return err.Error()
}

func TestTheTableOfEnvironments(t *testing.T) {
	const (
		read, write, protectedRead, protectedWrite = "GET /a", "PUT /a", "GET /meta/auth/users/x", "PUT /meta/ns/x"
	)
	no, forbidden := ErrNoToken.Error(), ErrForbidden.Error()
	for _, row := range []struct{ who, line, production, development string }{
		{"", read, passes, passes},
		{"", write, no, passes},
		{"", protectedRead, no, no},
		{"", protectedWrite, no, no},
		{"", "PUT /meta/sys/dc/x", no, passes},
		{"", "GET /vault/x", no, no},
		{"", "PROPFIND /", no, no}, // the vault is below
		{"", "PROPFIND /vault2", passes, passes},
		{"", "SEARCH /tests", no, no}, // the body may name the vault
		{"bob", "SEARCH /tests", passes, passes},
		{"ann", "SEARCH /tests", forbidden, forbidden}, // or what is denied to ann
		{"", "DELETE /", no, no},
		{"bob", read, passes, passes},
		{"bob", write, forbidden, passes},
		{"bob", protectedRead, passes, passes}, // reads everything
		{"bob", protectedWrite, forbidden, forbidden},
		{"wendy", read, forbidden, passes},
		{"wendy", protectedRead, forbidden, forbidden},
		{"wendy", "GET /meta/auth/users/wendy", passes, passes}, // its own document
		{"wendy", "PUT /meta/auth/users/wendy", forbidden, forbidden},
		{"wendy", "GET /meta/auth/users/wendy/", passes, passes},
		{"wendy", "GET /meta/auth/users/wendy;x", forbidden, forbidden},
		{"ann", "PUT /tests/x", passes, passes},
		{"ann", "PUT /tests/secret/x", forbidden, passes},
		{"adm", write, passes, passes},
		{"adm", protectedWrite, passes, passes},
		{"garbage", read, token.ErrMalformed.Error(), passes},
		{"empty", read, token.ErrMalformed.Error(), passes},
		{"forged", read, token.ErrSignature.Error(), passes},
		{"forged", protectedRead, token.ErrSignature.Error(), token.ErrSignature.Error()},
		{"expired", read, token.ErrExpired.Error(), passes},
		{"expired", write, token.ErrExpired.Error(), passes},
		{"expired", protectedRead, token.ErrExpired.Error(), token.ErrExpired.Error()},
		{"revoked", read, ErrRevoked.Error(), passes},
		{"revoked", protectedWrite, ErrRevoked.Error(), ErrRevoked.Error()},
		{"from the future", write, ErrRevoked.Error(), passes},
		{"nobody", read, ErrUnknownUser.Error(), passes},
		{"nobody", protectedRead, ErrUnknownUser.Error(), ErrUnknownUser.Error()},
		{"anonymous", read, token.ErrMalformed.Error(), passes},
		{"../roles/x", write, token.ErrMalformed.Error(), passes},
		{"broken", read, "broken", "broken"}, // the store cannot tell, whatever the environment
		{"torn", read, "broken", "broken"},
	} {
		for _, development := range []bool{false, true} {
			k := newKeeper(t, development, HTTP)
			want := row.production
			if development {
				want = row.development
			}
			if got := verdict(t, k, send(t, k, row.who, row.line)); got != want {
				t.Errorf("development %v, %q: %s: %s; want %s", development, row.who, row.line, got, want)
			}
		}
	}
}

func TestThePassNamesWhoAndWhy(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	pass, err := k.Check(send(t, k, "ann", "PUT /tests/a%20b"))
	if err != nil || pass.User != "ann" || pass.Revision != 5 || !pass.Write || pass.Path != "/tests/a b" || pass.Decision.String() != "own + /tests/* rw" {
		t.Errorf("%+v, %v", pass, err)
	}
	pass, err = k.Check(send(t, k, "ann", "DELETE /tests"))
	var refusal *Refusal
	if !errors.As(err, &refusal) || pass.User != "ann" || !pass.Write || pass.Path != "/tests" || refusal.Explanation.Entry.String() != "- /tests/secret/* rw" {
		t.Errorf("%+v, %+v", refusal, pass)
	}
	for _, who := range []string{"nobody", "revoked"} {
		pass, err = k.Check(send(t, k, who, "GET /x"))
		if named := map[string]string{"nobody": "nobody", "revoked": "ann"}[who]; err == nil || pass.User != named || pass.Write || pass.Path != "/x" {
			t.Errorf("%s: %+v, %v", who, pass, err)
		}
		development := newKeeper(t, true, CMWell)
		if pass, err = development.Check(send(t, development, who, "GET /x")); err != nil || pass.User != "" {
			t.Errorf("%s, in development: %+v, %v", who, pass, err)
		}
	}
	_, err = k.Check(send(t, k, "nobody", "GET /x"))
	if !errors.As(err, &refusal) || refusal.User != "nobody" {
		t.Errorf("%+v", refusal)
	}
}

// Whoever is not verified is named nowhere.
func TestAnUnverifiedNameIsNotReported(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	raw := tokenFor(t, k, "ann")
	r := send(t, k, "", "PUT /tests/x | X-Cm-Well-Token: "+raw[:len(raw)-3]+"AAA")
	pass, err := k.Check(r)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.User != "" || pass.User != "" || !errors.Is(err, token.ErrSignature) && !errors.Is(err, token.ErrMalformed) {
		t.Errorf("%+v", refusal)
	}
}

func TestTheZeroKeeperLetsNobodyThrough(t *testing.T) {
	if pass, err := new(Keeper).Check(httptest.NewRequest(http.MethodGet, "/", nil)); err == nil || pass != (Pass{Access: Access{Write: true}}) {
		t.Errorf("%+v, %v", pass, err)
	}
	k := newKeeper(t, true, HTTP)
	r := send(t, k, "ann", "GET /x")
	k.Keys = new(token.Keys)
	if got := verdict(t, k, r); got != "broken" {
		t.Errorf("without keys: %s", got)
	}
}

func TestTokensInSeveralPlaces(t *testing.T) {
	k := newKeeper(t, false, CMWell, NewSource(InHeader, TokenHeader2), NewSource(InHeader, TokenHeader), NewSource(InBearer, ""),
		NewSource(InCookie, "cm"), NewSource(InQuery, "token"))
	ann, adm := tokenFor(t, k, "ann"), tokenFor(t, k, "adm")
	two := ErrTwoTokens.Error()
	for _, row := range []struct{ line, want string }{
		{"PUT /tests/x | X-Cm-Well-Token2: " + ann, passes},
		{"PUT /tests/x | Authorization: Bearer " + ann, passes},
		{"PUT /tests/x | Authorization: bEaReR  " + ann, passes},
		{"PUT /tests/x | Cookie: a=b; cm=" + ann, passes},
		{"PUT /tests/x?token=" + ann, passes},
		{"PUT /tests/x?a=b&token=" + ann, passes},
		{"PUT /tests/x?%74oken=" + ann, ErrNoToken.Error()},
		{"PUT /tests/x?=token=" + ann, ErrQuery.Error()},
		{"PUT /tests/x?token=" + ann + ";b=1", ErrQuery.Error()},
		{"PUT /tests/x?token=scroll.position", ErrNoToken.Error()},
		{"PUT /tests/x | Authorization: Basic " + ann, ErrNoToken.Error()},
		{"PUT /tests/x | X-Cm-Well-Token: " + ann + " | X-Cm-Well-Token2: " + ann, passes},
		{"PUT /tests/x?token=" + ann + " | X-Cm-Well-Token: " + ann, passes},
		{"PUT /tests/x | X-Cm-Well-Token: " + ann + " | X-Cm-Well-Token: " + ann, passes},
		{"PUT /tests/x | X-Cm-Well-Token: " + ann + " | X-Cm-Well-Token2: " + adm, two},
		{"PUT /tests/x | X-Cm-Well-Token: " + ann + " | X-Cm-Well-Token: " + adm, two},
		{"PUT /tests/x | X-Cm-Well-Token: " + ann + " | Cookie: cm=" + adm, two},
		{"PUT /tests/x | Cookie: cm=" + ann + "; cm=" + adm, two},
		{"PUT /tests/x?token=" + adm + " | X-Cm-Well-Token: " + ann, two},
		{"GET /tests/x | X-Cm-Well-Token: " + ann + " | X-Cm-Well-Token2: x", two},
		{"GET /tests/x | X-Cm-Well-Token: | X-Cm-Well-Token2: " + ann, two},
		{"GET /tests/x | Authorization: Basic eDp5 | Authorization: Bearer " + ann, two},
		{"GET /tests/x | X-Cm-Well-Token: " + ann + ", " + ann, token.ErrMalformed.Error()},
	} {
		if got := verdict(t, k, send(t, k, "", row.line)); got != row.want {
			t.Errorf("%s: %s; want %s", strings.NewReplacer(ann, "T(ann)", adm, "T(adm)").Replace(row.line), got, row.want)
		}
	}
	k.UnsafeOpenWrites = true
	if got := verdict(t, k, send(t, k, "", "GET /x | X-Cm-Well-Token: "+ann+" | X-Cm-Well-Token2: "+adm)); got != two {
		t.Errorf("in development: %s", got)
	}
}

func TestAWriteByCookieFromAnotherSiteIsRefused(t *testing.T) {
	k := newKeeper(t, false, CMWell, NewSource(InCookie, "cm"), NewSource(InHeader, TokenHeader))
	cookie := " | Cookie: cm=" + tokenFor(t, k, "adm")
	for line, want := range map[string]string{
		"PUT /x" + cookie: passes,
		"PUT /x" + cookie + " | Sec-Fetch-Site: same-origin":                              passes,
		"PUT /x" + cookie + " | Sec-Fetch-Site: cross-site":                               ErrCrossSite.Error(),
		"PUT /x" + cookie + " | Origin: https://evil.example":                             ErrCrossSite.Error(),
		"GET /x?op=purge-all" + cookie + " | Sec-Fetch-Site: cross-site":                  ErrCrossSite.Error(),
		"GET /x" + cookie + " | Sec-Fetch-Site: cross-site":                               passes,
		"PUT /x | Sec-Fetch-Site: cross-site | X-Cm-Well-Token: " + tokenFor(t, k, "adm"): passes,
	} {
		if got := verdict(t, k, send(t, k, "", line)); got != want {
			t.Errorf("%.60s…: %s; want %s", line, got, want)
		}
	}
}

// A page may have a script of any other site run, and CM-Well makes scripts of its
// answers.
func TestAScriptOfAnotherSiteReadsNothingByCookie(t *testing.T) {
	k := newKeeper(t, false, CMWell, NewSource(InCookie, "cm"), NewSource(InHeader, TokenHeader))
	cookie := " | Cookie: cm=" + tokenFor(t, k, "adm")
	for line, want := range map[string]string{
		"GET /x?callback=f" + cookie + " | Sec-Fetch-Site: cross-site":                                       ErrCrossSite.Error(),
		"GET /x?CALLBACK=f" + cookie + " | Sec-Fetch-Site: same-site":                                        ErrCrossSite.Error(),
		"GET /x?jsonp=f" + cookie + " | Sec-Fetch-Site: cross-site":                                          ErrCrossSite.Error(),
		"GET /x?a;callback=f" + cookie + " | Origin: https://evil.example":                                   ErrCrossSite.Error(),
		"GET /x?%63allback=f" + cookie + " | Sec-Fetch-Site: cross-site":                                     ErrCrossSite.Error(),
		"GET /x" + cookie + " | Sec-Fetch-Site: cross-site | Sec-Fetch-Dest: script":                         ErrCrossSite.Error(),
		"GET /x" + cookie + " | Sec-Fetch-Site: cross-site | Sec-Fetch-Dest: document":                       passes,
		"GET /x?callback=f" + cookie + " | Sec-Fetch-Site: same-origin | Sec-Fetch-Dest: script":             passes,
		"GET /x?callback=f" + cookie:                                                                         passes,
		"GET /x?callback=f | Sec-Fetch-Site: cross-site | X-Cm-Well-Token: " + tokenFor(t, k, "adm"):         passes,
		"GET /ws/_out" + cookie + " | Sec-Fetch-Site: cross-site | Connection: Upgrade | Upgrade: websocket": ErrCrossSite.Error(),
	} {
		if got := verdict(t, k, send(t, k, "", line)); got != want {
			t.Errorf("%.60s…: %s; want %s", line, got, want)
		}
	}
}

func TestTheAnonymousUserNarrowsReads(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	all := everybody(t)
	all["anonymous"] = user(t, "anonymous", "+ /public rw, + /meta/auth rw", "")
	k.Users = all
	for line, want := range map[string]string{
		"GET /public/x":            passes,
		"GET /private/x":           ErrNoToken.Error(),
		"GET /public/../private/x": ErrNoToken.Error(),
		"PUT /public/x":            ErrNoToken.Error(), // a write needs a token, whatever the document says
		"GET /meta/auth/users/x":   ErrNoToken.Error(), // so do protected paths
		"GET /?op=search":          ErrNoToken.Error(),
		"GET /public?op=search":    passes,
	} {
		if got := verdict(t, k, send(t, k, "", line)); got != want {
			t.Errorf("%s: %s; want %s", line, got, want)
		}
	}
	all["anonymous"] = user(t, "anonymous", "+ /public rw", `,"roles":["Broken"]`)
	if got := verdict(t, k, send(t, k, "", "GET /public/x")); got != "broken" {
		t.Errorf("a store that cannot tell: %s", got)
	}
}

// What reads everything reads its own path too: a parameter that widens a
// request must not carry it past the protection of that path.
func TestAProtectedPathStaysSoWhenMoreIsAskedFor(t *testing.T) {
	for _, development := range []bool{false, true} {
		for line, profile := range map[string]Profile{
			"GET /meta/auth/users/x?xg=2":                      CMWell,
			"GET /meta/auth/users/x?yg=2":                      CMWell,
			"GET /meta/auth/users?op=consume&position=y":       CMWell,
			"GET /meta/auth/users?op=next-chunk":               CMWell,
			"GET /meta/auth/users?op=search&recursive":         CMWell,
			"GET //meta/auth/users/x?xg=2":                     CMWell,
			"SEARCH /meta/auth/users/":                         HTTP,
			"REPORT /meta/auth/users/":                         HTTP,
			"GET /meta/auth/x | X-HTTP-Method-Override: QUERY": HTTP,
		} {
			k := newKeeper(t, development, profile)
			k.ProtectedInStore = permission.Protection{} // or reading everything would be reading that
			if got := verdict(t, k, send(t, k, "", line)); got != ErrNoToken.Error() {
				t.Errorf("development %v: %s: %s", development, line, got)
			}
			if got := verdict(t, k, send(t, k, "wendy", line)); got != ErrForbidden.Error() {
				t.Errorf("development %v: %s by who may not read it: %s", development, line, got)
			}
		}
	}
}

func TestAPreflightNeedsNoToken(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	preflight := " | Origin: https://app.example | Access-Control-Request-Method: PUT"
	for line, want := range map[string]string{
		"OPTIONS /tests/x" + preflight:              passes,
		"OPTIONS /meta/auth/users/x" + preflight:    passes,
		"OPTIONS /tests/x":                          passes,
		"OPTIONS /meta/auth/users/x":                ErrNoToken.Error(),
		"OPTIONS /tests/x?op=purge-all" + preflight: ErrNoToken.Error(),
		"PUT /tests/x" + preflight:                  ErrNoToken.Error(),

		"OPTIONS /meta/auth/users/x" + preflight + " | X-HTTP-Method-Override: GET": ErrNoToken.Error(),
		"OPTIONS /meta/auth/users/x?_method=GET" + preflight:                        ErrNoToken.Error(),
	} {
		if got := verdict(t, k, send(t, k, "", line)); got != want {
			t.Errorf("%s: %s; want %s", line, got, want)
		}
	}
}
