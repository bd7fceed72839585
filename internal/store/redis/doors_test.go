package redis

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// On the door that makes a change it holds before the change is acknowledged, however
// many ask meanwhile; and on another one soon after.
func TestAChangeHoldsWhenItIsAcknowledged(t *testing.T) {
	server := redistest.Start(t)
	options := optionsFor(server.Address)
	options.Timeout = 20 * time.Second // nobody has much time here
	here, there := open(t, options, Home{}), open(t, options, Home{})
	put(t, here, account.Users, "ann", `{"rev":0}`)
	put(t, here, account.Roles, "Editor", `{}`)
	put(t, here, account.Users, "bob", `{"roles":["Editor"]}`)
	over := make(chan struct{})
	var busy sync.WaitGroup
	for range 2 {
		for _, s := range []*Store{here, there} {
			busy.Go(func() {
				for last := int64(0); ; {
					p, err := s.Principal(t.Context(), "ann")
					if err != nil || p.User.Revision < last {
						t.Errorf("after rev %d: %v, %v", last, p, err)
						return
					}
					last = p.User.Revision
					_, _ = s.Principal(t.Context(), "bob")
					runtime.Gosched()
					select {
					case <-over:
						return
					default:
					}
				}
			})
		}
	}
	slowest := time.Duration(0)
	for rev := int64(1); rev <= 50; rev++ {
		if _, err := here.Edit(t.Context(), "ann", account.Revoke); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if !here.knows(t, "ann", rev) {
			t.Fatalf("rev %d does not hold here", rev)
		}
		redistest.Eventually(t, "it holds there", func() bool { return there.knows(t, "ann", rev) })
		slowest = max(slowest, time.Since(begun))
		operations := []string{"Overwrite", "Admin"}[rev%2]
		put(t, here, account.Roles, "Editor", `{"operations":["`+operations+`"]}`)
		if p, err := here.Principal(t.Context(), "bob"); err != nil || p.Operations.String() != operations {
			t.Fatalf("the role does not hold here: %v, %v", p, err)
		}
		redistest.Eventually(t, "the role holds there", func() bool {
			p, err := there.Principal(t.Context(), "bob")
			return err == nil && p.Operations.String() == operations
		})
	}
	close(over)
	busy.Wait()
	if slowest > time.Second {
		t.Errorf("the other door saw a change after %s", slowest)
	}
}

// A store that Redis tells nothing holds to its own changes nevertheless, and to
// nothing that is not sound.
func TestWhatADoorDoesItNeedNotBeTold(t *testing.T) {
	server := redistest.Start(t)
	s := New(optionsFor(server.Address))
	s.tracked = []string{"nothing"}
	t.Cleanup(func() { _ = s.Close() })
	s.Start(Home{})
	redistest.Eventually(t, "the server is found", func() bool { _, why := s.State(); return why == nil })
	for rev := int64(0); rev < 5; rev++ {
		put(t, s, account.Users, "ann", fmt.Sprintf(`{"rev":%d,"roles":["Editor"]}`, rev))
		if !s.knows(t, "ann", rev) {
			t.Fatalf("rev %d does not hold", rev)
		}
		put(t, s, account.Roles, "Editor", fmt.Sprintf(`{"paths":[{"id":"/%d","sign":"+","permissions":"r"}]}`, rev))
		if p, err := s.Principal(t.Context(), "ann"); err != nil || p.Rules.Roles[0].Entries[0].ID() != fmt.Sprintf("/%d", rev) {
			t.Fatalf("the role does not hold: %v, %v", p, err)
		}
	}
	server.Say(t, "SET", "{test}:user:ann", "{")
	if !s.knows(t, "ann", 4) {
		t.Fatal("it is told of the change")
	}
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Principal(t.Context(), "ann"); !errors.Is(err, errUnsound) || p != nil {
		t.Errorf("what was known before counts: %v, %v", p, err)
	}
}

