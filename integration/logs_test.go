package integration

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoTokenIsWrittenAnywhere sends tokens in every place where people put
// them, and looks at every byte that comes of it: the logs, also of a store that
// fails or is down, the admin API, and all files.
func TestNoTokenIsWrittenAnywhere(t *testing.T) {
	debug := func(text string) string {
		return strings.Replace(text, "{\n\tadmin", "{\n\tdebug\n\tmetrics\n\tadmin", 1)
	}
	console := func(text string) string {
		return strings.ReplaceAll(text, "format cmwell_redact", "format cmwell_redact console")
	}
	for name, change := range map[string]func(string) string{"as it stands": asItStands, "with debug": debug, "on a console": console} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting: refused logins are answered late
			store := startRecorder(t, &recorder{reply: failing})
			up := startLogged(t, change, store.address)
			down := startLogged(t, change, "127.0.0.1:"+freePort(t))
			good, bad := up.logIn(t, "ann", passwordOf("ann")), badTokens(t)
			for _, place := range tokenPlaces {
				up.leavesNoTrace(t, "GET /tests/x", place, good, 200)
				up.leavesNoTrace(t, "GET /tests/fail", place, good, 500)
				up.leavesNoTrace(t, "PUT /tests/x", place, bad["another key"], 401)
				up.leavesNoTrace(t, "PUT /tests/x", place, bad["expired"], 401)
				if strings.HasPrefix(place, "X-") {
					up.leavesNoTrace(t, "PUT /tests/secret/x", place, good, 403)
				}
			}
			for _, place := range oddPlaces {
				up.leavesNoTrace(t, "GET /tests/x", place, good, 0)
			}
			for _, spelling := range []string{strings.ReplaceAll(good, ".", "%2E"), strings.ReplaceAll(good, ".", "%252e"), "%65" + good[1:]} {
				up.leavesNoTrace(t, "GET /tests/x", "?a=", spelling, 0)
				up.leavesNoTrace(t, "GET /tests/x", "Referer: http://store/x?a=", spelling, 0)
			}
			up.close(t, "ann")
			for _, place := range tokenPlaces {
				if !strings.HasPrefix(place, "Authorization") {
					up.leavesNoTrace(t, "GET /_login", place, good, 429, authorization("ann", "wrong"))
				}
			}
			up.tellsNothingOf(t, good)
			good = down.logIn(t, "ann", passwordOf("ann"))
			for _, place := range tokenPlaces {
				down.leavesNoTrace(t, "GET /tests/x", place, good, 502)
			}
			down.tellsNothingOf(t, good)
			if name == "with debug" && !strings.Contains(up.output.String(), "upstream roundtrip") {
				t.Error("the log has no debug entries")
			}
		})
	}
}

// failing is a store that sends tokens back to where the browser will show them.
func failing(r received) string {
	if !strings.HasPrefix(r.target, "/tests/fail") {
		return plainReply(r)
	}
	raw := strings.Join(r.values("X-CM-WELL-TOKEN"), "")
	return reply(r, "500 Internal Server Error", raw, "Location: /x?=token="+raw, "Set-Cookie: X-CM-WELL-TOKEN="+raw, "X-Debug: was "+raw)
}

// close fails to log in until the user is closed to this client.
func (d loggedDoor) close(t *testing.T, name string) {
	t.Helper()
	for range 20 {
		if d.ask(t, request("GET /_login", authorization(name, "wrong"))).status == 429 {
			return
		}
	}
	t.Error("twenty failed logins were not too many")
}

// tellsNothingOf looks for the token in the files that the door keeps and in
// what its admin API shows, the log of which has its requests with their headers.
func (d loggedDoor) tellsNothingOf(t *testing.T, raw string) {
	t.Helper()
	told := map[string]string{}
	for _, path := range []string{"/config/", "/metrics", "/reverse_proxy/upstreams"} {
		told["GET "+path] = ask(t, d.admin, requestTo(d.admin, "GET "+path, bearing(raw))).body
	}
	// What is wrong with these is in the log too.
	ask(t, d.admin, requestTo(d.admin, "GET /id/"+raw+"?token="+raw))
	bad := `{"apps": {"http": {"servers": "` + raw + `"}}}`
	ask(t, d.admin, requestTo(d.admin, "POST /load", "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(bad)), "", bad))
	err := filepath.WalkDir(d.dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		told[name] = string(content)
		return err
	})
	if _, autosaved := told[filepath.Join(d.dir, "config", "caddy", "autosave.json")]; err != nil || !autosaved {
		t.Error("no autosave.json was found: ", err)
	}
	told["log"] = d.output.String()
	for where, text := range told {
		if signature := raw[strings.LastIndexByte(raw, '.')+1:]; strings.Contains(text, signature) {
			t.Errorf("%s has the token", where)
		}
	}
}

// tokenPlaces are header lines; the one that begins with "?" is a query.
var tokenPlaces = []string{
	"X-CM-WELL-TOKEN: ", "x-cm-well-token2: ", "Cookie: a=b; X-CM-WELL-TOKEN=", "Authorization: Bearer ",
	"?a=b&token=", "?%74oken=", "Referer: http://store/x?token=", "Referer: http://store/x?a=b&token=",
}

// oddPlaces are spellings that no filter of single parameters catches, and places
// where no token belongs. Whether the door takes them does not matter here.
var oddPlaces = []string{
	"?TOKEN=", "?=token=", "?a%3Btoken=", "?access_token=", "?a;token=", "?", "?%zz=", "?a=b%26token=", "?a=Bearer%20",
	"Referer: http://store/x?TOKEN=", "Referer: http://store/x?=token=", "Referer: http://store/", "Referer: http://store/x#token=",
	"X-Nothing: ", "User-Agent: curl/8 ", "Destination: http://store/", "X-Forwarded-Uri: /x?token=",
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
func (d loggedDoor) leavesNoTrace(t *testing.T, line, place, raw string, status int, headers ...string) {
	t.Helper()
	before := strings.Count(d.output.String(), "handled request")
	headers = append(headers, "Content-Length: 0")
	if query, ok := strings.CutPrefix(place, "?"); ok {
		line += "?" + query + raw
	} else {
		headers = append(headers, place+raw)
	}
	sent := request(line, headers...)
	if got := d.ask(t, sent); status != 0 && got.status != status {
		t.Errorf("%s %s: got %v, want %d", line, place, got, status)
	}
	eventually(t, "the request is in the access log", func() bool {
		return strings.Count(d.output.String(), "handled request") > before
	})
	output := d.output.String()
	for _, part := range strings.FieldsFunc(raw, func(r rune) bool { return r == '.' || r == '%' })[1:] {
		if len(part) > 8 && strings.Contains(output, part) {
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
