package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestACheckTellsOfEveryMistake(t *testing.T) {
	for _, row := range []struct {
		content            string
		mode               fs.FileMode
		mistakes, warnings []string
	}{
		{`{"users":{"ann":{"digest":"$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6"}},"roles":{}}`, 0o600, nil, nil},
		{`{"users":{"ann":{}},"roles":{}}`, 0o644, nil, []string{"0644", "user ann: no digest"}},
		{"{\"users\":{\"bob\":{\"rev\":-1},\n\"ann\":{\"paths\":{}}, \"a b\":{}},\"roles\":{\"E\":{\"paths\":[{}]}}}", 0o600,
			[]string{"line 2: role E: paths[0]", "line 1: user bob: rev -1", "line 2: user ann: paths", `line 2: user name "a b"`}, nil},
		{`{"users":{"bob":{"rev":-1}},"rev_floor":-3}`, 0o600, []string{"rev_floor: -3"}, nil},
		{`{"users":{},"groups":{}}`, 0o644, []string{"groups"}, []string{"0644"}},
		{`[]`, 0o600, []string{"a JSON object"}, nil},
		{``, 0o600, []string{"a JSON object"}, nil},
	} {
		name := filepath.Join(t.TempDir(), "users.json")
		if err := os.WriteFile(name, []byte(row.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, row.mode); err != nil {
			t.Fatal(err)
		}
		got, err := Check(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range []struct{ got, want []string }{{got.Mistakes, row.mistakes}, {got.Warnings, row.warnings}} {
			if len(list.got) != len(list.want) {
				t.Errorf("%s: %q; want %q", row.content, list.got, list.want)
				continue
			}
			for i, part := range list.want {
				if !strings.Contains(list.got[i], part) {
					t.Errorf("%s: %q; want %q", row.content, list.got[i], part)
				}
			}
		}
	}
	if _, err := Check(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
