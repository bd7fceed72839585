package integration

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

var (
	pageExample = regexp.MustCompile("(?s)### An example\n.*?```json\n(.*?)```\n(.*?)\n###")
	pageRow     = regexp.MustCompile("(?m)^\\| (\\w+) \\| `([^`]+)` \\| (\\d+) \\| ([^|]+) \\|")
)

// The example of docs/permissions.md is run: its users, its requests, its answers.
func TestTheExampleOfThePermissionsPageHolds(t *testing.T) {
	page := documents(t)["../docs/permissions.md"]
	found := pageExample.FindStringSubmatch(page)
	if found == nil {
		t.Fatal("docs/permissions.md has no example")
	}
	store := startRecorder(t, &recorder{})
	d := newDoor(t, frontDoor(ownKey), doorOptions{store: store.address})
	if err := os.WriteFile(d.users, []byte(found[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	d.awaitServing(t, "/_login")
	rows := pageRow.FindAllStringSubmatch(found[2], -1)
	if len(rows) < 18 {
		t.Fatalf("only %d rows are understood", len(rows))
	}
	for _, row := range rows {
		who, line, entry := row[1], row[2], strings.ReplaceAll(row[4], "`", "")
		headers := []string{"Content-Length: 0"}
		if who != "nobody" {
			headers = append(headers, bearing(signed(t, signingSecret, token.Claims{Subject: who, Expires: time.Now().Add(time.Hour)})))
		}
		got := d.ask(t, request(line, headers...))
		if strconv.Itoa(got.status) != row[3] {
			t.Errorf("%s by %s: got %v, the page says %s", line, who, got, row[3])
		}
		if seen := store.take(); (len(seen) == 1) != (got.status == 200) {
			t.Errorf("%s by %s: got %v, and the store saw %v", line, who, got, seen)
		}
		if who == "nobody" || got.status == 401 {
			continue
		}
		if said := explained(t, d, headers[1], line); said != entry {
			t.Errorf("%s by %s: op=explain says %q, the page says %q", line, who, said, entry)
		}
	}
}

// explained is the entry that decides about a request, in the page's words.
func explained(t *testing.T, d *door, bearing, line string) string {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(target, "?")
	ask := "GET /_auth?op=explain&path=" + strings.ReplaceAll(path, "%", "%25")
	if method != "GET" {
		ask += "&level=w"
	}
	if method == "DELETE" && query == "" {
		ask += "&tree=true"
	}
	got := d.ask(t, request(ask, bearing))
	var said struct{ Entry, Role, Sentence string }
	if err := json.Unmarshal([]byte(got.body), &said); err != nil || got.status != 200 || said.Sentence == "" {
		t.Fatalf("%s: got %v", ask, got)
	}
	switch {
	case said.Entry == "":
		return "no entry"
	case said.Role != "":
		return "role " + said.Role + " " + said.Entry
	}
	return "own " + said.Entry
}
