package integration

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

func startInFrontOfNginx(t *testing.T) (*door, davStore) {
	t.Helper()
	return startInFrontOf(t, startNginx, "profile http")
}

func TestARealStoreIsWrittenWithATokenOnly(t *testing.T) {
	d, store := startInFrontOfNginx(t)
	ann := d.logIn(t, "ann", passwordOf("ann"))

	got := d.ask(t, requestWith("hello", "PUT /tests/greeting"))
	if got.status != 401 || got.body != failure(loginFirst) || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("PUT without a token: got %v", got)
	}
	if seen := store.take(); len(seen) > 0 {
		t.Errorf("nginx was sent %v", seen)
	}
	if got := d.ask(t, requestWith("hello", "PUT /tests/greeting", bearing(ann))); got.status != 201 {
		t.Errorf("PUT with a token: got %v", got)
	}
	if got := d.ask(t, request("GET /tests/greeting")); got.status != 200 || got.body != "hello" {
		t.Errorf("GET without a token: got %v", got)
	}
	if got := d.ask(t, request("HEAD /tests/greeting")); got.status != 200 || got.header.Get("Content-Length") != "5" {
		t.Errorf("HEAD without a token: got %v %v", got, got.header)
	}
	if seen := inShort(store.take()); seen != "PUT /tests/greeting as ann, GET /tests/greeting as nobody, HEAD /tests/greeting as nobody" {
		t.Errorf("nginx was sent %s", seen)
	}
}

// davRow is a request to a tree that the test makes anew for each row.
type davRow struct {
	line    string
	headers []string
	who     string // empty for no token
	want    int
	body    string   // a part of the answer
	changes []string // "+/path" and "-/path", against the tree as it was made
}

// davTree is where each row begins.
var davTree = map[string]string{
	"/tests/": "", "/tests/a": "one", "/tests/secret/": "", "/tests/secret/s": "hidden", "/tests/full/": "", "/tests/full/f": "two",
	"/other/": "", "/other/o": "three", "/testsuite/": "",
}

var davRows = []davRow{
	{line: "PROPFIND /tests/a", headers: []string{"Depth: 0"}, want: 207, body: "<D:href>/tests/a</D:href>"},
	{line: "PROPFIND /tests/", headers: []string{"Depth: 1"}, want: 207, body: "<D:href>/tests/full/</D:href>"},
	{line: "PROPFIND /tests/full/", headers: []string{"Depth: 1"}, who: "ann", want: 207, body: "<D:href>/tests/full/f</D:href>"},
	{line: "PROPFIND /tests/", headers: []string{"Depth: 0"}, who: "ann", want: 207, body: "<D:href>/tests/</D:href>"},
	{line: "PROPFIND /tests/", headers: []string{"Depth: 1"}, who: "ann", want: 403}, // it would list what is denied
	{line: "PROPFIND /tests/secret/", headers: []string{"Depth: 0"}, who: "ann", want: 403},
	{line: "OPTIONS /tests/a", want: 200},
	{line: "MKCOL /tests/new/", want: 401},
	{line: "MKCOL /tests/new/", who: "ann", want: 201, changes: []string{"+/tests/new/"}},
	{line: "MKCOL /other/new/", who: "ann", want: 403},
	{line: "MKCOL /tests/secret/new/", who: "ann", want: 403},
	{line: "MKCOL /tests/new/", who: "bob", want: 403},
	{line: "PUT /other/x", headers: []string{"Content-Length: 0"}, who: "ann", want: 403},
	{line: "PUT /testsuite/x", headers: []string{"Content-Length: 0"}, who: "ann", want: 403},
	{line: "PUT /tests/secret/x", headers: []string{"Content-Length: 0"}, who: "ann", want: 403},
	{line: "PUT /tests/a/%2e%2e/%2e%2e/other/x", headers: []string{"Content-Length: 0"}, who: "ann", want: 403},
	{line: "PUT /tests//secret/x", headers: []string{"Content-Length: 0"}, who: "ann", want: 403},
	{line: "PUT /tests/full/%2e%2e/x", headers: []string{"Content-Length: 0"}, who: "ann", want: 201, changes: []string{"+/tests/x"}},
	{line: "GET /tests/secret/s", who: "ann", want: 403},
	{line: "GET /tests/secret/s", who: "bob", want: 200, body: "hidden"},
	{line: "GET /tests/%73ecret/s", who: "ann", want: 403},
	{line: "DELETE /tests/a", want: 401},
	{line: "DELETE /tests/a", who: "ann", want: 204, changes: []string{"-/tests/a"}},
	{line: "DELETE /tests/full/", who: "ann", want: 204, changes: []string{"-/tests/full/", "-/tests/full/f"}},
	{line: "DELETE /tests/", who: "ann", want: 403}, // the denied part is below
	{line: "DELETE /other/o", who: "ann", want: 403},
	{line: "DELETE /other/", who: "adm", want: 204, changes: []string{"-/other/", "-/other/o"}},
	{line: "COPY /tests/a", headers: []string{"Destination: /tests/b"}, want: 401},
	{line: "COPY /tests/a", headers: []string{"Destination: /tests/b"}, who: "ann", want: 204, changes: []string{"+/tests/b"}},
	{line: "COPY /tests/a", headers: []string{"Destination: http://door/tests/b"}, who: "ann", want: 204, changes: []string{"+/tests/b"}},
	{line: "COPY /tests/a", headers: []string{"Destination: /other/b"}, who: "ann", want: 403},
	{line: "COPY /tests/a", headers: []string{"Destination: http://door/other/b"}, who: "ann", want: 403},
	{line: "COPY /tests/a", headers: []string{"Destination: /tests/secret/b"}, who: "ann", want: 403},
	{line: "COPY /tests/a", headers: []string{"Destination: /tests/full/%2e%2e/%2e%2e/other/b"}, who: "ann", want: 403},
	{line: "COPY /tests/a", headers: []string{"Destination: /tests/b", "Destination: /other/b"}, who: "ann", want: 400},
	{line: "COPY /tests/a", headers: []string{"Destination: tests/b"}, who: "ann", want: 400},
	{line: "COPY /other/o", headers: []string{"Destination: /tests/b"}, who: "bob", want: 403},
	{line: "MOVE /tests/a", headers: []string{"Destination: /tests/b"}, who: "ann", want: 204, changes: []string{"-/tests/a", "+/tests/b"}},
	{line: "MOVE /tests/a", headers: []string{"Destination: /other/b"}, who: "ann", want: 403},
	{line: "MOVE /other/o", headers: []string{"Destination: /tests/b"}, who: "ann", want: 403},
	{line: "MOVE /other/o", headers: []string{"Destination: /testsuite/o"}, who: "adm", want: 204, changes: []string{"-/other/o", "+/testsuite/o"}},
}

