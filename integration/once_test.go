package integration

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// tryingAgain is a front door whose proxy repeats what it takes for harmless.
func tryingAgain(upstreams string, lines ...string) string {
	proxy := "reverse_proxy " + upstreams + " {\n\t\tlb_try_interval 10ms\n\t\t" + strings.Join(lines, "\n\t\t") + "\n\t}"
	return strings.Replace(frontDoor(ownKey), "reverse_proxy {$DOOR_STORE}", proxy, 1)
}

// A GET with such an op writes, and a proxy may send a GET twice.
func TestAWriteByGETIsSentOnce(t *testing.T) {
	for name, caddyfile := range map[string]string{
		"a proxy that tries for seconds":  tryingAgain("{$DOOR_STORE}", "lb_try_duration 5s"),
		"a proxy that tries three times":  tryingAgain("{$DOOR_STORE}", "lb_retries 3"),
		"a proxy that is told to":         tryingAgain("{$DOOR_STORE}", "lb_try_duration 5s", "lb_retry_match path /*"),
		"a proxy that does not try again": frontDoor(ownKey),
	} {
		store := startRecorder(t, &recorder{drops: func(r received) bool { return strings.Contains(r.target, "op=") || r.method == "POST" }})
		d := startDoor(t, caddyfile, doorOptions{store: store.address})
		for _, line := range []string{"GET /tests/x?op=purge-all", "HEAD /tests/x?op=purge-all", "OPTIONS /tests/x?op=purge-all", "GET /tests/x?op=rollback", "POST /tests/x"} {
			headers := []string{bearing(tokenOf(t, "adm"))}
			if strings.HasPrefix(line, "POST") {
				headers = append(headers, "Content-Length: 0", "Idempotency-Key: 1")
			}
			for _, reused := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, on a kept connection: %v", name, line, reused), func(t *testing.T) {
					if reused {
						d.ask(t, request("GET /before"))
					}
					store.take()
					got := d.ask(t, request(line, headers...))
					if got.status != 502 {
						t.Errorf("got %v, want 502", got)
					}
					if seen := inShort(store.take()); seen != line+" as adm" {
						t.Errorf("the store saw %q, want %q once", seen, line)
					}
				})
			}
		}
	}
}

func TestWhatReadsIsStillTriedAgain(t *testing.T) {
	var asked atomic.Int32
	store := startRecorder(t, &recorder{drops: func(received) bool { return asked.Add(1) <= 2 }})
	d := startDoor(t, tryingAgain("{$DOOR_STORE}", "lb_try_duration 50s"), doorOptions{store: store.address})
	if got := d.ask(t, request("GET /tests/x")); got.status != 200 {
		t.Errorf("got %v", got)
	}
	if seen := store.take(); len(seen) != 3 {
		t.Errorf("the store saw %v, want the request three times", seen)
	}
}

// Where nobody listens nothing is executed: the next server is asked, for
// writes too.
func TestAWriteGoesToAnotherServerWhenNobodyListensAtTheFirst(t *testing.T) {
	store := startRecorder(t, &recorder{})
	caddyfile := tryingAgain("127.0.0.1:"+freePort(t)+" {$DOOR_STORE}", "lb_policy round_robin", "lb_try_duration 50s")
	d := startDoor(t, caddyfile, doorOptions{store: store.address})
	for i := range 4 {
		got := d.ask(t, request("GET /tests/x?op=purge-all", bearing(tokenOf(t, "adm"))))
		if seen := store.take(); got.status != 200 || len(seen) != 1 {
			t.Errorf("request %d: got %v, and the store saw %v", i+1, got, seen)
		}
	}
}

// Another proxy before the store's, such as forward_auth, has an exchange of
// its own with somebody else.
func TestAnExchangeThatWasAnsweredDoesNotCount(t *testing.T) {
	others := startRecorder(t, &recorder{})
	store := startRecorder(t, &recorder{drops: func(r received) bool { return strings.Contains(r.target, "rollback") }})
	caddyfile := tryingAgain("{$DOOR_STORE}", "lb_try_duration 5s")
	caddyfile = strings.Replace(caddyfile, "\treverse_proxy", "\tforward_auth "+others.address+" {\n\t\turi /asked\n\t}\n\treverse_proxy", 1)
	d := startDoor(t, caddyfile, doorOptions{store: store.address})
	for _, row := range []struct {
		op     string
		status int
	}{{"purge-all", 200}, {"rollback", 502}} {
		got := d.ask(t, request("GET /tests/x?op="+row.op, bearing(tokenOf(t, "adm"))))
		if seen := store.take(); got.status != row.status || len(seen) != 1 {
			t.Errorf("%s: got %v, want %d; the store saw %v", row.op, got, row.status, seen)
		}
		if asked := others.take(); len(asked) != 1 {
			t.Errorf("%s: the other server saw %v", row.op, asked)
		}
	}
}

// Over HTTP/2 one connection carries everything, and a stream of it may end
// without an answer.
func TestAWriteByGETIsSentOnceOverHTTP2(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var purges atomic.Int32
	var versions http.Protocols
	versions.SetUnencryptedHTTP2(true)
	store := &http.Server{Protocols: &versions, ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			purges.Add(1)
			panic(http.ErrAbortHandler)
		}
	})}
	ended := make(chan struct{})
	go func() {
		_ = store.Serve(listener) // until it is closed
		close(ended)
	}()
	t.Cleanup(func() {
		store.Close()
		<-ended
	})
	d := startDoor(t, tryingAgain("h2c://"+listener.Addr().String(), "lb_try_duration 5s"), doorOptions{})
	var got []int
	for range 3 {
		got = append(got, d.ask(t, request("GET /before")).status,
			d.ask(t, request("GET /tests/x?op=purge-all", bearing(tokenOf(t, "adm")))).status)
	}
	if want := []int{200, 502, 200, 502, 200, 502}; !slices.Equal(got, want) || purges.Load() != 3 {
		t.Errorf("got %v, want %v; the store was asked to purge %d times, want 3", got, want, purges.Load())
	}
}
