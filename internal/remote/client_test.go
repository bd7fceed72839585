package remote

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
)

// answering is a server that always says the same.
func answering(t *testing.T, status int, body string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return &Client{HTTP: s.Client(), Base: s.URL}
}

func TestErrorsOfTheServerAreThoseOfAStore(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		is     error
		says   string
	}{
		{404, `{"error":"user eve does not exist"}`, account.ErrNotExist, "user eve does not exist"},
		{412, `{"error":"user eve exists already"}`, admin.ErrCondition, "user eve exists already"},
		{400, `{"error":"no"}`, nil, "no"},
		{503, `{"error":"no front door is running"}`, nil, "no front door is running"},
		{404, "404 page not found\n", nil, "404 Not Found: is cmwell_auth built into it?"},
		{301, "", nil, "301 Moved Permanently: is cmwell_auth built into it?"},
		{200, "<html>", nil, "is not understood"},
	} {
		_, err := answering(t, row.status, row.body).Doors(t.Context())
		if err == nil || !strings.Contains(err.Error(), row.says) || errors.Is(err, account.ErrNotExist) != errors.Is(row.is, account.ErrNotExist) || errors.Is(err, admin.ErrCondition) != errors.Is(row.is, admin.ErrCondition) || errors.Is(err, ErrUnreachable) {
			t.Errorf("%d %s: %v", row.status, row.body, err)
		}
	}
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) {
	gone := answering(t, 200, "{}")
	gone.HTTP = &http.Client{}
	gone.Base = "http://127.0.0.1:1"
	if _, err := gone.User(t.Context(), "ann"); !errors.Is(err, ErrUnreachable) || errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	if err := (&Client{HTTP: cut.Client(), Base: cut.URL}).Delete(t.Context(), account.Users, "ann"); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	if _, err := gone.Names(over, account.Users); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
}

func TestAReplacementThatIsAlwaysOvertakenEnds(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = w.Write([]byte(`{"error":"changed meanwhile"}`))
			return
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	defer s.Close()
	calls := 0
	err := (&Client{HTTP: s.Client(), Base: s.URL}).Replace(t.Context(), account.Roles, "Editor", func(kept []byte) ([]byte, error) {
		calls++
		return kept, nil
	})
	if !errors.Is(err, admin.ErrCondition) || calls != overtaken+1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestUsersAreNamedInEveryCall(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		_, _ = w.Write([]byte(`{"users":[{"name":"x"}]}`))
	}))
	defer s.Close()
	c := &Client{HTTP: s.Client(), Base: s.URL, Users: "file:/a b"}
	if names, err := c.Names(t.Context(), account.Users); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}
	_, _ = c.Document(t.Context(), account.Users, "a/../b?c")
	_, _ = c.Revoke(t.Context(), "ann")
	want := []string{"GET /cmwell_auth/users?after=&limit=10000&users=file%3A%2Fa+b", "GET /cmwell_auth/users/a%2F..%2Fb%3Fc?users=file%3A%2Fa+b", "POST /cmwell_auth/users/ann/revoke?users=file%3A%2Fa+b"}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked %q", asked)
	}
}
