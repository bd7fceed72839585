package integration

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
)

// forPeople is what a browser asks for when somebody types an address.
const forPeople = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

const sevenOps = "change-password, explain, generate-password, health, invalidate-cache, logout, whoami"

func TestTheConsoleIsForBrowsersAndPrograms(t *testing.T) {
	d := startAuth(t)
	page := d.ask(t, request("GET /_auth", forPeople))
	if page.status != 200 || !strings.HasPrefix(page.body, "<!doctype html>") {
		t.Fatalf("got %v", page)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Vary": "Accept",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := page.header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src 'self'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if got := d.ask(t, request("GET /_auth?asset=main.js")); got.status != 200 || got.header.Get("Content-Type") != "text/javascript; charset=utf-8" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v %v", got.status, got.header)
	}
	for _, line := range []string{"GET /_auth", "GET /_auth?asset=nothing.js", "GET /_auth?asset=console.html", "POST /_auth", "GET /_auth?op=x"} {
		wantAuth(t, d.ask(t, request(line, "Accept: */*", "Content-Length: 0")), 400, sevenOps)
	}
	wantAuth(t, d.ask(t, request("GET /_auth?op=x", forPeople)), 400, sevenOps)
	wantAuth(t, d.ask(t, request("GET /_auth?op=health", forPeople)), 200, `"ok":true`)
	d.sawNothing(t)
}

// TestWithConsoleOffNothingIsThere: the endpoint is what it was without the page.
func TestWithConsoleOffNothingIsThere(t *testing.T) {
	d := startAuth(t, "console off")
	for _, line := range []string{
		"GET /_auth", "GET /_auth?asset=main.js", "GET /_auth?op=users", "GET /_auth?op=recent", "POST /_auth?op=revoke", "POST /_auth?op=rotate-keys", "POST /_auth?op=login",
	} {
		wantAuth(t, d.ask(t, request(line, forPeople, bearing(tokenOf(t, "adm")), "Content-Length: 0")), 400, sevenOps+" are accepted")
	}
	wantAuth(t, d.auth(t, "GET /_auth?op=whoami", tokenOf(t, "ann")), 200, `"user":"ann"`)
	d.sawNothing(t)
}

// TestWhatIsBelowTheEndpointIsTheStores: the page takes no path from it.
func TestWhatIsBelowTheEndpointIsTheStores(t *testing.T) {
	d := startAuth(t, "profile http")
	for _, path := range []string{"/_auth/main.js", "/_auth/console", "/_authmain.js"} {
		d.expect(t, request("GET "+path, forPeople), 200, "", "GET "+path+" as nobody")
		d.expect(t, request("PUT "+path, "Content-Length: 0"), 401, "", "")
	}
}

// consoleOps are those that are there for the page, with what their bodies hold.
var consoleOps = map[string]string{
	"GET doors": "", "GET keys": "", "GET lint": "", "GET lockouts": "", "GET recent": "", "GET roles": "", "GET users": "", "GET writers": "", "GET seen&user=bob": "",
	"POST release": `{"user":"bob","client":""}`, "POST reset-password": `{"user":"bob"}`, "POST revoke": `{"user":"bob"}`, "POST rotate-keys": `{"drop_old":"false"}`,
}

func TestTheConsoleAsksForAdminAndForATokenInAHeader(t *testing.T) {
	d := startAuth(t, "token_from header X-CM-WELL-TOKEN", "token_from cookie session", "token_from query token", "login_limit 3 15m")
	before, err := os.ReadFile(d.users)
	if err != nil {
		t.Fatal(err)
	}
	adm, ann := tokenOf(t, "adm"), tokenOf(t, "ann")
	for call, body := range consoleOps {
		method, op, _ := strings.Cut(call, " ")
		line := method + " /_auth?op=" + op
		other := strings.Replace("POST GET", method, "", 1)
		wantAuth(t, d.ask(t, requestWith(body, strings.TrimSpace(other)+" /_auth?op="+op, bearing(adm))), 405, method)
		wantAuth(t, d.ask(t, requestWith(body, line)), 401, failure(loginFirst))
		wantAuth(t, d.ask(t, requestWith(body, line, bearing(ann))), 403, failure(forbidden))
		wantAuth(t, d.ask(t, requestWith(body, line, "Cookie: session="+adm)), 403, failure("this takes a token in a header only"))
		wantAuth(t, d.ask(t, requestWith(body, line+"&token="+adm)), 403, failure("this takes a token in a header only"))
	}
	after, err := os.ReadFile(d.users)
	if err != nil || string(after) != string(before) || !d.isAlive(t, tokenOf(t, "bob")) {
		t.Errorf("something has changed: %v", err)
	}
	d.sawNothing(t)
}

