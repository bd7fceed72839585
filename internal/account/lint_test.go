package account

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// list makes entries from lines such as "+ /a/* rw".
func list(t testing.TB, lines ...string) []permission.Entry {
	t.Helper()
	var entries []permission.Entry
	for _, line := range lines {
		sign, rest, _ := strings.Cut(line, " ")
		at := strings.LastIndexByte(rest, ' ')
		id, recursive := strings.CutSuffix(rest[:at], "/*")
		if id == "" {
			id = "/"
		}
		levels, err := permission.ParseLevels(rest[at+1:])
		if err != nil {
			t.Fatal(err)
		}
		e, err := permission.NewEntry(id, sign == "+", recursive, levels)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}

func TestWhatIsWrongWithAListOfEntries(t *testing.T) {
	for _, row := range []struct {
		why  string
		list []string
		want []string
	}{
		{"all is well", []string{"+ /* r", "+ /tests/* rw", "- /tests/secret/* rw", "+ /tests r", "+ /café/* r", "+ /a b r", "+ /100%/* r"}, nil},
		{"an escape for a space", []string{"+ /my%20files/* r"},
			[]string{`the entry "+ /my%20files/* r" is percent-encoded, and is no entry for "/my files": ids are written as they read, without escapes`}},
		{"an escape in a denial leaves open what it should close", []string{"- /%73ecret/* rw"},
			[]string{`the entry "- /%73ecret/* rw" is percent-encoded, and is no entry for "/secret": ids are written as they read, without escapes`}},
		{"an escape that no path may hold", []string{"+ /a%00 r"},
			[]string{`the entry "+ /a%00 r" matches nothing: no path of this name is accepted`}},
		{"an allowance beneath a denial", []string{"- /a/* rw", "+ /a/b/* r"},
			[]string{`the entry "+ /a/b/* r" has no effect: "- /a/* rw" denies all of it`}},
		{"an allowance beside a denial", []string{"+ /a w", "- /a w"},
			[]string{`the entry "+ /a w" has no effect: "- /a w" denies all of it`}},
		{"two denials together cover an allowance", []string{"+ /a/* rw", "- /a/* r", "- /* w"},
			[]string{`the entry "+ /a/* rw" has no effect: "- /* w" denies all of it`}},
		{"a denial that leaves something", []string{"+ /a/* rw", "- /a/* w", "- /a r", "+ /b/* r", "- /b r"}, nil},
		{"a denial of a path that only begins alike", []string{"- /a/* r", "+ /ab r"}, nil},
		{"a parameter", []string{"+ /a;x=1 r"},
			[]string{`the entry "+ /a;x=1 r" may have no effect: such a path can also be read as "/a", and is allowed only where that is allowed too`}},
		{"a query", []string{"- /a?op=search r"},
			[]string{`the entry "- /a?op=search r" does not deny "/a", as which some servers read such a path`}},
		{"a fragment", []string{"+ /a#b r"},
			[]string{`the entry "+ /a#b r" may have no effect: such a path can also be read as "/a", and is allowed only where that is allowed too`}},
		{"backslashes", []string{`- /a\b/* rw`},
			[]string{`the entry "- /a\\b/* rw" does not deny "/a/b", as which some servers read such a path`}},
		{"a dot at the end of a name", []string{"+ /Acme Inc./* r"},
			[]string{`the entry "+ /Acme Inc./* r" may have no effect: such a path can also be read as "/Acme Inc", and is allowed only where that is allowed too`}},
		{"a dot at the end of a name, where the rest is allowed anyhow", []string{"+ /* r", "+ /Acme Inc./* r"}, nil},
		{"a space at the end of a name", []string{"- /secret /* r"},
			[]string{`the entry "- /secret /* r" does not deny "/secret", as which some servers read such a path`}},
		{"a space at the end of a name, where the rest is denied anyhow", []string{"- /secret /* r", "- /secret/* r"}, nil},
		{"the same twice", []string{"+ /a r", "+ /b r", "+ /a r"},
			[]string{`the entry "+ /a r" stands there more than once`}},
		{"the same but for the sign, the reach or the level", []string{"+ /a r", "+ /a w", "+ /a/* r"}, nil},
	} {
		entries := list(t, row.list...)
		check(t, row.why, LintRole(Role{Name: "Editor", Paths: entries}), "role Editor", row.want)
		check(t, row.why, Lint(User{Name: "ann", Paths: entries, HA1: "x"}, nobody), "user ann", row.want)
		slices.Reverse(entries)
		check(t, row.why+", the other way round", LintRole(Role{Name: "Editor", Paths: entries}), "role Editor", row.want)
	}
	check(t, "an entry of nothing", LintRole(Role{Name: "Editor", Paths: make([]permission.Entry, 1)}), "role Editor", []string{"an entry without a path matches nothing"})
}

func nobody(string) (Role, bool) { return Role{}, false }

func check(t *testing.T, why string, said []string, who string, want []string) {
	t.Helper()
	var full []string
	for _, w := range want {
		full = append(full, who+": "+w)
	}
	if !slices.Equal(said, full) {
		t.Errorf("%s:\n  said %s\n  want %s", why, strings.Join(said, "\n       "), strings.Join(full, "\n       "))
	}
}

func TestWhatIsWrongWithAUser(t *testing.T) {
	roles := map[string]Role{
		"Editor": {Name: "Editor", Paths: list(t, "+ /docs/* rw", "+ /drafts/* r")},
		"Intern": {Name: "Intern", Paths: list(t, "- /docs/* rw")},
		"Keeper": {Name: "Keeper", Operations: permission.Admin},
		"Writer": {Name: "Writer", Paths: list(t, "+ /* rw")},
		"Plain":  {Name: "Plain", Paths: list(t, "+ /a r")},
	}
	find := func(name string) (Role, bool) { r, ok := roles[name]; return r, ok }
	const secretless = "no digest, digest2 or digest2_sha256 is there, so it cannot log in; give it a password, or delete it"
	const auth = "which is refused without the operation Admin; give it, or deny writing there"
	for _, row := range []struct {
		why  string
		user User
		own  []string
		want []string
	}{
		{"all is well", User{PasswordHash: "x", Roles: []string{"Editor", "Plain"}}, []string{"+ /* r"}, nil},
		{"no secret", User{}, nil, []string{secretless}},
		{"one secret of three", User{HA1SHA256: "x"}, nil, nil},
		{"a role that is not there", User{HA1: "x", Roles: []string{"Gone", "Plain"}}, nil,
			[]string{"the role Gone does not exist and grants nothing; make it, or take it from the user"}},
		{"a role given twice", User{HA1: "x", Roles: []string{"Plain", "Plain"}}, nil, []string{"the role Plain stands there more than once"}},
		{"a role's allowance that the user is denied", User{HA1: "x", Roles: []string{"Editor"}}, []string{"- /docs/* rw"},
			[]string{`the entry "+ /docs/* rw" of role Editor has no effect: the user's own "- /docs/* rw" comes first, and denies`}},
		{"a role's allowance that the user is denied by two entries", User{HA1: "x", Roles: []string{"Editor"}}, []string{"- /docs/* r", "- /docs/* w"},
			[]string{`the entry "+ /docs/* rw" of role Editor has no effect: the user's own "- /docs/* w" comes first, and denies`}},
		{"a role's denial that the user's own allowance lifts", User{HA1: "x", Roles: []string{"Intern"}, Operations: permission.Admin}, []string{"+ /* rw"},
			[]string{`the entry "- /docs/* rw" of role Intern does not deny it: the user's own "+ /* rw" comes first, and allows; a denial that is to hold must be the user's own`}},
		{"a role's denial that the user's own denial repeats", User{HA1: "x", Roles: []string{"Intern"}}, []string{"+ /docs/* rw", "- /docs/* rw"},
			[]string{`the entry "+ /docs/* rw" has no effect: "- /docs/* rw" denies all of it`}},
		{"a role's denial that the user's own lifts in part", User{HA1: "x", Roles: []string{"Intern"}}, []string{"+ /docs/mine/* rw", "+ /docs rw", "+ /* r"}, nil},
		{"a role's allowance that the user's own repeats", User{HA1: "x", Roles: []string{"Editor"}}, []string{"+ /docs/* rw"}, nil},
		{"a role's allowance that another role denies", User{HA1: "x", Roles: []string{"Editor", "Intern"}}, nil,
			[]string{`the entry "+ /docs/* rw" of role Editor has no effect: another role's "- /docs/* rw" denies all of it`}},
		{"write rights over users without Admin", User{HA1: "x"}, []string{"+ /* rw"}, []string{`the entry "+ /* rw" allows writing in /meta/auth, ` + auth}},
		{"write rights over one user", User{HA1: "x"}, []string{"+ /meta/auth/users/bob w"}, []string{`the entry "+ /meta/auth/users/bob w" allows writing in /meta/auth, ` + auth}},
		{"write rights over users, which a denial takes", User{HA1: "x"}, []string{"+ /* rw", "- /meta/auth/* w"}, nil},
		{"write rights over users, of which a denial takes one", User{HA1: "x"}, []string{"+ /* rw", "- /meta/auth rw"}, []string{`the entry "+ /* rw" allows writing in /meta/auth, ` + auth}},
		{"read rights over users, and write rights above and beside", User{HA1: "x"}, []string{"+ /* r", "+ / w", "+ /meta rw", "+ /meta/authors/* rw"}, nil},
		{"write rights over users with Admin", User{HA1: "x", Operations: permission.Admin}, []string{"+ /* rw"}, nil},
		{"write rights over users with Admin by a role", User{HA1: "x", Roles: []string{"Keeper"}}, []string{"+ /* rw"}, nil},
		{"another operation is not Admin", User{HA1: "x", Operations: permission.Overwrite}, []string{"+ /* rw"}, []string{`the entry "+ /* rw" allows writing in /meta/auth, ` + auth}},
		{"write rights by a role are told once, of the role", User{HA1: "x", Roles: []string{"Writer"}}, nil, nil},
		{"the anonymous user needs no secret", User{Name: Anonymous}, []string{"+ /* r", "- /secret/* rw"}, nil},
		{"the anonymous user has a secret", User{Name: Anonymous, HA1: "x"}, nil, []string{"it never logs in, and a digest has no effect; remove it"}},
		{"the anonymous user may write", User{Name: Anonymous, Operations: permission.Admin | permission.Overwrite}, []string{"+ /* rw", "- /a w"},
			[]string{`what the entry "+ /* rw" says of writing has no effect: a write needs a token`,
				`what the entry "- /a w" says of writing has no effect: a write needs a token`,
				"the operations Admin+Overwrite have no effect: they need a token"}},
	} {
		if row.user.Name == "" {
			row.user.Name = "ann"
		}
		row.user.Paths = list(t, row.own...)
		check(t, row.why, Lint(row.user, find), "user "+row.user.Name, row.want)
	}
	check(t, "a role that may write everything", LintRole(roles["Writer"]), "role Writer",
		[]string{`the entry "+ /* rw" allows writing in /meta/auth, which is refused without the operation Admin; give it, or deny writing there`})
	check(t, "a role that may write everything, and is Admin's", LintRole(Role{Name: "A", Operations: permission.Admin, Paths: list(t, "+ /* rw")}), "role A", nil)
}

// A user with as many entries as a file can hold must not stop a start.
func TestManyEntriesAreLookedAtInTime(t *testing.T) {
	var own []string
	for i := range 20000 {
		own = append(own, fmt.Sprintf("+ /a/b%d/c rw", i), fmt.Sprintf("- /d/e%d/* r", i))
	}
	u := User{Name: "ann", HA1: "x", Paths: list(t, own...), Roles: []string{"Same", "Other"}}
	role := func(name string) (Role, bool) { return Role{Name: name, Paths: u.Paths}, true }
	started := time.Now()
	said := Lint(u, role)
	if took := time.Since(started); len(said) != 0 || took > 20*time.Second {
		t.Errorf("%d sentences in %v", len(said), took)
	}
}

func BenchmarkLint(b *testing.B) {
	editor := Role{Name: "Editor", Paths: list(b, "+ /docs/* rw", "- /docs/final/* w")}
	u := User{Name: "ann", HA1: "x", Paths: list(b, "+ /* r", "+ /tests/* rw", "- /tests/secret/* rw"), Roles: []string{"Editor"}}
	find := func(string) (Role, bool) { return editor, true }
	for b.Loop() {
		Lint(u, find)
	}
}
