package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/remote"
)

// startAdministered starts a door with an admin endpoint.
func startAdministered(t *testing.T, caddyfile string) askedDoor {
	t.Helper()
	store := startRecorder(t, &recorder{})
	return askedDoor{startDoor(t, caddyfile, doorOptions{store: store.address, admin: true}), store}
}

// administer calls the admin API.
func (d *door) administer(t *testing.T, line, body string, headers ...string) answer {
	t.Helper()
	return ask(t, d.admin, called(d.admin, line, body, headers...))
}

// called is a call of the admin API below /cmwell_auth.
func called(host, line, body string, headers ...string) []byte {
	method, path, _ := strings.Cut(line, " ")
	headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
	return append(requestTo(host, method+" /cmwell_auth/"+path, headers...), body...)
}

func TestTheAdminAPIAnswersInJSONAndSentences(t *testing.T) {
	d := startAdministered(t, frontDoor(ownKey, "password_hash argon2id"))
	for _, row := range []struct {
		line, body string
		status     int
		has        string
	}{
		{"GET state", "", 200, `"environment":"production","mode":"enforce","realm":"cmwell","passwordHash":"argon2id"`},
		{"GET users?limit=2", "", 200, `,"next":"ann"}`},
		{"GET users?after=bob", "", 200, `{"users":[{"name":"cal"`},
		{"GET users?after=zzz", "", 200, `{"users":[]}`},
		{"GET roles", "", 200, `{"roles":[]}`},
		{"GET users/ann", "", 200, `"digest":"$2a$04$`},
		{"GET lint", "", 200, `{"warnings":[],"more":0}`},
		{"GET explain?user=ann&path=/tests/x&level=w", "", 200, `"passes":true`},
		{"GET explain?user=anonymous&path=/tests/x&level=w", "", 200, `"reason":"no_token"`},
		{"GET explain?user=nobody&path=/", "", 404, `{"error":"user nobody does not exist"}`},
		{"GET explain?user=ann", "", 400, "begins with a slash"},
		{"GET explain?user=ann&path=/a%00", "", 400, "control characters"},
		{"GET explain?path=/a", "", 400, "1 to 128"},
		{"PUT roles/Editor", `{"paths":[]}`, 200, `{"success":true}`},
		{"GET roles/Editor", "", 200, `{"paths":[]}`},
		{"POST users/bob/password", `{"password":"another one"}`, 200, `{"rev":1}`},
		{"POST users/bob/password", `{"password":""}`, 400, "0 bytes found"},
		{"POST users/bob/password", `{"password":1}`, 400, "is a string"},
		{"POST users/bob/password", ``, 400, "one JSON object"},
		{"POST users/bob/revoke", "", 200, `{"rev":2}`},
		{"POST users/bob/token", "", 200, `"rev":2}`},
		{"POST users/bob/token", `{"expiry":"30d"}`, 200, `"token":"ey`},
		{"POST users/bob/token", `{"expiry":"61d"}`, 400, "at most 60d"},
		{"POST users/anonymous/token", "", 400, "never logs in"},
		{"POST users/anonymous/password", `{"password":"x"}`, 400, "never logs in"},
		{"DELETE roles/Editor", "", 200, `{"success":true}`},
		{"GET keys", "", 200, `{"keys":[]}`}, // the key is configured
		{"POST keys/rotate", "", 409, "no keys are managed here"},
		{"POST keys/rotate?drop_old=1", "", 400, "true and false"},
		{"GET lockouts", "", 200, `{"lockouts":[]}`},
		{"DELETE lockouts/ann", "", 404, "user ann is closed to nobody"},

		{"GET users/nobody", "", 404, `{"error":"user nobody does not exist"}`},
		{"DELETE users/nobody", "", 404, "user nobody does not exist"},
		{"POST users/nobody/revoke", "", 404, "user nobody does not exist"},
		{"POST users/nobody/password", `{"password":"x"}`, 404, "user nobody does not exist"},
		{"POST users/nobody/token", "", 404, "user nobody does not exist"},
		{"GET nowhere", "", 404, "state, health, users, roles, keys, lockouts, explain and lint are"},
		{"GET ", "", 404, "nothing is served"},
		{"GET users/ann/nothing", "", 404, "nothing is served"},
		{"PATCH users/ann", `{}`, 405, "accepted are GET, PUT, DELETE"},
		{"GET users/ann/revoke", "", 405, "accepted are POST"},
		{"GET users?limit=10001", "", 400, "from 1 to 10000"},
		{"GET users?limt=1", "", 400, `parameter \"limt\" found`},
		{"GET users?after=a&after=b", "", 400, "given 2 times"},
		{"GET users?after=%zz", "", 400, "malformed"},
		{"GET state?users=2", "", 400, `users \"2\" found; accepted are 1 (file:`},
	} {
		got := d.administer(t, row.line, row.body)
		if got.status != row.status || !strings.Contains(got.body, row.has) || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %v %v, want %d with %s", row.line, got, got.header, row.status, row.has)
		}
	}
	for _, op := range []string{"put role Editor", "set the password of user bob", "revoke the tokens of user bob", "issue a token of user bob", "delete role Editor"} {
		d.says(t, `"op":"`+op+`","by":"the admin API","client_ip":"127.0.0.1"`)
	}
	if said := d.output.String(); strings.Contains(said, "another one") || strings.Contains(said, "eyJ") || strings.Contains(said, "$argon2") {
		t.Error("a secret is in the log")
	}
}

