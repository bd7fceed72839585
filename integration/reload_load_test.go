package integration

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/login"
)

// busyClient writes over HTTP/2 with prior knowledge: there a server that goes
// away says which requests it will not answer, and the client sends them anew. With
// HTTP/1.1 a request that meets a connection as it is closed is lost, whoever
// serves.
func busyClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// numbered is a configuration that can be told from others.
func numbered(i int, settings ...string) string {
	return frontDoor(append(settings, fmt.Sprintf("auth_path /_auth%d", i))...)
}

// writers write through the door without a pause until they are stopped, and
// count what they wrote.
func writers(t *testing.T, d *door, as string, n int) (written *atomic.Int64, stop func()) {
	t.Helper()
	client, over := busyClient(t), make(chan struct{})
	written = new(atomic.Int64)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, fmt.Sprintf("http://%s/tests/%d", d.address, i), strings.NewReader("x"))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("X-CM-WELL-TOKEN", as)
				got, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, got.Body)
				got.Body.Close()
				if err != nil || got.StatusCode != http.StatusOK {
					t.Errorf("a write got %d, %v", got.StatusCode, err)
					return
				}
				written.Add(1)
			}
		})
	}
	return written, func() { close(over); all.Wait() }
}

func TestNoWriteFailsAndNothingIsForgottenOverTwentyReloads(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, numbered(0), doorOptions{store: store.address, admin: true})
	ann := d.logIn(t, "ann", passwordOf("ann")) // which also stores what Digest needs
	answer := request("GET /_login", d.challenges(t)[login.SHA256].answered("ann", passwordOf("ann"), "00000001"))
	if got := d.ask(t, answer); got.status != 200 {
		t.Fatalf("Digest got %v", got)
	}
	for range 10 {
		if got := d.ask(t, request("GET /_login", authorization("cal", "wrong"))); got.status != 401 {
			t.Fatalf("a wrong password got %v", got)
		}
	}
	written, stop := writers(t, d, ann, 4)
	last := 0
	for i := 1; i <= 20; i++ {
		before := written.Load()
		config := numbered(i)
		if broken := i%4 == 0; broken {
			config = numbered(i, "no_such_word")
		} else {
			last = i
		}
		d.write(t, config)
		if said, err := d.reload(t); (err == nil) == (i%4 == 0) {
			t.Errorf("reload %d: %v\n%s", i, err, said)
		}
		if got := d.ask(t, request(fmt.Sprintf("GET /_auth%d?op=health", last))); got.status != 200 {
			t.Errorf("after reload %d the configuration %d does not serve: %v", i, last, got)
		}
		eventually(t, "writes go on", func() bool { return written.Load() > before+10 || t.Failed() })
	}
	stop()
	if got := d.ask(t, answer); got.status != 401 {
		t.Errorf("an answer to a Digest challenge, sent once more: got %v", got)
	}
	if got := d.ask(t, request("GET /_login", authorization("cal", passwordOf("cal")))); got.status != 429 {
		t.Errorf("after ten wrong passwords and twenty reloads: got %v", got)
	}
	for _, r := range store.take() {
		if !strings.HasPrefix(r.String(), "PUT /tests/") || !strings.HasSuffix(r.String(), " as ann") {
			t.Fatalf("the store saw %s", r)
		}
	}
}

// What a process holds, as the operating system and its own runtime count it.
type holdings struct{ goroutines, descriptors, heap int }

func (d *door) holds(t *testing.T) holdings {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	number := func(path, pattern string) int {
		got := ask(t, d.admin, requestTo(d.admin, "GET "+path, "Connection: close"))
		found := regexp.MustCompile(pattern).FindStringSubmatch(got.body)
		if found == nil {
			t.Fatalf("%s: got %d, in which %s is not found", path, got.status, pattern)
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return holdings{
		heap:        number("/debug/pprof/heap?debug=1&gc=1", `# HeapAlloc = (\d+)`),
		goroutines:  number("/debug/pprof/goroutine?debug=1", `goroutine profile: total (\d+)`),
		descriptors: len(open),
	}
}

func TestFiftyReloadsHoldNoMoreThanTen(t *testing.T) {
	// Caddy leaves the proxy's idle connections open for two minutes after a reload.
	numbered := func(i int, proxy string) string {
		return strings.Replace(numbered(i), "reverse_proxy {$DOOR_STORE}", "reverse_proxy {$DOOR_STORE} {\n\t\ttransport http {\n\t\t\tkeepalive off\n\t\t\t"+proxy+"\n\t\t}\n\t}", 1)
	}
	d := startDoor(t, numbered(0, ""), doorOptions{store: startRecorder(t, &recorder{}).address, admin: true})
	ann := d.logIn(t, "ann", passwordOf("ann"))
	reload := func(times int) {
		t.Helper()
		for i := range times {
			broken, config := i%5 == 4, numbered(i, "")
			if broken { // which is found last: all else has been provisioned by then
				config = numbered(i, "tls_trust_pool file /nowhere.pem")
			}
			d.write(t, config)
			if said, err := d.reload(t); (err == nil) == broken || broken && !strings.Contains(said, "/nowhere.pem") {
				t.Fatalf("reload %d: %v\n%s", i, err, said)
			}
			if got := d.ask(t, requestWith("x", "PUT /tests/x", bearing(ann), "Connection: close")); got.status != 200 {
				t.Fatalf("after reload %d: got %v", i, got)
			}
		}
	}
	reload(10)
	ten := d.holds(t)
	reload(40)
	// What ends by itself may take a moment.
	var fifty holdings
	eventually(t, "the door holds no more than after ten reloads", func() bool {
		fifty = d.holds(t)
		t.Logf("after 10 reloads %+v, after 50 %+v", ten, fifty)
		return fifty.goroutines <= ten.goroutines+5 && fifty.descriptors <= ten.descriptors+3 && fifty.heap <= ten.heap*13/10+(2<<20)
	})
}
