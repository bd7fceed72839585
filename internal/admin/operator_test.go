package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
	"github.com/cm-well/cmwell-auth/internal/store/file"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// operating is an operator of a real file.
func operating(t *testing.T, text string) (*Operator, *file.Users) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := file.Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	return &Operator{
		Users: users, Store: users, Editor: users,
		NewPassword: func(_ context.Context, u account.User, password string) (account.Fields, error) {
			return account.SetPassword(u, account.Argon2id, "cmwell", password)
		},
		Explanations: func(_ context.Context, q Question) (Explanation, error) {
			if _, err := users.User(t.Context(), q.User); err != nil {
				return Explanation{}, err
			}
			return Explanation{User: q.User, Passes: q.Level == permission.Read}, nil
		},
		Sign: func(c token.Claims) (string, error) { return fmt.Sprint(c.Subject, c.Revision), nil },
		Now:  func() time.Time { return time.Unix(1000, 0) },
	}, users
}

func TestAnOperatorChangesUsers(t *testing.T) {
	o, users := operating(t, people)
	ctx := t.Context()
	rev, err := o.SetPassword(ctx, "ann", "new")
	u, _ := users.User(ctx, "ann")
	if err != nil || rev != 4 || u.Revision != 4 || !new(account.Passwords).Match(u, "new") {
		t.Errorf("a password: rev %d, %+v, %v", rev, u, err)
	}
	if rev, err := o.Revoke(ctx, "ann"); err != nil || rev != 5 {
		t.Errorf("revoked: rev %d, %v", rev, err)
	}
	if got, err := o.Issue(ctx, "ann", time.Hour); err != nil || got != (Issued{"ann5", time.Unix(4600, 0).UTC(), 5}) {
		t.Errorf("issued: %+v, %v", got, err)
	}
	if err := o.Delete(ctx, account.Users, "ann"); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"delete":   o.Delete(ctx, account.Users, "ann"),
		"password": second(o.SetPassword(ctx, "ann", "x")),
		"revoke":   second(o.Revoke(ctx, "ann")),
		"issue":    second(o.Issue(ctx, "ann", time.Hour)),
		"show":     second(o.Document(ctx, account.Users, "ann")),
		"explain":  second(o.Explain(ctx, Question{User: "ann"})),
	} {
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "user ann does not exist") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// While the password was hashed, the user was changed.
func TestWhatWasChangedWhileAPasswordWasHashedStays(t *testing.T) {
	o, users := operating(t, `{"users":{"ann":{"rev":3}}}`)
	hash := o.NewPassword
	o.NewPassword = func(ctx context.Context, u account.User, password string) (account.Fields, error) {
		if err := users.Put(ctx, account.Users, "ann", []byte(`{"rev":8,"email":"a"}`)); err != nil {
			t.Error(err)
		}
		return hash(ctx, u, password)
	}
	if rev, err := o.SetPassword(t.Context(), "ann", "new"); err != nil || rev != 9 {
		t.Errorf("rev %d, %v", rev, err)
	}
	if u, err := users.User(t.Context(), "ann"); err != nil || u.Email != "a" || u.Revision != 9 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestWhereUsersAreKeptElsewhereNothingIsChanged(t *testing.T) {
	o, users := operating(t, people)
	o.Store, o.Editor = nil, nil
	ctx := t.Context()
	for what, err := range map[string]error{
		"put":      o.Put(ctx, account.Users, "ann", []byte(`{}`), Condition{}),
		"delete":   o.Delete(ctx, account.Users, "ann"),
		"password": second(o.SetPassword(ctx, "ann", "x")),
		"revoke":   second(o.Revoke(ctx, "ann")),
	} {
		if !errors.Is(err, account.ErrReadOnly) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{
		"list": second(o.Survey(ctx, account.Users, "", 1)), "show": second(o.Document(ctx, account.Roles, "Editor")), "lint": second(o.Lint(ctx)),
	} {
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "not kept here") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := o.Issue(ctx, "ann", time.Hour); err != nil || got.Rev != 3 {
		t.Errorf("a token needs no documents: %+v, %v", got, err)
	}
	if u, err := users.User(ctx, "ann"); err != nil || u.Revision != 3 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestASurveyComesInPages(t *testing.T) {
	_, users := operating(t, `{"users":{"a":{},"b":{"rev":2,"digest":"`+hash+`","roles":["R"],"operations":["Admin"],"paths":[{"id":"/","sign":"+","permissions":"r"}]},"d":{}},"roles":{"R":{}}}`)
	for _, row := range []struct {
		after string
		limit int
		names string
		next  string
	}{
		{"", 2, "a b", "b"}, {"b", 2, "d", ""}, {"a", 1, "b", "b"}, {"c", 9, "d", ""}, {"d", 9, "", ""}, {"", 3, "a b d", ""}, {"", 0, "a", "a"},
	} {
		p, err := Survey(t.Context(), users, account.Users, row.after, row.limit)
		var names []string
		for _, u := range p.Users {
			names = append(names, u.Name)
		}
		if err != nil || strings.Join(names, " ") != row.names || p.Next != row.next || p.Users == nil || p.Roles != nil {
			t.Errorf("%d after %q: %+v, %v", row.limit, row.after, p, err)
		}
	}
	p, err := Survey(t.Context(), users, account.Users, "a", 1)
	if err != nil || fmt.Sprint(p.Users[0]) != "{b 2 bcrypt, cost 10 [R] [Admin] 1}" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := Survey(t.Context(), users, account.Roles, "", 9); err != nil || p.Users != nil || fmt.Sprint(p.Roles) != "[{R [] 0}]" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestConditionsAreReadAndWritten(t *testing.T) {
	for _, c := range []Condition{{}, {Absent: true}, {Tag: Tag([]byte("x"))}} {
		header := http.Header{}
		c.Set(header)
		if got, err := ConditionOf(header); err != nil || got != c {
			t.Errorf("%+v became %+v, %v", c, got, err)
		}
	}
	if Tag([]byte("x")) == Tag([]byte("y")) {
		t.Error("two documents have one tag")
	}
}

func TestQuestionsAreReadAndWritten(t *testing.T) {
	for _, q := range []Question{{"ann", "/a b", permission.Read, false}, {"bob", "/a?b&c", permission.Write, true}} {
		if got, err := ReadQuestion(q.Query(), ""); err != nil || got != q {
			t.Errorf("%+v became %+v, %v", q, got, err)
		}
	}
	if got, err := ReadQuestion(url.Values{"path": {"/a"}, "op": {"explain"}}, "ann", "op"); err != nil || got != (Question{User: "ann", Path: "/a", Level: permission.Read}) {
		t.Errorf("%+v, %v", got, err)
	}
}
