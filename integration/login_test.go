package integration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestCurlGetsATokenAndWritesWithIt(t *testing.T) {
	curl := needs(t, "curl")
	d := startAsked(t)
	run := func(args ...string) string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		output, err := exec.CommandContext(ctx, curl, append([]string{"-q", "-s", "-S", "--noproxy", "*"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %q: %v\n%s", args, err, output)
		}
		return string(output)
	}
	base := "http://" + d.address
	var login struct{ Token string }
	output := run("-u", "ann:"+passwordOf("ann"), base+"/_login")
	if err := json.Unmarshal([]byte(output), &login); err != nil || output != `{"token":"`+login.Token+`"}` {
		t.Fatalf("the login said %q: %v", output, err)
	}
	if got := run("-w", " %{http_code}", "-T", "/dev/null", base+"/tests/x"); got != failure(loginFirst)+" 401" {
		t.Errorf("PUT without the token: %s", got)
	}
	d.store.take()
	if got := run("-w", "%{http_code}", "-d", "abc", "-H", bearing(login.Token), base+"/tests/x"); got != "POST /tests/x\n200" {
		t.Errorf("POST with the token: %s", got)
	}
	if seen := d.store.take(); inShort(seen) != "POST /tests/x as ann" || string(seen[0].body) != "abc" {
		t.Errorf("the store saw %v", seen)
	}
}

// claims are the middle of a token.
func claims(t *testing.T, raw string) (sub string, expires time.Time) {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("%q has %d parts", raw, len(parts))
	}
	decoded, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Sub string
		Exp int64
	}
	if err == nil {
		err = json.Unmarshal(decoded, &c)
	}
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return c.Sub, time.UnixMilli(c.Exp)
}

func TestALoginThatFailsTellsNothingAboutUsers(t *testing.T) {
	d := startAsked(t)
	want := "401 " + fmt.Sprintf("%q", "Not authenticated.\n401 - User/Pass don't match.\n")
	var first answer
	for i, credentials := range [][2]string{{"ann", "wrong"}, {"ghost", "wrong"}, {"", ""}, {"ann", ""}, {"anonymous", "x"}, {"../x", "y"}, {"ann", strings.Repeat("p", 200)}} {
		got := d.ask(t, request("GET /_login", authorization(credentials[0], credentials[1])))
		got.header.Del("Date")
		got.header["Www-Authenticate"] = []string{challenged(got)} // nonces differ by design
		if got.String() != want {
			t.Errorf("%q: got %v, want %s", credentials, got, want)
		}
		if i == 0 {
			first = got
		}
		if fmt.Sprint(got.header) != fmt.Sprint(first.header) {
			t.Errorf("%q: header %v, of another failure %v", credentials, got.header, first.header)
		}
	}
	checkLoginHeaders(t, first)
	if seen := d.store.take(); len(seen) > 0 {
		t.Errorf("the store saw %v", seen)
	}
}

// everyChallenge is what the login offers, as challenged shows it.
const everyChallenge = `Digest realm="cmwell", qop="auth", algorithm=SHA-256, nonce="…", opaque="…", charset=UTF-8 | ` +
	`Digest realm="cmwell", qop="auth", algorithm=MD5, nonce="…", opaque="…", charset=UTF-8 | ` +
	`Basic realm="cmwell", charset="UTF-8"`

var random = regexp.MustCompile(`(nonce|opaque)="[A-Za-z0-9_-]{22,}"`)

// challenged are the challenges of an answer, without what is random in them.
func challenged(got answer) string {
	return random.ReplaceAllString(strings.Join(got.header.Values("Www-Authenticate"), " | "), `$1="…"`)
}

func checkLoginHeaders(t *testing.T, got answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Vary": "Authorization", "Access-Control-Allow-Origin": "", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if all := strings.Join(got.header.Values(name), " | "); all != want {
			t.Errorf("%d: %s is %q, want %q", got.status, name, all, want)
		}
	}
	challenge := ""
	if got.status == 401 {
		challenge = everyChallenge
	}
	if all := challenged(got); all != challenge {
		t.Errorf("%d: the challenge is %q, want %q", got.status, all, challenge)
	}
}

// loginRow is a request for a token.
type loginRow struct {
	line    string
	headers []string
	want    int
	body    string // the whole of it; empty for a token
	has     string // or a part of it
	lasts   time.Duration
}

