package account

import (
	"context"
	"errors"
	"strings"
	"testing"

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
  "digest2_sha256": "ea6b7d5c8f3b0f2d8a3a6b0c4f4c8a1b2c3d4e5f60718293a4b5c6d7e8f90123",
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
	if !strings.HasPrefix(u.PasswordHash, "$2a$10$") || !strings.HasPrefix(u.HA1, "156a") || !strings.HasPrefix(u.HA1SHA256, "ea6b") {
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
		{`{"paths":[1]}`, "paths[0]: a JSON number"},
		{path(`{"sign":"+","permissions":"r"}`), "paths[0]: id, sign and permissions are required"},
		{path(`{"id":"/","permissions":"r"}`), "id, sign and permissions are required"},
		{path(`{"id":"/","sign":"+"}`), "id, sign and permissions are required"},
		{path(`{"id":"/","sign":"++","permissions":"r"}`), `sign "++"`},
		{path(`{"id":"/","sign":"+","permissions":"rwx"}`), `permissions "rwx"`},
		{path(`{"id":"/","sign":"+","permissions":""}`), `permissions ""`},
		{path(`{"id":"/","sign":"+","permissions":"r","recursive":"true"}`), "paths[0].recursive: a JSON string"},
		{path(`{"id":"/","sign":"-","permissions":"r","Recursive":true}`), `paths[0]: name "Recursive" found; it is written "recursive"`},
		{path(`{"id":"/","sign":"+","permiſſions":"r","permissions":"r"}`), `written "permissions"`},
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
		{`{"digest":"secret"}`, "digest: 6 characters that are no such hash found; a bcrypt hash of 60"},
		{`{"digest":"$2a$31$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}`, "digest: a bcrypt hash with cost 31 found; 4 to 16"},
		{`{"digest2":"156A0E1B2C3D4E5F60718293A4B5C6D7"}`, "digest2: 32 characters"},
		{`{"digest2":"0123456789abcdef0123456789abcde"}`, "digest2: 31 characters found; 32 of"},
		{`{"digest2_sha256":"156a0e1b2c3d4e5f60718293a4b5c6d7"}`, "digest2_sha256: 32 characters found; 64 of"},
		{`{"digest2_sha256":"` + strings.Repeat("A", 64) + `"}`, "digest2_sha256: 64 characters found"},
		{`{"Digest2_SHA256":""}`, `written "digest2_sha256"`},
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

// User knows ann with the roles that the name goes on with.
func (roles) User(_ context.Context, name string) (User, error) {
	name, roles, found := strings.Cut(name, ":")
	if !found {
		return User{}, ErrNotExist
	}
	return User{Name: name, Roles: strings.Split(roles, ","), Operations: permission.Admin}, nil
}
func (r roles) Role(_ context.Context, name string) (Role, error) {
	if name == "Broken" {
		return Role{}, errors.New("no connection")
	}
	if role, ok := r[name]; ok {
		return role, nil
	}
	return Role{}, ErrNotExist
}

func TestAPrincipalHasWhatItsRolesGive(t *testing.T) {
	s := roles{"Editor": {Name: "Editor", Operations: permission.Overwrite}}
	p, err := Resolve(t.Context(), s, "ann:Gone,Editor")
	if err != nil || p.User.Name != "ann" || len(p.Rules.Roles) != 1 || p.Rules.Roles[0].Name != "Editor" || p.Operations != permission.Admin|permission.Overwrite {
		t.Errorf("a role that does not exist grants nothing: %+v, %v", p, err)
	}
	p, err = Resolve(t.Context(), s, "ann:Editor,Broken")
	if err == nil || errors.Is(err, ErrNotExist) || p != nil {
		t.Errorf("a store that cannot tell must not grant: %+v, %v", p, err)
	}
	if p, err := Resolve(t.Context(), s, "eve"); !errors.Is(err, ErrNotExist) || p != nil {
		t.Errorf("nobody: %+v, %v", p, err)
	}
}

func FuzzParseUser(f *testing.F) {
	f.Add([]byte(documented))
	f.Add([]byte(`{"paths":[{"id":"/","sign":"-","permissions":"rw"}]}`))
	f.Add([]byte(`{"digest":"` + vector + `"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if u, err := ParseUser("ann", b); err != nil && (u.Name != "" || u.Paths != nil || u.PasswordHash != "") {
			t.Fatalf("a user beside an error: %+v", u)
		}
		if r, err := ParseRole("Editor", b); err != nil && (r.Name != "" || r.Paths != nil) {
			t.Fatalf("a role beside an error: %+v", r)
		}
	})
}
