package infotons

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// hash is what no error may show.
const hash = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"

func says(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// shown is what CM-Well answers for a file.
func shown(kind, path, content string) string {
	return fmt.Sprintf(`{"type":%q,"system":{"uuid":"0","lastModified":"2026-01-01T00:00:00.000Z","path":%q,"dataCenter":"dc","protocol":"http"},"content":%s}`, kind, path, content)
}

func text(document string) string {
	return fmt.Sprintf(`{"mimeType":"application/json","length":%d,"data":%q}`, len(document), document)
}

func quiet(error) {}

const annPath = "/meta/auth/users/ann"

func TestAnswersThatShowAUser(t *testing.T) {
	for what, answer := range map[string]http.HandlerFunc{
		"text":                says(200, "application/json;charset=utf8", shown("FileInfoton", annPath, text(`{"rev":3}`))),
		"base64":              says(200, "application/json", shown("FileInfoton", annPath, `{"mimeType":"application/x-www-form-urlencoded","length":9,"base64-data":"eyJyZXYiOjN9"}`)),
		"with fields":         says(200, "application/json", strings.Replace(shown("FileInfoton", annPath, text(`{"rev":3}`)), `"content"`, `"fields":{"a":["b"]},"content"`, 1)),
		"with a cookie to it": says(200, "application/json", shown("FileInfoton", annPath, text(`{"rev":3}`)), "Set-Cookie: a=b"),
	} {
		h := startHome(t)
		h.answers(answer)
		s := h.open(t, h.config())
		if u, err := s.User(t.Context(), "ann"); err != nil || u.Revision != 3 {
			t.Errorf("%s: %+v, %v", what, u, err)
		}
		h.answers(func(w http.ResponseWriter, r *http.Request) {
			if len(r.Cookies()) > 0 || r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("Cache-Control") != "no-cache" || r.URL.RawQuery != "format=json" {
				t.Errorf("%s: the next question has %v %s", what, r.Header, r.URL)
			}
			answer(w, r)
		})
		if p, err := s.Principal(t.Context(), "ann"); err != nil || p.User.Revision != 3 {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
	}
}

// Only a file at the very path is a user, and only the store's own words are that
// there is none.
func TestAnswersThatAreBrokenAndNotAbsent(t *testing.T) {
	good := text(`{"rev":3}`)
	for what, answer := range map[string]http.HandlerFunc{
		"a redirect":                       says(301, "text/plain", "", "Location: /elsewhere"),
		"a temporary redirect":             says(307, "text/plain", "", "Location: /elsewhere"),
		"not modified":                     says(304, "application/json", ""),
		"a page":                           says(200, "text/html", "<html>"),
		"a page that says it is not there": says(404, "text/html;charset=utf-8", "<html>Not Found"),
		"JSON that says it is not there":   says(404, "application/json", `{"success":false}`),
		"no token":                         says(401, "text/plain", "Not authorized, please login first"),
		"no permission":                    says(403, "text/plain", "Authenticated but not authorized"),
		"gone":                             says(410, "text/plain", "Infoton was deleted"),
		"too many":                         says(429, "text/plain", ""),
		"a fault":                          says(500, "application/json", shown("FileInfoton", annPath, good)),
		"partial content":                  says(206, "application/json", shown("FileInfoton", annPath, good)),
		"no type":                          says(200, "", shown("FileInfoton", annPath, good)),
		"another type":                     says(200, "text/plain", shown("FileInfoton", annPath, good)),
		"a broken type":                    says(200, "application/json; charset", shown("FileInfoton", annPath, good)),
		"compressed":                       says(200, "application/json", "x", "Content-Encoding: gzip"),
		"giant":                            says(200, "application/json", shown("FileInfoton", annPath, good)+strings.Repeat(" ", maxAnswer)),
		"nothing":                          says(200, "application/json", ""),
		"null":                             says(200, "application/json", "null"),
		"half":                             says(200, "application/json", shown("FileInfoton", annPath, good)[:90]),
		"two":                              says(200, "application/json", shown("FileInfoton", annPath, good)+"{}"),
		"a name twice":                     says(200, "application/json", strings.Replace(shown("FileInfoton", annPath, good), `{"type"`, `{"type":"FileInfoton","type"`, 1)),
		"another case":                     says(200, "application/json", strings.Replace(shown("FileInfoton", annPath, good), `"type"`, `"Type"`, 1)),
		"an object":                        says(200, "application/json", shown("ObjectInfoton", annPath, good)),
		"a link":                           says(200, "application/json", shown("LinkInfoton", annPath, good)),
		"deleted":                          says(200, "application/json", shown("DeletedInfoton", annPath, good)),
		"the target of a forward link":     says(200, "application/json", shown("FileInfoton", "/tests/ann", good)),
		"another user":                     says(200, "application/json", shown("FileInfoton", "/meta/auth/users/Ann", good)),
		"no content":                       says(200, "application/json", shown("FileInfoton", annPath, "null")),
		"no bytes":                         says(200, "application/json", shown("FileInfoton", annPath, `{"mimeType":"application/json","length":9}`)),
		"text and bytes":                   says(200, "application/json", shown("FileInfoton", annPath, `{"length":9,"data":"{\"rev\":3}","base64-data":"eyJyZXYiOjN9"}`)),
		"letters lost":                     says(200, "application/json", shown("FileInfoton", annPath, `{"length":10,"data":"{\"rev\":3}"}`)),
		"no document":                      says(200, "application/json", shown("FileInfoton", annPath, text("rev"))),
		"not a user's":                     says(200, "application/json", shown("FileInfoton", annPath, text(`{"digest":"`+hash+`","rev":-1}`))),
		"a hash that is none":              says(200, "application/json", shown("FileInfoton", annPath, text(`{"digest":"`+hash+`1"}`))),
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(shown("FileInfoton", annPath, good)))
		},
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a giant header": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 2*maxHeader))
			says(200, "application/json", shown("FileInfoton", annPath, good))(w, r)
		},
	} {
		h := startHome(t)
		h.answers(answer)
		s := h.open(t, h.config())
		u, err := s.User(t.Context(), "ann")
		checkBroken(t, what+", User", u.Name == "", err)
		p, err := s.Principal(t.Context(), "ann")
		checkBroken(t, what+", Principal", p == nil, err)
		checkBroken(t, what+", Put", true, s.Put(t.Context(), account.Users, "ann", []byte(`{}`)))
	}
}

