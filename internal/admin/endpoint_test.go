package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

var errNoToken = errors.New("no token")

// scene is an endpoint whose surroundings write down what happens to them.
func scene(happened *[]string) *Endpoint {
	say := func(words ...string) { *happened = append(*happened, strings.Join(words, " ")) }
	return &Endpoint{
		Identify: func(r *http.Request) (account.User, permission.Operation, error) {
			switch name := r.Header.Get("X-Test-User"); name {
			case "":
				return account.User{}, 0, errNoToken
			case "adm":
				return account.User{Name: name}, permission.Admin | permission.Overwrite, nil
			default:
				return account.User{Name: name, Revision: 5, Roles: []string{"Editor"}}, 0, nil
			}
		},
		GeneratePassword: func(context.Context) (string, string, error) { return "word", "$2a$hash", nil },
		ChangePassword: func(_ *http.Request, name, current, next string) error {
			say("change", name, current, next)
			if current == "wrong" {
				return errors.New("wrong password")
			}
			return nil
		},
		Logout: func(_ context.Context, name string) error { say("logout", name); return nil },
		Explain: func(_ context.Context, q Question) (Explanation, error) {
			if q.User == "gone" {
				return Explanation{}, account.ErrNotExist
			}
			return Explanation{User: q.User, Because: fmt.Sprint(q.Level, " ", q.Path, " ", q.Tree)}, nil
		},
		Invalidate: func() error { say("invalidate"); return nil },
		Health:     func() Health { return Health{OK: len(*happened) == 0, Store: "file", ReadAt: time.Unix(0, 0).UTC()} },
		ReadBody: func(body io.Reader, names ...string) (map[string]string, error) {
			values := map[string]string{}
			if err := json.NewDecoder(body).Decode(&values); err != nil {
				return nil, ErrParameters
			}
			return values, nil
		},
		Answer: func(err error) (int, string, http.Header) {
			switch {
			case errors.Is(err, errNoToken):
				return 401, "please login", http.Header{"Www-Authenticate": {"CM-Well-Token"}}
			case errors.Is(err, ErrNotFound):
				return 404, "no user", nil
			case errors.Is(err, ErrNeedsOperation):
				return 403, "needs operation", nil
			case errors.Is(err, ErrParameters):
				return 400, "parameters", nil
			}
			return 503, "broken", nil
		},
		Done: func(_ *http.Request, op, user string, err error) {
			if err != nil {
				say("refused", op, user)
				return
			}
			say("done", op, user)
		},
	}
}

