package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// usage is what a process holds.
type usage struct{ descriptors, goroutines, memory int }

func (u usage) String() string {
	return fmt.Sprintf("%d descriptors, %d goroutines, %d MB", u.descriptors, u.goroutines, u.memory>>20)
}

// usage asks Linux and the admin API.
func (d *door) usage(t *testing.T) usage {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.process.Process.Pid))
	if err != nil {
		leftOut(t, "what a process holds is not in /proc here")
	}
	now := usage{descriptors: len(files), memory: d.memory(t, "VmRSS")}
	profile := ask(t, d.admin, requestTo(d.admin, "GET /debug/pprof/goroutine?debug=1", "Connection: close")).body
	_, total, _ := strings.Cut(profile, "total ")
	if _, err := fmt.Sscan(total, &now.goroutines); err != nil {
		t.Fatal(err)
	}
	return now
}

// memory is a line of what Linux says of the process, in bytes: VmRSS, or VmHWM for
// the most that there ever was.
func (d *door) memory(t testing.TB, line string) (n int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), line+":")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// startMeasured is a door that keeps no connection to its store, with its usage
// once everything in it has run.
func startMeasured(t *testing.T) (*door, *recorder, usage) {
	t.Helper()
	store := startRecorder(t, &recorder{})
	caddyfile := strings.Replace(frontDoor(ownKey), "reverse_proxy {$DOOR_STORE}",
		"reverse_proxy {$DOOR_STORE} {\n\t\ttransport http {\n\t\t\tkeepalive off\n\t\t}\n\t}", 1)
	d := startDoor(t, caddyfile, doorOptions{store: store.address, admin: true})
	for range 3 {
		d.ask(t, request("GET /tests/x", "Connection: close"))
		d.usage(t)
	}
	store.take()
	return d, store, d.usage(t)
}

// settles waits until the door holds what it held before, but for a few of its
// own making.
func (d *door) settles(t *testing.T, before usage) {
	t.Helper()
	now := d.letsGo(t, before)
	if grown := now.memory - before.memory; grown > 100<<20 {
		t.Errorf("the door has grown by %d MB", grown>>20)
	}
}

// letsGo is settles but for the memory, of which it returns what is used.
func (d *door) letsGo(t *testing.T, before usage) (now usage) {
	t.Helper()
	defer func() { t.Logf("before: %v; afterwards: %v", before, now) }()
	eventually(t, "the door holds what it held before", func() bool {
		now = d.usage(t)
		return now.descriptors <= before.descriptors+3 && now.goroutines <= before.goroutines+10
	})
	return now
}

func TestManyWhoAnnounceABodyAndSendNoneLeaveNothingBehind(t *testing.T) {
	d, store, before := startMeasured(t)
	announce := func(n int, headers ...string) {
		headers = append(headers, "Expect: 100-continue", "Content-Length: 1000")
		var all []*wire
		for range n {
			w, err := connect(d.address)
			if err != nil {
				t.Fatal(err)
			}
			defer w.connection.Close()
			w.say(request("POST /_in?format=ntriples", headers...))
			all = append(all, w)
		}
		want := "HTTP/1.1 401 Unauthorized\r\n"
		if len(headers) > 2 {
			want = "HTTP/1.1 100 Continue\r\n" // and then they are gone
		}
		for _, w := range all {
			if got, err := w.reader.ReadString('\n'); err != nil || got != want {
				t.Errorf("the first line of an answer is %q, %v; want %q", got, err, want)
			}
		}
	}
	for range 10 {
		announce(100)
	}
	if seen := store.take(); len(seen) > 0 {
		t.Errorf("the store saw %v", seen)
	}
	announce(50, bearing(tokenOf(t, "adm")))
	d.settles(t, before)
}

// A client may open streams and take them back faster than they are answered.
func TestStreamsThatAreTakenBackLeaveNothingBehind(t *testing.T) {
	d, store, before := startMeasured(t)
	lines := []string{"GET /tests/x", "PUT /tests/x", "GET /tests/x?op=purge-all", "DELETE /tests/", "POST /_in", "MOVE /tests/x"}
	const wanted = 10_000
	connections := 0
	for sent := 0; sent < wanted; connections++ {
		sent += takeBack(t, d.address, lines, wanted-sent)
		if connections > 1000 {
			t.Fatalf("after %d connections only %d streams were opened", connections, sent)
		}
	}
	t.Logf("%d streams on %d connections", wanted, connections)
	if got := d.ask(t, request("GET /tests/afterwards", "Connection: close")); got.status != 200 || got.body != "GET /tests/afterwards\n" {
		t.Errorf("afterwards: got %v", got)
	}
	d.settles(t, before)
	for _, r := range store.take() {
		if said := r.String(); said != "GET /tests/x as nobody" && said != "GET /tests/afterwards as nobody" {
			t.Errorf("the store saw %s", said)
		}
	}
}