func TestTheLoginAnswersEveryRequestAsItsRowSays(t *testing.T) {
	d := startAsked(t)
	ann := authorization("ann", passwordOf("ann"))
	day := 24 * time.Hour
	malformed := "follows Basic is not base64"
	for _, row := range []loginRow{
		{line: "GET /_login", headers: []string{ann}, want: 200, lasts: day},
		{line: "GET /_login", headers: []string{strings.Replace(ann, "Basic", "bAsIc ", 1)}, want: 200, lasts: day},
		{line: "GET /_login?exp=30d", headers: []string{ann}, want: 200, lasts: 30 * day},
		{line: "GET /_login?exp=60d", headers: []string{ann}, want: 200, lasts: 60 * day},
		{line: "GET /_login?exp=3d%205h", headers: []string{ann}, want: 200, lasts: 3*day + 5*time.Hour},
		{line: "GET /_login?exp=3d+5h", headers: []string{ann}, want: 200, lasts: 3*day + 5*time.Hour},
		{line: "GET /_login?exp=2h30m", headers: []string{ann}, want: 200, lasts: 150 * time.Minute},
		{line: "GET /_login?exp=%2230d%22", headers: []string{ann}, want: 200, lasts: 30 * day},
		{line: "GET /_login?exp=3D-5H", headers: []string{ann}, want: 200, lasts: 3*day + 5*time.Hour},
		{line: "GET /_login?exp=61d", headers: []string{ann}, want: 400, has: "60d"},
		{line: "GET /_login?exp=60d1m", headers: []string{ann}, want: 400, has: "60d"},
		{line: "GET /_login?exp=0d", headers: []string{ann}, want: 400, has: "zero"},
		{line: "GET /_login?exp=", headers: []string{ann}, want: 400, has: "30d"},
		{line: "GET /_login?exp=soon", headers: []string{ann}, want: 400, has: "30d"},
		{line: "GET /_login?exp=30", headers: []string{ann}, want: 400, has: "30d"},
		{line: "GET /_login?exp=1d1d", headers: []string{ann}, want: 400, has: "twice"},
		{line: "GET /_login?exp=99999999999999999999d", headers: []string{ann}, want: 400, has: "60d"},
		{line: "GET /_login?exp=1d&exp=60d", headers: []string{ann}, want: 400, has: "more than once"},
		{line: "GET /_login?exp=soon", want: 400, has: "30d"}, // before anybody looks at credentials
		{line: "GET /_login", want: 401, body: "Please provide your credentials.\n"},
		{line: "GET /_login", headers: []string{"Authorization: Bearer x"}, want: 401, body: "Please provide your credentials.\n"},
		{line: "GET /_login", headers: []string{"Authorization: Basic"}, want: 400, has: "colon"},
		{line: "GET /_login", headers: []string{"Authorization: Basic !!!"}, want: 400, has: malformed},
		{line: "GET /_login", headers: []string{"Authorization: Basic YW5u"}, want: 400, has: "colon"},
		{line: "GET /_login", headers: []string{"Authorization: Basic YW5uOng=x"}, want: 400, has: malformed},
		{line: "GET /_login", headers: []string{ann, ann}, want: 400, has: "more than one"},
		{line: "HEAD /_login", headers: []string{ann}, want: 200, body: "-"},
		{line: "POST /_login", headers: []string{ann, "Content-Length: 0"}, want: 405, has: "POST is not accepted"},
		{line: "DELETE /_login", headers: []string{ann}, want: 405, has: "DELETE is not accepted"},
		{line: "OPTIONS /_login", want: 405, has: "OPTIONS is not accepted"},
	} {
		t.Run(row.line+" "+strings.Join(row.headers, " "), func(t *testing.T) {
			row.check(t, d.ask(t, request(row.line, row.headers...)))
		})
	}
	if seen := d.store.take(); len(seen) > 0 {
		t.Errorf("the store saw %v", seen)
	}
}

func (row loginRow) check(t *testing.T, got answer) {
	t.Helper()
	if got.status != row.want {
		t.Fatalf("got %v, want %d", got, row.want)
	}
	checkLoginHeaders(t, got)
	if allow := got.header.Get("Allow"); got.status == 405 && allow != "GET, HEAD" {
		t.Errorf("Allow is %q", allow)
	}
	switch {
	case row.body == "-": // HEAD has none
	case row.body != "" && got.body != row.body:
		t.Errorf("got %q, want %q", got.body, row.body)
	case row.has != "" && !strings.Contains(got.body, row.has):
		t.Errorf("got %q, want %q in it", got.body, row.has)
	case row.lasts > 0:
		var login struct{ Token string }
		if err := json.Unmarshal([]byte(got.body), &login); err != nil {
			t.Fatalf("%q: %v", got.body, err)
		}
		sub, expires := claims(t, login.Token)
		if left := time.Until(expires); sub != "ann" || left > row.lasts || left < row.lasts-time.Minute {
			t.Errorf("a token of %s for %v, want ann's for %v", sub, left, row.lasts)
		}
		if got.header.Get("Content-Type") != "application/json" {
			t.Errorf("Content-Type is %s", got.header.Get("Content-Type"))
		}
	}
}

func TestTheLoginMayHaveAnotherPathAndTheOldOneIsThenTheStores(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor("profile http", "login_path /token", "expiry 2h max 3h", ownKey), doorOptions{store: store.address, awaits: "/token"})
	got := d.ask(t, request("GET /token", authorization("ann", passwordOf("ann"))))
	loginRow{want: http.StatusOK, lasts: 2 * time.Hour}.check(t, got)
	loginRow{want: http.StatusBadRequest, has: "3h"}.check(t, d.ask(t, request("GET /token?exp=4h", authorization("ann", passwordOf("ann")))))
	if got := d.ask(t, request("GET /_login")); got.status != 200 || inShort(store.take()) != "GET /_login as nobody" {
		t.Errorf("got %v", got)
	}
}

func TestAUsersFileThatOthersCanReadIsRefusedInProduction(t *testing.T) {
	d := newDoor(t, frontDoor(ownKey), doorOptions{store: "127.0.0.1:1"})
	if err := os.Chmod(d.users, 0o644); err != nil {
		t.Fatal(err)
	}
	if said := d.startsAndFails(t); !strings.Contains(said, "0600") || !strings.Contains(said, d.users) {
		t.Errorf("it said:\n%s", said)
	}
}
