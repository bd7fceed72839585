package infotons

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Attack U-18.
func TestAStoreThatTakesWritesFromAnybodyIsToldOf(t *testing.T) {
	h := startHome(t)
	s := New(Config{URL: h.URL, Timeout: 5 * time.Second, CacheSize: 1, Now: time.Now})
	s.Use(func() (string, error) { return "the.door's.token", nil }, func(error) {})
	said, err := s.Exposed(t.Context())
	if err != nil || !strings.Contains(said, "answers writes without a token") {
		t.Errorf("%q, %v", said, err)
	}
	if names, err := s.Names(t.Context(), account.Users); err != nil || len(names) > 0 {
		t.Errorf("the question made %q, %v", names, err)
	}
	for status, exposed := range map[int]bool{401: false, 403: false, 400: true, 200: true, 500: true} {
		refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if token := r.Header.Values("X-CM-WELL-TOKEN"); len(token) > 0 {
				t.Errorf("the question has the door's token: %q", token)
			}
			w.WriteHeader(status)
		})
		h.instead.Store(&refuse)
		if said, err := s.Exposed(t.Context()); err != nil || (said != "") != exposed {
			t.Errorf("status %d: %q, %v", status, said, err)
		}
	}
	h.Close()
	if said, err := s.Exposed(t.Context()); err == nil || said != "" {
		t.Errorf("%q, %v", said, err)
	}
}
