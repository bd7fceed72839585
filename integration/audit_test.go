package integration

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// entriesOf are those of a logger and all below it, oldest first.
func (d *door) entriesOf(logger string) []map[string]any {
	var found []map[string]any
	for line := range strings.Lines(d.output.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) != nil {
			continue
		}
		if name, _ := entry["logger"].(string); name == logger || strings.HasPrefix(name, logger+".") {
			found = append(found, entry)
		}
	}
	return found
}

// logged sends a request and returns its entry in the access log.
func (d *door) logged(t *testing.T, line string, headers ...string) map[string]any {
	t.Helper()
	_, target, _ := strings.Cut(line, " ")
	mark := fmt.Sprint(len(d.output.String()))
	d.ask(t, request(line, append(headers, "User-Agent: "+mark, "Content-Length: 0")...))
	var found map[string]any
	eventually(t, "the request is in the access log", func() bool {
		for _, entry := range d.entriesOf("http.log.access") {
			if text := fmt.Sprint(entry["request"]); strings.Contains(text, "User-Agent:["+mark+"]") && strings.Contains(text, "uri:"+target) {
				found = entry
			}
		}
		return found != nil
	})
	return found
}

const auditLogger = "http.handlers.cmwell_auth.audit"

// TestEveryRefusalSaysWhyInAWordAndASentence finds the entry of each request in the
// audit log by the number that the access log has for it too.
func TestEveryRefusalSaysWhyInAWordAndASentence(t *testing.T) {
	store := startRecorder(t, &recorder{})
	text := strings.Replace(frontDoor(ownKey, "login_limit 1 1m"), "\tcmwell_auth {", "\tlog\n\tcmwell_auth {", 1)
	d := startDoor(t, text, doorOptions{store: store.address})
	bad, ann := badTokens(t), tokenOf(t, "ann")
	for _, row := range []struct {
		line, header string
		entry        map[string]any
	}{
		{"PUT /x", "X-Nothing: here", map[string]any{"msg": "refused", "reason": "no_token", "why": "no token", "status": 401.0, "user": "", "access": "write", "path": "/x", "rule": "no entry"}},
		{"PUT /x?a=b", bearing(bad["expired"]), map[string]any{"reason": "expired", "why": "the token is not accepted: expired", "path": "/x"}},
		{"PUT /x", bearing(bad["another key"]), map[string]any{"reason": "signature", "user": ""}},
		{"PUT /x", bearing(bad["revoked"]), map[string]any{"reason": "revoked", "why": "token revoked"}},
		{"PUT /x", bearing(bad["garbage"]), map[string]any{"reason": "malformed_token"}},
		{"PUT /elsewhere", bearing(ann), map[string]any{"reason": "forbidden", "status": 403.0, "user": "ann", "reading": "/elsewhere", "rule": "no entry"}},
		{"PUT /tests/secret/x", bearing(ann), map[string]any{"reason": "forbidden", "rule": "own - /tests/secret/* rw"}},
		{"GET //_login", "X-Nothing: here", map[string]any{"reason": "spelling", "status": 400.0}},
		{"GET /_login", "X-Nothing: here", map[string]any{"msg": "login failed", "reason": "no_credentials", "why": "no credentials", "scheme": "none"}},
		{"GET /_login", authorization("ann", "wrong"), map[string]any{"msg": "login failed", "reason": "rejected", "scheme": "basic"}},
		{"GET /_login", authorization("ann", "wrong"), map[string]any{"msg": "login failed", "reason": "throttled", "status": 429.0}},
		{"GET /_login", authorization("bob", passwordOf("bob")), map[string]any{"msg": "login", "user": "bob", "scheme": "basic"}},
		{"GET /_auth?op=whoami", bearing(ann), map[string]any{"msg": "operation", "op": "whoami", "user": "ann"}},
		{"GET /_auth?op=invalidate-cache", bearing(ann), map[string]any{"msg": "operation refused", "op": "invalidate-cache", "user": "ann", "reason": "forbidden"}},
		{"PUT /meta/auth/users/x", bearing(ann), map[string]any{"reason": "forbidden"}},
	} {
		access := d.logged(t, row.line, row.header)
		var entry map[string]any
		for _, e := range d.entriesOf(auditLogger) {
			if e["request_id"] == access["uuid"] && access["uuid"] != nil {
				entry = e
			}
		}
		for field, want := range row.entry {
			if entry[field] != want {
				t.Errorf("%s: %s is %v in the audit log, want %v: %v", row.line, field, entry[field], want, entry)
			}
		}
		if why, _ := entry["why"].(string); row.entry["reason"] != nil && !strings.Contains(why, " ") {
			t.Errorf("%s: %q is no sentence", row.line, why)
		}
		if entry["client_ip"] != "127.0.0.1" || !uuid.MatchString(access["uuid"].(string)) { //nolint:errcheck // a test that panics fails
			t.Errorf("%s: %v", row.line, entry)
		}
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// TestPlaceholdersTellWhatWasDecided has a site put them into its access log.
func TestPlaceholdersTellWhatWasDecided(t *testing.T) {
	store := startRecorder(t, &recorder{})
	text := strings.Replace(frontDoor(ownKey), "\tcmwell_auth {", `	log
	log_append who {http.auth.user.id}
	log_append rev {http.auth.user.rev}
	log_append decision {http.cmwell_auth.decision}
	log_append rule {http.cmwell_auth.rule}
	log_append level {http.cmwell_auth.level}
	cmwell_auth {`, 1)
	d := startDoor(t, text, doorOptions{store: store.address})
	for _, row := range []struct{ line, header, who, rev, decision, rule, level string }{
		{"GET /x", "X-Nothing: here", "", "", "pass", "", "read"},
		{"PUT /tests/x", bearing(tokenOf(t, "ann")), "ann", "0", "pass", "own + /tests/* rw", "write"},
		{"GET /x", bearing(tokenOf(t, "bob")), "bob", "0", "pass", "own + /* r", "read"},
		{"PUT /x", bearing(tokenOf(t, "bob")), "bob", "", "forbidden", "no entry", "write"},
		{"PUT /x", "X-Nothing: here", "", "", "no_token", "no entry", "write"},
	} {
		entry := d.logged(t, row.line, row.header)
		for field, want := range map[string]string{
			"who": row.who, "rev": row.rev, "decision": row.decision, "rule": row.rule, "level": row.level, "user_id": row.who,
		} {
			if got := entry[field]; fmt.Sprint(got) != want && (got != nil || want != "") {
				t.Errorf("%s: %s is %v, want %q", row.line, field, got, want)
			}
		}
	}
}
