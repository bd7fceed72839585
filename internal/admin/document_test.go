package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

func TestDocumentsAreChanged(t *testing.T) {
	const yes = `{"success":true}`
	file := []string{"File"}
	large := `{"note":"` + strings.Repeat("x", maxDocument-len(`{"note":""}`)) + `"}`
	for _, row := range []struct {
		why, who, method, path, query, body string
		kinds                               []string
		status                              int
		answer, happened, kept              string
	}{
		{"a new user", "adm", "POST", "/meta/auth/users/bob", "", `{"email": "b"}`, file, 200, yes, "done put user bob by adm", `{"email": "b"}`},
		{"with PUT", "adm", "PUT", "/meta/auth/users/bob", "", `{"email": "b"}`, file, 200, yes, "done put user bob by adm", `{"email": "b"}`},
		{"in other case", "adm", "POST", "/meta/auth/users/bob", "", `{}`, []string{"FILE"}, 200, yes, "done put user bob by adm", `{}`},
		{"who is anonymous", "adm", "POST", "/meta/auth/users/anonymous", "", `{}`, file, 200, yes, "done put user anonymous by adm", `{}`},
		{"a new role", "adm", "POST", "/meta/auth/roles/bob", "", `{"operations":["Admin"]}`, file, 200, yes, "done put role bob by adm", `{"operations":["Admin"]}`},
		{"another password", "adm", "POST", "/meta/auth/users/ann", "", `{"rev":1}`, file, 200, yes, "done put user ann by adm", `{"rev":4}`},
		{"as large as can be", "adm", "POST", "/meta/auth/users/bob", "", large, file, 200, yes, "done put user bob by adm", large},
		{"a deleted user", "adm", "DELETE", "/meta/auth/users/ann", "", "", nil, 200, yes, "done delete user ann by adm", ""},
		{"a deleted role", "adm", "DELETE", "/meta/auth/roles/Editor", "", "", nil, 200, yes, "done delete role Editor by adm", ""},

		{"without a token", "", "POST", "/meta/auth/users/bob", "", `{}`, file, 401, "please login", "refused put user bob by ", ""},
		{"one's own document", "ann", "POST", "/meta/auth/users/ann", "", `{"operations":["Admin"]}`, file, 403, "needs operation", "refused put user ann by ann", ann},
		{"one's own role", "ann", "PUT", "/meta/auth/roles/Editor", "", `{"operations":["Admin"]}`, file, 403, "needs operation", "refused put role Editor by ann", "-"},
		{"oneself deleted", "ann", "DELETE", "/meta/auth/users/ann", "", "", nil, 403, "needs operation", "refused delete user ann by ann", ann},
		{"nobody deleted", "adm", "DELETE", "/meta/auth/users/bob", "", "", nil, 404, `{"success":false,"message":"user bob does not exist"}`, "refused delete user bob by adm", ""},
		{"no header", "adm", "POST", "/meta/auth/users/bob", "", `{}`, nil, 400, "no header X-CM-Well-Type found; File is accepted", "refused put user bob by adm", ""},
		{"an object", "adm", "POST", "/meta/auth/users/bob", "", `{}`, []string{"OBJ"}, 400, `header X-CM-Well-Type \"OBJ\" found; File is accepted`, "refused put user bob by adm", ""},
		{"a header twice", "adm", "POST", "/meta/auth/users/bob", "", `{}`, []string{"File", "File"}, 400, "is given 2 times", "refused put user bob by adm", ""},
		{"a parameter", "adm", "POST", "/meta/auth/users/bob", "priority", `{}`, file, 400, "no parameters are accepted here", "refused put user bob by adm", ""},
		{"a format", "adm", "POST", "/meta/auth/users/bob", "format=json", `{}`, file, 400, "no parameters are accepted here", "refused put user bob by adm", ""},
		{"a parameter of DELETE", "adm", "DELETE", "/meta/auth/users/ann", "recursive=false", "", nil, 400, "no parameters are accepted here", "refused delete user ann by adm", ann},
		{"a name that none has", "adm", "POST", "/meta/auth/users/a b", "", `{}`, file, 400, `user name \"a b\"`, "refused put user by adm", "-"},
		{"a name that leads away", "adm", "DELETE", "/meta/auth/users/..", "", "", nil, 400, `user name \"..\"`, "refused delete user by adm", "-"},
		{"one byte too many", "adm", "POST", "/meta/auth/users/bob", "", large + " ", file, 413, "at most 1048576 bytes are read", "refused put user bob by adm", ""},
		{"no document", "adm", "POST", "/meta/auth/users/bob", "", "", file, 400, "user bob: no JSON object found", "refused put user bob by adm", ""},
		{"a name twice", "adm", "POST", "/meta/auth/users/bob", "", `{"operations":[],"operations":["Admin"]}`, file, 400, "given twice", "refused put user bob by adm", ""},
		{"a bad sign", "adm", "POST", "/meta/auth/roles/bob", "", `{"paths":[{"id":"/","sign":"++","permissions":"r"}]}`, file, 400, `paths[0]: sign \"++\"`, "refused put role bob by adm", ""},
		{"no whole number", "adm", "POST", "/meta/auth/users/bob", "", `{"rev":1e3}`, file, 400, "rev: a JSON number found; a whole number is accepted", "refused put user bob by adm", ""},
		{"a bad hash", "adm", "POST", "/meta/auth/users/bob", "", `{"digest":"` + hash + `x"}`, file, 400, "digest: 61 characters", "refused put user bob by adm", ""},
		{"a broken hash", "adm", "POST", "/meta/auth/users/bob", "", `{"digest":"` + hash + "\n", file, 400, "document is not accepted", "refused put user bob by adm", ""},
	} {
		h := open(t, people)
		w := h.ask(row.who, row.method, row.path, row.query, row.body, row.kinds...)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.answer) || strings.Contains(w.Body.String(), hash) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s; want %d %s", row.why, w.Code, w.Body, row.status, row.answer)
		}
		if got := strings.Join(h.happened, ", "); got != row.happened {
			t.Errorf("%s: what happened is %q, not %q", row.why, got, row.happened)
		}
		if b, err := os.ReadFile(h.name); (string(b) == people) == (row.status == 200) || err != nil {
			t.Errorf("%s: the file is %.200s, %v", row.why, b, err)
		}
		if row.kept == "-" {
			continue
		}
		if w := h.ask("adm", "GET", row.path, "", ""); row.kept == "" && w.Code != 404 || row.kept != "" && w.Body.String() != row.kept {
			t.Errorf("%s: kept is %d %.200s", row.why, w.Code, w.Body)
		}
	}
}