// takeBack opens streams on one connection, each reset at once, until there are
// n or the server has had enough. It returns how many were opened.
func takeBack(t *testing.T, address string, lines []string, n int) int {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	heard := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, connection) // what it answers does not matter
		close(heard)
	}()
	defer func() { <-heard }()
	defer connection.Close()
	if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
		return 0
	}
	framer := http2.NewFramer(connection, nil)
	if err := framer.WriteSettings(); err != nil {
		return 0
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := range n {
		method, target, _ := strings.Cut(lines[i%len(lines)], " ")
		block.Reset()
		for _, f := range []hpack.HeaderField{{Name: ":method", Value: method}, {Name: ":authority", Value: "door"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: target}} {
			_ = encoder.WriteField(f) // into memory
		}
		stream := uint32(2*i + 1)
		err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true})
		if err == nil {
			err = framer.WriteRSTStream(stream, http2.ErrCodeCancel)
		}
		if err != nil {
			return i
		}
	}
	return n
}

// A header block of HTTP/2 goes on in frames without number, unless somebody
// puts an end to it.
func TestAHeaderWithoutAnEndIsCutOff(t *testing.T) {
	d, store, before := startMeasured(t)
	connection, err := net.DialTimeout("tcp", d.address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	go func() { _, _ = io.Copy(io.Discard, connection) }()
	var block bytes.Buffer
	if err := hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: "a", Value: strings.Repeat("b", 1000)}); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(connection, http2.ClientPreface)
	framer := http2.NewFramer(connection, nil)
	if err == nil {
		err = errors.Join(framer.WriteSettings(), framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes()}))
	}
	if err != nil {
		t.Fatal(err)
	}
	const most = 100_000
	sent := 0
	for ; err == nil && sent < most; sent++ {
		err = framer.WriteContinuation(1, false, block.Bytes())
	}
	if err == nil {
		t.Errorf("%d frames of one header were taken", sent)
	}
	if got := d.ask(t, request("GET /tests/afterwards", "Connection: close")); got.status != 200 {
		t.Errorf("afterwards: got %v", got)
	}
	d.settles(t, before)
	if seen := inShort(store.take()); seen != "GET /tests/afterwards as nobody" {
		t.Errorf("the store saw %s", seen)
	}
}

// The time that a decision takes grows with the target, and no faster.
func TestLongTargetsAreDecidedInSeconds(t *testing.T) {
	d := startAsked(t)
	const most = 15 << 10
	fill := func(s string) string { return strings.Repeat(s, most/len(s)) }
	for name, target := range map[string]string{
		"segments":             fill("/a"),
		"slashes":              fill("/"),
		"dots":                 fill("/.."),
		"encoded dots":         fill("/%2e%2e"),
		"encoded slashes":      "/" + fill("%2f"),
		"encoded many times":   "/a%" + fill("25") + "41",
		"parameters":           "/" + fill(";a=b/"),
		"every trick":          fill("/.;/%2e%2f%5c%252e"),
		"pairs":                "/tests/x?" + fill("a&"),
		"semicolons":           "/tests/x?" + fill("a;"),
		"one value":            "/tests/x?op=" + fill("%61"),
		"overrides":            "/tests/x?" + fill("_method=PUT&"),
		"tokens that are none": "/tests/x?" + fill("token=a&"),
	} {
		began := time.Now()
		got := d.ask(t, request("PUT "+target, bearing(tokenOf(t, "ann")), "Content-Length: 0"))
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: answered %d after %v", name, got.status, took)
		}
		if got.status != 403 && got.status != 400 && got.status != 200 {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// A client that asks before it sends its body hears no at once, and the
// connection ends: nobody waits for bytes that are not wanted.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	d := startAsked(t)
	w := dial(t, d.address)
	w.say([]byte("PUT /tests/x HTTP/1.1\r\nHost: store\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"))
	got, err := w.hear("PUT")
	if err != nil || got.status != 401 {
		t.Errorf("got %v, %v", got, err)
	}
	if seen := d.store.take(); len(seen) > 0 {
		t.Errorf("the store saw %v", seen)
	}
}

// JSON-LD takes two hundred times its memory to judge. One who may write a single path
// could else fill the memory with a few small bodies.
func TestManyBodiesTakeTheMemoryOfAFew(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey), doorOptions{store: store.address, admin: true, environ: map[string]string{"GOMAXPROCS": "2"}})
	before := d.usage(t)
	const many = 40
	body := `{"@id":"cmwell://tests/a","http://x/p":[1` + strings.Repeat(",1", 100_000) + `]}`
	written := requestWith(body, "POST /_in?format=jsonld", bearing(tokenOf(t, "ann")))
	answered := make(chan string, many)
	for range many {
		go func() {
			got, err := tryAsk(d.address, written)
			answered <- fmt.Sprint(got.status, " ", err)
		}()
	}
	for range many {
		if got := <-answered; got != "200 <nil>" {
			t.Errorf("answered %s", got)
		}
	}
	most := d.memory(t, "VmHWM")
	t.Logf("%d bodies of %d KB: at most %d MB, %d before", many, len(body)>>10, most>>20, before.memory>>20)
	if grown := most - before.memory; grown > 600<<20 {
		t.Errorf("the door has grown by %d MB", grown>>20)
	}
}
