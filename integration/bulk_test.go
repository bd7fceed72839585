package integration

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const ntriples = "POST /_in?format=ntriples"

func statement(subject string) string { return "<" + subject + "> <http://x/p> \"y\" .\n" }

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBulkWritesAreJudgedByWhatTheyWrite(t *testing.T) {
	d := startAsked(t, "bulk_limit 64KiB")
	ann, bob, adm := bearing(tokenOf(t, "ann")), bearing(tokenOf(t, "bob")), bearing(tokenOf(t, "adm"))
	refused := func(paths ...string) string {
		return `{"success":false,"message":"Authenticated but not authorized","paths":["` + strings.Join(paths, `","`) + `"]}`
	}
	in, out := statement("cmwell://tests/a"), statement("cmwell://tests/secret/b")
	passed := ntriples + " as ann"
	for _, row := range []struct {
		line    string
		headers []string
		body    string
		status  int
		answer  string
		saw     string
	}{
		{ntriples, []string{ann}, in, 200, "", passed},
		{ntriples, []string{ann}, statement("http://door/tests/a"), 200, "", passed},
		{ntriples, []string{ann}, in + out, 403, refused("/tests/secret/b"), ""},
		{ntriples, []string{ann}, in + statement("cmwell://meta/auth/users/ann"), 403, refused("/meta/auth/users/ann"), ""},
		{ntriples, []string{ann}, statement(`cmwell://tests/\u002e\u002e/b`), 403, refused("/tests/../b"), ""},
		{ntriples, []string{bob}, in, 403, refused("/tests/a"), ""},
		{ntriples, nil, in, 401, failure(loginFirst), ""},
		{ntriples, []string{ann}, in + "<cmwell://tests/b> <p> .\n", 400, "line 2", ""},
		{ntriples, []string{ann}, "<mailto:x> <http://x/p> <http://y> .", 403, "names no path", ""},
		{ntriples, []string{ann}, strings.Repeat(in, 2000), 413, "at most 65536 bytes", ""},
		{"POST /_in", []string{ann}, in, 415, "ntriples, nquads", ""},
		{"POST /_in?format=ntriples&priority", []string{ann}, in, 403, "priority write", ""},
		{"POST /_ow?format=ntriples", []string{ann}, in, 403, failure("Authenticated but not authorized"), ""},
		{ntriples, []string{ann, "Content-Encoding: gzip"}, zipped(t, in), 200, "", passed},
		{ntriples, []string{ann, "Content-Encoding: gzip"}, zipped(t, in+out), 403, refused("/tests/secret/b"), ""},
		{ntriples, []string{ann, "Content-Encoding: gzip"}, zipped(t, strings.Repeat(" ", 1<<24)), 413, "too large", ""},
		{"POST /_in?format=turtle", []string{ann}, "@prefix t: <cmwell://tests/> .\nt:a <http://x/p> [ <http://x/q> 1 ] .\n", 200, "", "POST /_in?format=turtle as ann"},
		{"POST /_in?format=turtle", []string{ann}, "@prefix t: <cmwell://tests/> .\n@prefix t: <cmwell://other/> .\nt:a <http://x/p> 1 .\n", 403, refused("/other/a"), ""},
		{"POST /_in?format=jsonld", []string{ann}, `{"@id":"cmwell://tests/a","http://x/p":{"@id":"cmwell://other/b","http://x/q":1}}`, 403, refused("/other/b"), ""},
		{"POST /_in?format=rdfxml", []string{ann}, `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x/"><rdf:Description rdf:about="cmwell://tests/a" x:p="y"/></rdf:RDF>`, 200, "", "POST /_in?format=rdfxml as ann"},
		{ntriples, []string{adm}, "anything", 200, "", ntriples + " as adm"},
		{"POST /_out?format=json", []string{ann}, "/tests/a\n/b", 200, "", "POST /_out?format=json as ann"},
		{"POST /_out?format=json", []string{ann}, "/tests/a\n/tests/secret/b", 403, refused("/tests/secret/b"), ""},
	} {
		sent := requestWith(row.body, row.line, row.headers...)
		got := d.ask(t, sent)
		seen := d.store.take()
		if got.status != row.status || !strings.Contains(got.body, row.answer) || inShort(seen) != row.saw {
			t.Errorf("%s, %.80q: got %v, want %d %s; the store saw %q, not %q", row.line, row.body, got, row.status, row.answer, inShort(seen), row.saw)
		}
		if len(seen) == 1 && string(seen[0].body) != row.body {
			t.Errorf("%s: the store was sent %.100q, not %.100q", row.line, seen[0].body, row.body)
		}
	}
	d.says(t, `"reason":"bulk_body"`)
}

// In pieces or whole, a body goes on only when all of it has come and been judged.
func TestABulkWriteInPiecesIsJudgedWhole(t *testing.T) {
	d := startAsked(t)
	head := ntriples + " HTTP/1.1\r\nHost: store\r\n" + bearing(tokenOf(t, "ann")) + "\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	in, out := statement("cmwell://tests/a"), statement("cmwell://other/b")

	d.expect(t, []byte(head+chunk(in[:9])+chunk(in[9:])+"0\r\n\r\n"), 200, "", ntriples+" as ann")
	d.expect(t, []byte(head+chunk(in)+chunk(out[:9])+chunk(out[9:])+"0\r\n\r\n"), 403, "", "")

	w := dial(t, d.address)
	w.say([]byte(head + chunk(in)))
	w.stopTalking(t)
	if got, err := w.hear("POST"); err == nil && got.status < 400 {
		t.Errorf("a body that breaks off got %v", got)
	}
	w = dial(t, d.address)
	w.say([]byte(strings.Replace(head, "Transfer-Encoding: chunked", "Content-Length: 1000", 1) + in))
	w.stopTalking(t)
	if got, err := w.hear("POST"); err == nil && got.status < 400 {
		t.Errorf("a body that is shorter than it says got %v", got)
	}
	d.sawNothing(t)
}

