package integration

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoTokenIsInTheLogsOfTheExample sends tokens in every place where people
// put them. Caddy writes the headers of a request into its access log, and into
// its error log when the store is down.
func TestNoTokenIsInTheLogsOfTheExample(t *testing.T) {
	debug := func(text string) string { return strings.Replace(text, "{\n\tadmin", "{\n\tdebug\n\tadmin", 1) }
	for name, change := range map[string]func(string) string{"as it stands": asItStands, "with debug": debug} {
		t.Run(name, func(t *testing.T) {
			store := startRecorder(t, &recorder{})
			up := startLogged(t, change, store.address)
			down := startLogged(t, change, "127.0.0.1:"+freePort(t))
			good, bad := up.logIn(t, "ann", passwordOf("ann")), badTokens(t)
			for _, place := range tokenPlaces {
				up.leavesNoTrace(t, "GET /tests/x", place, good, 200)
				up.leavesNoTrace(t, "PUT /tests/x", place, bad["another key"], 401)
				up.leavesNoTrace(t, "PUT /tests/x", place, bad["expired"], 401)
				if strings.HasPrefix(place, "X-") {
					up.leavesNoTrace(t, "PUT /tests/secret/x", place, good, 403)
				}
			}
			for _, place := range oddPlaces {
				up.leavesNoTrace(t, "GET /tests/x", place, good, 0)
			}
			good = down.logIn(t, "ann", passwordOf("ann"))
			for _, place := range tokenPlaces {
				down.leavesNoTrace(t, "GET /tests/x", place, good, 502)
			}
			if name == "with debug" && !strings.Contains(up.output.String(), "upstream roundtrip") {
				t.Error("the log has no debug entries")
			}
		})
	}
}

// tokenPlaces are header lines; the one that begins with "?" is a query.
var tokenPlaces = []string{
	"X-CM-WELL-TOKEN: ", "x-cm-well-token2: ", "Cookie: a=b; X-CM-WELL-TOKEN=", "Authorization: Bearer ",
	"?a=b&token=", "?%74oken=", "Referer: http://store/x?token=", "Referer: http://store/x?a=b&token=",
}

// oddPlaces are spellings that no filter of single parameters catches. Whether
// the door takes them does not matter here.
var oddPlaces = []string{
	"?TOKEN=", "?=token=", "?a%3Btoken=", "?access_token=", "?a;token=", "Referer: http://store/x?TOKEN=", "Referer: http://store/x?=token=",
	"Referer: http://store/", "Referer: http://store/x#token=",
}

type loggedDoor struct{ *door }

func startLogged(t *testing.T, change func(string) string, store string) loggedDoor {
	t.Helper()
	d := startExample(t, change, map[string]string{"CMWELL_UPSTREAM": store})
	if err := os.Mkdir(filepath.Dir(d.users), 0o700); err != nil {
		t.Fatal(err)
	}
	writeUsers(t, d.users)
	d.start(t)
	d.awaitServing(t, "/_login")
	return loggedDoor{d}
}

// leavesNoTrace sends the token, waits for the entry of its request in the
// access log, and looks for any part of the token.
func (d loggedDoor) leavesNoTrace(t *testing.T, line, place, raw string, status int) {
	t.Helper()
	before := strings.Count(d.output.String(), `"handled request"`)
	sent := request(line, place+raw, "Content-Length: 0")
	if query, ok := strings.CutPrefix(place, "?"); ok {
		sent = request(line+"?"+query+raw, "Content-Length: 0")
	}
	if got := d.ask(t, sent); status != 0 && got.status != status {
		t.Errorf("%s %s: got %v, want %d", line, place, got, status)
	}
	eventually(t, "the request is in the access log", func() bool {
		return strings.Count(d.output.String(), `"handled request"`) > before
	})
	output := d.output.String()
	for _, part := range strings.Split(raw, ".")[1:] {
		if part != "" && strings.Contains(output, part) {
			t.Errorf("%s, token at %q, answered %d: the token is in the log", line, place, status)
		}
	}
}

func TestNoPasswordIsInTheLogs(t *testing.T) {
	d := startLogged(t, asItStands, "127.0.0.1:1")
	for _, password := range []string{passwordOf("ann"), "a wrong canary"} {
		line := authorization("ann", password)
		d.ask(t, request("GET /_login", line))
		d.ask(t, request("GET /_login?exp=soon", line))
		d.ask(t, request("GET /tests/x", line)) // 502
		_, encoded, _ := strings.Cut(line, "Basic ")
		d.says(t, `"status":502`)
		for _, secret := range []string{password, encoded} {
			if strings.Contains(d.output.String(), secret) {
				t.Errorf("%q is in the log", secret)
			}
		}
	}
}

// TestNoPasswordThatIsChangedIsInTheLogs has passwords in the query, where
// CM-Well has them.
func TestNoPasswordThatIsChangedIsInTheLogs(t *testing.T) {
	d := startLogged(t, asItStands, "127.0.0.1:1")
	raw, current := d.logIn(t, "ann", passwordOf("ann")), url.QueryEscape(passwordOf("ann"))
	const canary = "a.canary"
	for _, row := range []struct {
		target, header string
		status         int
	}{
		{"/_auth?op=change-password&current=" + canary + "&new=" + canary, "X-Nothing: here", 401},
		{"/_auth?op=change-password&current=" + canary, bearing(raw), 400},
		{"/_auth?op=change-password&new=" + canary, bearing(raw), 400},
		{"/_auth?op=change-password;current=" + canary + ";new=" + canary, bearing(raw), 400},
		{"/_auth?op=changepassword&current=" + canary + "&new=" + canary, bearing(raw), 400},
		{"//_auth?op=change-password&current=" + canary + "&new=" + canary, bearing(raw), 400},
		{"/tests/x", "Referer: http://d/_auth?op=change-password&current=" + canary + "&new=" + canary, 502},
		{"/tests/x?op=change-password&current=" + canary + "&new=" + canary, bearing(raw), 502},
		{"/_auth?op=change-password&current=" + canary + "&new=" + canary, bearing(raw), 403},
		{"/_auth?op=change-password&%63urrent=" + canary + "&ne%77=" + canary, bearing(raw), 403},
		{"/_auth?op=change-password&current=" + current + "&new=" + canary, bearing(raw), 200},
	} {
		before := strings.Count(d.output.String(), `"handled request"`)
		if got := d.ask(t, request("GET "+row.target, row.header)); got.status != row.status {
			t.Errorf("%s: got %v, want %d", row.target, got, row.status)
		}
		eventually(t, "the request is in the access log", func() bool {
			return strings.Count(d.output.String(), `"handled request"`) > before
		})
		for _, secret := range []string{canary, passwordOf("ann"), current} {
			if strings.Contains(d.output.String(), secret) {
				t.Fatalf("%s: a password is in the log", row.target)
			}
		}
	}
}
