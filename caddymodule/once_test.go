package caddymodule

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// connection is one that nobody is at the other end of.
type connection struct {
	net.Conn
	network string
	closed  bool
}

func (c *connection) Close() error        { c.closed = true; return nil }
func (c *connection) LocalAddr() net.Addr { return address(c.network) }

type address string

func (a address) Network() string { return string(a) }
func (a address) String() string  { return "somewhere" }

// overTLS is one on which TLS has agreed on a protocol.
type overTLS struct {
	connection
	protocol string
}

func (c *overTLS) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{NegotiatedProtocol: c.protocol}
}

func TestAWriteIsGivenOneConnection(t *testing.T) {
	for _, row := range []struct {
		what, steps string
		refused     bool
	}{
		{"one attempt", "wanted given", false},
		{"another after no connection could be had", "wanted wanted wanted given", false},
		{"another after one was had", "wanted given wanted", true},
		{"another after one was had and none", "wanted given wanted wanted given", true},
		{"a second exchange after an answer", "wanted given answered wanted given", false},
		{"another attempt at a second exchange", "wanted given answered wanted given wanted", true},
		{"another attempt, with an answer from before all of it", "answered wanted given wanted", true},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		placeholders := caddy.NewEmptyReplacer()
		a := &onlyAttempt{cancel: cancel, placeholders: placeholders}
		for step := range strings.FieldsSeq(row.steps) {
			switch step {
			case "wanted":
				a.wanted("store:80")
			case "given":
				a.given(httptrace.GotConnInfo{Conn: &connection{network: "tcp"}})
			case "answered":
				placeholders.Set(answeredPlaceholder, 200)
			}
		}
		cause := context.Cause(ctx)
		if refused := cause != nil; refused != row.refused || refused != a.isSpent() {
			t.Errorf("%s: refused is %v, want %v", row.what, refused, row.refused)
		}
		if row.refused && (!errors.Is(cause, errSentBefore) || !errors.Is(cause, context.Canceled)) {
			t.Errorf("%s: the cause is %v", row.what, cause)
		}
		cancel(nil)
	}
}

func TestOnlyAConnectionOfOneRequestIsClosedUnderIt(t *testing.T) {
	plain := &connection{network: "tcp"}
	quic := &connection{network: "udp"}
	one := &overTLS{connection{network: "tcp"}, "http/1.1"}
	two := &overTLS{connection{network: "tcp"}, "h2"}
	for _, row := range []struct {
		what   string
		given  net.Conn
		closed *bool
		want   bool
	}{
		{"HTTP/1.1", plain, &plain.closed, true},
		{"HTTP/1.1 with TLS", one, &one.closed, true},
		{"HTTP/2 with TLS", two, &two.closed, false},
		{"HTTP/3", quic, &quic.closed, false},
	} {
		a := &onlyAttempt{cancel: func(error) {}, placeholders: caddy.NewEmptyReplacer(), spent: true}
		if a.given(httptrace.GotConnInfo{Conn: row.given}); *row.closed != row.want {
			t.Errorf("%s: closed is %v, want %v", row.what, *row.closed, row.want)
		}
	}
}

// A client of net/http tries again by itself when the connection that it kept
// has ended; so does whoever calls it in a loop.
func TestAWriteReachesAServerOnceWhoeverTriesAgain(t *testing.T) {
	var purges atomic.Int32
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "purge" {
			return
		}
		purges.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer store.Close()
	var transport http.Transport
	defer transport.CloseIdleConnections()
	warm, err := transport.RoundTrip(httptest.NewRequest(http.MethodGet, store.URL, http.NoBody))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, warm.Body)
	warm.Body.Close()

	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		for range 20 {
			answer, err := transport.RoundTrip(r)
			if err == nil {
				answer.Body.Close()
				t.Errorf("got an answer %d", answer.StatusCode)
			}
			if errors.Is(err, context.Canceled) {
				w.WriteHeader(statusClientGone)
				return nil
			}
		}
		t.Error("the attempts did not end")
		return nil
	})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, store.URL+"?purge", http.NoBody)
	err = sendOnce(&onceWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}, r, next)
	var answered caddyhttp.HandlerError
	if !errors.As(err, &answered) || answered.StatusCode != http.StatusBadGateway {
		t.Errorf("got %v, want an error for 502", err)
	}
	if got := purges.Load(); got != 1 {
		t.Errorf("the store was asked %d times, want once", got)
	}
}

func TestWhatAProxyTakesForHarmless(t *testing.T) {
	for _, row := range []struct {
		method, header string
		want           bool
	}{
		{"GET", "", true}, {"HEAD", "", true}, {"OPTIONS", "", true},
		{"POST", "", false}, {"PUT", "", false}, {"PURGE", "", false},
		{"POST", "Idempotency-Key", true}, {"POST", "X-Idempotency-Key", true},
	} {
		r := httptest.NewRequest(row.method, "/", http.NoBody)
		if row.header != "" {
			r.Header.Set(row.header, "1")
		}
		if got := looksHarmless(r); got != row.want {
			t.Errorf("%s with %q: %v, want %v", row.method, row.header, got, row.want)
		}
	}
}

func TestAClientThatIsGoneIsLeftAlone(t *testing.T) {
	w := httptest.NewRecorder()
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(statusClientGone)
		return nil
	})
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	if err := sendOnce(&onceWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}, r, next); err != nil || w.Code != statusClientGone {
		t.Errorf("got %d, %v, want %d", w.Code, err, statusClientGone)
	}
}
