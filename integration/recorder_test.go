package integration

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// received is one request as it came over the wire.
type received struct {
	raw     []byte // every byte of it
	head    string // request line and header, with the empty line
	method  string
	target  string
	fields  []field // in order
	body    []byte  // without its chunks
	trailer []field
	cut     bool // it broke off
}

type field struct{ name, value string }

// values are those of all lines of the name, in any case.
func (r received) values(name string) []string {
	var found []string
	for _, f := range r.fields {
		if strings.EqualFold(f.name, name) {
			found = append(found, f.value)
		}
	}
	return found
}

// String is the request in short: what, and who the store is told it comes from.
func (r received) String() string {
	who := strings.Join(r.values("X-CM-Well-User"), ", ")
	if who == "" {
		who = "nobody"
	}
	return fmt.Sprintf("%s %s as %s", r.method, r.target, who)
}

// recorder is a store that keeps what it is sent, byte for byte. It answers by
// itself, or passes everything on to a real store.
type recorder struct {
	address string
	relay   string                // the real store; empty when there is none
	reply   func(received) string // the whole answer; plainReply by default
	drops   func(received) bool   // the connection is reset instead of an answer

	mu    sync.Mutex
	got   []received
	open  map[net.Conn]bool
	ended bool
}

// startRecorder listens before it returns, and ends with the test.
func startRecorder(t testing.TB, r *recorder) *recorder {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address, r.open = listener.Addr().String(), map[net.Conn]bool{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if r.keep(connection) {
				all.Go(func() { r.serve(connection) })
			}
		}
	})
	t.Cleanup(func() {
		listener.Close()
		r.mu.Lock()
		r.ended = true
		for connection := range r.open {
			connection.Close()
		}
		r.mu.Unlock()
		all.Wait()
	})
	return r
}

// keep notes a connection, so that it can be closed at the end.
func (r *recorder) keep(connection net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		connection.Close()
		return false
	}
	r.open[connection] = true
	return true
}

func (r *recorder) drop(connection net.Conn) {
	connection.Close()
	r.mu.Lock()
	delete(r.open, connection)
	r.mu.Unlock()
}

// take returns what has been received since it was last asked.
func (r *recorder) take() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// has tells whether something was received since it was last asked.
func (r *recorder) has() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got) > 0
}

// serve notes each request before anybody answers it, so that whoever has an
// answer finds its request noted.
func (r *recorder) serve(connection net.Conn) {
	defer r.drop(connection)
	to := io.Writer(connection)
	if r.relay != "" {
		behind, err := net.Dial("tcp", r.relay)
		if err != nil || !r.keep(behind) {
			return
		}
		defer r.drop(behind)
		go func() {
			_, _ = io.Copy(connection, behind)
			connection.Close()
		}()
		to = behind
	}
	reader := bufio.NewReader(connection)
	for {
		request, err := readRequest(reader, connection)
		if err != nil && len(request.raw) == 0 || errors.Is(err, net.ErrClosed) {
			return
		}
		request.cut = err != nil
		r.mu.Lock()
		r.got = append(r.got, request)
		r.mu.Unlock()
		if tcp, ok := connection.(*net.TCPConn); ok && r.drops != nil && r.drops(request) {
			_ = tcp.SetLinger(0) // or it would be an end, and no reset
			return
		}
		words := string(request.raw)
		if r.relay == "" {
			words = plainReply(request)
			if r.reply != nil {
				words = r.reply(request)
			}
		}
		if _, werr := io.WriteString(to, words); err != nil || werr != nil {
			return
		}
	}
}

// plainReply says in its body what was asked, so that a client can tell whose
// answer it has.
func plainReply(r received) string { return reply(r, "200 OK", r.method+" "+r.target+"\n") }

func reply(r received, status, body string, headers ...string) string {
	head := "HTTP/1.1 " + status + "\r\n" + strings.Join(append(headers, "Content-Type: text/plain"), "\r\n")
	head += fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body))
	if r.method == "HEAD" {
		return head
	}
	return head + body
}

// readRequest reads one request of HTTP/1.1. With an error it returns what
// came until then.
func readRequest(from *bufio.Reader, back io.Writer) (received, error) {
	var r received
	line := func() (string, error) {
		s, err := from.ReadString('\n')
		r.raw = append(r.raw, s...)
		return strings.TrimSuffix(s, "\r\n"), err
	}
	first, err := line()
	if err != nil {
		return r, err
	}
	r.method, r.target, _ = strings.Cut(strings.TrimSuffix(first, " HTTP/1.1"), " ")
	for {
		l, err := line()
		if err != nil {
			return r, err
		}
		if l == "" {
			break
		}
		name, value, _ := strings.Cut(l, ":")
		r.fields = append(r.fields, field{name, strings.TrimPrefix(value, " ")})
	}
	r.head = string(r.raw)
	if len(r.values("Expect")) > 0 {
		_, _ = io.WriteString(back, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	if strings.EqualFold(strings.Join(r.values("Transfer-Encoding"), ","), "chunked") {
		err = readChunks(&r, from, line)
	} else if length, _ := strconv.ParseInt(strings.Join(r.values("Content-Length"), ","), 10, 64); length > 0 {
		r.body, err = take(&r, from, length)
	}
	return r, err
}

// take reads n bytes.
func take(r *received, from io.Reader, n int64) ([]byte, error) {
	b := make([]byte, n)
	read, err := io.ReadFull(from, b)
	r.raw = append(r.raw, b[:read]...)
	return b[:read], err
}

// readChunks is RFC 9112, section 7.1.
func readChunks(r *received, from io.Reader, line func() (string, error)) error {
	for {
		size, err := line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil {
			return err
		}
		if n == 0 {
			for l := "-"; l != ""; {
				if l, err = line(); err != nil {
					return err
				}
				if name, value, there := strings.Cut(l, ":"); there {
					r.trailer = append(r.trailer, field{name, strings.TrimPrefix(value, " ")})
				}
			}
			return nil
		}
		chunk, err := take(r, from, n+2)
		if err != nil {
			return err
		}
		r.body = append(r.body, bytes.TrimSuffix(chunk, []byte("\r\n"))...)
	}
}

// parsed is a request of a test as the recorder would read it.
func parsed(t testing.TB, sent []byte) received {
	t.Helper()
	r, err := readRequest(bufio.NewReader(bytes.NewReader(sent)), io.Discard)
	if err != nil {
		t.Fatalf("%.200q: %v", sent, err)
	}
	return r
}
