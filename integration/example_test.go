package integration

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/session"
)

// startExample runs Caddyfile.example as it stands, in an empty folder. What
// its text has in the place of ports, the environment says.
func startExample(t *testing.T, change func(string) string, environ map[string]string) *door {
	t.Helper()
	example, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(t, change(string(example)), doorOptions{admin: true, environ: environ})
	d.users = filepath.Join(d.dir, "data", "users.json")
	_, port, _ := net.SplitHostPort(d.address)
	d.environ = append(d.environ, "CMWELL_PORT="+port, "CMWELL_ADMIN="+d.admin)
	return d
}

func asItStands(text string) string { return text }

func TestTheReadmesSessionRunsAsItIsPrinted(t *testing.T) {
	d := startExample(t, asItStands, nil)
	d.start(t)
	d.awaitServing(t, "/_login")
	follow(t, "README.md", session.Place{Environ: d.environ}, "localhost:8080", d.address)
	for name, mode := range map[string]os.FileMode{"data/users.json": 0o600, "data/infotons.db": 0o600} {
		if info, err := os.Stat(filepath.Join(d.dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	d.says(t, "development store")
}

func TestTheExampleServesARealStoreWhenItIsNamed(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startExample(t, asItStands, map[string]string{"CMWELL_UPSTREAM": store.address, "CMWELL_ENVIRONMENT": "development"})
	if err := os.Mkdir(filepath.Dir(d.users), 0o700); err != nil {
		t.Fatal(err)
	}
	writeUsers(t, d.users)
	d.start(t)
	d.awaitServing(t, "/_login")
	if got := d.ask(t, request("PUT /tests/x", "Content-Length: 0")); got.status != 200 || inShort(store.take()) != "PUT /tests/x as nobody" {
		t.Errorf("got %v", got)
	}
	if got := d.ask(t, request("PUT /meta/auth/users/x", "Content-Length: 0")); got.status != 401 || inShort(store.take()) != "" {
		t.Errorf("got %v", got)
	}
}

// piece is what a store got of a request when it read for the first time, and how much body
// there was in all.
type piece struct {
	first string
	body  int64
}

// readPieces answers each request on the connection, once it has told of it.
func readPieces(connection net.Conn, pieces chan<- piece) {
	defer connection.Close()
	for {
		begin := make([]byte, 64<<10)
		n, err := connection.Read(begin)
		if err != nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(begin[:n]), connection)))
		if err != nil {
			return
		}
		size, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		pieces <- piece{string(begin[:n]), size}
		if _, err := io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

func TestTheExampleSendsASmallBodyWithItsHeader(t *testing.T) {
	store, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	pieces := make(chan piece, 1)
	go func() {
		for {
			connection, err := store.Accept()
			if err != nil {
				return
			}
			go readPieces(connection, pieces)
		}
	}()
	d := startExample(t, asItStands, map[string]string{"CMWELL_UPSTREAM": store.Addr().String(), "CMWELL_ENVIRONMENT": "development"})
	d.start(t)
	d.awaitServing(t, "/_login")
	for range 20 {
		if got := d.ask(t, requestWith("body", "PUT /tests/x")); got.status != 200 {
			t.Fatalf("got %v", got)
		}
		if got := <-pieces; got.body != 4 || !strings.HasSuffix(got.first, "\r\n\r\nbody") {
			t.Fatalf("the store reads %q first", got.first)
		}
	}
	for _, size := range []int{16 << 10, 100_000} {
		if got := d.ask(t, requestWith(strings.Repeat("b", size), "PUT /tests/x")); got.status != 200 {
			t.Fatalf("%d bytes: got %v", size, got)
		}
		if got := <-pieces; got.body != int64(size) {
			t.Errorf("of %d bytes the store got %d", size, got.body)
		}
	}
}