func TestTheShapesOfHashesAreThoseOfAllUsers(t *testing.T) {
	server := redistest.Start(t)
	argon2id := "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	tell := func() (Options, *atomic.Pointer[[]account.Shape]) {
		told := new(atomic.Pointer[[]account.Shape])
		o := optionsFor(server.Address)
		o.Shapes = func(shapes []account.Shape) { told.Store(&shapes) }
		return o, told
	}
	options, toldHere := tell()
	here := open(t, options, Home{})
	options, toldThere := tell()
	there := open(t, options, Home{})
	bcrypt, argon := account.Shape{Cost: 10}, account.Shape{Memory: 19456, Time: 2, Threads: 1}
	md5 := `"digest2":"` + strings.Repeat("0", 32) + `"`
	for i, step := range []struct {
		name, document string // deleted when it is empty
		shapes         []account.Shape
		onlyMD5        bool
	}{
		{"ann", `{"digest":"` + cheap + `"}`, []account.Shape{bcrypt}, false},
		{"bob", `{"digest":"` + cheap + `",` + md5 + `}`, []account.Shape{bcrypt}, true},
		{"ann", `{"digest":"` + argon2id + `"}`, []account.Shape{argon, bcrypt}, true},
		{"bob", `{` + md5 + `,"digest2_sha256":"` + strings.Repeat("0", 64) + `"}`, []account.Shape{argon}, false},
		{"eve", `{"digest":"` + argon2id + `"}`, []account.Shape{argon}, false},
		{"ann", "", []account.Shape{argon}, false},
		{"eve", `{}`, nil, false},
	} {
		var err error
		if step.document == "" {
			err = there.Delete(t.Context(), account.Users, step.name)
		} else {
			err = there.Put(t.Context(), account.Users, step.name, []byte(step.document))
		}
		if err != nil {
			t.Fatal(err)
		}
		right := func(s *Store, told *atomic.Pointer[[]account.Shape]) bool {
			got := slices.SortedFunc(slices.Values(*told.Load()), func(a, b account.Shape) int { return a.Cost - b.Cost })
			return slices.Equal(got, step.shapes) && s.OnlyMD5() == step.onlyMD5
		}
		if !right(there, toldThere) {
			t.Errorf("step %d, at once: %v %v", i, *toldThere.Load(), there.OnlyMD5())
		}
		redistest.Eventually(t, fmt.Sprintf("step %d is seen", i), func() bool { return right(here, toldHere) })
	}
}

func TestReloadAsksForAllAgain(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, optionsFor(server.Address), Home{})
	put(t, s, account.Users, "ann", `{"rev":1}`)
	s.learn(t, "ann", "eve")
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if s.view.certain("ann") || s.view.certain("eve") {
		t.Error("something is certain without having been asked for")
	}
	if _, err := s.view.lastKnown("ann"); err != nil {
		t.Errorf("what was known last is forgotten: %v", err)
	}
	s.learn(t, "ann", "eve")
}

func TestTheNullStore(t *testing.T) {
	s := New(optionsFor("127.0.0.1:1"))
	s.wantClosed(t, "ann")
	s.wantNoChanges(t, "ann")
	if _, why := s.State(); why == nil {
		t.Error("all is well")
	}
	if names, err := s.Names(t.Context(), account.Users); err == nil || names != nil {
		t.Errorf("%q, %v", names, err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	s.wantClosed(t, "ann")
}

// What is closed leaves nothing behind, and answers nothing any more.
func TestAClosedStore(t *testing.T) {
	server := redistest.Start(t)
	before := runtime.NumGoroutine()
	for range 10 {
		s := New(optionsFor(server.Address))
		s.Start(Home{})
		redistest.Eventually(t, "it is reached", func() bool { _, why := s.State(); return why == nil })
		put(t, s, account.Users, "ann", `{}`)
		s.learn(t, "ann")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s.wantNoChanges(t, "ann")
		s.wantClosed(t, "bob")
		if _, why := s.State(); !errors.Is(why, errClosed) {
			t.Errorf("%v", why)
		}
	}
	redistest.Eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}
