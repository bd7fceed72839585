package integration

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTheDoorExplainsItself(t *testing.T) {
	d := startAuth(t)
	ann, adm := tokenOf(t, "ann"), tokenOf(t, "adm")
	for _, row := range []struct {
		who, ask string
		status   int
		parts    []string
	}{
		{ann, "path=/tests/secret/x&level=w", 200, []string{
			`"user":"ann","passes":false,"reason":"forbidden","level":"write"`, `"entry":"- /tests/secret/* rw"`,
			`"nearMisses":[{"entry":"+ /tests/* rw"`, `ann may not write /tests/secret/x: the user's own entry`,
		}},
		{ann, "path=/tests/a", 200, []string{`"passes":true,"level":"read"`, `"allowed":true`}},
		{ann, "path=/tests/%252e%252e/a&level=w", 200, []string{`"readings":["/tests/../a","/a"]`, `"reading":"/a"`}},
		{ann, "path=/meta/auth/users/ann&level=w", 200, []string{`"passes":false`, `"because":"This needs the operation Admin`}},
		{adm, "user=ann&path=/tests&level=w&tree=true", 200, []string{`"user":"ann","passes":false`, `"tree":true`}},
		{adm, "user=anonymous&path=/tests&level=w", 200, []string{`"passes":false,"reason":"no_token"`, `A write needs a token.`}},
		{ann, "user=adm&path=/a", 403, []string{"Authenticated but not authorized"}},
		{ann, "user=nobody&path=/a", 403, []string{"Authenticated but not authorized"}},
		{adm, "user=nobody&path=/a", 404, []string{"user nobody does not exist"}},
		{ann, "path=/a%00", 400, []string{"control characters"}},
		{ann, "", 400, []string{"one that begins with a slash is accepted"}},
		{"", "path=/a", 401, []string{loginFirst}},
	} {
		got := d.auth(t, "GET /_auth?op=explain&"+row.ask, row.who)
		if row.ask == "" {
			got = d.auth(t, "GET /_auth?op=explain", row.who)
		}
		for _, part := range row.parts {
			if got.status != row.status || !strings.Contains(got.body, part) {
				t.Errorf("%s: got %v, want %d and %s", row.ask, got, row.status, part)
			}
		}
	}
	d.sawNothing(t)
}

func TestTheAuditLogSaysWhy(t *testing.T) {
	d := startAuth(t)
	for line, want := range map[string]map[string]any{
		"PUT /tests/secret/x": {"reason": "forbidden", "user": "ann", "access": "write", "path": "/tests/secret/x", "rule": "own - /tests/secret/* rw", "role": "", "reading": "/tests/secret/x"},
		"PUT /tests/%2e%2e/b": {"reason": "forbidden", "path": "/tests/../b", "rule": "no entry", "reading": "/b"},
		"GET /_ll?lvl=debug":  {"reason": "forbidden", "path": "/_ll", "needs": "Admin", "rule": "no entry"},
	} {
		if got := d.ask(t, request(line, bearing(tokenOf(t, "ann")), "Content-Length: 0")); got.status != 403 {
			t.Errorf("%s: got %v", line, got)
		}
		entry := d.refusalOf(t, want["path"])
		for field, value := range want {
			if entry[field] != value {
				t.Errorf("%s: %s is %v in the audit log, not %v", line, field, entry[field], value)
			}
		}
		if why, _ := entry["why"].(string); (want["needs"] == nil) != strings.Contains(why, "ann may not write") {
			t.Errorf("%s: why is %v", line, entry["why"])
		}
	}
	near, _ := d.refusalOf(t, "/tests/secret/x")["near_misses"].([]any)
	if len(near) == 0 {
		t.Error("nothing nearly allowed it")
	}
}

// refusalOf is the audit entry of the refusal at the path.
func (d askedDoor) refusalOf(t *testing.T, path any) map[string]any {
	t.Helper()
	var found map[string]any
	eventually(t, "the refusal is in the audit log", func() bool {
		for line := range strings.Lines(d.output.String()) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == "refused" && entry["path"] == path {
				found = entry
			}
		}
		return found != nil
	})
	return found
}