func TestWebDAVReachesARealStoreAsFarAsTheUsersPathsAllow(t *testing.T) {
	for name, start := range davStores {
		t.Run(name, func(t *testing.T) {
			d, store := startInFrontOf(t, start, "profile http")
			for _, row := range davRows {
				t.Run(fmt.Sprintf("%s %v by %q", row.line, row.headers, row.who), func(t *testing.T) { row.run(t, d, store) })
			}
		})
	}
}

func (row davRow) run(t *testing.T, d *door, store davStore) {
	plant(t, store.files, davTree)
	store.take()
	headers := row.headers
	if row.who != "" {
		headers = append(slices.Clip(headers), bearing(tokenOf(t, row.who)))
	}
	got := d.ask(t, request(row.line, headers...))
	changes := changed(davTree, tree(t, store.files))
	if seen := store.take(); len(seen) > 0 == (row.want >= 400) {
		t.Errorf("the store was sent %v", seen)
	}
	if store.cleans && got.status/100 == 3 && strings.Contains(row.line, "%2e%2e") {
		if len(changes) > 0 {
			t.Errorf("the store sends its client elsewhere, and yet in the file system: %q", changes)
		}
		return
	}
	// Servers differ in which success they name.
	if got.status != row.want && (row.want >= 300 || got.status/100 != 2) || !strings.Contains(got.body, row.body) {
		t.Errorf("got %v, want %d with %q", got, row.want, row.body)
	}
	if !slices.Equal(changes, slices.Sorted(slices.Values(row.changes))) {
		t.Errorf("in the file system: %q, want %q", changes, row.changes)
	}
}

