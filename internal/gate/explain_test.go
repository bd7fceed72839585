package gate

import (
	"errors"
	"net/http"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

func TestExplainAnswersAsCheckDecides(t *testing.T) {
	all := everybody(t)
	all["ed"] = user(t, "ed", "+ / rw", "")
	withAnonymous := users{"anonymous": user(t, "anonymous", "+ /public r", "")}
	for name, u := range all {
		withAnonymous[name] = u
	}
	paths := []string{
		"/a", "/tests/x", "/tests/secret/x", "/tests/%2e%2e/a", "/public/x", "/inbox/1", "/meta/auth/users/ann", "/meta/auth/users/wendy",
		"/meta/auth/users/ed", "/meta/ns/x", "/meta/sys/dc/x", "/vault/x", "/",
	}
	asked := 0
	for _, development := range []bool{false, true} {
		for _, people := range []users{all, withAnonymous} {
			k := newKeeper(t, development, HTTP)
			k.Users = people
			for _, who := range []string{"ann", "bob", "adm", "wendy", "ed", "anonymous"} {
				for _, path := range paths {
					for method, q := range map[string]Question{
						"GET":      {Level: permission.Read},
						"PUT":      {Level: permission.Write},
						"DELETE":   {Level: permission.Write, Tree: true},
						"PROPFIND": {Level: permission.Read, Tree: true},
					} {
						asked++
						bearer := who
						if who == account.Anonymous {
							bearer = ""
						}
						got := verdict(t, k, send(t, k, bearer, method+" "+path))
						q.User, q.Path = who, path
						v, err := k.Explain(t.Context(), q)
						if err != nil {
							t.Fatal(err)
						}
						said := passes
						if v.Refusal != nil {
							said = v.Refusal.Error()
						}
						if said != got || v.Passes != (got == passes) {
							t.Errorf("development %v: %s %s by %s: Check says %s, Explain %s", development, method, path, who, got, said)
						}
						if v.Passes != v.Allowed && v.Because == "" {
							t.Errorf("development %v: %s %s by %s: nothing says why the rule does not decide", development, method, path, who)
						}
					}
				}
			}
		}
	}
	if asked < 1000 {
		t.Errorf("only %d questions were asked", asked)
	}
}

func TestWhatElseThanTheRulesDecides(t *testing.T) {
	all := everybody(t)
	all["ed"] = user(t, "ed", "+ / rw", "")
	for _, row := range []struct {
		development bool
		q           Question
		because     string
	}{
		{false, Question{User: "ed", Path: "/meta/auth/users/ed", Level: permission.Write}, "This needs the operation Admin, which the user does not have."},
		{false, Question{User: "wendy", Path: "/meta/auth/users/wendy", Level: permission.Read}, "A user may always read its own document."},
		{true, Question{User: "wendy", Path: "/a", Level: permission.Write}, "In development only protected paths ask for permission."},
		{true, Question{User: "wendy", Path: "/vault/a", Level: permission.Write}, ""},
		{false, Question{User: "anonymous", Path: "/a", Level: permission.Read}, "Without a token, everything but protected paths may be read."},
		{false, Question{User: "anonymous", Path: "/a", Level: permission.Write}, "A write needs a token."},
		{false, Question{User: "anonymous", Path: "/vault", Level: permission.Read}, "The path is protected: it needs a token in every environment."},
		{true, Question{User: "anonymous", Path: "/a", Level: permission.Write}, "In development only protected paths need a token."},
		{false, Question{User: "ann", Path: "/tests/secret", Level: permission.Write}, ""},
	} {
		k := newKeeper(t, row.development, CMWell)
		k.Users = all
		v, err := k.Explain(t.Context(), row.q)
		if err != nil || v.Because != row.because {
			t.Errorf("%+v: %q, %v; want %q", row.q, v.Because, err, row.because)
		}
	}
}

func TestWhatCannotBeExplained(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	for q, want := range map[Question]error{
		{User: "nobody", Path: "/a", Level: permission.Read}:  account.ErrNotExist,
		{User: "ann", Path: "a", Level: permission.Read}:      permission.ErrPath,
		{User: "ann", Path: "/a%00", Level: permission.Write}: permission.ErrPath,
		{User: "broken", Path: "/a", Level: permission.Write}: nil,
		{User: "torn", Path: "/a", Level: permission.Write}:   nil,
	} {
		v, err := k.Explain(t.Context(), q)
		if err == nil || want != nil && !errors.Is(err, want) || v.Passes || v.Path != "" {
			t.Errorf("%+v: %+v, %v; want %v", q, v, err, want)
		}
	}
}

func TestARefusalSaysWhichRuleAndWhatIsMissing(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	refused := func(who, line string) *Refusal {
		var r *Refusal
		if _, err := k.Check(send(t, k, who, line)); !errors.As(err, &r) {
			t.Fatalf("%s by %s: %v", line, who, err)
		}
		return r
	}
	r := refused("ann", "PUT /tests/%2e%2e/a")
	if got := r.Explanation.Sentence(r.User); r.Explanation.Reading != "/a" || len(r.Explanation.Readings) != 2 || got == "" {
		t.Errorf("%+v: %s", r.Explanation, got)
	}
	if got := r.Rule(); got != r.Explanation.Decision || got.Allowed || got == (permission.Decision{}) {
		t.Errorf("the rule that said no is %+v", got)
	}
	if r = refused("ann", "GET /_ll?lvl=debug"); r.Rule() != (permission.Decision{}) {
		t.Errorf("no rule was asked, and %+v said no", r.Rule())
	}
	if r.Missing != permission.Admin || r.Explanation != nil {
		t.Errorf("%+v", r)
	}
	if r = refused("", "PUT /a"); r.Missing != 0 || r.Explanation != nil {
		t.Errorf("%+v", r)
	}
	if r = refused("ann", http.MethodDelete+" /tests"); r.Explanation.Entry.String() != "- /tests/secret/* rw" || !r.Explanation.Tree {
		t.Errorf("%+v", r.Explanation)
	}
}

func TestMayWriteAnswersAsCheckDecides(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	for _, who := range []string{"ann", "bob", "adm", "wendy"} {
		known, err := account.Resolve(t.Context(), k.Users, who)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{"/a", "/tests/x", "/tests/secret/x", "/inbox/x", "/meta/ns/x", "/meta/auth/users/ann", "/meta/auth/users/wendy"} {
			path, err := permission.ParsePath(target)
			if err != nil {
				t.Fatal(err)
			}
			want := verdict(t, k, send(t, k, who, "PUT "+target)) == passes
			if may, err := k.MayWrite(t.Context(), known, path); err != nil || may != want {
				t.Errorf("%s may write %s: %v, %v; Check says %v", who, target, may, err, want)
			}
		}
	}
}
