package infotons

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// clock is a time that a test sets.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// timed is a store whose clock stands still unless it is moved on.
func (h *home) timed(t *testing.T, change func(*Config)) (*Store, *clock) {
	t.Helper()
	time := &clock{}
	time.at.Store(1e18)
	c := h.config()
	c.MaxAge, c.MaxStale, c.Now = 1e9, 300e9, time.now
	if change != nil {
		change(&c)
	}
	return h.open(t, c), time
}

func (h *home) tookOf(path string) (n int) {
	for _, asked := range h.took() {
		if strings.HasSuffix(asked, path) {
			n++
		}
	}
	return n
}

func rev(t *testing.T, s *Store, name string, want int64) {
	t.Helper()
	if p, err := s.Principal(t.Context(), name); err != nil || p.User.Revision != want {
		t.Errorf("%s: %+v, %v; want rev %d", name, p, err, want)
	}
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("it never was so that %s", what)
		}
	}
}

func TestWhatIsKnownIsNotAskedForUntilItIsOld(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1}`)
	s, time := h.timed(t, nil)
	for range 3 {
		rev(t, s, "ann", 1)
	}
	if asked := h.took(); !slices.Equal(asked, []string{"GET " + annPath}) {
		t.Errorf("asked %q", asked)
	}
	h.plant(t, annPath, `{"rev":2}`)
	time.advance(499e6)
	rev(t, s, "ann", 1)
	time.advance(501e6 + 2)
	rev(t, s, "ann", 2)
	if _, err := s.Principal(t.Context(), "bob"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	h.took()
	for range 3 {
		if _, err := s.Principal(t.Context(), "bob"); !errors.Is(err, account.ErrNotExist) {
			t.Error(err)
		}
	}
	if asked := h.took(); len(asked) > 0 {
		t.Errorf("asked again for nobody: %q", asked)
	}
	h.plant(t, "/meta/auth/users/bob", `{}`)
	time.advance(1e9)
	rev(t, s, "bob", 0)
}

// In the second half of their age, all that are in use are looked at with one
// question, and whoever is as before needs no other.
func TestUsersInUseAreLookedAtTogether(t *testing.T) {
	h := startHome(t)
	const users = 300
	s, time := h.timed(t, func(c *Config) { c.CacheSize = 1000 })
	h.plant(t, "/meta/auth/roles/Editor", `{"operations":["Overwrite"]}`)
	for i := range users {
		h.plant(t, fmt.Sprintf("/meta/auth/users/u%d", i), `{"rev":1,"roles":["Editor"]}`)
		rev(t, s, fmt.Sprintf("u%d", i), 1)
	}
	h.plant(t, "/meta/auth/users/u7", `{"rev":2,"roles":["Editor"]}`)
	h.uproot(t, "/meta/auth/users/u8")
	h.took()
	use := func(i int) { _, _ = s.Principal(t.Context(), fmt.Sprintf("u%d", i)) }
	for range 4 {
		time.advance(300e6)
		for i := range users {
			if i != 9 { // who is not in use is not looked at
				use(i)
			}
		}
		eventually(t, "no sweep is under way", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.sweeping })
	}
	asked := h.took()
	out, single := 0, map[string]int{}
	for _, a := range asked {
		if a == "POST /_out" {
			out++
		} else {
			single[a]++
		}
	}
	if out < 2 || out > 8 {
		t.Errorf("/_out was asked %d times", out)
	}
	for a := range single {
		if !slices.Contains([]string{"GET /meta/auth/users/u7", "GET /meta/auth/users/u8", "GET /meta/auth/roles/Editor", "GET /meta/auth/users"}, a) {
			t.Errorf("asked %s", a)
		}
	}
	rev(t, s, "u7", 2)
	if _, err := s.Principal(t.Context(), "u8"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	time.advance(999e6)
	rev(t, s, "u1", 1)
}

// A store that knows nothing of /_out, or lies in it, is asked one by one.
func TestNothingIsBelievedOfABrokenLookAtMany(t *testing.T) {
	for what, instead := range map[string]http.HandlerFunc{
		"not there":       says(404, "text/plain", "no"),
		"a fault":         says(500, "text/plain", ""),
		"of another type": says(200, "application/json", `{"type":"BagOfInfotons","infotons":[]}`),
		"empty":           says(200, "application/json", `{"type":"RetrievablePaths","infotons":[]}`),
		"of another path": says(200, "application/json", `{"type":"RetrievablePaths","infotons":[`+shown("FileInfoton", "/x", text(`{"rev":1}`))+`]}`),
	} {
		h := startHome(t)
		h.plant(t, annPath, `{"rev":1}`)
		s, time := h.timed(t, nil)
		rev(t, s, "ann", 1)
		h.plant(t, annPath, `{"rev":2}`)
		h.answers(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/_out" {
				instead(w, r)
				return
			}
			h.store.ServeHTTP(w, r)
		})
		time.advance(600e6)
		rev(t, s, "ann", 1)
		eventually(t, what+": the change is seen", func() bool { p, err := s.Principal(t.Context(), "ann"); return err == nil && p.User.Revision == 2 })
	}
}

func TestManyWhoAskAtOnceWaitForOneAnswer(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1}`)
	s, _ := h.timed(t, nil)
	arrived, over := make(chan struct{}, 100), make(chan struct{})
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-over
		h.store.ServeHTTP(w, r)
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { rev(t, s, "ann", 1) })
		all.Go(func() {
			if u, err := s.User(t.Context(), "ann"); err != nil || u.Revision != 1 {
				t.Errorf("%+v, %v", u, err)
			}
		})
	}
	<-arrived
	<-arrived
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.Principal(gone, "ann"); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone away waits: %v", err)
	}
	close(over)
	all.Wait()
	if n := h.tookOf(annPath); n > 40 || n < 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestWhileTheStoreIsDownWhoIsKnownGoesOnForAWhile(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1,"roles":["Editor"]}`)
	h.plant(t, "/meta/auth/roles/Editor", `{}`)
	var warnings atomic.Int32
	s, time := h.timed(t, nil)
	s.Use(nil, func(error) { warnings.Add(1) })
	rev(t, s, "ann", 1)
	for _, name := range []string{account.Anonymous, "bob"} {
		if _, err := s.Principal(t.Context(), name); !errors.Is(err, account.ErrNotExist) {
			t.Fatal(err)
		}
	}
	h.Break(t)
	unknown := func(name string) {
		t.Helper()
		if p, err := s.Principal(t.Context(), name); err == nil || errors.Is(err, account.ErrNotExist) || p != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	for range 298 {
		time.advance(1e9)
		rev(t, s, "ann", 1)
		if u, err := s.User(t.Context(), "ann"); err != nil || u.Revision != 1 {
			t.Errorf("%+v, %v", u, err)
		}
		if _, err := s.Principal(t.Context(), account.Anonymous); !errors.Is(err, account.ErrNotExist) {
			t.Errorf("that there is no user anonymous is forgotten: %v", err)
		}
	}
	unknown("bob")
	unknown("eve")
	if u, err := s.User(t.Context(), "bob"); err == nil || errors.Is(err, account.ErrNotExist) || u.Name != "" {
		t.Errorf("%+v, %v", u, err)
	}
	if n := warnings.Load(); n < 1 || n > 31 {
		t.Errorf("%d warnings", n)
	}
	time.advance(3e9)
	unknown("ann")
	unknown(account.Anonymous)
	if u, err := s.User(t.Context(), "ann"); err == nil || u.Name != "" {
		t.Errorf("%+v, %v", u, err)
	}
	h.plant(t, annPath, `{"rev":2}`)
	h.answers(nil)
	rev(t, s, "ann", 2)
	if at, trouble := s.State(); trouble != nil || !at.Equal(time.now()) {
		t.Errorf("at %s: %v", at, trouble)
	}
}

// Whoever comes when nobody has asked for a while is not answered with what was
// known when the store was down.
func TestAfterAnOutageThatNobodyMetTheStoreIsAsked(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1}`)
	s, time := h.timed(t, nil)
	rev(t, s, "ann", 1)
	h.Break(t)
	time.advance(2e9)
	rev(t, s, "ann", 1)
	h.answers(nil)
	h.plant(t, annPath, `{"rev":2}`)
	time.advance(60e9)
	rev(t, s, "ann", 2)
}