// stopTalking ends what this side says, and goes on listening.
func (w *wire) stopTalking(t *testing.T) {
	t.Helper()
	half, ok := w.connection.(interface{ CloseWrite() error })
	if !ok {
		t.Fatalf("%T cannot be closed in one direction", w.connection)
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

// What the door judges as /tests/a, the store behind must keep there.
func TestABulkWriteLandsWhereItWasJudged(t *testing.T) {
	d := startExample(t, asItStands, nil)
	d.start(t)
	d.awaitServing(t, "/_login")
	root := d.logIn(t, "root", "root")
	document := `{"paths":[{"id":"/tests","sign":"+","recursive":true,"permissions":"rw"}]}`
	if got := d.ask(t, requestWith(document, "POST /meta/auth/users/zoe", bearing(root), asFile)); got.status != 200 {
		t.Fatalf("making a user: %v", got)
	}
	sum := d.ask(t, request("GET /_auth?op=generate-password"))
	var secret struct{ Password, Encrypted string }
	if err := json.Unmarshal([]byte(sum.body), &secret); err != nil {
		t.Fatal(err)
	}
	document = strings.Replace(document, "{", `{"digest":"`+secret.Encrypted+`",`, 1)
	if got := d.ask(t, requestWith(document, "POST /meta/auth/users/zoe", bearing(root), asFile)); got.status != 200 {
		t.Fatalf("giving it a password: %v", got)
	}
	zoe := bearing(d.logIn(t, "zoe", secret.Password))
	for subject, path := range map[string]string{
		"http://door/tests/a": "/tests/a", "cmwell://tests/b": "/tests/b", "https://door/tests/c": "/tests/c", "http://door/tests/%64": "/tests/d",
	} {
		if got := d.ask(t, requestWith(statement(subject), ntriples, zoe)); got.status != 200 {
			t.Errorf("<%s>: got %v", subject, got)
		}
		if got := d.ask(t, request("GET "+path, zoe)); got.status != 200 || !strings.Contains(got.body, `"path":"`+path+`"`) {
			t.Errorf("<%s> is not at %s: got %v", subject, path, got)
		}
	}
	for _, subject := range []string{"http://door:80/tests/a", "http://DOOR/tests/a", "http://elsewhere/tests/a", "http://door/other", "cmwell://door/tests/a"} {
		if got := d.ask(t, requestWith(statement(subject), ntriples, zoe)); got.status != 403 {
			t.Errorf("<%s>: got %v", subject, got)
		}
	}
}

func TestBulkWritesOfOtherStores(t *testing.T) {
	d := startAsked(t, "profile http", "bulk_path /load", "bulk_format ntriples")
	ann := bearing(tokenOf(t, "ann"))
	d.expect(t, requestWith(statement("http://door/tests/a"), "POST /load", ann), 200, "", "POST /load as ann")
	d.expect(t, requestWith(statement("http://door/b"), "POST /load", ann), 403, "", "")
	d.expect(t, requestWith(statement("http://door/b"), "POST /load/../load", ann), 403, "", "")

	off := startAsked(t, "bulk off")
	off.expect(t, requestWith(statement("cmwell://a"), ntriples, bearing(tokenOf(t, "adm"))), 403, failure("bulk writes are not accepted here"), "")
	rootOnly := startAsked(t, "bulk root-only")
	rootOnly.expect(t, requestWith(statement("cmwell://tests/a"), ntriples, ann), 403, "", "")
	rootOnly.expect(t, requestWith(statement("cmwell://tests/a"), ntriples, bearing(tokenOf(t, "adm"))), 200, "", ntriples+" as adm")
}

// A proxy that tries a second server sends it the whole body again.
func TestAJudgedBodyIsWholeAtTheSecondServer(t *testing.T) {
	store := startRecorder(t, &recorder{})
	text := frontDoor(ownKey)
	if !strings.Contains(text, "reverse_proxy {$DOOR_STORE}") {
		t.Fatalf("the front door has no proxy that this test knows:\n%s", text)
	}
	text = strings.Replace(text, "reverse_proxy {$DOOR_STORE}",
		"reverse_proxy 127.0.0.1:"+freePort(t)+" {$DOOR_STORE} {\n\t\tlb_policy first\n\t\tlb_try_duration 5s\n\t\tfail_duration 30s\n\t}", 1)
	d := askedDoor{startDoor(t, text, doorOptions{store: store.address}), store}
	body := strings.Repeat(statement("cmwell://tests/a"), 100)
	_, seen := d.expect(t, requestWith(body, ntriples, bearing(tokenOf(t, "ann"))), 200, "", ntriples+" as ann")
	if len(seen) == 1 && string(seen[0].body) != body {
		t.Errorf("the store was sent %d bytes of %d", len(seen[0].body), len(body))
	}
}
