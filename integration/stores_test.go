package integration

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/webdav"
)

// davStores read paths in ways of their own: nginx decodes and cleans them, Go's
// ServeMux sends the client to the clean one.
var davStores = map[string]func(*testing.T) davStore{"nginx": startNginx, "net/http": startGoStore}

func startGoStore(t *testing.T) davStore {
	t.Helper()
	files := t.TempDir()
	mux := http.NewServeMux()
	mux.Handle("/", &webdav.Handler{FileSystem: webdav.Dir(files), LockSystem: webdav.NewMemLS()})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return davStore{startRecorder(t, &recorder{relay: server.Listener.Addr().String()}), files, true}
}

func startInFrontOf(t *testing.T, start func(*testing.T) davStore, settings ...string) (*door, davStore) {
	t.Helper()
	store := start(t)
	settings = append(settings, "environment production", ownKey)
	return startDoor(t, frontDoor(settings...), doorOptions{store: store.address}), store
}

// Whatever a request looks like: with ann's token it changes nothing but what
// ann may write, and shows nothing that is denied to ann. The door and the
// store behind it read each path for themselves.
func TestNoRequestOfAnnsReachesBeyondHerPaths(t *testing.T) {
	for name, start := range davStores {
		for _, profile := range []string{"http", "cmwell"} {
			t.Run(name+" "+profile, func(t *testing.T) {
				d, store := startInFrontOf(t, start, "profile "+profile)
				s := &siege{door: d, store: store, token: bearing(tokenOf(t, "ann"))}
				plant(t, store.files, davTree)
				for _, row := range attackRows {
					if strings.Contains(row.send, "op=logout") || row.send == "" {
						continue // the one works, and ends ann's token; the other has frames
					}
					s.try(t, row.id, s.asAnn(t, row.send), len(row.want))
				}
				for _, row := range davRows {
					s.try(t, row.line, string(request(row.line, append(slices.Clip(row.headers), s.token)...)), 1)
				}
				for _, target := range oddTargets() {
					for _, said := range s.attemptsAt(target) {
						s.try(t, said, said, 1)
					}
				}
				if s.passed < 200 || s.wrote < 40 {
					t.Errorf("of %d requests %d reached the store and %d changed something: too few to mean anything", s.tried, s.passed, s.wrote)
				}
				if got := d.ask(t, request("PUT /tests/last", s.token, "Content-Length: 0")); got.status != 201 {
					t.Errorf("at the end ann's token is good for nothing any more: %v", got)
				}
				t.Logf("%d requests, %d reached the store, %d changed something", s.tried, s.passed, s.wrote)
			})
		}
	}
}

// siege sends requests with one token at a door in front of a real store.
type siege struct {
	door                 *door
	store                davStore
	token                string
	tried, passed, wrote int
}

// asAnn is the request of a row with ann's token in place of all others, and
// with it in the header where none was.
func (s *siege) asAnn(t *testing.T, said string) string {
	t.Helper()
	raw := strings.TrimPrefix(s.token, "X-CM-WELL-TOKEN: ")
	for _, name := range []string{"ann", "adm", "bob", "cal"} {
		said = strings.ReplaceAll(said, "{"+name+"}", raw)
	}
	head, body, _ := strings.Cut(said, "\r\n\r\n")
	if !strings.Contains(head, raw) {
		head += "\r\n" + s.token
	}
	return head + "\r\n\r\n" + body
}

// attemptsAt are requests by which a store with WebDAV reads, writes, moves and
// deletes.
func (s *siege) attemptsAt(target string) []string {
	ask := func(line string, headers ...string) string {
		return string(request(line, append(headers, s.token)...))
	}
	return []string{
		ask("GET " + target), ask("PROPFIND "+target, "Depth: 1"),
		string(requestWith("new", "PUT "+target, s.token)), ask("DELETE " + target), ask("MKCOL " + target),
		ask("COPY /tests/a", "Destination: "+target), ask("MOVE /tests/full/f", "Destination: http://door"+target, "Overwrite: T"),
		ask("MOVE "+target, "Destination: /tests/moved"), ask("COPY "+target, "Destination: /tests/copied"),
	}
}

func (s *siege) try(t *testing.T, what, said string, answers int) {
	t.Helper()
	s.tried++
	w, err := connect(s.door.address)
	if err != nil {
		t.Fatal(err)
	}
	defer w.connection.Close()
	w.say([]byte(said))
	method, _, _ := strings.Cut(said, " ")
	for range answers {
		got, err := w.hear(method)
		if err != nil {
			break // the door has closed the connection on what is no request
		}
		if strings.Contains(got.body, davTree["/tests/secret/s"]) || method == "PROPFIND" && strings.Contains(got.body, "/tests/secret") {
			t.Errorf("%.300q: ann was shown what is denied to her: %.300v", what, got)
		}
		method = "GET"
	}
	if len(s.store.take()) > 0 {
		s.passed++
	}
	changes := changed(davTree, tree(t, s.store.files))
	for _, change := range changes {
		path := change[1:]
		if !strings.HasPrefix(path, "/tests/") || strings.HasPrefix(path, "/tests/secret/") || path == "/tests/" {
			t.Errorf("%.300q: in the file system %s", what, change)
		}
	}
	if len(changes) > 0 {
		s.wrote++
		plant(t, s.store.files, davTree)
	}
}

// oddTargets are paths of pieces that servers read differently, the same ones in
// every run.
func oddTargets() []string {
	plain := []string{"full", "new", "x", "a", "f", "deep"}
	odd := []string{
		"tests", "secret", "s", "other", "o", "testsuite", "..", "..", ".", "", "%2e%2e", "%2E.", "..%2f", "%2f", "..;", ";a=b", "secret;v", "%73ecret", "s%65cret", "%2573ecret", "secret%20", "secret.",
		"secret%00", "%5c..", "..%5c", "SECRET", "secret%2fs", "tests%2fsecret", "%EF%BC%8E%EF%BC%8E", "%c0%ae%c0%ae", "a%23", "a%3f",
		"..%c0%af", "secret%2e", "~", "+", "secret:$DATA", "new%0a", "*", "tests%2f..%2fother",
	}
	random := rand.New(rand.NewPCG(1, 2))
	var targets []string
	for range 200 {
		var b strings.Builder
		if random.IntN(5) > 0 {
			b.WriteString("/tests")
		}
		for range 1 + random.IntN(4) {
			pieces := plain
			if random.IntN(2) == 0 {
				pieces = odd
			}
			fmt.Fprintf(&b, "/%s", pieces[random.IntN(len(pieces))])
		}
		if random.IntN(4) == 0 {
			b.WriteByte('/')
		}
		targets = append(targets, b.String())
	}
	return targets
}
