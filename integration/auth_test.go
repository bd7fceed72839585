package integration

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// startAuth starts a door that hashes quickly and has the JSON login too.
func startAuth(t *testing.T, settings ...string) askedDoor {
	t.Helper()
	return startAsked(t, append(settings, "password_hash argon2id", "json_login /v1/login")...)
}

// auth asks for an operation, with a token when there is one.
func (d askedDoor) auth(t *testing.T, line, raw string) answer {
	t.Helper()
	if raw == "" {
		return d.ask(t, request(line))
	}
	return d.ask(t, request(line, bearing(raw)))
}

// isAlive tells whether the door takes the token.
func (d askedDoor) isAlive(t *testing.T, raw string) bool {
	t.Helper()
	got := d.auth(t, "GET /_auth?op=whoami", raw)
	if got.status != 200 && got.status != 401 {
		t.Errorf("whoami: got %v", got)
	}
	return got.status == 200
}

const succeeded = `{"success":true}` + "\n"

// wantAuth compares an answer of /_auth: its status, a part of its body, and
// what all of them have.
func wantAuth(t *testing.T, got answer, status int, has string) {
	t.Helper()
	if got.status != status || !strings.Contains(got.body, has) {
		t.Errorf("got %v, want %d with %q", got, status, has)
	}
	if !json.Valid([]byte(got.body)) || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v: its header is %v", got, got.header)
	}
}

// sawNothing fails when anything has reached the store.
func (d askedDoor) sawNothing(t *testing.T) {
	t.Helper()
	if seen := d.store.take(); len(seen) > 0 {
		t.Errorf("the store saw %v", seen)
	}
}

// challenge is one of Digest.
type challenge struct {
	algorithm     login.DigestAlgorithm
	nonce, opaque string
}

var challengeForm = regexp.MustCompile(`^Digest realm="cmwell", qop="auth", algorithm=([A-Z0-9-]+), nonce="([^"]+)", opaque="([^"]+)", charset=UTF-8$`)

// challenges asks for them without credentials.
func (d *door) challenges(t *testing.T) map[login.DigestAlgorithm]challenge {
	t.Helper()
	all := map[login.DigestAlgorithm]challenge{}
	for _, line := range d.ask(t, request("GET /_login")).header.Values("Www-Authenticate") {
		if parts := challengeForm.FindStringSubmatch(line); parts != nil {
			all[login.DigestAlgorithm(parts[1])] = challenge{login.DigestAlgorithm(parts[1]), parts[2], parts[3]}
		}
	}
	if len(all) != 2 {
		t.Fatalf("the login offers %v, want two algorithms of Digest", all)
	}
	return all
}

// answered is the header line that answers the challenge for GET /_login.
func (c challenge) answered(name, password, count string) string {
	ha1 := account.HA1MD5(name, "cmwell", password)
	if c.algorithm == login.SHA256 {
		ha1 = account.HA1SHA256(name, "cmwell", password)
	}
	response := login.Response(c.algorithm, ha1, c.nonce, count, "cnonce", "GET", "/_login")
	return `Authorization: Digest username="` + name + `", realm="cmwell", nonce="` + c.nonce + `", uri="/_login", qop=auth, nc=` + count +
		`, cnonce="cnonce", response="` + response + `", opaque="` + c.opaque + `", algorithm=` + string(c.algorithm)
}

// loginStatuses are the answers to the password, by every way of logging in.
func (d askedDoor) loginStatuses(t *testing.T, name, password string) map[string]int {
	t.Helper()
	statuses := map[string]int{"Basic": d.ask(t, request("GET /_login", authorization(name, password))).status}
	for algorithm, c := range d.challenges(t) {
		statuses["Digest "+string(algorithm)] = d.ask(t, request("GET /_login", c.answered(name, password, "00000001"))).status
	}
	statuses["JSON"] = d.ask(t, requestWith(jsonLogin(t, name, password), "POST /v1/login")).status
	return statuses
}

func (d askedDoor) wantLogins(t *testing.T, name, password string, status int) {
	t.Helper()
	for way, got := range d.loginStatuses(t, name, password) {
		if got != status {
			t.Errorf("%s with %q by %s: got %d, want %d", name, password, way, got, status)
		}
	}
}

