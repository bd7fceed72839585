package infotons

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account/accounttest"
	"github.com/cm-well/cmwell-auth/internal/devstore"
)

// home is a development store behind an HTTP server that can be made to answer
// otherwise.
type home struct {
	*httptest.Server
	store *devstore.Store
	// instead answers in place of the store, where there is one.
	instead atomic.Pointer[http.HandlerFunc]

	mu    sync.Mutex
	asked []string
}

// took are the questions since it was last asked, such as "GET /meta/auth/users/ann".
func (h *home) took() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = nil
	return asked
}

func startHome(t *testing.T) *home {
	t.Helper()
	store, err := devstore.Open(filepath.Join(t.TempDir(), "infotons.db"))
	if err != nil {
		t.Fatal(err)
	}
	h := &home{store: store}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.asked = append(h.asked, r.Method+" "+r.URL.Path)
		h.mu.Unlock()
		if instead := h.instead.Load(); instead != nil {
			(*instead)(w, r)
			return
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		h.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// answers has the home answer otherwise; nil for as ever.
func (h *home) answers(instead http.HandlerFunc) {
	if instead == nil {
		h.instead.Store(nil)
		return
	}
	h.instead.Store(&instead)
}

// plant writes a document past every door.
func (h *home) plant(t *testing.T, path, document string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(document))
	r.Header.Set("X-CM-WELL-TYPE", "FILE")
	r.Header.Set("Content-Type", "application/json")
	h.past(t, r)
}

func (h *home) uproot(t *testing.T, path string) {
	t.Helper()
	h.past(t, httptest.NewRequest(http.MethodDelete, path+"?recursive=false", nil))
}

func (h *home) past(t *testing.T, r *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	h.store.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, w.Code, w.Body)
	}
}

// config is one with everything quick.
func (h *home) config() Config {
	return Config{
		URL: h.URL, Timeout: 5 * time.Second, MaxAge: 50 * time.Millisecond, MaxStale: time.Minute, CacheSize: 100,
		Settle: time.Millisecond, Now: time.Now,
	}
}

func (h *home) open(t *testing.T, c Config) *Store {
	t.Helper()
	s := New(c)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (h *home) Open(t *testing.T) accounttest.Store { return h.open(t, h.config()) }

func (h *home) Break(*testing.T) {
	h.answers(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusServiceUnavailable) })
}

func TestStoreContract(t *testing.T) {
	accounttest.TestStore(t, func(t *testing.T) accounttest.Home { return startHome(t) })
}
