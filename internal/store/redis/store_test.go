package redis

import (
	"os/exec"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/account/accounttest"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// programs are the servers that this machine has; redis-server must be among them.
func programs(t *testing.T) []string {
	t.Helper()
	found := []string{"redis-server"}
	if _, err := exec.LookPath("valkey-server"); err == nil {
		found = append(found, "valkey-server")
	}
	return found
}

func TestTheContractOfAStore(t *testing.T) {
	for _, program := range programs(t) {
		t.Run(program, func(t *testing.T) {
			accounttest.TestStore(t, func(t *testing.T) accounttest.Home {
				return home{redistest.StartProgram(t, program)}
			})
		})
	}
}

// home is a server.
type home struct{ server *redistest.Server }

func (h home) Open(t *testing.T) accounttest.Store {
	t.Helper()
	options := optionsFor(h.server.Address)
	options.Timeout = 20 * time.Second // some tests leave no time to anybody else
	return open(t, options, Home{})
}

func (h home) Break(*testing.T) { h.server.Kill() }

func optionsFor(address string) Options {
	return Options{
		Addresses: []string{address}, Prefix: "{test}:", CacheSize: 1000, MaxStale: time.Minute, Timeout: time.Second, PoolSize: 2,
	}
}

// open starts a store and returns when it has found its server. It ends with the
// test.
func open(t testing.TB, options Options, home Home) *Store {
	t.Helper()
	s := start(t, options, home)
	redistest.Eventually(t, "the server is found", func() bool { _, why := s.State(); return why == nil })
	return s
}

func start(t testing.TB, options Options, home Home) *Store {
	t.Helper()
	s := New(options)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if home.Warn == nil {
		home.Warn = func(sentence string) { t.Log(sentence) }
	}
	s.Start(home)
	return s
}

func put(t testing.TB, s *Store, kind account.Kind, name, document string) {
	t.Helper()
	if err := s.Put(t.Context(), kind, name, []byte(document)); err != nil {
		t.Fatal(err)
	}
}
