package admin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

// The body of a change of a password: a form or JSON, by whoever has a token.
func FuzzBodiesOfAPasswordChange(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "current=a&new=b", "")
	f.Add("application/x-www-form-urlencoded; charset=x", "current=a&current=b&new=c", "&new=d")
	f.Add("application/json", `{"current":"a","new":"b"}`, "")
	f.Add("text/plain;=", "current=a;new=b", "&%zz")
	f.Fuzz(func(t *testing.T, media, body, more string) {
		var happened []string
		e := scene(&happened)
		r := httptest.NewRequest(http.MethodPost, "/_auth", strings.NewReader(body))
		r.URL.RawQuery = "op=change-password" + more
		r.Header.Set("X-Test-User", "ann")
		r.Header["Content-Type"] = []string{media}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		for _, what := range happened {
			if strings.HasPrefix(what, "change ") && !strings.HasPrefix(what, "change ann ") {
				t.Fatalf("%q %q %q: %q", media, body, more, what)
			}
		}
		if w.Code == http.StatusOK && len(happened) < 2 || w.Code >= 500 {
			t.Fatalf("%q %q %q: %d with %q", media, body, more, w.Code, happened)
		}
	})
}

// A question of the admin API and of /_auth: what is taken can be asked again.
func FuzzQuestions(f *testing.F) {
	for _, raw := range []string{"path=/a", "path=/a&level=w&tree=true&user=bob", "path=/a&path=/b", "path=a", "path=/a&level=x", "path=/a;tree=true", "%zz"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := ReadQuestion(query, "ann")
		if err != nil {
			if q != (Question{}) {
				t.Fatalf("%q: %+v beside %v", raw, q, err)
			}
			return
		}
		if again, err := ReadQuestion(q.Query(), "eve"); err != nil || again != q {
			t.Fatalf("%q is %+v, and asked again %+v, %v", raw, q, again, err)
		}
	})
}

// A condition of a change.
func FuzzConditions(f *testing.F) {
	f.Add("*", "")
	f.Add("", Tag([]byte("{}")))
	f.Add("*", `W/"x"`)
	f.Fuzz(func(t *testing.T, none, match string) {
		header := http.Header{}
		for name, value := range map[string]string{"If-None-Match": none, "If-Match": match} {
			if value != "" {
				header[name] = []string{value}
			}
		}
		c, err := ConditionOf(header)
		if len(header) > 0 && err == nil && c == (Condition{}) || err != nil && c != (Condition{}) {
			t.Fatalf("%q: %+v, %v", header, c, err)
		}
	})
}

// The documents of users: whoever is no administrator changes none and sees no
// hash, whatever the request is.
func FuzzDocumentsAskedForByAUser(f *testing.F) {
	for _, path := range []string{"/meta/auth/users/ann", "/meta/auth/users/adm", "/meta/auth/roles/Editor", "/meta/auth/users", "/meta/auth", "/meta/auth/users/ann/", "/meta/auth/users/../users/adm"} {
		f.Add("GET", path, "format=json", "File", "")
		f.Add("POST", path, "", "file", `{"operations":["Admin"]}`)
	}
	f.Fuzz(func(t *testing.T, method, path, raw, kind, body string) {
		h := open(t, people)
		r := httptest.NewRequest(http.MethodGet, "/x", strings.NewReader(body))
		r.Method, r.URL.RawQuery = method, raw
		r.Header["X-Test-User"], r.Header["X-Cm-Well-Type"] = []string{"ann"}, []string{kind}
		w := httptest.NewRecorder()
		h.Serve(w, r, path)
		if strings.Contains(w.Body.String(), hash) || w.Code >= 500 {
			t.Fatalf("%s %q?%q: %d %s", method, path, raw, w.Code, w.Body)
		}
		if kept, err := os.ReadFile(h.name); err != nil || string(kept) != people {
			t.Fatalf("%s %q?%q changes the users to %s, %v", method, path, raw, kept, err)
		}
	})
}