func TestOperations(t *testing.T) {
	form := "application/x-www-form-urlencoded"
	for _, row := range []struct {
		why, who, method, target, contentType, body string
		status                                      int
		answer, happened                            string
	}{
		{"no op", "", "GET", "/_auth", "", "", 400, `{"success":false,"message":"op \"\" found; change-password, explain, generate-password, health, invalidate-cache, logout, whoami are accepted"}`, ""},
		{"an unknown op", "adm", "GET", "/_auth?op=x", "", "", 400, `whoami are accepted`, ""},
		{"op in another case", "adm", "GET", "/_auth?op=WHOAMI", "", "", 400, `whoami are accepted`, ""},
		{"op twice", "adm", "GET", "/_auth?op=whoami&op=logout", "", "", 400, `op is given once`, ""},
		{"a query that readers split differently", "adm", "GET", "/_auth?op=whoami;op=logout", "", "", 400, `op is given once`, ""},
		{"another method", "adm", "DELETE", "/_auth?op=logout", "", "", 405, `DELETE is not accepted here`, ""},

		{"a password for anybody", "", "GET", "/_auth?op=generate-password", "", "", 200, `{"password":"word","encrypted":"$2a$hash"}`, ""},
		{"health for anybody", "", "GET", "/_auth?op=health", "", "", 200, `{"ok":true,"store":"file","readAt":"1970-01-01T00:00:00Z","waitingLogins":0}`, ""},

		{"who am I without a token", "", "GET", "/_auth?op=whoami", "", "", 401, `{"success":false,"message":"please login"}`, "refused whoami "},
		{"who am I", "ann", "GET", "/_auth?op=whoami", "", "", 200, `{"user":"ann","rev":5,"roles":["Editor"],"operations":[]}`, "done whoami ann"},
		{"who is the administrator", "adm", "GET", "/_auth?op=whoami", "", "", 200, `{"user":"adm","rev":0,"roles":[],"operations":["Admin","Overwrite"]}`, "done whoami adm"},
		{"logout without a token", "", "GET", "/_auth?op=logout", "", "", 401, `please login`, "refused logout "},
		{"logout", "ann", "POST", "/_auth?op=logout", "", "", 200, `{"success":true}`, "logout ann, done logout ann"},
		{"invalidate without Admin", "ann", "GET", "/_auth?op=invalidate-cache", "", "", 403, `needs operation`, "refused invalidate-cache ann"},
		{"invalidate with Admin", "adm", "GET", "/_auth?op=invalidate-cache", "", "", 200, `{"success":true}`, "invalidate, done invalidate-cache adm"},

		{"explain without a token", "", "GET", "/_auth?op=explain&path=/a", "", "", 401, `please login`, "refused explain "},
		{"explain to oneself", "ann", "GET", "/_auth?op=explain&path=/a%20b", "", "", 200, `"because":"read /a b false"`, "done explain ann"},
		{"explain a write", "ann", "GET", "/_auth?op=explain&path=/a&level=w&tree=true&user=ann", "", "", 200, `"because":"write /a true"`, "done explain ann"},
		{"explain to others", "ann", "GET", "/_auth?op=explain&path=/a&user=adm", "", "", 403, `needs operation`, "refused explain ann"},
		{"explain to nobody", "ann", "GET", "/_auth?op=explain&path=/a&user=", "", "", 403, `needs operation`, "refused explain ann"},
		{"who exists", "ann", "GET", "/_auth?op=explain&path=/a&user=gone", "", "", 403, `needs operation`, "refused explain ann"},
		{"explain others to an administrator", "adm", "GET", "/_auth?op=explain&path=/a&level=write&user=ann", "", "", 200, `"user":"ann","passes":false`, "done explain adm"},
		{"explain who is gone", "adm", "GET", "/_auth?op=explain&path=/a&user=gone", "", "", 404, `no user`, "refused explain adm"},
		{"explain no name", "adm", "GET", "/_auth?op=explain&path=/a&user=../x", "", "", 400, `parameters`, "refused explain adm"},
		{"explain nothing", "ann", "GET", "/_auth?op=explain", "", "", 400, `parameters`, "refused explain ann"},
		{"explain no path", "ann", "GET", "/_auth?op=explain&path=a", "", "", 400, `parameters`, "refused explain ann"},
		{"explain two paths", "ann", "GET", "/_auth?op=explain&path=/a&path=/b", "", "", 400, `parameters`, "refused explain ann"},
		{"explain no level", "ann", "GET", "/_auth?op=explain&path=/a&level=rw", "", "", 400, `parameters`, "refused explain ann"},
		{"explain some of a tree", "ann", "GET", "/_auth?op=explain&path=/a&tree=1", "", "", 400, `parameters`, "refused explain ann"},
		{"explain what is misspelt", "ann", "GET", "/_auth?op=explain&path=/a&Level=w", "", "", 400, `parameters`, "refused explain ann"},

		{"a change without a token", "", "GET", "/_auth?op=change-password&current=a&new=b", "", "", 401, `please login`, "refused change-password "},
		{"a change by the query", "ann", "GET", "/_auth?op=change-password&current=a%20b&new=c", "", "", 200, `{"success":true}`, "change ann a b c, done change-password ann"},
		{"a change by a form", "ann", "POST", "/_auth?op=change-password", form, "current=a&new=b%2Bc", 200, `{"success":true}`, "change ann a b+c, done change-password ann"},
		{"a change by JSON", "ann", "POST", "/_auth?op=change-password", "application/json", `{"current":"a","new":"b"}`, 200, `{"success":true}`, "change ann a b, done change-password ann"},
		{"the wrong current password", "ann", "GET", "/_auth?op=change-password&current=wrong&new=b", "", "", 503, `broken`, "change ann wrong b, refused change-password ann"},
		{"nothing new", "ann", "GET", "/_auth?op=change-password&current=a", "", "", 400, `parameters`, "refused change-password ann"},
		{"new twice", "ann", "GET", "/_auth?op=change-password&current=a&new=b&new=c", "", "", 400, `parameters`, "refused change-password ann"},
		{"a body and the query", "ann", "POST", "/_auth?op=change-password&new=c", form, "current=a&new=b", 400, `parameters`, "refused change-password ann"},
		{"a form too large", "ann", "POST", "/_auth?op=change-password", form, "current=a&new=" + strings.Repeat("x", maxForm), 400, `parameters`, "refused change-password ann"},
		{"a form that is malformed", "ann", "POST", "/_auth?op=change-password", form, "current=a;new=b", 400, `parameters`, "refused change-password ann"},
		{"a body that is no JSON", "ann", "POST", "/_auth?op=change-password", "", "current", 400, `parameters`, "refused change-password ann"},
	} {
		var happened []string
		e := scene(&happened)
		r := httptest.NewRequest(row.method, row.target, strings.NewReader(row.body))
		if row.who != "" {
			r.Header.Set("X-Test-User", row.who)
		}
		if row.contentType != "" {
			r.Header.Set("Content-Type", row.contentType)
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.answer) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s; want %d %s", row.why, w.Code, w.Body, row.status, row.answer)
		}
		if got := strings.Join(happened, ", "); got != row.happened {
			t.Errorf("%s: what happened is %q, not %q", row.why, got, row.happened)
		}
		if w.Code == 401 && w.Header().Get("Www-Authenticate") == "" {
			t.Errorf("%s: a 401 without a challenge", row.why)
		}
	}
}

func TestADoorThatCannotDecideIsNotHealthy(t *testing.T) {
	happened := []string{"something"}
	w := httptest.NewRecorder()
	scene(&happened).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_auth?op=health", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"ok":false`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