func TestBodiesThatAreNotReadToTheEnd(t *testing.T) {
	for _, row := range []struct {
		why    string
		body   io.Reader
		length int64
		status int
	}{
		{"it breaks off", io.MultiReader(strings.NewReader(`{}`), brokenBody{}), -1, 400},
		{"a handler before this one has a limit", http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(`{"email":"b"}`)), 5), -1, 413},
		{"it says that it is too large", brokenBody{}, maxDocument + 1, 413},
		{"it is too large and does not say so", io.MultiReader(strings.NewReader(`{}`), strings.NewReader(strings.Repeat(" ", maxDocument))), -1, 413},
	} {
		h := open(t, people)
		r := httptest.NewRequest(http.MethodPost, "/", row.body)
		r.ContentLength = row.length
		r.Header.Set("X-Test-User", "adm")
		r.Header.Set("X-CM-Well-Type", "File")
		w := httptest.NewRecorder()
		h.Serve(w, r, "/meta/auth/users/bob")
		if w.Code != row.status || strings.Join(h.happened, ", ") != "refused put user bob by adm" {
			t.Errorf("%s: %d %s, %v; want %d", row.why, w.Code, w.Body, h.happened, row.status)
		}
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestDocumentsThatAreKeptElsewhere(t *testing.T) {
	h := open(t, people)
	h.Store = nil
	for request, want := range map[string]string{
		"GET /meta/auth":             `200 {"folders":["roles","users"]}`,
		"GET /meta/auth/users":       `404 {"success":false,"message":"documents of users are not kept here"}`,
		"GET /meta/auth/roles/x":     `404 {"success":false,"message":"documents of roles are not kept here"}`,
		"POST /meta/auth/users/ann":  `501 {"success":false,"message":"read only"}`,
		"DELETE /meta/auth/roles/ed": `501 {"success":false,"message":"read only"}`,
	} {
		method, path, _ := strings.Cut(request, " ")
		if w := h.ask("adm", method, path, "", "{}", "File"); fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())) != want {
			t.Errorf("%s: %d %s; want %s", request, w.Code, w.Body, want)
		}
	}
}