// What is not accepted at /meta/auth is not accepted here: attacks U-01 to U-05, U-07.
func TestTheAdminAPITakesNoBadDocument(t *testing.T) {
	d := startAdministered(t, frontDoor(ownKey))
	d.refusesBadDocuments(t, func(document string) answer { return d.administer(t, "PUT users/ann", document) })
}

func TestTheAdminAPILeadsNowhereElse(t *testing.T) {
	d := startAdministered(t, frontDoor(ownKey))
	before, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"..%2froles%2fAdmin", "a%2fb", "%00", "a%0ab", strings.Repeat("x", 129), "%2e", "%2e%2e", "%F0%9F%98%80", "%E2%80%AEann", "a%20b"} {
		for _, call := range []string{"PUT users/" + name, "GET users/" + name, "DELETE users/" + name, "POST users/" + name + "/revoke"} {
			if got := d.administer(t, call, `{}`); got.status == 200 || got.status >= 500 {
				t.Errorf("%s: got %v", call, got)
			}
		}
	}
	if after, err := os.ReadFile(d.users); err != nil || string(after) != string(before) {
		t.Errorf("the file changed: %v\n%s", err, after)
	}
}

func TestADocumentIsReplacedOnlyWhileItIsTheSame(t *testing.T) {
	d := startAdministered(t, frontDoor(ownKey))
	const document = `{"paths":[]}`
	if got := d.administer(t, "PUT roles/Editor", document, "If-None-Match: *"); got.status != 200 {
		t.Fatalf("got %v", got)
	}
	tag := "If-Match: " + d.administer(t, "GET roles/Editor", "").header.Get("ETag")
	for _, row := range []struct {
		headers []string
		status  int
		says    string
	}{
		{[]string{"If-None-Match: *"}, 412, "role Editor exists already"},
		{[]string{`If-Match: "another"`}, 412, "role Editor was changed meanwhile"},
		{[]string{tag, "If-None-Match: *"}, 400, "If-Match with one entity tag"},
		{[]string{`If-None-Match: "x"`}, 400, "If-None-Match: *"},
		{[]string{tag}, 200, "success"},
		{[]string{tag}, 412, "was changed meanwhile"},
	} {
		got := d.administer(t, "PUT roles/Editor", `{"paths":[],"changed":true}`, row.headers...)
		if got.status != row.status || !strings.Contains(got.body, row.says) {
			t.Errorf("%s: got %v, want %d with %s", row.headers, got, row.status, row.says)
		}
	}
	if got := d.administer(t, "PUT roles/New", document, tag); got.status != 412 || !strings.Contains(got.body, "does not exist any more") {
		t.Errorf("got %v", got)
	}
}

