package account

import (
	"errors"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

func entryFor(t *testing.T, id string, allow, recursive bool, levels permission.Level) permission.Entry {
	t.Helper()
	e, err := permission.NewEntry(id, allow, recursive, levels)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAGrantAddsWhatIsNotThere(t *testing.T) {
	write := entryFor(t, "/a/", true, true, permission.Read|permission.Write)
	deny := entryFor(t, "/a/\"b", false, false, permission.Write)
	for _, row := range []struct {
		why, before string
		rights      Rights
		after       string
	}{
		{"an entry, where there are none", `{"rev":1}`, Rights{Entries: []permission.Entry{write}},
			`{"rev":1,"paths":[{"id":"/a","sign":"+","recursive":true,"permissions":"rw"}]}`},
		{"an entry in place of null", `{"paths":null}`, Rights{Entries: []permission.Entry{deny}},
			`{"paths":[{"id":"/a/\"b","sign":"-","recursive":false,"permissions":"w"}]}`},
		{"an entry behind others, which stay as they are", `{"paths":[ {"id":"/x" , "sign":"+","permissions":"r","note":1.50} ]}`, Rights{Entries: []permission.Entry{write}},
			`{"paths":[ {"id":"/x" , "sign":"+","permissions":"r","note":1.50}, {"id":"/a","sign":"+","recursive":true,"permissions":"rw"} ]}`},
		{"more levels for an entry that is there", `{"paths":[{"note":1,"recursive":true,"id":"/a/","sign":"+","permissions":"r"}]}`, Rights{Entries: []permission.Entry{write}},
			`{"paths":[{"note":1,"recursive":true,"id":"/a/","sign":"+","permissions":"rw"}]}`},
		{"nothing, where the entry is there", `{"paths":[{"id":"/a", "sign":"+","recursive":true,"permissions":"wr"}] }`, Rights{Entries: []permission.Entry{write, write}},
			`{"paths":[{"id":"/a", "sign":"+","recursive":true,"permissions":"wr"}] }`},
		{"an entry beside one that is not recursive", `{"paths":[{"id":"/a","sign":"+","permissions":"rw"}]}`, Rights{Entries: []permission.Entry{write}},
			`{"paths":[{"id":"/a","sign":"+","permissions":"rw"}, {"id":"/a","sign":"+","recursive":true,"permissions":"rw"}]}`},
		{"roles and operations", `{"roles":["Editor"],"operations":["Admin"],"x":1}`, Rights{Roles: []string{"Editor", "Reader", "Reader"}, Operations: permission.Admin | permission.PriorityWrite},
			`{"roles":["Editor", "Reader"],"operations":["Admin", "PriorityWrite"],"x":1}`},
		{"nothing", `{ "rev" : 1 }`, Rights{}, `{ "rev" : 1 }`},
	} {
		got, err := Grant(Users, "ann", []byte(row.before), row.rights)
		if err != nil || string(got) != row.after {
			t.Errorf("%s: %s, %v; want %s", row.why, got, err, row.after)
		}
	}
}

func TestGrantsThatCannotBe(t *testing.T) {
	for _, row := range []struct {
		kind     Kind
		document string
		rights   Rights
		says     string
	}{
		{Roles, `{}`, Rights{Roles: []string{"Editor"}}, "a role has no roles"},
		{Users, `{}`, Rights{Roles: []string{"no\"name"}}, "are accepted"},
		{Users, `{"rev":-1}`, Rights{}, "rev -1"},
		{Users, `[]`, Rights{}, "one JSON object"},
	} {
		if got, err := Grant(row.kind, "ann", []byte(row.document), row.rights); err == nil || got != nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %s, %v; should say %s", row.document, got, err, row.says)
		}
	}
}

const manyRights = `{"paths":[{"id":"/a","sign":"+","recursive":true,"permissions":"rw"},{"id":"/b","sign":"+","permissions":"r"},{"id":"/a","sign":"-","permissions":"w"}],` +
	`"roles":["Editor","Reader"],"operations":["Admin","Overwrite"],"x":1}`

func TestAWithdrawalTakesWhatItNames(t *testing.T) {
	got, err := Withdraw(Users, "ann", []byte(manyRights), Withdrawal{Paths: []string{"/a/"}, Roles: []string{"Editor"}, Operations: permission.Admin})
	want := `{"paths":[{"id":"/b","sign":"+","permissions":"r"}],"roles":["Reader"],"operations":["Overwrite"],"x":1}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestAWithdrawalOfWhatIsNotThereIsAnError(t *testing.T) {
	for _, row := range []struct {
		withdrawal Withdrawal
		says       string
	}{
		{Withdrawal{Paths: []string{"/a", "/c"}}, `user ann has no entry for /c; it has "+ /a/* rw", "+ /b r", "- /a w"`},
		{Withdrawal{Roles: []string{"editor"}}, "user ann has no role editor; it has Editor, Reader"},
		{Withdrawal{Operations: permission.PriorityWrite | permission.Admin}, "user ann has no operation PriorityWrite; it has Admin, Overwrite"},
	} {
		got, err := Withdraw(Users, "ann", []byte(manyRights), row.withdrawal)
		if !errors.Is(err, ErrNotExist) || got != nil || err.Error() != row.says {
			t.Errorf("%s, %v; want %s", got, err, row.says)
		}
	}
	if _, err := Withdraw(Roles, "Editor", []byte(`{}`), Withdrawal{Paths: []string{"/a"}}); err == nil || err.Error() != "role Editor has no entry for /a; it has none" {
		t.Error(err)
	}
	if _, err := Withdraw(Users, "ann", []byte(manyRights), Withdrawal{Paths: []string{"a"}}); err == nil || errors.Is(err, ErrNotExist) {
		t.Error(err)
	}
}
