package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

const (
	hash     = "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"
	ann      = `{"rev":3, "digest":"` + hash + `", "\u0064igest2":"00000000000000000000000000000000", "digestOld":{"x":"` + hash + `"}, "DIGEST3":1, "quota":[1, 2.50]}`
	annShown = `{"rev":3,"quota":[1,2.50]}`
	people   = `{"users":{"ann":` + ann + `,"adm":{}},"roles":{"Editor":{"operations": ["Overwrite"], "digestOf":"` + hash + `"}}}`
)

// house is the documents of a real file, whose surroundings write down what happens.
type house struct {
	*Documents
	name     string
	happened []string
}

func open(t *testing.T, text string) *house {
	t.Helper()
	h := &house{name: filepath.Join(t.TempDir(), "users.json")}
	if err := os.WriteFile(h.name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := file.Open(h.name, false)
	if err != nil {
		t.Fatal(err)
	}
	h.Documents = &Documents{Identify: scene(&h.happened).Identify, Query: func(r *http.Request) string { return r.URL.RawQuery }, Store: users, Answer: answer, Done: h.done}
	return h
}

func (h *house) done(_ *http.Request, op, user string, err error) {
	verdict := "done"
	if err != nil {
		verdict = "refused"
	}
	h.happened = append(h.happened, verdict+" "+op+" by "+user)
}

// answer does what the front door's table does.
func answer(err error) (int, string, http.Header) {
	_, sentence, _ := strings.Cut(err.Error(), ": ")
	switch {
	case errors.Is(err, errNoToken):
		return 401, "please login", http.Header{"Www-Authenticate": {"CM-Well-Token"}}
	case errors.Is(err, ErrNeedsOperation):
		return 403, "needs operation", nil
	case errors.Is(err, ErrParameters), errors.Is(err, account.ErrDocument):
		return 400, sentence, nil
	case errors.Is(err, ErrNotFound):
		return 404, sentence, nil
	case errors.Is(err, ErrDocumentSize):
		return 413, sentence, nil
	case errors.Is(err, account.ErrReadOnly):
		return 501, "read only", nil
	}
	return 503, "broken", nil
}

func (h *house) ask(who, method, path, query, body string, kinds ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/x?"+query, strings.NewReader(body))
	r.Header.Set("X-Test-User", who)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, kind := range kinds {
		r.Header.Add("X-CM-Well-Type", kind)
	}
	w := httptest.NewRecorder()
	h.Serve(w, r, path)
	return w
}

func TestDocumentsAreRead(t *testing.T) {
	for _, row := range []struct {
		why, who, path, query string
		status                int
		answer, happened      string
	}{
		{"both folders", "ann", "/meta/auth", "", 200, `{"folders":["roles","users"]}`, ""},
		{"both folders, with a slash", "ann", "/meta/auth/", "", 200, `{"folders":["roles","users"]}`, ""},
		{"all users", "ann", "/meta/auth/users", "", 200, `{"users":["adm","ann"]}`, ""},
		{"all users, with a slash", "adm", "/meta/auth/users/", "", 200, `{"users":["adm","ann"]}`, ""},
		{"all roles", "ann", "/meta/auth/roles", "format=json", 200, `{"roles":["Editor"]}`, ""},
		{"an administrator sees all, to the byte", "adm", "/meta/auth/users/ann", "", 200, ann, ""},
		{"one's own document is without hashes", "ann", "/meta/auth/users/ann", "", 200, annShown, ""},
		{"another's too", "bob", "/meta/auth/users/ann", "", 200, annShown, ""},
		{"with any format", "ann", "/meta/auth/users/ann", "format=json", 200, annShown, ""},
		{"a role too", "ann", "/meta/auth/roles/Editor", "", 200, `{"operations":["Overwrite"]}`, ""},
		{"a role for an administrator", "adm", "/meta/auth/roles/Editor", "format", 200, `{"operations": ["Overwrite"], "digestOf":"` + hash + `"}`, ""},

		{"nobody of that name", "ann", "/meta/auth/users/bob", "", 404, `{"success":false,"message":"user bob does not exist"}`, ""},
		{"a user of a role's name", "adm", "/meta/auth/users/Editor", "", 404, `{"success":false,"message":"user Editor does not exist"}`, ""},
		{"no such role", "ann", "/meta/auth/roles/ann", "", 404, `{"success":false,"message":"role ann does not exist"}`, ""},
		{"below a document", "adm", "/meta/auth/users/ann/x", "", 404, `nothing is here`, ""},
		{"a document with a slash", "adm", "/meta/auth/users/ann/", "", 404, `nothing is here`, ""},
		{"another folder", "adm", "/meta/auth/groups", "", 404, `nothing is here`, ""},
		{"a folder in another case", "adm", "/meta/auth/Users/ann", "", 404, `nothing is here`, ""},
		{"two slashes", "adm", "/meta/auth//users", "", 404, `nothing is here`, ""},
		{"a neighbour", "adm", "/meta/auth-users/ann", "", 404, `nothing is here`, ""},
		{"elsewhere", "adm", "/x/meta/auth/users", "", 404, `nothing is here`, ""},
		{"a name that leads away", "adm", "/meta/auth/users/..", "", 400, `user name \"..\"`, ""},
		{"a name that none has", "adm", "/meta/auth/users/a b", "", 400, `user name \"a b\"`, ""},
		{"a name with a NUL", "adm", "/meta/auth/roles/a\x00", "", 400, `role name \"a\\x00\"`, ""},

		{"without a token", "", "/meta/auth/users/ann", "", 401, `please login`, "refused get user ann by "},
		{"a list without a token", "", "/meta/auth/users", "", 401, `please login`, "refused list users by "},
		{"a parameter", "adm", "/meta/auth/users/ann", "op=search", 400, `no parameters are accepted here`, ""},
		{"a parameter beside format", "adm", "/meta/auth/users/ann", "format=json&x", 400, `no parameters are accepted here`, ""},
		{"another format", "ann", "/meta/auth/users/ann", "format=yaml", 400, `format \"yaml\" found; json is accepted`, ""},
		{"format in another case", "ann", "/meta/auth/users/ann", "Format=json", 400, `no parameters`, ""},
		{"format twice", "ann", "/meta/auth/users/ann", "format=json&format=json", 400, `format is given 2 times`, ""},
		{"a malformed query", "ann", "/meta/auth/users/ann", "format=json;x", 400, `the query is malformed`, ""},
	} {
		h := open(t, people)
		w := h.ask(row.who, http.MethodGet, row.path, row.query, "")
		got := strings.TrimSuffix(w.Body.String(), "\n")
		if w.Code != row.status || w.Code == 200 && got != row.answer || !strings.Contains(got, row.answer) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s; want %d %s", row.why, w.Code, got, row.status, row.answer)
		}
		if row.who != "adm" && (strings.Contains(got, hash) || strings.Contains(strings.ToLower(got), "digest")) {
			t.Errorf("%s: a hash is shown: %s", row.why, got)
		}
		if happened := strings.Join(h.happened, ", "); happened != row.happened {
			t.Errorf("%s: what happened is %q, not %q", row.why, happened, row.happened)
		}
		if w.Code == 401 && w.Header().Get("Www-Authenticate") == "" {
			t.Errorf("%s: a 401 without a challenge", row.why)
		}
	}
}

