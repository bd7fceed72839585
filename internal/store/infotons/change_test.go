package infotons

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// queued has the home take a write into a queue and say so, as CM-Well does, and do
// it when the same path has been asked for a few times.
func (h *home) queued(reads int) {
	var mu sync.Mutex
	queue, left := map[string]*http.Request{}, map[string]int{}
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodGet {
			body, _ := io.ReadAll(r.Body)
			late := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
			late.Header = r.Header.Clone()
			queue[r.URL.Path], left[r.URL.Path] = late, reads
			says(200, "application/json", `{"success":true}`)(w, r)
			return
		}
		if late := queue[r.URL.Path]; late != nil {
			if left[r.URL.Path]--; left[r.URL.Path] < 0 {
				delete(queue, r.URL.Path)
				h.store.ServeHTTP(httptest.NewRecorder(), late)
			}
		}
		h.store.ServeHTTP(w, r)
	})
}

func TestAChangeIsDoneWhenTheStoreShowsIt(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	h.queued(4)
	ctx := t.Context()
	if err := s.Put(ctx, account.Users, "ann", []byte(`{"rev":5}`)); err != nil {
		t.Fatal(err)
	}
	if u, err := s.Edit(ctx, "ann", account.Revoke); err != nil || u.Revision != 6 {
		t.Errorf("%+v, %v", u, err)
	}
	rev(t, s, "ann", 6)
	if err := s.Delete(ctx, account.Users, "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Principal(ctx, "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	if err := s.Put(ctx, account.Users, "ann", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	rev(t, s, "ann", 7)
	if floor, err := s.Floor(ctx); err != nil || floor != 7 {
		t.Errorf("floor %d, %v", floor, err)
	}
}

// Whoever read the document before a change of it, and writes after it, has not seen
// it. Within the time in which that is looked for, the first one hears of it.
func TestWhoIsWrittenOverHearsOfIt(t *testing.T) {
	for what, over := range map[string]string{"another document": `{"rev":9}`, "the former one": `{"rev":5}`, "none": ""} {
		h := startHome(t)
		h.plant(t, annPath, `{"rev":5}`)
		c := h.config()
		c.Settle = 50 * time.Millisecond
		s := h.open(t, c)
		rev(t, s, "ann", 5)
		var writing sync.WaitGroup
		var written, shown atomic.Bool
		h.answers(func(w http.ResponseWriter, r *http.Request) {
			h.store.ServeHTTP(w, r)
			if r.Method == http.MethodGet {
				shown.Store(written.Load())
				return
			}
			written.Store(true)
			writing.Go(func() {
				eventually(t, "the change was shown", shown.Load)
				if over == "" {
					h.uproot(t, annPath)
				} else {
					h.plant(t, annPath, over)
				}
			})
		})
		u, err := s.Edit(t.Context(), "ann", account.Revoke)
		writing.Wait()
		if !errors.Is(err, errOvertaken) || u.Name != "" {
			t.Errorf("%s: %+v, %v", what, u, err)
		}
	}
}

func TestAChangeThatTheStoreDoesNotTakeIsAnError(t *testing.T) {
	for what, answer := range map[string]http.HandlerFunc{
		"refused":         says(403, "application/json", `{"success":false,"message":"Authenticated but not authorized"}`),
		"without success": says(200, "application/json", `{"success":false}`),
		"in HTML":         says(200, "text/html", `{"success":true}`),
		"said to be gone": says(404, "text/plain", "Infoton not found"),
		"hung up":         func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		h := startHome(t)
		h.plant(t, annPath, `{"rev":5}`)
		s := h.open(t, h.config())
		rev(t, s, "ann", 5)
		h.answers(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				h.store.ServeHTTP(w, r)
				return
			}
			answer(w, r)
		})
		checkBroken(t, what+", Put", true, s.Put(t.Context(), account.Users, "ann", []byte(`{"rev":9}`)))
		checkBroken(t, what+", Delete", true, s.Delete(t.Context(), account.Users, "ann"))
		u, err := s.Edit(t.Context(), "ann", account.Revoke)
		checkBroken(t, what+", Edit", u.Name == "", err)
		rev(t, s, "ann", 5)
	}
}

