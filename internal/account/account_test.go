package account

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// documented is the user of CM-Well's guide, with a hash of "myPassword".
const documented = `{
  "paths": [
    {"id":"/","sign":"+","recursive":true,"permissions":"r"},
    {"id":"/test.example.org","sign":"+","recursive":true,"permissions":"rw"}
  ],
  "roles": ["Editor"],
  "operations": ["PriorityWrite"],
  "rev": 101,
  "digest": "$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6",
  "digest2": "156a0e1b2c3d4e5f60718293a4b5c6d7",
  "email": "ann@example.org", "first": "Ann", "last": "Smith",
  "quota": {"kept": true}
}`

func TestTheDocumentedUserIsRead(t *testing.T) {
	u, err := ParseUser("ann", []byte(documented))
	if err != nil {
		t.Fatal(err)
	}
	if u.Name != "ann" || u.Revision != 101 || u.Operations != permission.PriorityWrite || len(u.Roles) != 1 || u.Email != "ann@example.org" || u.First != "Ann" || u.Last != "Smith" {
		t.Errorf("%+v", u)
	}
	if len(u.Paths) != 2 || u.Paths[0].String() != "+ /* r" || u.Paths[1].String() != "+ /test.example.org/* rw" {
		t.Errorf("%v", u.Paths)
	}
}

