package devstore

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// noon is when everything in these tests is written.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 500_000_000, time.UTC)

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "folder", "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Now = func() time.Time { return noon }
	return s
}

// ask sends one request; headers come as "Name: value".
func ask(s *Store, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://store.test"+target, strings.NewReader(body))
	for _, header := range headers {
		name, content, _ := strings.Cut(header, ": ")
		r.Header.Set(name, content)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// must is ask for what has to succeed before a test can begin.
func must(t *testing.T, s *Store, method, target, body string, headers ...string) {
	t.Helper()
	if w := ask(s, method, target, body, headers...); w.Code != http.StatusOK {
		t.Fatalf("%s %s: got %d %s", method, target, w.Code, w.Body)
	}
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got status %d with %q, want %d", w.Code, w.Body, status)
	}
}

func wantBody(t *testing.T, w *httptest.ResponseRecorder, body string) {
	t.Helper()
	if w.Body.String() != body {
		t.Fatalf("got the body\n%s\nwant\n%s", w.Body, body)
	}
}

// wantRefusal expects a JSON refusal whose message has the part in it.
func wantRefusal(t *testing.T, w *httptest.ResponseRecorder, status int, part string) {
	t.Helper()
	wantStatus(t, w, status)
	var got outcome
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("the refusal %q is not JSON: %v", w.Body, err)
	}
	if got.Success || !strings.Contains(got.Message, part) {
		t.Fatalf("got %+v, want a refusal that says %q", got, part)
	}
}

func wantMissing(t *testing.T, s *Store, target string) {
	t.Helper()
	w := ask(s, http.MethodGet, target, "")
	wantStatus(t, w, http.StatusNotFound)
	wantBody(t, w, "Infoton not found\n")
}

func TestTheFileAndItsFolderAreForTheirOwnerOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "folder", "store.db")
	s, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for name, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestAStoreKeepsItsInfotonsWhenOpenedAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "store.db")
	for _, round := range []string{"first", "second"} {
		s, err := Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if round == "first" {
			must(t, s, "POST", "/a", `{"name":"Ann"}`, "X-CM-WELL-TYPE: OBJ")
		}
		wantStatus(t, ask(s, "GET", "/a", ""), http.StatusOK)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFileInUseOrOfAnotherKindIsAnError(t *testing.T) {
	dir := t.TempDir()
	inUse := filepath.Join(dir, "inuse.db")
	s, err := Open(inUse)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	other := filepath.Join(dir, "other.db")
	if err := os.WriteFile(other, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"in use":               inUse,
		"not a database":       other,
		"a folder":             dir,
		"below something else": filepath.Join(other, "store.db"),
	} {
		t.Run(name, func(t *testing.T) {
			second, err := Open(file)
			if err == nil {
				_ = second.Close()
				t.Fatal("the store was opened")
			}
			if !strings.HasPrefix(err.Error(), "devstore: ") || !strings.Contains(err.Error(), file) {
				t.Errorf("the error %q does not name the package and the file", err)
			}
		})
	}
}

func TestAClosedStoreAnswersWithAnError(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, ask(s, "GET", "/a", ""), http.StatusInternalServerError, "devstore: reading")
	wantRefusal(t, ask(s, "POST", "/a", `{}`, "X-CM-WELL-TYPE: OBJ"), http.StatusInternalServerError, "devstore: writing")
}
