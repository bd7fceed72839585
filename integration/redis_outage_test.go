package integration

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// writer puts documents of users through a door, one after the other, and keeps
// what was acknowledged.
type writer struct {
	door         askedDoor
	name         string
	acknowledged atomic.Int64 // how many
}

func (w *writer) run(t *testing.T, over chan struct{}) {
	adm := tokenOf(t, "adm")
	for i := int64(1); ; i++ {
		got, err := tryAsk(w.door.address, requestWith(fmt.Sprintf(`{"i":%d}`, i), fmt.Sprintf("POST /meta/auth/users/%s-%d", w.name, i), bearing(adm), asFile))
		switch {
		case err == nil && got.status == 200:
			w.acknowledged.Store(i)
		case err != nil || got.status != 503:
			t.Errorf("a write of %s: %v, %v", w.name, got, err)
			return
		}
		if got.status != 200 {
			i-- // what was not acknowledged is put again
		}
		select {
		case <-over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// wantKept finds all that was acknowledged.
func (w *writer) wantKept(t *testing.T, s *redis.Store) {
	t.Helper()
	n := w.acknowledged.Load()
	for i := int64(1); i <= n; i++ {
		document, err := s.Document(t.Context(), account.Users, fmt.Sprintf("%s-%d", w.name, i))
		if err != nil || string(document) != fmt.Sprintf(`{"i":%d}`, i) {
			t.Errorf("%d of %d of %s: %s, %v", i, n, w.name, document, err)
		}
	}
}

// Redis is killed while both doors write to it and are asked: who is known goes on,
// nobody else is let in, and when it is back all is there that was acknowledged.
func TestRedisIsKilledUnderLoad(t *testing.T) {
	server := redistest.Start(t, durable...)
	s := fill(t, server.Address)
	store := startRecorder(t, &recorder{})
	doors := []askedDoor{startWithRedis(t, store, server.Address), startWithRedis(t, store, server.Address)}
	ann := tokenOf(t, "ann")
	for _, d := range doors {
		for range 2 {
			if got := d.writes(t, "/tests/x", ann); got != 200 {
				t.Fatalf("got %d", got)
			}
		}
		if got := d.ask(t, request("GET /tests/x")); got.status != 200 {
			t.Fatalf("a read by nobody: %v", got)
		}
	}
	over := make(chan struct{})
	var all sync.WaitGroup
	end := sync.OnceFunc(func() { close(over); all.Wait() })
	t.Cleanup(end)
	writers := make([]*writer, 4)
	for i := range writers {
		writers[i] = &writer{door: doors[i%2], name: fmt.Sprintf("w%d", i)}
		all.Go(func() { writers[i].run(t, over) })
	}
	for range 3 {
		before := writers[0].acknowledged.Load() + writers[1].acknowledged.Load()
		eventually(t, "there are writes", func() bool { return writers[0].acknowledged.Load()+writers[1].acknowledged.Load() > before+20 })
		// Every user that is written is known then too, thousands on a quick machine, and a
		// door remembers those that were asked for last.
		for _, d := range doors {
			if got := d.writes(t, "/tests/x", ann); got != 200 {
				t.Errorf("between two outages: got %d", got)
			}
		}
		server.Kill()
		for _, d := range doors {
			d.isTroubled(t)
			wantOutage(t, d, ann)
		}
		server.Run(t)
		for _, d := range doors {
			d.isWell(t)
			d.logIn(t, "bob", passwordOf("bob")) // a login may change the user, who is not known then
		}
	}
	end()
	eventually(t, "the users can be read", func() bool { _, err := s.User(t.Context(), "ann"); return err == nil })
	for _, w := range writers {
		w.wantKept(t, s)
	}
}

// isWell waits until the door has no trouble.
func (d *door) isWell(t testing.TB) {
	t.Helper()
	eventually(t, "the door is well", func() bool { return !strings.Contains(d.ask(t, request("GET /_auth?op=health")).body, "trouble") })
}

// isTroubled waits until it has some.
func (d *door) isTroubled(t testing.TB) {
	t.Helper()
	eventually(t, "the door is in trouble", func() bool { return strings.Contains(d.ask(t, request("GET /_auth?op=health")).body, "trouble") })
}

// isOpen compares what a probe is told with what is so: whether the door can decide.
func (d askedDoor) isOpen(t testing.TB, open bool) {
	t.Helper()
	status, serving := 200, 1.0
	if !open {
		status, serving = 503, 0
	}
	ok := fmt.Sprintf(`"ok":%v`, open)
	for what, got := range map[string]answer{
		"op=health": d.ask(t, request("GET /_auth?op=health")), "the admin API": ask(t, d.admin, called(d.admin, "GET health", "")),
	} {
		if got.status != status || !strings.Contains(got.body, ok) {
			t.Errorf("%s: got %v, want %d with %s", what, got, status, ok)
		}
	}
	if have := d.metrics(t)["serving"]; have != serving {
		t.Errorf("the metric serving is %v, want %v", have, serving)
	}
}

// wantOutage is what a door answers without Redis: ann is known.
func wantOutage(t *testing.T, d askedDoor, ann string) {
	t.Helper()
	for what, row := range map[string]struct {
		request []byte
		status  int
	}{
		"a write of who is known":     {request("PUT /tests/x", bearing(ann), "Content-Length: 0"), 200},
		"a write that is denied":      {request("PUT /tests/secret/x", bearing(ann), "Content-Length: 0"), 403},
		"a read of nobody":            {request("GET /tests/x"), 200},
		"a write of nobody":           {request("PUT /tests/x", "Content-Length: 0"), 401},
		"a write of who is not known": {request("PUT /q", bearing(tokenOf(t, "cal")), "Content-Length: 0"), 503},
		"a write of a ghost":          {request("PUT /q", bearing(tokenOf(t, "ghost")), "Content-Length: 0"), 503},
		"a revoked token":             {request("PUT /tests/x", bearing(tokenAt(t, "ann", 7)), "Content-Length: 0"), 401},
		"a login":                     {requestTo(d.address, "GET /_login", authorization("ann", passwordOf("ann"))), 503},
		"a login that is wrong":       {requestTo(d.address, "GET /_login", authorization("ann", "wrong")), 503},
		"a login of a ghost":          {requestTo(d.address, "GET /_login", authorization("ghost", "x")), 503},
		"a logout":                    {request("POST /_auth?op=logout", bearing(ann), "Content-Length: 0"), 503},
		"a document":                  {request("GET /meta/auth/users/bob", bearing(tokenOf(t, "adm"))), 503},
	} {
		if got := d.ask(t, row.request); got.status != row.status {
			t.Errorf("%s: got %v, want %d", what, got, row.status)
		}
	}
}

// A door that is parted from Redis knows it, and closes after max_stale.
func TestAPartedDoorClosesForEverybody(t *testing.T) {
	server := redistest.Start(t)
	fill(t, server.Address)
	proxy := redistest.StartProxy(t, server.Address)
	store := startRecorder(t, &recorder{})
	near, parted := startWithRedis(t, store, server.Address), startWithRedis(t, store, proxy.Address, "max_stale 3s")
	patient := startWithRedis(t, store, proxy.Address, "max_stale 24h")
	ann, bob := tokenOf(t, "ann"), tokenOf(t, "bob")
	if got := patient.writes(t, "/tests/x", ann); got != 200 {
		t.Errorf("before: %d", got)
	}
	for range 2 {
		if got := []int{parted.writes(t, "/tests/x", ann), parted.writes(t, "/tests/x", bob), parted.ask(t, request("GET /x")).status}; fmt.Sprint(got) != "[200 403 200]" {
			t.Fatalf("got %v", got)
		}
	}
	proxy.Pause()
	begun := time.Now()
	wantAuth(t, near.auth(t, "POST /_auth?op=logout", ann), 200, "")
	patient.isTroubled(t)
	patient.isOpen(t, true)
	if got := patient.writes(t, "/tests/x", ann); got != 200 {
		t.Errorf("who is known, after the network parted: %d", got)
	}
	eventually(t, "the door closes", func() bool { return parted.writes(t, "/tests/x", ann) == 503 })
	if got := parted.ask(t, request("GET /_auth?op=health")); got.status != 503 || !strings.Contains(got.body, "nobody is known any more") {
		t.Errorf("the health of a closed door: %v", got)
	}
	if took := time.Since(begun); took < 2*time.Second || took > 10*time.Second { // it last heard of Redis a second before, at most
		t.Errorf("it closes after %s", took)
	}
	for what, request := range map[string][]byte{
		"bob": request("PUT /tests/x", bearing(bob), "Content-Length: 0"), "nobody": request("GET /x"), "a login": requestTo(parted.address, "GET /_login", authorization("ann", passwordOf("ann"))),
	} {
		if got := parted.ask(t, request); got.status != 503 {
			t.Errorf("%s: got %v, want 503", what, got)
		}
	}
	parted.isOpen(t, false)
	proxy.Resume()
	eventually(t, "the door opens", func() bool { return parted.writes(t, "/tests/x", bob) == 403 })
	parted.isWell(t)
	parted.isOpen(t, true)
	for series, want := range map[string]float64{
		`users_reloads_total{outcome="failure",store="redis"}`: 1, `users_reloads_total{outcome="success",store="redis"}`: 1,
		`users_up{store="redis"}`: 1, `serving`: 1,
	} {
		if have, found := parted.metrics(t)[series]; !found || have != want {
			t.Errorf("afterwards %s is %v, want %v", series, have, want)
		}
	}
	if got := parted.writes(t, "/tests/x", ann); got != 401 {
		t.Errorf("a token that was revoked meanwhile: %d", got)
	}
}

// Whoever hammers while a permission is taken and given sees one or the other.
func TestNobodyIsAnsweredByHalfAChange(t *testing.T) {
	server := redistest.Start(t)
	s := fill(t, server.Address)
	store := startRecorder(t, &recorder{})
	doors := []askedDoor{startWithRedis(t, store, server.Address), startWithRedis(t, store, server.Address)}
	// By turns the user's own entry and the role's allow; never both, never none.
	put := func(own, role string) {
		t.Helper()
		entry := `"paths":[{"id":"%s","sign":"+","recursive":true,"permissions":"rw"}]`
		err := errors.Join(
			s.Put(t.Context(), account.Roles, "Editor", fmt.Appendf(nil, "{"+entry+"}", role)),
			s.Put(t.Context(), account.Users, "ann", fmt.Appendf(nil, `{"rev":0,"roles":["Editor"],`+entry+"}", own)))
		if err != nil {
			t.Fatal(err)
		}
	}
	put("/a", "/always")
	ann := tokenAt(t, "ann", 1) // the password is gone
	over := make(chan struct{})
	var all sync.WaitGroup
	var asked atomic.Int64
	for i := range 8 {
		all.Go(func() {
			d := doors[i%2]
			for {
				for path, want := range map[string][]int{"/always/x": {200}, "/never/x": {403}, "/a/x": {200, 403}, "/b/x": {200, 403}} {
					got, err := tryAsk(d.address, request("PUT "+path, bearing(ann), "Content-Length: 0"))
					if err != nil || got.status != want[0] && got.status != want[len(want)-1] {
						t.Errorf("%s: %v, %v", path, got, err)
						return
					}
					asked.Add(1)
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for i := range 200 {
		put([]string{"/b", "/a"}[i%2], "/always")
	}
	close(over)
	all.Wait()
	t.Logf("%d answers", asked.Load())
}