func jsonLogin(t *testing.T, name, password string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"username": name, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAuthChangesAPasswordByQueryFormAndJSON(t *testing.T) {
	d := startAuth(t)
	current := passwordOf("ann")
	form, asJSON := "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json"
	for _, row := range []struct {
		why, next string
		request   func(raw, query, body string) []byte
	}{
		{"in the query of a GET", "new & pass=word", func(raw, query, _ string) []byte {
			return request("GET /_auth?op=change-password&"+query, bearing(raw))
		}},
		{"in a form", "pässwörd + more", func(raw, query, _ string) []byte {
			return requestWith(query, "POST /_auth?op=change-password", bearing(raw), form)
		}},
		{"in JSON", `quo"te\back`, func(raw, _, body string) []byte {
			return requestWith(body, "POST /_auth?op=change-password", bearing(raw), asJSON)
		}},
		{"in JSON without a content type", strings.Repeat("long ", 40), func(raw, _, body string) []byte {
			return requestWith(body, "POST /_auth?op=change-password", bearing(raw))
		}},
	} {
		t.Run(row.why, func(t *testing.T) {
			before, others := d.logIn(t, "ann", current), d.logIn(t, "bob", passwordOf("bob"))
			body, err := json.Marshal(map[string]string{"current": current, "new": row.next})
			if err != nil {
				t.Fatal(err)
			}
			query := url.Values{"current": {current}, "new": {row.next}}.Encode()
			got := d.ask(t, row.request(before, query, string(body)))
			if wantAuth(t, got, 200, succeeded); d.isAlive(t, before) || !d.isAlive(t, others) {
				t.Error("the old token is alive, or another user's is dead")
			}
			d.wantLogins(t, "ann", row.next, 200)
			d.wantLogins(t, "ann", current, 401)
			if !d.isAlive(t, d.logIn(t, "ann", row.next)) {
				t.Error("a new token is dead")
			}
			current = row.next
		})
	}
	d.sawNothing(t)
}

func TestAuthRefusesToChangeAPasswordOnTheseGrounds(t *testing.T) {
	d := startAuth(t)
	raw, right := d.logIn(t, "ann", passwordOf("ann")), url.QueryEscape(passwordOf("ann"))
	before, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		why, line, raw string
		status         int
		has            string
	}{
		{"the current password is wrong", "GET /_auth?op=change-password&current=wrong&new=b", raw, 403, failure("the current password is not right")},
		{"the current password is another user's", "GET /_auth?op=change-password&current=" + url.QueryEscape(passwordOf("bob")) + "&new=b", raw, 403, "not right"},
		{"there is no token", "GET /_auth?op=change-password&current=" + right + "&new=b", "", 401, failure(loginFirst)},
		{"the token is not valid", "GET /_auth?op=change-password&current=" + right + "&new=b", badTokens(t)["another key"], 401, failure(notValid)},
		{"there is no new password", "GET /_auth?op=change-password&current=" + right, raw, 400, "required"},
		{"the new password is empty", "GET /_auth?op=change-password&new=&current=" + right, raw, 400, "password"},
		{"the new password is too long", "GET /_auth?op=change-password&current=" + right + "&new=" + strings.Repeat("x", 1025), raw, 400, "1024"},
		{"there are two new passwords", "GET /_auth?op=change-password&new=a&new=b&current=" + right, raw, 400, "once"},
		{"the method is another", "PUT /_auth?op=change-password&new=a&current=" + right, raw, 405, "PUT is not accepted"},
	} {
		t.Run(row.why, func(t *testing.T) {
			wantAuth(t, d.auth(t, row.line, row.raw), row.status, row.has)
		})
	}
	after, err := os.ReadFile(d.users)
	if err != nil || string(after) != string(before) {
		t.Errorf("the users file has changed: %v\n%s", err, after)
	}
	if d.wantLogins(t, "ann", passwordOf("ann"), 200); !d.isAlive(t, raw) {
		t.Error("the token is dead")
	}
	d.sawNothing(t)
}

// TestAuthLeavesTheRestOfTheUsersFileAsItWas has a file as a person writes it.
func TestAuthLeavesTheRestOfTheUsersFileAsItWas(t *testing.T) {
	hash, err := account.HashPassword("old", 4)
	if err != nil {
		t.Fatal(err)
	}
	const written = "{\n \"roles\": { \"R\" : {\"paths\":[], \"note\": 1.0} },\n \"users\": {\n" +
		"  \"ann\": { \"x\": [ 1e3, {\"\\u0041\":null} ],\n   \"digest\": \"HASH\", \"rev\" :7, \"paths\":[],\"shoe size\":44 },\n" +
		"  \"bob\": {\"paths\": [],   \"rev\": 12345, \"y\": \"\\u00e4\"}\n }\n}\n"
	d := newDoor(t, frontDoor("password_hash argon2id", ownKey), doorOptions{store: "127.0.0.1:1", noUsers: true})
	if err := os.WriteFile(d.users, []byte(strings.Replace(written, "HASH", hash, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	d.awaitServing(t, "/_login")
	raw := d.logIn(t, "ann", "old")
	wantAuth(t, d.ask(t, request("GET /_auth?op=change-password&current=old&new=new", bearing(raw))), 200, succeeded)
	wantAuth(t, d.ask(t, request("GET /_auth?op=logout", bearing(d.logIn(t, "ann", "new")))), 200, succeeded)
	after, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	// What changed goes back to what was written; all else must be there as it was.
	text := regexp.MustCompile(`"digest": *"[^"]*"`).ReplaceAllString(string(after), `"digest": "HASH"`)
	text = regexp.MustCompile(`"rev" *: *9\b`).ReplaceAllString(text, `"rev" :7`)
	text = regexp.MustCompile(`,\s*"digest2(_sha256)?": *"[0-9a-f]*"`).ReplaceAllString(text, "")
	if strings.Join(strings.Fields(text), " ") != strings.Join(strings.Fields(written), " ") {
		t.Errorf("the file is now\n%s\nwhich was\n%s", after, written)
	}
	if info, err := os.Stat(d.users); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v, want mode 0600", info.Mode(), err)
	}
	if left, err := os.ReadDir(d.dir); err != nil || len(left) > 5 { // the lock of the users file stays
		t.Errorf("it left behind: %v %v", left, err)
	}
	if time.Until(expiryOf(t, d.logIn(t, "ann", "new"))) <= 0 {
		t.Error("a token is dead on arrival")
	}
}

func expiryOf(t *testing.T, raw string) time.Time {
	t.Helper()
	_, expires := claims(t, raw)
	return expires
}