func TestAnEmptyDocumentIsAUserWhoCanNothing(t *testing.T) {
	u, err := ParseUser("nobody", []byte(`{}`))
	if err != nil || u.PasswordHash != "" || len(u.Paths) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestDocumentsThatAreNotTaken(t *testing.T) {
	path := func(s string) string { return `{"paths":[` + s + `]}` }
	for _, row := range []struct{ document, says string }{
		{``, "one JSON object"},
		{`null`, "one JSON object"},
		{`[]`, "one JSON object"},
		{`{`, "unexpected EOF"},
		{`{}{}`, "after top-level value"},
		{"{\"first\":\"\xff\"}", "UTF-8"},
		{`{"operations":[],"operations":["Admin"]}`, "given twice"},
		{`{"x":{"y":1,"y":2}}`, "given twice"},
		{`{"Operations":["Admin"]}`, `written "operations"`},
		{`{"operationſ":["Admin"]}`, `written "operations"`},
		{`{"paths":{}}`, "paths: a JSON object"},
		{`{"paths":[1]}`, "paths.0: a JSON number"},
		{path(`{"sign":"+","permissions":"r"}`), "paths[0]: id, sign and permissions are required"},
		{path(`{"id":"/","permissions":"r"}`), "id, sign and permissions are required"},
		{path(`{"id":"/","sign":"+"}`), "id, sign and permissions are required"},
		{path(`{"id":"/","sign":"++","permissions":"r"}`), `sign "++"`},
		{path(`{"id":"/","sign":"+","permissions":"rwx"}`), `permissions "rwx"`},
		{path(`{"id":"/","sign":"+","permissions":""}`), `permissions ""`},
		{path(`{"id":"/","sign":"+","permissions":"r","recursive":"true"}`), "paths.0.recursive: a JSON string"},
		{path(`{"id":"a","sign":"+","permissions":"r"}`), "begins with a slash"},
		{path(`{"id":"/a/../b","sign":"+","permissions":"r"}`), "segments"},
		{`{"roles":"Editor"}`, "roles: a JSON string"},
		{`{"roles":["../users/root"]}`, "roles[0]: name"},
		{`{"operations":["admin"]}`, `operations[0]: operation "admin"`},
		{`{"rev":"5"}`, "rev: a JSON string"},
		{`{"rev":5.0}`, "rev: a JSON number"},
		{`{"rev":1e3}`, "rev: a JSON number"},
		{`{"rev":-1}`, "rev -1"},
		{`{"rev":9007199254740992}`, "rev 9007199254740992"},
		{`{"rev":9223372036854775808}`, "rev: a JSON number"},
		{`{"digest":"secret"}`, "digest: a bcrypt hash of 60"},
		{`{"digest":"$2x$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}`, "digest: a bcrypt hash of 60"},
		{`{"digest":"$2a$31$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}`, "digest: a bcrypt hash with a cost"},
		{`{"digest":"$2a$03$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}`, "digest: a bcrypt hash with a cost"},
		{`{"digest2":"156A0E1B2C3D4E5F60718293A4B5C6D7"}`, "digest2: 32 characters"},
		{`{"digest2":"0123456789abcdef0123456789abcde"}`, "digest2: 31 characters"},
	} {
		u, err := ParseUser("ann", []byte(row.document))
		if err == nil || !strings.Contains(err.Error(), row.says) || !strings.HasPrefix(err.Error(), "user ann: ") {
			t.Errorf("%s\n  says %v\n  should say %s", row.document, err, row.says)
		}
		if u.Name != "" || u.Operations != 0 {
			t.Errorf("%s: a user came back with the error: %+v", row.document, u)
		}
		if err != nil && strings.Contains(err.Error(), "7EqJtq98") {
			t.Errorf("the error shows a hash: %v", err)
		}
	}
}

func TestRoles(t *testing.T) {
	r, err := ParseRole("Editor", []byte(`{"paths":[{"id":"/docs","sign":"-","recursive":true,"permissions":"w"}],"operations":["Overwrite"],"note":1}`))
	if err != nil || r.Name != "Editor" || r.Operations != permission.Overwrite || r.Paths[0].String() != "- /docs/* w" {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{`null`, `{"Paths":[]}`, `{"paths":[{}]}`, `{"operations":["x"]}`} {
		if r, err := ParseRole("Editor", []byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "role Editor: ") {
			t.Errorf("%s: %+v, %v", bad, r, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "ann@example.org", "my-app_2", "...", strings.Repeat("x", 128)} {
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", "../roles/Admin", "a b", "a\x00", "a\n", "ä", "😀", "a:b", "a\"", "a%", strings.Repeat("x", 129)} {
		if err := CheckName(name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

type roles map[string]Role

func (roles) User(context.Context, string) (User, error) { return User{}, ErrNotExist }
func (r roles) Role(_ context.Context, name string) (Role, error) {
	if name == "Broken" {
		return Role{}, errors.New("no connection")
	}
	if role, ok := r[name]; ok {
		return role, nil
	}
	return Role{}, ErrNotExist
}

func TestGrants(t *testing.T) {
	s := roles{"Editor": {Name: "Editor", Operations: permission.Overwrite}}
	rules, ops, err := Grants(t.Context(), s, User{Roles: []string{"Gone", "Editor"}, Operations: permission.Admin})
	if err != nil || len(rules.Roles) != 1 || ops != permission.Admin|permission.Overwrite {
		t.Errorf("a role that does not exist grants nothing: %+v, %s, %v", rules, ops, err)
	}
	rules, ops, err = Grants(t.Context(), s, User{Roles: []string{"Editor", "Broken"}, Operations: permission.Admin})
	if err == nil || ops != 0 || len(rules.Roles) != 0 {
		t.Errorf("a store that cannot tell must not grant: %+v, %s, %v", rules, ops, err)
	}
}

func withCost(cost int) *Passwords {
	p := new(Passwords)
	p.SetCost(cost)
	return p
}

func hashed(t *testing.T, password string, cost int) User {
	t.Helper()
	hash, err := HashPassword(password, cost)
	if err != nil {
		t.Fatal(err)
	}
	return User{Name: "ann", PasswordHash: hash}
}

// Whatever is wrong, the answer is no and the work is the same.
func TestEveryFailedPasswordCostsTheSame(t *testing.T) {
	long := strings.Repeat("x", 72)
	for why, row := range map[string]struct {
		user     User
		password string
	}{
		"a wrong password": {hashed(t, "right", 7), "wrong"},
		"no such user":     {User{}, "right"},
		"no hash":          {User{Name: "ann"}, ""},
		"a cheaper hash":   {hashed(t, "right", 4), "wrong"},
		"the right password with something behind": {hashed(t, long, 5), long + "y"},
		"a hash that nobody accepts":               {User{PasswordHash: "$2a$31$"}, "right"},
	} {
		p := withCost(7)
		if p.Match(row.user, row.password) {
			t.Errorf("%s: matches", why)
		}
		if p.Spent() != 1<<7 {
			t.Errorf("%s: %d rounds, want %d", why, p.Spent(), 1<<7)
		}
	}
}

func TestTheRightPasswordMatches(t *testing.T) {
	for _, password := range []string{"right", "with:colon", "pässwörd", strings.Repeat("x", 72)} {
		if p := withCost(5); !p.Match(hashed(t, password, 4), password) {
			t.Errorf("%q does not match", password)
		}
	}
	p := Passwords{}
	y := hashed(t, "right", 4)
	y.PasswordHash = strings.Replace(y.PasswordHash, "$2a$", "$2y$", 1)
	if !p.Match(y, "right") {
		t.Error("$2y$ does not match")
	}
}

func TestTheDecoyIsARealHash(t *testing.T) {
	for cost := minCost; cost <= DefaultCost; cost++ {
		decoy := decoyHash(cost)
		if err := checkHash(decoy); err != nil {
			t.Errorf("%s: %v", decoy, err)
		}
		if err := bcrypt.CompareHashAndPassword([]byte(decoy), []byte("x")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			t.Errorf("%s is refused before the work is done: %v", decoy, err)
		}
	}
}

func TestPasswordsThatCannotBeHashed(t *testing.T) {
	for _, password := range []string{"", strings.Repeat("x", 73)} {
		if hash, err := HashPassword(password, 4); err == nil || hash != "" {
			t.Errorf("%d bytes: %q, %v", len(password), hash, err)
		}
	}
}

func FuzzParseUser(f *testing.F) {
	f.Add([]byte(documented))
	f.Add([]byte(`{"paths":[{"id":"/","sign":"-","permissions":"rw"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if u, err := ParseUser("ann", b); err != nil && (u.Name != "" || u.Paths != nil || u.PasswordHash != "") {
			t.Fatalf("a user beside an error: %+v", u)
		}
		if r, err := ParseRole("Editor", b); err != nil && (r.Name != "" || r.Paths != nil) {
			t.Fatalf("a role beside an error: %+v", r)
		}
	})
}
