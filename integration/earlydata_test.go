package integration

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// A server in front says by a header that a request may be a replay (RFC 8470).
func TestWhatAServerInFrontMarksAsEarlyDataWritesNothing(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey, "json_login /v1/login"), doorOptions{store: store.address})
	ann := bearing(tokenOf(t, "ann"))
	for _, row := range []struct {
		line, early string
		status      int
		saw         []string
	}{
		{"PUT /tests/x", "1", 425, nil},
		{"PUT /tests/x", "0", 425, nil}, // no value but 1 exists
		{"GET /tests/x?op=purge-all", "1", 425, nil},
		{"GET /tests/x", "1", 200, saw("GET /tests/x as ann")},
		{"PUT /other/x", "1", 403, nil},
		{"GET /_login", "1", 425, nil},
		{"POST /v1/login", "1", 425, nil},
		{"GET /_auth?op=logout", "1", 425, nil},
	} {
		got := d.ask(t, request(row.line, ann, "Early-Data: "+row.early, "Content-Length: 0"))
		if seen := store.take(); got.status != row.status || !slices.Equal(shorts(seen), row.saw) {
			t.Errorf("%s, early data %s: got %v, want %d; the store saw %v, want %v", row.line, row.early, got, row.status, seen, row.saw)
		}
	}
	if got := d.ask(t, request("PUT /tests/x", ann, "Content-Length: 0")); got.status != 200 {
		t.Errorf("without early data, after all of it: got %v", got)
	}
}

func shorts(requests []received) []string {
	var short []string
	for _, r := range requests {
		short = append(short, r.String())
	}
	return short
}

// Over HTTP/3 a client sends its request along with its first bytes. Here the
// handshake gets no further until the door has decided and its answer is there.
func TestEarlyDataOverHTTP3WritesNothing(t *testing.T) {
	store := startRecorder(t, &recorder{})
	port := freePort(t)
	caddyfile := strings.Replace(frontDoorWith("skip_install_trust", ownKey), "auto_https off", "auto_https disable_redirects", 1)
	_, site, _ := strings.Cut(caddyfile, ":{$DOOR_PORT} {")
	caddyfile += "https://localhost:" + port + " {\n\ttls internal\n" + site
	d := startDoor(t, caddyfile, doorOptions{store: store.address})
	tickets := &ticketBox{ClientSessionCache: tls.NewLRUClientSessionCache(1), has: make(chan struct{}, 1)}
	eventually(t, "the door serves HTTP/3 and gives a ticket", func() bool {
		client := newEarlyClient(t, port, tickets, false)
		defer client.close()
		status, _ := client.get(t, http.MethodGet, "/before")
		return status == 200
	})
	<-tickets.has

	for _, row := range []struct {
		target  string
		headers []string
		status  int
		saw     []string
		after   int // on a connection whose handshake is complete
	}{
		{"/tests/x", []string{byName(t, "ann")}, 200, saw("GET /tests/x as ann"), 200},
		{"/tests/x?op=purge-all", []string{byName(t, "adm")}, 425, nil, 200},
		{"/_login", []string{authorization("ann", passwordOf("ann"))}, 425, nil, 200},
		{"/tests/x?op=purge-all", nil, 401, nil, 401}, // last, for it is refused twice
	} {
		store.take()
		client := newEarlyClient(t, port, tickets, true)
		refused := strings.Count(d.output.String(), `"refused"`)
		var status int
		var err error
		var asked sync.WaitGroup
		asked.Go(func() { status, err = client.get(t, http3.MethodGet0RTT, row.target, row.headers...) })
		eventually(t, "the door decides about "+row.target, func() bool {
			return store.has() || strings.Count(d.output.String(), `"refused"`) > refused
		})
		client.wire.listen()
		asked.Wait()
		seen := store.take()
		if err != nil || status != row.status || !slices.Equal(shorts(seen), row.saw) {
			t.Errorf("%s as early data: got %d, %v, want %d; the store saw %v, want %v", row.target, status, err, row.status, seen, row.saw)
		}
		for _, r := range seen {
			if early := r.values("Early-Data"); !slices.Equal(early, []string{"1"}) {
				t.Errorf("the store was told of early data: %q, want 1", early)
			}
		}
		client.close()
		client = newEarlyClient(t, port, tickets, false)
		if status, err := client.get(t, http.MethodGet, row.target, row.headers...); err != nil || status != row.after {
			t.Errorf("%s after a handshake: got %d, %v, want %d", row.target, status, err, row.after)
		}
		client.close()
	}
	if strings.Contains(d.output.String(), tokenOf(t, "adm")) {
		t.Error("a token is in the log")
	}
}

func byName(t *testing.T, name string) string { return bearing(tokenOf(t, name)) }

// ticketBox tells when it has a ticket.
type ticketBox struct {
	tls.ClientSessionCache
	has chan struct{}
}

func (b *ticketBox) Put(key string, state *tls.ClientSessionState) {
	b.ClientSessionCache.Put(key, state)
	select {
	case b.has <- struct{}{}:
	default:
	}
}

// earlyClient is one connection of HTTP/3.
type earlyClient struct {
	wire  *slowWire
	quic  *quic.Transport
	http  *http3.Transport
	place string
}

func newEarlyClient(t *testing.T, port string, tickets tls.ClientSessionCache, held bool) *earlyClient {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to, err := net.ResolveUDPAddr("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	c := &earlyClient{wire: newSlowWire(socket, held), place: "https://localhost:" + port}
	c.quic = &quic.Transport{Conn: c.wire}
	c.http = &http3.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", ClientSessionCache: tickets, NextProtos: []string{"h3"}},
		Dial: func(ctx context.Context, _ string, settings *tls.Config, config *quic.Config) (*quic.Conn, error) {
			if !held {
				return c.quic.Dial(ctx, to, settings, config)
			}
			config.HandshakeIdleTimeout = patience // it waits for the door
			return c.quic.DialEarly(ctx, to, settings, config)
		},
	}
	return c
}

func (c *earlyClient) close() {
	c.wire.release()
	c.http.Close()
	c.quic.Close()
	c.wire.Close()
}

func (c *earlyClient) get(t *testing.T, method, target string, headers ...string) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.place+target, http.NoBody)
	if err != nil {
		return 0, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := c.http.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, fmt.Errorf("the body of an answer %d: %w", answer.StatusCode, err)
	}
	return answer.StatusCode, nil
}

// slowWire, while it is held, hears nothing until it is told to listen, and
// then loses all that it should send, the end of the handshake with it.
type slowWire struct {
	net.PacketConn
	told chan struct{} // closed when it is told

	mu   sync.Mutex
	held bool
	deaf bool // told is not closed yet
}

func newSlowWire(socket net.PacketConn, held bool) *slowWire {
	w := &slowWire{PacketConn: socket, told: make(chan struct{}), held: held, deaf: true}
	if !held {
		w.listen()
	}
	return w
}

func (w *slowWire) listen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		w.deaf = false
		close(w.told)
	}
}

func (w *slowWire) release() {
	w.mu.Lock()
	w.held = false
	w.mu.Unlock()
	w.listen()
}

func (w *slowWire) WriteTo(b []byte, to net.Addr) (int, error) {
	w.mu.Lock()
	lost := w.held && !w.deaf
	w.mu.Unlock()
	if lost {
		return len(b), nil
	}
	return w.PacketConn.WriteTo(b, to)
}

func (w *slowWire) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := w.PacketConn.ReadFrom(b)
	if err == nil {
		<-w.told
	}
	return n, from, err
}