// CM-Well answers 404 as well when it cannot read: only what its search does not find
// either, or what it says was deleted, is gone for certain.
func TestWhatVanishesByAFaultIsBrokenAndNotAbsent(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1,"roles":["Editor","Law"]}`)
	h.plant(t, "/meta/auth/roles/Editor", `{"paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}]}`)
	h.plant(t, "/meta/auth/roles/Law", `{"paths":[{"id":"/docs/law","sign":"-","recursive":true,"permissions":"rw"}]}`)
	h.plant(t, "/meta/auth/users/anonymous", `{"paths":[]}`)
	fault := func(paths ...string) {
		h.answers(func(w http.ResponseWriter, r *http.Request) {
			if slices.Contains(paths, r.URL.Path) && r.Method == http.MethodGet {
				says(404, "text/plain", "Infoton not found")(w, r)
				return
			}
			h.store.ServeHTTP(w, r)
		})
	}
	for what, path := range map[string]string{"a role": "/meta/auth/roles/Law", "the user of everybody": "/meta/auth/users/anonymous"} {
		fault(path)
		s, _ := h.timed(t, nil) // which knows nothing yet
		name := "ann"
		if strings.HasSuffix(path, "anonymous") {
			name = account.Anonymous
		}
		p, err := s.Principal(t.Context(), name)
		checkBroken(t, what, p == nil, err)
	}
	h.answers(nil)
	s, time := h.timed(t, nil)
	rev(t, s, "ann", 1)
	fault(annPath)
	time.advance(2e9)
	rev(t, s, "ann", 1) // the last known state
	if err := s.Put(t.Context(), account.Users, "ann", []byte(`{}`)); err == nil || errors.Is(err, account.ErrDocument) {
		t.Errorf("a new user in the place of one who is there: %v", err)
	}
	h.plant(t, floorPath, `{"rev_floor":7}`)
	fault(floorPath)
	if err := s.Put(t.Context(), account.Users, "zoe", []byte(`{}`)); err == nil {
		t.Error("a new user without its floor")
	}
	h.answers(nil)
	h.uproot(t, annPath)
	time.advance(20e9)
	if _, err := s.Principal(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Errorf("who is gone: %v", err)
	}
}