func TestListsOfNobodyAreLists(t *testing.T) {
	h := open(t, `{}`)
	for path, want := range map[string]string{"/meta/auth/users": `{"users":[]}`, "/meta/auth/roles/": `{"roles":[]}`} {
		if w := h.ask("adm", http.MethodGet, path, "", ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestMethodsThatAPlaceDoesNotKnow(t *testing.T) {
	const folder, document = "GET, HEAD, OPTIONS", "DELETE, GET, HEAD, OPTIONS, POST, PUT"
	for _, row := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"DELETE", "/meta/auth/users", 405, folder},
		{"DELETE", "/meta/auth/users/", 405, folder},
		{"POST", "/meta/auth/roles/", 405, folder},
		{"PUT", "/meta/auth", 405, folder},
		{"PATCH", "/meta/auth/users/ann", 405, document},
		{"get", "/meta/auth/users/ann", 405, document},
		{"PROPFIND", "/meta/auth/users/ann", 405, document},
		{"OPTIONS", "/meta/auth/users", 204, folder},
		{"OPTIONS", "/meta/auth/roles/Editor", 204, document},
		{"OPTIONS", "/meta/auth/roles/Editor/x", 404, ""},
		{"DELETE", "/meta/auth/roles/Editor/x", 404, ""},
	} {
		h := open(t, people)
		w := h.ask("adm", row.method, row.path, "", "{}", "File")
		if w.Code != row.status || w.Header().Get("Allow") != row.allow || (w.Code == 204) != (w.Body.Len() == 0) || len(h.happened) > 0 {
			t.Errorf("%s %s: %d, Allow %q, %s, %v", row.method, row.path, w.Code, w.Header().Get("Allow"), w.Body, h.happened)
		}
		if b, err := os.ReadFile(h.name); err != nil || string(b) != people {
			t.Errorf("%s %s changed the file: %s, %v", row.method, row.path, b, err)
		}
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	h := open(t, people)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, r.URL.Path) }))
	defer server.Close()
	for path, status := range map[string]int{"/meta/auth/users/ann": 200, "/meta/auth/roles": 200, "/meta/auth/users/bob": 404} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Test-User", "ann")
		w, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Body.Close(); err != nil || w.StatusCode != status || w.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s, %v", path, w.Status, w.Header)
		}
		if path == "/meta/auth/users/ann" && w.ContentLength != int64(len(annShown)) {
			t.Errorf("%d bytes, and GET shows %d", w.ContentLength, len(annShown))
		}
	}
}
