package integration

import (
	"strings"
	"testing"
)

const wouldHave = "would have refused"

func TestObservingRefusesNothingOnItsWayToTheStore(t *testing.T) {
	d := startAsked(t, "mode observe")
	d.says(t, "mode is observe")
	ann, bad := tokenOf(t, "ann"), badTokens(t)
	for _, row := range []struct {
		line    string
		headers []string
		saw     string
		reason  string // in the audit log
	}{
		{"PUT /x", nil, "PUT /x as nobody", "no_token"},
		{"PUT /elsewhere", []string{bearing(ann)}, "PUT /elsewhere as ann", "forbidden"},
		{"DELETE /tests", []string{bearing(ann)}, "DELETE /tests as ann", "forbidden"},
		{"GET /x", []string{bearing(bad["expired"])}, "GET /x as nobody", "expired"},
		{"PUT /x", []string{bearing(bad["another key"])}, "PUT /x as nobody", "signature"},
		{"PUT /x", []string{"X-CM-Well-User: root"}, "PUT /x as nobody", "no_token"},
		{"GET /x?op=purge-all", nil, "GET /x?op=purge-all as nobody", "no_token"},
		{"PUT /meta/ns/x", nil, "PUT /meta/ns/x as nobody", "no_token"},
		{"POST /_sparql", []string{bearing(ann)}, "POST /_sparql as ann", "forbidden"},
		{"POST /_in", []string{bearing(ann)}, "POST /_in as ann", "bulk_format"},
	} {
		before := strings.Count(d.output.String(), wouldHave)
		_, seen := d.expect(t, request(row.line, append(row.headers, "Content-Length: 0")...), 200, "", row.saw)
		if len(seen) == 1 {
			for name, raw := range bad {
				if len(raw) > 10 && strings.Contains(seen[0].head, raw) {
					t.Errorf("%s: a token that nobody verified (%s) went on to the store", row.line, name)
				}
			}
		}
		eventually(t, "it is in the audit log", func() bool { return strings.Count(d.output.String(), wouldHave) > before })
		if last := lastWith(strings.Split(d.output.String(), "\n"), wouldHave); !strings.Contains(last, `"reason":"`+row.reason+`"`) {
			t.Errorf("%s: the audit log says %s", row.line, last)
		}
	}
	d.expect(t, request("PUT /tests/x", bearing(ann), "Content-Length: 0"), 200, "", "PUT /tests/x as ann")
	d.expect(t, request("GET /x"), 200, "", "GET /x as nobody")

	// What the door serves itself is no store's to answer.
	d.expect(t, request("GET /%5flogin"), 400, "", "")
	d.expect(t, request("GET //_auth?op=whoami"), 400, "", "")
	d.expect(t, request("GET /_auth?op=whoami"), 401, "", "")
}

func lastWith(lines []string, part string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], part) {
			return lines[i]
		}
	}
	return ""
}

func TestDeclaredReadsAndWrites(t *testing.T) {
	d := startAsked(t, "profile http", "read {\nmethod POST\npath /count /search/*\n}", "read expression `{method} == 'LOCK'`", "write path_regexp ^/run/")
	bob, ann := tokenOf(t, "bob"), tokenOf(t, "ann")
	for _, row := range []struct {
		line, token string
		want        int
		saw         string
	}{
		{"POST /count", "", 200, "POST /count as nobody"},
		{"POST /search/x", bob, 200, "POST /search/x as bob"},
		{"LOCK /a", "", 200, "LOCK /a as nobody"},
		{"PUT /count", "", 401, ""},
		{"POST /elsewhere", "", 401, ""},
		{"GET /run/x", "", 401, ""},
		{"GET /run/x", ann, 403, ""},
		{"GET /runs", "", 200, "GET /runs as nobody"},
		{"POST /search/%2e%2e/x", "", 401, ""},
		{"POST /search//x", "", 401, ""},
		{"GET /x/..%2frun/x", "", 401, ""},
		{"POST /search/../meta/auth/users/x", "", 401, ""},
		{"POST /search/..%2f..%2fmeta/auth/users/x", bob, 403, ""},
	} {
		headers := []string{"Content-Length: 0"}
		if row.token != "" {
			headers = append(headers, bearing(row.token))
		}
		d.expect(t, request(row.line, headers...), row.want, "", row.saw)
	}
}
