package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

const users = `{
  "users": {
    "ann": {"paths":[{"id":"/tests","sign":"+","recursive":true,"permissions":"rw"}],"roles":["Editor","Gone"],"rev":3},
    "bob": {"digest":"$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}
  },
  "roles": {"Editor": {"operations":["Overwrite"]}}
}`

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	must(t, os.Chmod(name, mode), os.Chmod(filepath.Dir(name), 0o700)) // whatever the umask is
	return name
}

func TestUsersAndRolesAreFound(t *testing.T) {
	s, err := Read(write(t, users, 0o600), false)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := s.User(t.Context(), "ann"); err != nil || u.Name != "ann" || u.Revision != 3 {
		t.Errorf("%+v, %v", u, err)
	}
	if r, err := s.Role(t.Context(), "Editor"); err != nil || r.Name != "Editor" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.User(t.Context(), "Ann"); !errors.Is(err, account.ErrNotExist) {
		t.Errorf("names are case-sensitive: %v", err)
	}
	if _, err := s.Role(t.Context(), "ann"); !errors.Is(err, account.ErrNotExist) {
		t.Errorf("a user is no role: %v", err)
	}
	if shapes := s.Shapes(); s.Len() != 2 || !slices.Equal(shapes, []account.Shape{{Cost: 10}}) {
		t.Errorf("%d users, %v", s.Len(), shapes)
	}
	if w := s.Warnings(); len(w) != 2 || w[0] != "user ann: the role Gone does not exist and grants nothing; make it, or take it from the user" || !strings.HasPrefix(w[1], "user ann: no digest") {
		t.Errorf("warnings: %q", w)
	}
}

func TestOneMistakeAndNothingIsUsed(t *testing.T) {
	for _, row := range []struct{ text, says string }{
		{"", "JSON object"},
		{"null", "JSON object"},
		{`[]`, "JSON object"},
		{`{"users":{}`, "unexpected EOF"},
		{`{"user":{}}`, "unknown"},
		{`{"Users":{}}`, "unknown"},
		{`{"users":{},"users":{}}`, "duplicate"},
		{`{"users":{"ann":{},"ann":{}}}`, "duplicate"},
		{`{"users":{"ann":{"rev":1,"rev":2}}}`, "duplicate"},
		{`{"users":{"a/b":{}}}`, `name "a/b"`},
		{`{"users":{"ann":null}}`, "user ann: no JSON object found"},
		{`{"users":{"ann":{"rev":-1}}}`, "user ann: rev -1"},
		{`{"roles":{"Editor":{"paths":[{}]}}}`, "role Editor: paths[0]"},
		{users + "x", "behind the object"},
	} {
		s, err := Read(write(t, row.text, 0o600), false)
		if err == nil || s != nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, %v; should say %s", row.text, s, err, row.says)
		}
	}
}

func TestAHundredWarningsAreEnough(t *testing.T) {
	for _, row := range []struct {
		users int
		last  string
	}{
		{98, "user u097: no digest"},
		{99, "further warnings about users and roles, not shown here: 1"},
		{1000, "further warnings about users and roles, not shown here: 902"},
	} {
		var all []string
		for i := range row.users {
			all = append(all, fmt.Sprintf(`"u%03d": {}`, i))
		}
		// What is wrong with a role is told first, and once.
		const role = `{"paths":[{"id":"/a","sign":"+","permissions":"r"},{"id":"/a","sign":"+","permissions":"r"},{"id":"/b%20","sign":"+","permissions":"r"}]}`
		s, err := Parse([]byte(`{"roles":{"Editor":` + role + `},"users":{` + strings.Join(all, ",") + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		w := s.Warnings()
		if len(w) != min(row.users+2, 101) || !strings.HasPrefix(w[len(w)-1], row.last) || !strings.HasPrefix(w[0], "role Editor: ") || !strings.HasPrefix(w[1], "role Editor: ") {
			t.Errorf("%d users: %d warnings, from %q to %q", row.users, len(w), w[0], w[len(w)-1])
		}
	}
	if w := new(Store).Warnings(); len(w) != 0 {
		t.Errorf("a file that is not there: %q", w)
	}
}

func TestAFileThatOthersCanOpen(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o640, 0o666, 0o602, 0o604} {
		name := write(t, users, mode)
		if s, err := Read(name, false); !errors.Is(err, ErrExposed) || s != nil {
			t.Errorf("%o: %v, %v", mode, s, err)
		}
		s, err := Read(name, true)
		if err != nil || len(s.Warnings()) != 3 || !strings.Contains(s.Warnings()[0], "0600 is accepted") {
			t.Errorf("%o: %v", mode, err)
		}
	}
	if _, err := Read(write(t, users, 0o400), false); err != nil {
		t.Errorf("a file for its owner's eyes: %v", err)
	}
}

func TestWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := Read(filepath.Join(folder, "none.json"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Read(folder, true); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}

func TestCreateWritesOnceForTheOwnerAlone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new", "users.json")
	if err := New(name, false).Create(t.Context(), "root", []byte(`{"rev":1}`)); err != nil {
		t.Fatal(err)
	}
	s, err := Read(name, false)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := s.User(t.Context(), "root"); err != nil || u.Revision != 1 {
		t.Errorf("%+v, %v", u, err)
	}
	if err := New(name, false).Create(t.Context(), "eve", []byte(`{}`)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Create: %v", err)
	}
	if again, _ := Read(name, false); again.Len() != 1 {
		t.Error("the second Create changed the file")
	}
	alone(t, name)
	empty := write(t, `{"users":{}}`, 0o600)
	if err := New(empty, false).Create(t.Context(), "root", []byte(`{}`)); err != nil {
		t.Errorf("a file without users is not replaced: %v", err)
	}
	if err := New(filepath.Join(t.TempDir(), "x"), false).Create(t.Context(), "a/b", []byte(`{}`)); err == nil {
		t.Error("a bad name was written")
	}
}

func TestUsersWhoCanLogInByMD5Alone(t *testing.T) {
	md5, sha256 := strings.Repeat("0", 32), strings.Repeat("0", 64)
	for document, want := range map[string]bool{
		`{}`:                                  false,
		`{"digest2":"` + md5 + `"}`:           true,
		`{"digest2_sha256":"` + sha256 + `"}`: false,
		`{"digest2":"` + md5 + `","digest2_sha256":"` + sha256 + `"}`: false,
	} {
		s, err := Parse([]byte(`{"users":{"ann":{},"bob":` + document + `}}`))
		if err != nil || s.OnlyMD5() != want {
			t.Errorf("%s: %v, not %v", document, err, want)
		}
	}
}
