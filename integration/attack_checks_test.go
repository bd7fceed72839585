package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// take is what the store saw, apart from what was asked afterwards.
func (a *attacked) take(afterwards string) []received {
	return slices.DeleteFunc(a.store.take(), func(r received) bool { return r.String() == afterwards+" as nobody" })
}

// secret finds a token or a password of the tests in a text; empty for none.
func (a *attacked) secret(text string) string {
	for name, raw := range a.tokens {
		if len(raw) > 20 && strings.Contains(text, raw) {
			return "the token " + name
		}
	}
	for name := range userPaths {
		_, encoded, _ := strings.Cut(authorization(name, passwordOf(name)), "Basic ")
		if strings.Contains(text, passwordOf(name)) || strings.Contains(text, encoded) {
			return "the password of " + name
		}
	}
	return ""
}

// checkAnswer holds that no answer shows a secret, but a login its token.
func (a *attacked) checkAnswer(t *testing.T, said string, got answer) {
	t.Helper()
	text := fmt.Sprint(got.header) + got.body
	if found := a.secret(text); found != "" {
		t.Errorf("%s is in an answer: %v", found, got)
	}
	if strings.Contains(text, "eyJ") && (got.status != 200 || !strings.Contains(said, "login")) {
		t.Errorf("a token is in an answer: %v", got)
	}
}

func (row attackRow) checkStore(t *testing.T, requests []received, want []string) {
	t.Helper()
	var short []string
	var all strings.Builder
	for _, r := range requests {
		short = append(short, r.String())
		all.Write(r.raw)
	}
	if !slices.Equal(short, want) {
		t.Errorf("the store saw %.300q, want %.300q", short, want)
	}
	sent := strings.ToLower(all.String())
	for _, part := range strings.Split(row.keeps, "|") {
		if !strings.Contains(sent, strings.ToLower(part)) {
			t.Errorf("the store did not see %q in\n%.2000s", part, sent)
		}
	}
	for _, part := range strings.Split(row.lacks, "|") {
		if part != "" && strings.Contains(sent, strings.ToLower(part)) {
			t.Errorf("the store saw %q in\n%.2000s", part, sent)
		}
	}
}

// added are fields that the store may see although no client sent them: Caddy's, and
// the identity, whose value the row tells.
var added = []string{
	"Host", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-CM-Well-User", "User-Agent",
	"Accept-Encoding", "Content-Length", "Transfer-Encoding", "Connection",
}

// checkSent holds that the store was sent the client's body to the byte and, besides
// what is added, no field that the client did not send; a verified token may have
// moved into its header.
func (a *attacked) checkSent(t *testing.T, sent []field, body string, seen []received) {
	t.Helper()
	if len(seen) != 1 {
		return
	}
	if string(seen[0].body) != body {
		t.Errorf("the store was sent the body %.200q, want %.200q", seen[0].body, body)
	}
	for _, f := range seen[0].fields {
		has := func(name string) bool { return strings.EqualFold(name, f.name) }
		same := func(own field) bool { return has(own.name) && strings.Trim(own.value, " \t") == f.value }
		switch {
		case slices.ContainsFunc(added, has), slices.ContainsFunc(sent, same), has("Cookie"):
		case has("X-CM-WELL-TOKEN") && f.value == a.tokens[strings.Join(seen[0].values("X-CM-Well-User"), "")]:
		default:
			t.Errorf("the store was sent %s: %.100s, which is nobody's", f.name, f.value)
		}
	}
}

// logged is all that the door wrote since, up to what was asked afterwards: the log
// of a request is written before its answer.
func (a *attacked) logged(t *testing.T, began int, afterwards string) string {
	t.Helper()
	_, target, _ := strings.Cut(afterwards, " ")
	mark := `"uri":"` + target + `"`
	said := ""
	eventually(t, "the log has "+target, func() bool {
		said = a.output.since(began)
		at := strings.LastIndex(said, mark)
		return at >= 0 && strings.Contains(said[at:], "\n")
	})
	whole := strings.Split(said, "\n")
	return strings.Join(slices.DeleteFunc(whole, func(line string) bool { return strings.Contains(line, mark) }), "\n")
}

// checkLog holds that the log shows no secret, and that it names who was verified,
// and nobody else, for each answer that the handlers gave; what is no request has
// none. Of every refusal for want of permission the audit log tells, too.
func (row attackRow) checkLog(t *testing.T, a *attacked, said string, statuses []int) {
	t.Helper()
	if found := a.secret(said); found != "" {
		t.Errorf("%s is in the log:\n%s", found, said)
	}
	audited := map[any]any{} // users, by the number of the request
	var answered []map[string]any
	for line := range strings.Lines(said) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) != nil {
			continue
		}
		switch logger, _ := entry["logger"].(string); {
		case logger == auditLogger:
			audited[entry["request_id"]] = entry["user"]
		case strings.HasPrefix(logger, "http.log.access"):
			answered = append(answered, entry)
		}
	}
	passed := row.saw
	for _, entry := range answered {
		status, _ := entry["status"].(float64)
		if statuses != nil && !slices.Contains(statuses, int(status)) {
			t.Errorf("the log has an answer %v, which nobody got: %v", status, entry)
		}
		var may []string
		if len(passed) > 0 && (status == 200 || status == 426 || status == 502) {
			_, who, _ := strings.Cut(passed[0], " as ")
			may, passed = []string{strings.Replace(who, "nobody", "", 1)}, passed[1:]
		} else {
			may = row.mayBe(int(status))
		}
		who, _ := entry["user_id"].(string)
		audit, there := audited[entry["uuid"]]
		told, _ := audit.(string) // a login that fails names nobody
		if !there && (status == 401 || status == 403) {
			t.Errorf("the audit log does not tell of an answer %v: %v", status, entry)
		}
		if who != "" && told != "" && told != who {
			t.Errorf("the log names %q for an answer %v, and the audit log %q", who, status, told)
		}
		if named := cmp.Or(who, told); !slices.Contains(may, named) {
			t.Errorf("the log names %q for an answer %v, want one of %q", named, status, may)
		}
	}
}

// mayBe are the names that the log may have with an answer of the door's own:
// nobody's without a valid token, and the user's own with one.
func (row attackRow) mayBe(status int) []string {
	names := []string{}
	said := row.send + strings.Join(row.frames, "\n")
	for name := range userPaths {
		if strings.Contains(said, "{"+name+"}") {
			names = append(names, name)
		}
	}
	if row.user != "" {
		names = append(names, row.user)
	}
	if status != 403 || len(names) == 0 {
		names = append(names, "")
	}
	if status == 401 {
		names = []string{""}
	}
	return names
}
