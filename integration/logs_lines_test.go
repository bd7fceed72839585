package integration

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestNoRequestWritesALineOfItsOwnIntoALog sends what looks like the end of an
// entry and the beginning of another, wherever a client can write.
func TestNoRequestWritesALineOfItsOwnIntoALog(t *testing.T) {
	console := func(text string) string {
		return strings.ReplaceAll(text, "format cmwell_redact", "format cmwell_redact console")
	}
	begins := regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}\t\x1b\[\d+m[A-Z]+\x1b\[0m\t[^\x1b]*$`)
	isJSON := func(line string) bool { return json.Valid([]byte(line)) && !strings.ContainsRune(line, '\x1b') }
	for name, row := range map[string]struct {
		change func(string) string
		is     func(line string) bool
	}{"json": {asItStands, isJSON}, "console": {console, begins.MatchString}} {
		t.Run(name, func(t *testing.T) {
			d := startLogged(t, row.change, "127.0.0.1:"+freePort(t))
			token := bearing(d.logIn(t, "ann", passwordOf("ann")))
			before := len(d.output.String())
			const forged = "x\n{\"level\":\"info\",\"msg\":\"forged\"}\x1b[2K\r\x00\"},\u2028"
			escaped := strings.NewReplacer("\n", "%0A", "\x1b", "%1B", "\r", "%0D", "\x00", "%00", `"`, "%22", "{", "%7B", "}", "%7D", "\u2028", "%E2%80%A8").Replace(forged)
			for _, line := range []string{
				"GET /tests/" + escaped, "PUT /tests/" + escaped, "GET /tests/x?" + escaped, "GET /" + strings.Repeat("long/", 2000),
				"GET /_auth?op=" + escaped, "GET /_auth?op=explain&path=/" + escaped, "GET /_login?exp=" + escaped, `GET /tests/"},{"a"\x1b[2K`,
			} {
				d.ask(t, request(line, token, "Content-Length: 0"))
				d.ask(t, request(line, "Content-Length: 0"))
			}
			d.ask(t, request("GET /_login", authorization(forged, forged)))
			d.ask(t, request("GET /_login", `Authorization: Digest username="`+escaped+`", realm="\"},`))
			d.ask(t, requestTo("x%0A\"", "GET /tests/x"))
			d.ask(t, request("GET /tests/last"))
			d.says(t, "/tests/last")
			for line := range strings.Lines(d.output.String()[before:]) {
				line = strings.TrimSuffix(line, "\n")
				if !row.is(line) {
					t.Errorf("this is no entry: %.300q", line)
				}
				if strings.Contains(line, "cmwell_auth.audit") && len(line) > 4096 {
					t.Errorf("one request wrote %d bytes of audit log: %.300q", len(line), line)
				}
			}
		})
	}
}