// plant makes the folder hold the tree and nothing else.
func plant(t *testing.T, root string, wanted map[string]string) {
	t.Helper()
	there, err := os.ReadDir(root)
	for _, entry := range there {
		if err == nil {
			err = os.RemoveAll(root + "/" + entry.Name())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if err != nil {
			break
		}
		if strings.HasSuffix(name, "/") {
			err = os.Mkdir(root+name, 0o700)
		} else {
			err = os.WriteFile(root+name, []byte(wanted[name]), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func changed(before, after map[string]string) []string {
	var changes []string
	for name, content := range after {
		if was, there := before[name]; !there || was != content {
			changes = append(changes, "+"+name)
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			changes = append(changes, "-"+name)
		}
	}
	return slices.Sorted(slices.Values(changes))
}

func TestARealStoreReceivesTheBytesThatWereSent(t *testing.T) {
	d, store := startInFrontOfNginx(t)
	ann := tokenOf(t, "ann")
	random := rand.NewChaCha8([32]byte{})
	megabyte := make([]byte, 1<<20)
	_, _ = random.Read(megabyte) // it never fails
	odd := []string{
		"Content-Type: application/n-quads; charset=utf-8", "X-odd-Name: a  b\t c", "If-None-Match: \"x\", W/\"y\"", "X-Empty:",
		"X-Twice: 1", "x-twice: 2", "User-Agent: thing/1.0 (\xc3\xa9)", "Accept: */*;q=0.5", "Cookie: a=b; c=\"d e\"",
		"Authorization: Custom abc==", "X-CM-WELL-TYPE: FileInfoton", "Accept-Encoding: br;q=1.0, *;q=0",
	}
	chunked := "4\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\n"
	for name, sent := range map[string][]byte{
		"everyday escapes":  requestWith("one", "PUT /tests/a%20b%C3%A9+c", append(odd, bearing(ann))...),
		"letters of a path": requestWith("two", "PUT /tests/A-Z_a.z~0!$&'()*+,=:@b", bearing(ann)),
		"escaped letters":   requestWith("three", "PUT /tests/%61%7Etilde%2Cx", bearing(ann)),
		"a query":           requestWith("four", "PUT /tests/q?a=1&b=%20+x&c&d==&%C3%A9=%26", bearing(ann)),
		"an empty query":    requestWith("four", "PUT /tests/q?", bearing(ann)),
		"chunks":            append(request("PUT /tests/chunks", append(odd, bearing(ann), "Transfer-Encoding: chunked")...), chunked...),
		"a megabyte":        requestWith(string(megabyte), "PUT /tests/megabyte", bearing(ann)),
		"no body":           requestWith("", "PUT /tests/empty", bearing(ann)),
		"a read":            request("GET /tests/nothing?x=%zz&y", odd...),
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask(t, sent)
			if want := map[bool][]int{true: {201, 204}, false: {404}}[name != "a read"]; !slices.Contains(want, got.status) {
				t.Errorf("got %v, want %v", got, want)
			}
			seen := store.take()
			if len(seen) != 1 {
				t.Fatalf("nginx was sent %d requests", len(seen))
			}
			compareBytes(t, sent, seen[0])
		})
	}
	written := tree(t, store.files)
	want := map[string]string{
		"/tests/": "", "/tests/a bé+c": "one", "/tests/A-Z_a.z~0!$&'()*+,=:@b": "two", "/tests/a~tilde,x": "three",
		"/tests/q": "four", "/tests/chunks": "Wikipedia in \r\n\r\nchunks.", "/tests/megabyte": string(megabyte), "/tests/empty": "",
	}
	if !maps.Equal(written, want) {
		t.Errorf("the file system holds %q, want %q", slices.Sorted(maps.Keys(written)), slices.Sorted(maps.Keys(want)))
	}
}

// compareBytes holds that the store was sent what the client said, apart from
// what is documented: header names in net/http's spelling, the identity, and
// what every proxy adds or keeps to itself.
func compareBytes(t *testing.T, sent []byte, arrived received) {
	t.Helper()
	said := parsed(t, sent)
	if said.method != arrived.method || said.target != arrived.target {
		t.Errorf("%s %s arrived as %s %s", said.method, said.target, arrived.method, arrived.target)
	}
	if !bytes.Equal(said.body, arrived.body) {
		t.Errorf("a body of %d bytes arrived as one of %d, or changed", len(said.body), len(arrived.body))
	}
	for _, f := range said.fields {
		want := slices.Clone(said.values(f.name))
		for i := range want {
			want[i] = strings.Trim(want[i], " \t") // RFC 9110, section 5.5: no part of the value
		}
		if got := arrived.values(f.name); !slices.Equal(got, want) {
			t.Errorf("%s: %q arrived as %q", f.name, want, got)
		}
	}
	added := []string{"X-Cm-Well-User", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via", "Accept-Encoding", "User-Agent"}
	for _, f := range arrived.fields {
		if len(said.values(f.name)) == 0 && !slices.Contains(added, f.name) {
			t.Errorf("%s: %q was added on the way", f.name, f.value)
		}
	}
}