// spoilt is a store that hands out what is no document, or cannot tell.
type spoilt struct {
	account.Documents
	document string
	err      error
}

func (s spoilt) Document(context.Context, account.Kind, string) ([]byte, error) {
	return []byte(s.document), s.err
}
func (s spoilt) Names(context.Context, account.Kind) ([]string, error) { return []string{hash}, s.err }
func (s spoilt) Put(context.Context, account.Kind, string, []byte) error {
	return s.err
}
func (s spoilt) Delete(context.Context, account.Kind, string) error { return s.err }

func TestWhatGoesWrongIsNoAnswer(t *testing.T) {
	for _, document := range []string{`{"digest":"` + hash + `"`, `{"a":1}{"digest":"` + hash + `"}`, `"` + hash + `"`, ``} {
		h := open(t, people)
		h.Store = spoilt{document: document}
		if w := h.ask("ann", "GET", "/meta/auth/users/ann", "", ""); w.Code != 503 || strings.Contains(w.Body.String(), hash) || len(h.happened) != 1 {
			t.Errorf("%q: %d %s, %v", document, w.Code, w.Body, h.happened)
		}
	}
	for _, request := range []string{"GET users", "GET users/ann", "POST users/ann", "DELETE users/ann"} {
		h := open(t, people)
		h.Store = spoilt{document: `{}`, err: errors.New("no connection")}
		method, path, _ := strings.Cut(request, " ")
		if w := h.ask("adm", method, "/meta/auth/"+path, "", `{}`, "File"); w.Code != 503 || len(h.happened) != 1 || !strings.HasPrefix(h.happened[0], "refused") {
			t.Errorf("%s: %d %s, %v", request, w.Code, w.Body, h.happened)
		}
	}
}

func TestANameThatNoneHasReachesNoStore(t *testing.T) {
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		for _, name := range []string{"..", "a b", "a\n", "ä", strings.Repeat("x", account.MaxName+1)} {
			h := open(t, people)
			h.Store = spoilt{document: `{}`}
			if w := h.ask("adm", method, "/meta/auth/roles/"+name, "", `{}`, "File"); w.Code != 400 || !strings.Contains(w.Body.String(), "role name") {
				t.Errorf("%s %q: %d %s", method, name, w.Code, w.Body)
			}
		}
	}
}

// Other operations do not stand for Admin.
func TestOnlyAdminSeesHashes(t *testing.T) {
	for held, sees := range map[permission.Operation]bool{0: false, permission.Overwrite | permission.PriorityWrite: false, permission.Admin: true} {
		h := open(t, people)
		h.Identify = func(*http.Request) (account.User, permission.Operation, error) {
			return account.User{Name: "ann"}, held, nil
		}
		w := h.ask("", "GET", "/meta/auth/users/ann", "", "")
		if w.Code != 200 || strings.Contains(w.Body.String(), hash) != sees {
			t.Errorf("%s: %d %s", held, w.Code, w.Body)
		}
		if w := h.ask("", "DELETE", "/meta/auth/users/ann", "", ""); (w.Code == 200) != sees {
			t.Errorf("%s deletes: %d %s", held, w.Code, w.Body)
		}
	}
}
