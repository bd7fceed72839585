package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/integration/session"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// curlPages say how the lines of a page are run that stand in no session: at which
// door, with whose token, and what a line brings below which the page prints nothing.
var curlPages = map[string]struct {
	settings []string
	who      string
	prepare  func(*testing.T, *door)
	brings   []string // in the order of those lines
}{
	"../README.md":           {who: "adm", brings: []string{`{"success":true}`}},
	"../docs/reference.md":   {who: "adm"},
	"../docs/stores.md":      {prepare: breakUsers},
	"../docs/permissions.md": {settings: []string{ownKey}, who: "ann", prepare: exampleUsers},
	"../docs/operations.md":  {brings: []string{`"paths"`, "exists already", `"environment":"production"`}},
}

// Every line with curl in the documents is run. Those of sessions are run there.
func TestEveryCurlLineOfTheDocumentsBringsWhatItShows(t *testing.T) {
	needs(t, "curl")
	needs(t, "sh")
	for name, text := range documents(t) {
		page, known := curlPages[name]
		lines, triples := curlLines(t, text)
		if known != (len(lines) > 0) {
			t.Errorf("%s has %d lines, and stands among the pages: %v", name, len(lines), known)
		}
		if !known || len(lines) == 0 {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			store := startRecorder(t, &recorder{})
			socket := filepath.Join(t.TempDir(), "admin.sock")
			d := startDoor(t, frontDoor(page.settings...), doorOptions{store: store.address, admin: true})
			atSocket := startDoor(t, frontDoor(page.settings...), doorOptions{store: store.address, environ: map[string]string{"DOOR_ADMIN": "unix//" + socket}})
			here := strings.NewReplacer("localhost:8080", d.address, "localhost:2019", d.admin, "/run/cmwell-auth/admin.sock", socket)
			environ := d.environ
			if page.prepare != nil {
				page.prepare(t, d)
			}
			switch {
			case len(page.settings) > 0:
				raw := signed(t, signingSecret, token.Claims{Subject: page.who, Expires: time.Now().Add(time.Hour)})
				environ = append(environ, "TOKEN="+raw)
			case page.who != "":
				raw := d.logIn(t, page.who, passwordOf(page.who))
				environ = append(environ, "T="+raw, "TOKEN="+raw)
			}
			atSocket.awaitServing(t, "/_login")
			put(t, d.dir, "ann.json", `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"r"}]}`, 0o600)
			put(t, d.dir, "two.nt", here.Replace(triples), 0o600)
			brings := page.brings
			for _, line := range lines {
				if line.Output == "" {
					if len(brings) == 0 {
						t.Fatalf("what does %s bring?", line.Command)
					}
					line.Output, brings = "…"+brings[0]+"…", brings[1:]
				}
				cmd := exec.CommandContext(t.Context(), "sh", "-c", here.Replace(line.Command))
				cmd.Dir, cmd.Env = d.dir, environ
				got, err := cmd.Output()
				if err != nil || !line.Prints(joined(string(got))) {
					t.Errorf("%s\nprinted %s, %v\nwant %s", line.Command, got, err, line.Output)
				}
			}
		})
	}
}

var shellBlock = regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$")

// curlLines are the commands with curl outside sessions, each with what the page
// prints below it in one line, and the triples that the page shows in a file.
func curlLines(t *testing.T, text string) (lines []session.Step, triples string) {
	t.Helper()
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		if block[1] == "sh" { // nothing is printed there
			for line := range strings.Lines(block[2]) {
				if strings.HasPrefix(line, "curl ") {
					lines = append(lines, session.Step{Command: line})
				}
			}
			continue
		}
		steps, err := session.Steps(block[2])
		if err != nil {
			t.Error(err)
		}
		for _, step := range steps {
			switch {
			case strings.HasPrefix(step.Command, "curl "):
				lines = append(lines, session.Step{Command: step.Command, Output: joined(step.Output)})
			case step.Command == "cat two.nt":
				triples = step.Output
			}
		}
	}
	return lines, triples
}

// joined is a text in one line: a page breaks what is long.
func joined(text string) string { return lineBreak.ReplaceAllString(strings.TrimSpace(text), "") }

var lineBreak = regexp.MustCompile(`\n\s*`)

// breakUsers breaks the users file, and waits until the door has seen it.
func breakUsers(t *testing.T, d *door) {
	t.Helper()
	if err := os.WriteFile(d.users, []byte(`{"users":{"ann":{"rev":"1"}},"roles":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the door sees it", func() bool { return strings.Contains(d.health(t), "trouble") })
}

// exampleUsers are those of the example of the permissions page.
func exampleUsers(t *testing.T, d *door) {
	t.Helper()
	users := pageExample.FindStringSubmatch(documents(t)["../docs/permissions.md"])[1]
	if err := os.WriteFile(d.users, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	raw := signed(t, signingSecret, token.Claims{Subject: "ann", Expires: time.Now().Add(time.Hour)})
	eventually(t, "the door sees them", func() bool { return d.ask(t, request("GET /inbox/1", bearing(raw))).status != 401 })
}