// TestThePageIsToldWhichHeaderTakesTokens, and that header does.
func TestThePageIsToldWhichHeaderTakesTokens(t *testing.T) {
	for from, want := range map[string]string{
		"header X-CM-WELL-TOKEN2\ntoken_from header X-CM-WELL-TOKEN": "X-Cm-Well-Token", "header X-Own": "X-Own",
		"bearer": "Authorization", "bearer\ntoken_from header X-Own": "X-Own", "cookie session\ntoken_from query token": "",
	} {
		d := startAuth(t, "token_from "+from)
		if page := d.ask(t, request("GET /_auth", forPeople)); !strings.Contains(page.body, `<meta name="token-header" content="`+want+`">`) {
			t.Errorf("with token_from %s, the page is %s", from, page.body)
		}
		line := map[string]string{"": "X-Cm-Well-Token: ", "Authorization": "Authorization: Bearer "}[want]
		if line == "" {
			line = want + ": "
		}
		status := 200
		if want == "" {
			status = 401
		}
		if got := d.ask(t, request("GET /_auth?op=keys", line+tokenOf(t, "adm"))); got.status != status {
			t.Errorf("with token_from %s, got %v, want %d", from, got, status)
		}
	}
}

func TestTheConsolesOperationsDoWhatTheySay(t *testing.T) {
	d := startAuth(t, "login_limit 3 15m")
	adm := tokenOf(t, "adm")
	look := func(query string, status int, has string) string {
		t.Helper()
		got := d.auth(t, "GET /_auth?op="+query, adm)
		wantAuth(t, got, status, has)
		return got.body
	}
	act := func(op, body string, status int, has string) string {
		t.Helper()
		got := d.ask(t, requestWith(body, "POST /_auth?op="+op, bearing(adm)))
		wantAuth(t, got, status, has)
		return got.body
	}
	look("users", 200, `{"users":[{"name":"adm","rev":0,"password":"bcrypt, cost 4","roles":[],"operations":["Admin","Overwrite","PriorityWrite"],"paths":1},{"name":"ann"`)
	if found := look("users&find=AN", 200, `"name":"ann"`); strings.Contains(found, `"name":"bob"`) {
		t.Errorf("a search found %s", found)
	}
	look("users&limit=1", 200, `"next":"adm"`)
	look("users&limit=x", 400, "limit")
	look("users&other=1", 400, "accepted are op, find, after, limit, each once")
	look("roles", 200, `{"roles":[]}`)
	look("lint", 200, `"warnings":[]`)
	look("doors", 200, `"environment":"production"`)
	look("keys", 200, `{"keys":[]}`)
	act("rotate-keys", `{"drop_old":"false"}`, 409, "no keys are managed here")
	act("rotate-keys", `{"drop_old":"perhaps"}`, 400, "true and false are accepted")
	look("writers", 200, `{"path":"/tests","writers":["adm","ann"],"count":2}`)
	look("writers", 200, `{"path":"/tests/secret","writers":["adm"],"count":1}`)

	bob := tokenOf(t, "bob")
	look("seen&user=bob", 200, `{"user":"bob","tokens":0,"within":"1h"}`)
	for range 3 {
		d.ask(t, request("GET /x", bearing(bob)))
	}
	look("seen&user=bob", 200, `"tokens":1`)
	act("revoke", `{"user":"bob"}`, 200, `{"rev":1}`)
	if d.isAlive(t, bob) {
		t.Error("a revoked token lives")
	}
	act("revoke", `{"user":"ghost"}`, 404, "user ghost does not exist")
	act("revoke", `{"user":"../roles/x"}`, 400, "")
	act("revoke", `{}`, 400, "")

	var reset struct {
		Password string
		Rev      int64
	}
	if err := json.Unmarshal([]byte(act("reset-password", `{"user":"bob"}`, 200, `"rev":2`)), &reset); err != nil || len(reset.Password) != 26 {
		t.Errorf("got %+v, %v", reset, err)
	}
	d.wantLogins(t, "bob", reset.Password, 200)

	look("lockouts", 200, `{"lockouts":[]}`)
	for range 3 {
		d.loginStatuses(t, "cal", "wrong")
	}
	look("lockouts", 200, `"user":"cal","client":"127.0.0.1"`)
	act("release", `{"user":"cal","client":"127.0.0.1"}`, 200, `{"released":1}`)
	act("release", `{"user":"cal","client":""}`, 200, `{"released":1}`) // what all strangers together have failed
	act("release", `{"user":"cal","client":""}`, 404, "closed to nobody")
	d.wantLogins(t, "cal", passwordOf("cal"), 200)

	tail := look("recent", 200, `"what":"operation","op":"revoke the tokens of user bob","user":"adm"`)
	for _, has := range []string{`"op":"set the password of user bob"`, `"reason":"rejected"`, `"what":"login failed"`} {
		if !strings.Contains(tail, has) {
			t.Errorf("the end of the audit log lacks %s", has)
		}
	}
	for _, hasNot := range []string{reset.Password, adm, "op=users", `"op":"users"`} {
		if strings.Contains(tail, hasNot) {
			t.Errorf("the end of the audit log has %s", hasNot)
		}
	}
	look("recent&after=1000000", 200, `"entries":[]`)
	d.says(t, `"op":"revoke the tokens of user bob"`)
}