func checkBroken(t *testing.T, what string, nothing bool, err error) {
	t.Helper()
	if !nothing || err == nil || errors.Is(err, account.ErrNotExist) || errors.Is(err, account.ErrDocument) || strings.Contains(err.Error(), hash[7:20]) {
		t.Errorf("%s: nothing else: %v; %v", what, nothing, err)
	}
}

func TestAnswersThatNobodyIsThere(t *testing.T) {
	for what, answer := range map[string]http.HandlerFunc{
		"never":   says(404, "text/plain; charset=utf-8", "Infoton not found"),
		"deleted": says(404, "text/plain; charset=utf-8", "Infoton was deleted on 2026-01-01T00:00:00.000Z"),
		"bare":    says(404, "", ""),
	} {
		h := startHome(t)
		h.answers(answer)
		s := h.open(t, h.config())
		if u, err := s.User(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) || u.Name != "" {
			t.Errorf("%s: %+v, %v", what, u, err)
		}
		if p, err := s.Principal(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) || p != nil {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
	}
}

// Whoever redirects could send the front door, with its token, anywhere.
func TestARedirectIsNotFollowedAndNoProxyIsAsked(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s came, with %v", r.Method, r.URL, r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	h := startHome(t)
	s := h.open(t, h.config())
	// What the environment names is never used for this machine, where the home is.
	if transport, ok := s.client.http.Transport.(*http.Transport); !ok || transport.Proxy != nil {
		t.Errorf("a proxy is asked for by %T", s.client.http.Transport)
	}
	s.Use(func() (string, error) { return "a.b.c", nil }, quiet)
	for _, status := range []int{301, 302, 303, 307, 308} {
		h.answers(says(status, "text/plain", "", "Location: "+elsewhere.URL+annPath))
		u, err := s.User(t.Context(), "ann")
		checkBroken(t, fmt.Sprint(status), u.Name == "", err)
		checkBroken(t, fmt.Sprint(status, ", Put"), true, s.Put(t.Context(), account.Users, "ann", []byte(`{}`)))
		if names, err := s.Names(t.Context(), account.Users); err == nil || names != nil {
			t.Errorf("%d: %q, %v", status, names, err)
		}
	}
}

func TestAStoreThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	h := startHome(t)
	over := make(chan struct{})
	h.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-over // a byte now and then would not be waited for longer
	})
	t.Cleanup(func() { close(over) })
	c := h.config()
	c.Timeout = 50 * time.Millisecond
	s := h.open(t, c)
	_, err := s.Principal(t.Context(), "ann")
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
	reason := new(account.Trouble)
	if _, trouble := s.State(); !errors.As(trouble, &reason) || strings.Contains(reason.Reason, "ann") {
		t.Errorf("said of it is %v", trouble)
	}
}

func TestEveryQuestionCarriesTheTokenOfTheMoment(t *testing.T) {
	h := startHome(t)
	s := h.open(t, h.config())
	for _, step := range []struct {
		token func() (string, error)
		want  string
	}{
		{nil, ""},
		{func() (string, error) { return "a.b.c", nil }, "a.b.c"},
		{func() (string, error) { return "d.e.f", nil }, "d.e.f"},
	} {
		s.Use(step.token, quiet)
		h.answers(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("X-CM-WELL-TOKEN"); got != step.want {
				t.Errorf("%s %s carries %q, want %q", r.Method, r.URL, got, step.want)
			}
			h.store.ServeHTTP(w, r)
		})
		if err := s.Put(t.Context(), account.Users, "ann", []byte(`{"email":"`+step.want+`"}`)); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), account.Users, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	h.took()
	s.Use(func() (string, error) { return "", errors.New("no key yet") }, quiet)
	_, err := s.User(t.Context(), "ann")
	checkBroken(t, "without a key", true, err)
	if asked := h.took(); len(asked) > 0 {
		t.Errorf("asked without a token: %q", asked)
	}
}

func FuzzFileIn(f *testing.F) {
	for _, body := range []string{
		shown("FileInfoton", annPath, text(`{"rev":3}`)), shown("FileInfoton", annPath, `{"length":9,"base64-data":"eyJyZXYiOjN9"}`),
		shown("LinkInfoton", "/", "null"), `{"type":"FileInfoton"}`, "null", "", "[]",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		content, err := fileIn(answer{http.StatusOK, "application/json", body}, annPath)
		if err != nil && (content != nil || strings.Contains(err.Error(), hash[7:20])) {
			t.Errorf("%q, %v", content, err)
		}
	})
}
