package export

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// saved is a folder with these files.
func saved(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAFolderOfDocumentsIsAStore(t *testing.T) {
	f, err := Open(saved(t, map[string]string{
		"users/bob.json": "\n{\"rev\": 2,  \"x\":1}\n", "users/ann": `{"roles":["Editor"]}`, "roles/Editor": `{"operations":["Overwrite"]}`, "README": "other things",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if names, err := f.Names(t.Context(), account.Users); err != nil || !slices.Equal(names, []string{"ann", "bob"}) {
		t.Errorf("%q, %v", names, err)
	}
	if got, err := f.Document(t.Context(), account.Users, "bob"); err != nil || string(got) != `{"rev": 2,  "x":1}` {
		t.Errorf("%s, %v", got, err)
	}
	if p, err := account.Resolve(t.Context(), f, "ann"); err != nil || p.Operations.String() != "Overwrite" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, name := range []string{"eve", "bob.json", "../roles/Editor", ""} {
		if got, err := f.Document(t.Context(), account.Users, name); !errors.Is(err, account.ErrNotExist) || got != nil {
			t.Errorf("%q: %s, %v", name, got, err)
		}
	}
	for _, err := range []error{f.Put(t.Context(), account.Users, "ann", []byte(`{}`)), f.Delete(t.Context(), account.Users, "ann")} {
		if !errors.Is(err, account.ErrReadOnly) {
			t.Error(err)
		}
	}
}

func TestFoldersThatAreNoExport(t *testing.T) {
	deep := saved(t, map[string]string{"users/ann/x": `{}`})
	linked := saved(t, map[string]string{"users/ann": `{}`})
	if err := os.Symlink("/etc/passwd", filepath.Join(linked, "users", "bob")); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		saved(t, map[string]string{"README": "x"}):                             "holds neither users nor roles",
		filepath.Join(t.TempDir(), "nowhere"):                                  "holds neither users nor roles",
		saved(t, map[string]string{"users/ann": `{}`, "users/ann.json": `{}`}): "are both of user ann",
		saved(t, map[string]string{"roles/a b": `{}`}):                         `role name "a b"`,
		saved(t, map[string]string{"users/" + strings.Repeat("x", 129): `{}`}): "1 to 128",
		saved(t, map[string]string{"users/.json": `{}`}):                       `user name ""`,
		deep:   "ann is no file",
		linked: "bob is no file",
	} {
		f, err := Open(path)
		if err == nil || f != nil || !strings.Contains(err.Error(), says) || errors.Is(err, fs.ErrNotExist) != strings.Contains(says, "neither") {
			t.Errorf("%s: %v; want %s", path, err, says)
		}
	}
	f, err := Open(saved(t, map[string]string{"users/big": strings.Repeat(" ", MaxDocument+1)}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Document(t.Context(), account.Users, "big"); err == nil || got != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
