package integration

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestAuthLogoutKillsEveryTokenOfTheUserAndNobodyElses(t *testing.T) {
	d := startAuth(t)
	one, two, bobs := d.logIn(t, "ann", passwordOf("ann")), tokenOf(t, "ann"), d.logIn(t, "bob", passwordOf("bob"))
	for _, line := range []string{"GET /_auth?op=logout", "POST /_auth?op=logout"} {
		for _, raw := range []string{one, two, bobs} {
			if !d.isAlive(t, raw) {
				t.Errorf("before %s, a token is dead", line)
			}
		}
		wantAuth(t, d.ask(t, request(line, bearing(one), "Content-Length: 0")), 200, succeeded)
		for _, raw := range []string{one, two} {
			wantAuth(t, d.auth(t, "GET /_auth?op=whoami", raw), 401, failure(notValid))
			if got := d.ask(t, request("PUT /tests/x", bearing(raw), "Content-Length: 0")); got.status != 401 {
				t.Errorf("after %s, a write got %v", line, got)
			}
		}
		d.sawNothing(t)
		if !d.isAlive(t, bobs) {
			t.Errorf("after %s, bob's token is dead", line)
		}
		one, two = d.logIn(t, "ann", passwordOf("ann")), d.logIn(t, "ann", passwordOf("ann"))
	}
	wantAuth(t, d.auth(t, "GET /_auth?op=logout", ""), 401, failure(loginFirst))
}

func TestAuthTellsWhoOneIs(t *testing.T) {
	d := startAuth(t)
	for name, want := range map[string]string{
		"ann": `{"user":"ann","rev":0,"roles":[],"operations":[]}`,
		"adm": `{"user":"adm","rev":0,"roles":[],"operations":["Admin","Overwrite","PriorityWrite"]}`,
	} {
		wantAuth(t, d.auth(t, "GET /_auth?op=whoami", tokenOf(t, name)), 200, want+"\n")
	}
	for why, raw := range badTokens(t) {
		if got := d.auth(t, "GET /_auth?op=whoami", raw); got.status != 401 || !strings.HasPrefix(got.header.Get("Www-Authenticate"), "CM-Well-Token ") {
			t.Errorf("with a token that is %s: got %v %v", why, got, got.header)
		}
	}
	wantAuth(t, d.auth(t, "GET /_auth?op=WHOAMI", tokenOf(t, "ann")), 400, "change-password, explain, generate-password, health, invalidate-cache, logout, whoami")
	wantAuth(t, d.auth(t, "GET /_auth", tokenOf(t, "ann")), 400, "change-password, explain, generate-password, health, invalidate-cache, logout, whoami")
	d.sawNothing(t)
}

// TestAuthReadsTheUsersAgainForAnAdministrator generates a password for a user
// who is written into the file by hand.
func TestAuthReadsTheUsersAgainForAnAdministrator(t *testing.T) {
	d := startAuth(t)
	var generated struct{ Password, Encrypted string }
	got := d.auth(t, "GET /_auth?op=generate-password", "")
	wantAuth(t, got, 200, `"encrypted":"$argon2id$`)
	if err := json.Unmarshal([]byte(got.body), &generated); err != nil || !regexp.MustCompile(`^[A-Z2-7]{26}$`).MatchString(generated.Password) {
		t.Fatalf("%v: %v", got, err)
	}
	if !new(account.Passwords).Match(account.User{Name: "x", PasswordHash: generated.Encrypted}, generated.Password) {
		t.Error("the hash is not that of the password")
	}
	document, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(document), `"users":{`, `"users":{"dan":{"paths":[],"rev":4,"digest":"`+generated.Encrypted+`"},`, 1)
	if err := os.WriteFile(d.users, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	wantAuth(t, d.auth(t, "GET /_auth?op=invalidate-cache", ""), 401, failure(loginFirst))
	wantAuth(t, d.auth(t, "GET /_auth?op=invalidate-cache", tokenOf(t, "ann")), 403, failure(forbidden))
	wantAuth(t, d.auth(t, "GET /_auth?op=invalidate-cache", tokenOf(t, "adm")), 200, succeeded)
	wantAuth(t, d.auth(t, "GET /_auth?op=whoami", d.logIn(t, "dan", generated.Password)), 200, `"user":"dan","rev":4`)
	d.sawNothing(t)
}

func TestAuthTellsHowTheDoorIs(t *testing.T) {
	d := startAuth(t)
	health := func() (h struct {
		OK            bool
		Store         string
		ReadAt        time.Time
		Trouble       string
		WaitingLogins int
	}) {
		got := d.auth(t, "GET /_auth?op=health", "")
		wantAuth(t, got, 200, `"ok":true`)
		if err := json.Unmarshal([]byte(got.body), &h); err != nil {
			t.Error(err)
		}
		return h
	}
	before := health()
	if age := time.Since(before.ReadAt); before.Store != "file" || before.Trouble != "" || before.WaitingLogins != 0 || age < 0 || age > 2*patience {
		t.Errorf("got %+v", before)
	}
	good, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(text string) {
		if err := os.WriteFile(d.users, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	broken := time.Now()
	rewrite(`{"users":{`)
	if got := d.auth(t, "GET /_auth?op=invalidate-cache", tokenOf(t, "adm")); got.status != 503 || !strings.HasPrefix(got.body, `{"success":false`) {
		t.Errorf("reading a broken file: got %v", got)
	}
	if after := health(); !strings.Contains(after.Trouble, "not of the form that is accepted; the last good state is in use") || after.ReadAt.After(broken) {
		t.Errorf("with a broken file: got %+v", after)
	}
	if !d.isAlive(t, tokenOf(t, "ann")) {
		t.Error("the last good users do not count any more")
	}
	rewrite(string(good))
	wantAuth(t, d.auth(t, "GET /_auth?op=invalidate-cache", tokenOf(t, "adm")), 200, succeeded)
	if after := health(); after.Trouble != "" || !after.ReadAt.After(broken) {
		t.Errorf("with a good file again: got %+v", after)
	}
}

func TestAuthAndJSONLoginAreServedUnderOneSpellingEach(t *testing.T) {
	d := startAuth(t)
	raw, body := d.logIn(t, "ann", passwordOf("ann")), jsonLogin(t, "ann", passwordOf("ann"))
	for _, target := range []string{
		"//_auth", "/_auth/", "/_AUTH", "/%5Fauth", "/%5fauth", "/x/../_auth", "/./_auth", "/_auth/.", "/_auth%2F", "/%2F_auth", `/\_auth`, "/_auth;x=y", "/_auth%00",
		"//v1/login", "/v1//login", "/v1/login/", "/V1/login", "/v1/LOGIN", "/v1/%6Cogin", "/v1%2Flogin", "/v1/./login", "/v1/x/../login", `/v1\login`,
	} {
		for _, sent := range [][]byte{
			request("GET "+target+"?op=whoami", bearing(raw)),
			request("GET " + target + "?op=health"),
			requestWith(body, "POST "+target, bearing(raw)),
			requestWith(body, "POST "+target+"?op=logout", bearing(raw)),
		} {
			if got := d.ask(t, sent); got.status != 400 {
				line, _, _ := strings.Cut(string(sent), " HTTP")
				t.Errorf("%s: got %v, want 400", line, got)
			}
		}
		d.sawNothing(t)
	}
	if !d.isAlive(t, raw) {
		t.Error("one of them logged out")
	}
}
