package integration

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// eventsOf are Caddy's events of the name, as its log has them at level DEBUG.
func (d *door) eventsOf(t *testing.T, name string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(d.output.String()) {
		var entry struct {
			Logger, Msg, Name, Origin string
			Data                      map[string]any
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Logger == "events" && entry.Msg == "event" && entry.Name == name {
			if entry.Origin != "http.handlers.cmwell_auth" {
				t.Errorf("%s comes from %q", name, entry.Origin)
			}
			found = append(found, entry.Data)
		}
	}
	return found
}

func TestCaddysEventsTellWhatAnOperatorWouldWakeUpFor(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoorWith("debug", ownKey, "login_limit 2 1m"), doorOptions{store: store.address, admin: true})
	adm := bearing(tokenOf(t, "adm"))
	d.ask(t, request("GET /_login", authorization("ann", "wrong")))
	d.ask(t, request("GET /_login", authorization("ann", "wrong, too")))
	for range 3 {
		d.ask(t, request("GET /_login", authorization("ann", "wrong again")))
	}
	d.ask(t, request("GET /_login"))
	d.ask(t, request("GET /_auth?op=logout", bearing(tokenOf(t, "bob"))))
	d.ask(t, request("DELETE /meta/auth/users/cal", adm))
	ask(t, d.admin, requestTo(d.admin, "POST /cmwell_auth/users/ann/revoke", "Content-Length: 0"))
	if err := os.WriteFile(d.users, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.ask(t, request("GET /_auth?op=invalidate-cache", adm))
	d.says(t, `"name":"users_reload_failed"`)
	for name, want := range map[string][]map[string]any{
		"login_failed": {
			{"reason": "rejected", "scheme": "basic", "client_ip": "127.0.0.1"}, {"reason": "rejected", "scheme": "basic", "client_ip": "127.0.0.1"},
		},
		"lockout":             {{"reason": "throttled", "scheme": "basic", "client_ip": "127.0.0.1", "retry_after": 4.0}},
		"token_revoked":       {{"user": "bob", "op": "logout"}, {"user": "cal", "op": "delete user cal"}, {"user": "ann", "op": "revoke the tokens of user ann"}},
		"users_reloaded":      {{"store": "file"}, {"store": "file"}, {"store": "file"}}, // each changed a document
		"users_reload_failed": {{"store": "file"}},
	} {
		got, err := json.Marshal(d.eventsOf(t, name))
		if wanted, _ := json.Marshal(want); err != nil || string(got) != string(wanted) {
			t.Errorf("%s: got %s, want %s", name, got, wanted)
		}
	}
}

// TestADecisionIsOnCaddysSpan reads the spans that Caddy exports to its output.
func TestADecisionIsOnCaddysSpan(t *testing.T) {
	store := startRecorder(t, &recorder{})
	text := strings.Replace(frontDoor(ownKey), "\tcmwell_auth {", "\ttracing {\n\t\tspan door\n\t}\n\tcmwell_auth {", 1)
	d := startDoor(t, text, doorOptions{store: store.address, environ: map[string]string{"OTEL_TRACES_EXPORTER": "console"}})
	d.ask(t, request("PUT /tests/x", bearing(tokenOf(t, "ann")), "Content-Length: 0"))
	d.ask(t, request("PUT /x", bearing(tokenOf(t, "bob")), "Content-Length: 0"))
	d.ask(t, request("GET /x", bearing(badTokens(t)["expired"])))
	d.stop(t)
	var spans []string
	for line := range strings.Lines(d.output.String()) {
		var span struct {
			Name       string
			Attributes []struct {
				Key   string
				Value struct{ Value any }
			}
		}
		if json.Unmarshal([]byte(line), &span) != nil || span.Name != "door" {
			continue
		}
		var own []string
		for _, a := range span.Attributes {
			if value, ok := a.Value.Value.(string); ok && (strings.HasPrefix(a.Key, "cmwell_auth.") || a.Key == "enduser.id") {
				own = append(own, a.Key+"="+value)
			}
		}
		spans = append(spans, strings.Join(own, ", "))
	}
	for _, want := range []string{
		"cmwell_auth.decision=pass, cmwell_auth.level=write, enduser.id=ann, cmwell_auth.rule=own + /tests/* rw",
		"cmwell_auth.decision=forbidden, cmwell_auth.level=write, enduser.id=bob",
		"cmwell_auth.decision=expired, cmwell_auth.level=read",
	} {
		if !strings.Contains(strings.Join(spans, "\n"), want) {
			t.Errorf("no span has %s, of\n%s", want, strings.Join(spans, "\n"))
		}
	}
}