// TestAdminAloneDoesNotWriteUsers, here as little as at /meta/auth: there it takes
// permission for the path too.
func TestAdminAloneDoesNotWriteUsers(t *testing.T) {
	d := startAuth(t)
	adm := tokenOf(t, "adm")
	for name, paths := range map[string]string{
		"blind":  `[]`,
		"reader": `[{"id":"/meta/auth","sign":"+","recursive":true,"permissions":"r"}]`,
	} {
		document := `{"paths":` + paths + `,"operations":["Admin"],"rev":0}`
		if got := d.ask(t, requestWith(document, "POST /meta/auth/users/"+name, bearing(adm), "X-CM-Well-Type: File")); got.status != 200 {
			t.Fatal(got)
		}
		raw := tokenOf(t, name)
		for _, op := range []string{"reset-password", "revoke"} {
			wantAuth(t, d.ask(t, requestWith(`{"user":"adm"}`, "POST /_auth?op="+op, bearing(raw))), 403, failure(forbidden))
		}
		for _, op := range []string{"users", "roles", "lint", "writers"} {
			want := map[string]int{"blind": 403, "reader": 200}[name]
			if got := d.auth(t, "GET /_auth?op="+op, raw); got.status != want {
				t.Errorf("%s asks for %s: got %v, want %d", name, op, got, want)
			}
		}
	}
	if !d.isAlive(t, adm) {
		t.Error("a token was revoked")
	}
}

func TestTheConsolesLoginIsTheJSONLogin(t *testing.T) {
	d := startAsked(t, "schemes digest", "password_hash argon2id")
	wantAuth(t, d.ask(t, requestWith(jsonLogin(t, "ann", passwordOf("ann")), "POST /_auth?op=login&exp=2h")), 200, `"message":"Successful login."`)
	wantAuth(t, d.ask(t, requestWith(jsonLogin(t, "ann", "wrong"), "POST /_auth?op=login")), 401, `{"message":"Login failed."}`)
	wantAuth(t, d.ask(t, requestWith(jsonLogin(t, "ann", passwordOf("ann")), "POST /_auth?op=login&exp=never")), 400, `"message"`)
	wantAuth(t, d.ask(t, request("GET /_auth?op=login&username=ann&password="+url.QueryEscape(passwordOf("ann")))), 405, `"message"`)
	wantAuth(t, d.ask(t, requestWith("{}", "POST /_auth?op=login")), 400, `"message"`)
	d.says(t, `"msg":"login","user":"ann","scheme":"json"`)
}

func TestOfTwoAdministratorsNeitherLosesAChange(t *testing.T) {
	d := startAuth(t)
	adm := tokenOf(t, "adm")
	put := func(status int, headers ...string) {
		t.Helper()
		given := append([]string{bearing(adm), "X-CM-Well-Type: File"}, headers...)
		if got := d.ask(t, requestWith(`{"paths":[],"rev":0}`, "POST /meta/auth/users/dan", given...)); got.status != status {
			t.Errorf("with %q: got %v, want %d", headers, got, status)
		}
	}
	put(412, `If-Match: "other"`)
	put(200, "If-None-Match: *")
	put(412, "If-None-Match: *")
	tag := d.auth(t, "GET /meta/auth/users/dan", adm).header.Get("ETag")
	put(412, `If-Match: "other"`)
	put(200, "If-Match: "+tag)
	put(400, "If-Match: "+tag, "If-None-Match: *")
	put(200)
}

func TestTheEndOfTheAuditLogOutlivesAReload(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey), doorOptions{store: store.address, admin: true})
	d.ask(t, request("PUT /before/the/reload", bearing(tokenOf(t, "bob")), "Content-Length: 0"))
	d.write(t, frontDoor(ownKey, "realm another"))
	if said, err := d.reload(t); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	adm := bearing(tokenOf(t, "adm"))
	if got := d.ask(t, request("GET /_auth?op=recent", adm)); !strings.Contains(got.body, "/before/the/reload") || !strings.Contains(got.body, `"reason":"forbidden","user":"bob","count":1`) {
		t.Errorf("got %v", got)
	}
	if got := d.ask(t, request("GET /_auth?op=doors", adm)); !strings.Contains(got.body, `"realm":"another"`) {
		t.Errorf("got %v", got)
	}
}

func TestDroppingTheKeysEndsEveryToken(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := askedDoor{startDoor(t, frontDoor(), doorOptions{store: store.address}), store}
	adm := d.logIn(t, "adm", passwordOf("adm"))
	wantAuth(t, d.ask(t, requestWith(`{"drop_old":"false"}`, "POST /_auth?op=rotate-keys", bearing(adm))), 200, `"state":"next"`)
	if !d.isAlive(t, adm) {
		t.Error("a rotation has ended a token")
	}
	wantAuth(t, d.ask(t, requestWith(`{"drop_old":"true"}`, "POST /_auth?op=rotate-keys", bearing(adm))), 200, `"state":"signing"`)
	if d.isAlive(t, adm) {
		t.Error("a token outlives its key")
	}
	d.says(t, `"op":"rotate-keys, dropping the old ones"`)
}