// Attack U-13: of many administrators at once, none loses an edit.
func TestEditsAtOnceThroughTheAdminAPILoseNothing(t *testing.T) {
	d := startAdministered(t, frontDoor(ownKey))
	if got := d.administer(t, "PUT roles/Editor", `{"note":""}`); got.status != 200 {
		t.Fatalf("got %v", got)
	}
	const writers, each = 4, 5
	var done sync.WaitGroup
	for range writers {
		done.Go(func() {
			client := &remote.Client{HTTP: http.DefaultClient, Base: "http://" + d.admin}
			for range each {
				err := client.Replace(t.Context(), account.Roles, "Editor", func(kept []byte) ([]byte, error) {
					return []byte(strings.Replace(string(kept), `"}`, `x"}`, 1)), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	if got := d.administer(t, "GET roles/Editor", ""); got.body != `{"note":"`+strings.Repeat("x", writers*each)+`"}` {
		t.Errorf("got %v", got)
	}
}

// Attack O-12. The first door listens everywhere: then Caddy asks for no Host.
func TestTheAdminAPIAnswersTheOperatorAlone(t *testing.T) {
	closed := startAdministered(t, frontDoor(ownKey))
	open := newDoor(t, frontDoor(ownKey), doorOptions{store: closed.store.address, admin: true})
	local := open.admin
	_, port, _ := net.SplitHostPort(local)
	open.write(t, strings.Replace(frontDoor(ownKey), "admin {$DOOR_ADMIN}", "admin 0.0.0.0:"+port, 1))
	open.start(t)
	open.awaitServing(t, "/_login")
	for _, row := range []struct {
		why, address string
		request      []byte
		says         string // empty for an answer
	}{
		{"this machine", local, called(local, "GET users", ""), ""},
		{"this machine, by name", local, called("localhost:"+port, "GET users", ""), ""},
		{"another name, as by DNS rebinding", local, called("evil.example", "GET users", ""), "same machine only"},
		{"another address", elsewhere(t, port), called(elsewhere(t, port), "GET users", ""), "same machine only"},
		{"another address that says it is this one", elsewhere(t, port), called(local, "GET users", ""), "same machine only"},
		{"a change from another address", elsewhere(t, port), called(elsewhere(t, port), "DELETE users/ann", ""), "same machine only"},
		{"a change from another address, state too", elsewhere(t, port), called(elsewhere(t, port), "GET state", ""), "same machine only"},
		{"a proxy on this machine", local, called(local, "GET users", "", "X-Forwarded-For: 10.0.0.1"), "same machine only"},
		{"a proxy that says so otherwise", local, called(local, "PUT users/eve", "{}", "Via: 1.1 proxy"), "same machine only"},
		{"a page of another site", local, called(local, "PUT users/eve", "{}", "Origin: http://evil.example"), "not allowed"},

		{"Caddy's own check of Host", closed.admin, called("evil.example", "GET users", ""), "host not allowed"},
		{"Caddy's own check of Origin", closed.admin, called(closed.admin, "PUT users/eve", "{}", "Origin: http://evil.example"), "not allowed"},
		{"a proxy before a closed one", closed.admin, called(closed.admin, "GET users", "", "Forwarded: for=10.0.0.1"), "same machine only"},
	} {
		got := ask(t, row.address, row.request)
		if row.says == "" && got.status != 200 || row.says != "" && (got.status != 403 || !strings.Contains(got.body, row.says)) {
			t.Errorf("%s: got %v, want %q", row.why, got, row.says)
		}
	}
	for _, d := range []*door{open, closed.door} {
		if text, err := os.ReadFile(d.users); err != nil || strings.Contains(string(text), "eve") || !strings.Contains(string(text), "ann") {
			t.Errorf("the users changed: %v", err)
		}
	}
}

// elsewhere is an address of this machine that is none of the loopback interface's.
func elsewhere(t *testing.T, port string) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
			return net.JoinHostPort(ip.IP.String(), port)
		}
	}
	leftOut(t, "this machine has no address but those of the loopback interface")
	return ""
}

func TestTheAdminAPIAnswersOverAUnixSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "admin.sock")
	startDoor(t, strings.Replace(frontDoor(ownKey), "admin {$DOOR_ADMIN}", "admin unix/"+socket, 1), doorOptions{store: startRecorder(t, &recorder{}).address})
	client := &remote.Client{Base: "http://localhost", HTTP: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}
	eventually(t, "the users are shown", func() bool {
		u, err := client.User(t.Context(), "ann")
		return err == nil && u.Name == "ann"
	})
	if err := client.Delete(t.Context(), account.Users, "ann"); err != nil {
		t.Error(err)
	}
	if _, err := client.User(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
}

const twoDoors = `{
	default_bind 127.0.0.1
	admin {$DOOR_ADMIN}
	auto_https off
}

:{$DOOR_PORT} {
	@second path /second/*
	cmwell_auth @second {
		users file {$DOOR_USERS}2
		signing_key env DOOR_KEY
	}
	cmwell_auth /third/* {
		users file {$DOOR_USERS}
		signing_key env DOOR_KEY
		realm other
	}
	cmwell_auth {
		users file {$DOOR_USERS}
		signing_key env DOOR_KEY
	}
	reverse_proxy {$DOOR_STORE}
}
`

func TestOneOfSeveralFrontDoorsIsChosen(t *testing.T) {
	store := startRecorder(t, &recorder{})
	door := newDoor(t, twoDoors, doorOptions{store: store.address, admin: true})
	if err := os.WriteFile(door.users+"2", []byte(`{"users":{"zoe":{}},"roles":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	door.start(t)
	door.awaitServing(t, "/_login")
	d := askedDoor{door, store}
	both := "file:" + d.users
	for _, row := range []struct {
		line   string
		status int
		has    string
	}{
		{"GET state", 200, `"number":3`},
		{"GET users", 409, "several front doors are running, and users says which: 1 (" + both + ", production), 2 (" + both + ", production), 3 (" + both + "2, production)"},
		{"GET users?users=3", 200, `"name":"zoe"`},
		{"GET users?users=" + both + "2", 200, `"name":"zoe"`},
		{"GET users?users=" + both, 200, `"name":"ann"`}, // which of the two makes no difference
		{"GET users?users=1", 200, `"name":"ann"`},
		{"GET users?users=4", 400, "accepted are 1 ("},
		{"GET explain?user=ann&path=/&users=" + both, 409, "users says which: 1 ("}, // here it does
		{"GET explain?user=ann&path=/&users=2", 200, `"passes":true`},
		{"POST users/ann/token?users=" + both, 409, "users says which"},
		{"POST users/zoe/revoke?users=3", 200, `{"rev":1}`},
		{"POST users/zoe/revoke?users=1", 404, "user zoe does not exist"},
	} {
		if got := d.administer(t, row.line, ""); got.status != row.status || !strings.Contains(got.body, row.has) {
			t.Errorf("%s: got %v, want %d with %s", row.line, got, row.status, row.has)
		}
	}
}

func TestTheAdminAPISpeaksOfTheConfigurationThatRuns(t *testing.T) {
	d := startAdministered(t, frontDoor("realm one"))
	d.write(t, frontDoor("realm two"))
	if said, err := d.reload(t); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	eventually(t, "the new realm is shown", func() bool {
		return strings.Contains(d.administer(t, "GET state", "").body, `"realm":"two"`)
	})
	d.write(t, "{\n\tadmin {$DOOR_ADMIN}\n\tauto_https off\n}\n:{$DOOR_PORT} {\n\trespond ok\n}\n")
	if said, err := d.reload(t); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	eventually(t, "there is no door any more", func() bool {
		got := d.administer(t, "GET state", "")
		return got.status == 503 && strings.Contains(got.body, "no cmwell_auth in it")
	})
}

// Attack O-13.
func TestNoSecretIsShownByTheAdminEndpoint(t *testing.T) {
	d := startAdministered(t, frontDoor(ownKey))
	for _, path := range []string{"/config/", "/cmwell_auth/state", "/cmwell_auth/users", "/cmwell_auth/lint"} {
		got := ask(t, d.admin, requestTo(d.admin, "GET "+path))
		if got.status != 200 || strings.Contains(got.body, signingSecret) || strings.Contains(got.body, "$2a$") {
			t.Errorf("%s: got %v", path, got)
		}
	}
	saved, err := filepath.Glob(filepath.Join(d.dir, "config", "caddy", "autosave.json"))
	if err != nil || len(saved) != 1 {
		t.Fatalf("%q, %v", saved, err)
	}
	if text, err := os.ReadFile(saved[0]); err != nil || strings.Contains(string(text), signingSecret) {
		t.Errorf("the key is in the saved configuration: %v", err)
	}
}