func TestAfterExpireEverythingIsReadAgain(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1}`)
	s, _ := h.timed(t, nil)
	rev(t, s, "ann", 1)
	h.plant(t, annPath, `{"rev":2}`)
	rev(t, s, "ann", 1)
	s.Expire()
	rev(t, s, "ann", 2)
	h.plant(t, annPath, `{"rev":3}`)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	rev(t, s, "ann", 3)
	h.Break(t)
	if err := s.Reload(); err == nil {
		t.Error("a store that is down can be read again")
	}
	rev(t, s, "ann", 3)
}

// Between a reading and its end, the store is changed and that is acknowledged: what
// was read before is not remembered.
func TestAReadingThatAChangeOvertakesIsNotKept(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1}`)
	s, _ := h.timed(t, nil)
	arrived, over := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		h.store.ServeHTTP(w, r)
		if r.Method == http.MethodGet && r.URL.Path == annPath && first.CompareAndSwap(false, true) {
			close(arrived)
			<-over
		}
	})
	slow := make(chan error)
	go func() { _, err := s.Principal(context.Background(), "ann"); slow <- err }()
	<-arrived
	if err := s.Put(t.Context(), account.Users, "ann", []byte(`{"rev":2}`)); err != nil {
		t.Fatal(err)
	}
	rev(t, s, "ann", 2)
	close(over)
	if err := <-slow; err != nil {
		t.Error(err)
	}
	rev(t, s, "ann", 2)
}

// A token for the new rev is good at the very door that gave it.
func TestWhoLogsInAnewIsKnownAnew(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":1,"digest":"`+hash+`"}`)
	s, _ := h.timed(t, nil)
	rev(t, s, "ann", 1)
	h.plant(t, annPath, `{"rev":2}`)
	if u, err := s.User(t.Context(), "ann"); err != nil || u.Revision != 2 {
		t.Errorf("%+v, %v", u, err)
	}
	rev(t, s, "ann", 2)
	h.uproot(t, annPath)
	if _, err := s.User(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	if _, err := s.Principal(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	if shapes := s.Shapes(); !slices.Equal(shapes, []account.Shape{{Cost: 10}}) {
		t.Errorf("shapes %v", shapes)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	h := startHome(t)
	s, time := h.timed(t, func(c *Config) { c.CacheSize = 10 })
	for i := range 50 {
		name := fmt.Sprintf("u%d", i)
		h.plant(t, "/meta/auth/users/"+name, `{"rev":1}`)
		rev(t, s, name, 1)
		time.advance(1)
		rev(t, s, "u0", 1)
	}
	if n := len(s.entries); n != 10 {
		t.Errorf("%d users are remembered", n)
	}
	h.took()
	rev(t, s, "u0", 1)
	if asked := h.took(); len(asked) > 0 {
		t.Errorf("who is in use was forgotten: %q", asked)
	}
	for i := range 1000 {
		if _, err := s.User(t.Context(), fmt.Sprintf("guess%d", i)); !errors.Is(err, account.ErrNotExist) {
			t.Fatal(err)
		}
	}
	h.took()
	rev(t, s, "u0", 1)
	if asked := h.took(); len(asked) > 0 {
		t.Errorf("guessed names push out who is known: %q", asked)
	}
}

func BenchmarkPrincipalThatIsKnown(b *testing.B) {
	s := New(Config{MaxAge: time.Hour, CacheSize: 10, Now: time.Now})
	s.entries["ann"] = &entry{state: &state{principal: new(account.Principal)}, readAt: time.Now()}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Principal(context.Background(), "ann"); err != nil {
				b.Error(err)
			}
		}
	})
}
