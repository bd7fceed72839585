package redis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// door is what one door keeps for itself: its own storage, and its log.
type door struct {
	mu       sync.Mutex
	identity string
	said     []string
	roots    atomic.Int32
	broken   error
}

func (d *door) home() Home {
	return Home{
		Known: func(context.Context) (string, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.identity, d.broken
		},
		Note: func(_ context.Context, identity string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.identity = identity
			return nil
		},
		Lost: "delete the note",
		Root: func(context.Context) ([]byte, error) {
			d.roots.Add(1)
			return []byte(`{"rev":0,"digest":"` + cheap + `"}`), nil
		},
		Warn: func(sentence string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.said = append(d.said, sentence)
		},
	}
}

func (d *door) says(words string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Contains(strings.Join(d.said, "\n"), words)
}

func TestANewStoreGetsOneRootOverAllDoors(t *testing.T) {
	server := redistest.Start(t)
	var doors [4]door
	var stores [4]*Store
	for i := range doors {
		stores[i] = start(t, optionsFor(server.Address), doors[i].home())
	}
	made := 0
	for i, s := range stores {
		redistest.Eventually(t, "root is there", func() bool { return s.knows(t, account.Root, 0) })
		if doors[i].says("is new: user root has the password root") {
			made++
		}
		if doors[i].identity == "" || doors[i].identity != doors[0].identity {
			t.Errorf("door %d notes %q", i, doors[i].identity)
		}
	}
	if made != 1 {
		t.Errorf("%d doors made the root", made)
	}
	if names, err := stores[0].Names(t.Context(), account.Users); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}

	// A door that comes later makes none, though root was deleted.
	if err := stores[0].Delete(t.Context(), account.Users, account.Root); err != nil {
		t.Fatal(err)
	}
	var late door
	s := open(t, optionsFor(server.Address), late.home())
	if _, err := s.Principal(t.Context(), account.Root); !errors.Is(err, account.ErrNotExist) || late.roots.Load() != 0 {
		t.Errorf("root is there again: %v", err)
	}
}

// Hashing its password takes longer than a silence of Redis may.
func TestARootThatTakesItsTime(t *testing.T) {
	options := optionsFor(redistest.Start(t).Address)
	options.Timeout = 50 * time.Millisecond
	var d door
	home := d.home()
	home.Root = func(context.Context) ([]byte, error) {
		<-time.After(options.Timeout + 3*beat)
		return []byte(`{}`), nil
	}
	s := start(t, options, home)
	if err := s.Wait(t.Context()); err != nil || !s.knows(t, account.Root, 0) {
		t.Errorf("root is not known: %v", err)
	}
}

func TestNobodyIsMadeWhereNobodyIsWanted(t *testing.T) {
	server := redistest.Start(t)
	var d door
	home := d.home()
	home.Root = nil
	s := open(t, optionsFor(server.Address), home)
	if _, err := s.Principal(t.Context(), account.Root); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	put(t, s, account.Users, "ann", `{}`)
	redistest.Eventually(t, "the store is noted as used", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.identity != "" })
}

// A store that was used and is not there any more is no new one.
func TestALostStoreIsNoNewOne(t *testing.T) {
	lose := map[string]func(*testing.T, *redistest.Server){
		"emptied":                      func(t *testing.T, s *redistest.Server) { s.Say(t, "FLUSHALL") },
		"ended without having written": func(t *testing.T, s *redistest.Server) { s.Kill(); s.Run(t) },
		"another one, with a root of its own": func(t *testing.T, s *redistest.Server) {
			s.Kill()
			s.Run(t)
			var elsewhere door
			if err := open(t, optionsFor(s.Address), elsewhere.home()).Close(); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, lost := range lose {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			var d door
			running := open(t, optionsFor(server.Address), d.home())
			put(t, running, account.Users, "ann", `{}`)
			running.learn(t, "ann")
			lost(t, server)
			redistest.Eventually(t, "it is noticed", func() bool {
				_, why := running.State()
				return why != nil && strings.Contains(why.Error(), "delete the note to begin anew")
			})
			if _, err := running.Principal(t.Context(), "ann"); err != nil {
				t.Errorf("who is known does not go on: %v", err)
			}
			running.wantClosed(t, account.Root, "bob")
			running.wantNoChanges(t, "ann")

			started := start(t, optionsFor(server.Address), d.home())
			redistest.Eventually(t, "it is noticed at the start", func() bool { _, why := started.State(); return strings.Contains(why.Error(), "delete the note") })
			started.wantClosed(t, account.Root, "ann")

			d.mu.Lock()
			d.identity = ""
			d.mu.Unlock()
			if anew := open(t, optionsFor(server.Address), d.home()); !anew.knows(t, account.Root, 0) {
				t.Error("one cannot begin anew")
			}
		})
	}
}

func TestAStorageThatCannotTellOpensNothing(t *testing.T) {
	server := redistest.Start(t)
	d := door{broken: errors.New("disk on fire")}
	s := start(t, optionsFor(server.Address), d.home())
	redistest.Eventually(t, "it says so", func() bool { return d.says("disk on fire") })
	s.wantClosed(t, account.Root)
	if d.roots.Load() != 0 {
		t.Error("a root was made")
	}
}

func TestAServerThatIsNotThereYet(t *testing.T) {
	address := redistest.FreeAddress(t)
	var d door
	s := start(t, optionsFor(address), d.home())
	if err := s.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("Wait: %v", err)
	}
	s.wantClosed(t, account.Root)
	s.wantNoChanges(t, account.Root)
	server := &redistest.Server{Address: address, Folder: t.TempDir(), Program: "redis-server"}
	t.Cleanup(server.Kill)
	server.Run(t)
	redistest.Eventually(t, "it is found", func() bool { return s.knows(t, account.Root, 0) })
	if !d.says("connection refused") || !d.says("reached") {
		t.Errorf("it says %q", d.said)
	}
}

func TestAServerThatForgetsIsRefusedOrWarnedOf(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	for _, refuse := range []bool{true, false} {
		var d door
		options := optionsFor(server.Address)
		options.RefuseEviction = refuse
		s := start(t, options, d.home())
		redistest.Eventually(t, "it says so", func() bool { return d.says("maxmemory-policy allkeys-lru found") })
		redistest.Eventually(t, "it is used, or not", func() bool { _, why := s.State(); return (why == nil) != refuse })
	}
	var d door
	open(t, optionsFor(redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru", "--appendonly", "yes").Address), d.home())
	if d.says("found") {
		t.Errorf("it says %q", d.said)
	}
}