// What is sent cannot be called back: whether it was done is found out, though
// nobody waits for it any more.
func TestAChangeIsSeenThroughWhenItsClientIsGone(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":5}`)
	s := h.open(t, h.config())
	rev(t, s, "ann", 5)
	ctx, leave := context.WithCancel(t.Context())
	h.answers(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			leave()
		}
		h.store.ServeHTTP(w, r)
	})
	if u, err := s.Edit(ctx, "ann", account.Revoke); err != nil || u.Revision != 6 {
		t.Errorf("%+v, %v", u, err)
	}
	rev(t, s, "ann", 6)
}

func TestNoDocumentIsStoredThatCouldNotBeReadAgain(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	large := `{"note":"` + strings.Repeat("x", maxAnswer/2-30) + `"}`
	if err := s.Put(t.Context(), account.Users, "ann", []byte(large)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Document(t.Context(), account.Users, "ann"); err != nil || string(got) != large {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, document := range []string{`{"note":"` + strings.Repeat("x", maxAnswer/2) + `"}`, `{"note":"` + strings.Repeat(`\"`, maxAnswer/6) + `"}`} {
		if err := s.Put(t.Context(), account.Users, "ann", []byte(document)); !errors.Is(err, account.ErrDocument) {
			t.Errorf("%d bytes: %.100v", len(document), err)
		}
	}
}

// In the place of a document that nobody understands, no other is put: its rev is
// not known, and tokens could live again.
func TestADocumentThatIsNotUnderstoodIsLeftAlone(t *testing.T) {
	h := startHome(t)
	h.plant(t, annPath, `{"rev":"5"}`)
	h.plant(t, floorPath, `{"rev_floor":null}`)
	s := h.open(t, h.config())
	h.took()
	checkBroken(t, "Put", true, s.Put(t.Context(), account.Users, "ann", []byte(`{}`)))
	checkBroken(t, "Delete", true, s.Delete(t.Context(), account.Users, "ann"))
	_, err := s.Edit(t.Context(), "ann", account.Revoke)
	checkBroken(t, "Edit", true, err)
	checkBroken(t, "a new user", true, s.Put(t.Context(), account.Users, "bob", []byte(`{}`)))
	for _, damaged := range []string{`{}`, `{"rev_floor":-1}`, `{"rev_floor":9007199254740992}`, `[]`, `7`} {
		h.plant(t, floorPath, damaged)
		checkBroken(t, damaged, true, s.Put(t.Context(), account.Users, "bob", []byte(`{}`)))
		checkBroken(t, damaged, true, s.RaiseFloor(t.Context(), 1))
	}
	for _, asked := range h.took() {
		if !strings.HasPrefix(asked, "GET ") {
			t.Errorf("asked %s", asked)
		}
	}
	if document, err := s.Document(t.Context(), account.Users, "ann"); err != nil || string(document) != `{"rev":"5"}` {
		t.Errorf("who would repair it does not see it: %s, %v", document, err)
	}
}

func TestTheFloorOnlyRises(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	for _, step := range []struct{ raise, want int64 }{{0, 0}, {7, 7}, {3, 7}, {8, 8}} {
		if err := s.RaiseFloor(t.Context(), step.raise); err != nil {
			t.Fatal(err)
		}
		if floor, err := s.Floor(t.Context()); err != nil || floor != step.want {
			t.Errorf("%d: %d, %v", step.raise, floor, err)
		}
	}
	if err := s.RaiseFloor(t.Context(), -1); err == nil {
		t.Error("a floor below 0")
	}
	names, err := s.Names(t.Context(), account.Users)
	if err != nil || len(names) > 0 {
		t.Errorf("the floor is a user: %q, %v", names, err)
	}
}

func TestReplaceIsGivenWhatIsThere(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	var given []string
	next := func(kept []byte) ([]byte, error) {
		given = append(given, string(kept))
		return append([]byte(`{"note":1`), '}'), nil
	}
	for range 2 {
		if err := s.Replace(t.Context(), account.Roles, "Editor", next); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(given, []string{"", `{"note":1}`}) {
		t.Errorf("given %q", given)
	}
	changedMind := errors.New("changed my mind")
	if err := s.Replace(t.Context(), account.Roles, "Editor", func([]byte) ([]byte, error) { return nil, changedMind }); !errors.Is(err, changedMind) {
		t.Error(err)
	}
}
