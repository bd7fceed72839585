package permission

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rulesIn reads "own + /a/* rw, role A - /b r".
func rulesIn(t *testing.T, text string) Rules {
	t.Helper()
	var r Rules
	for line := range strings.SplitSeq(text, ", ") {
		w := strings.Fields(line)
		if w[0] == "own" {
			r.Own = append(r.Own, entryOf(t, w[1:]))
			continue
		}
		i := slices.IndexFunc(r.Roles, func(role Role) bool { return role.Name == w[1] })
		if i < 0 {
			i, r.Roles = len(r.Roles), append(r.Roles, Role{Name: w[1]})
		}
		r.Roles[i].Entries = append(r.Roles[i].Entries, entryOf(t, w[2:]))
	}
	return r
}

func TestNearMissesAreThoseThatAPersonWouldLookFor(t *testing.T) {
	for _, row := range []struct{ rules, path, want string }{
		{"own - /a/* rw, own + /b/* rw", "/a/x", ""},
		{"own - /a/* rw, own + /a rw", "/a", "+ /a rw denied"},
		{"own + /a/* rw, role A - /a rw", "all of /a", "- /a rw overruled"},
		{"own + /a/* rw, role A - /a/b/* rw", "all of /a", "- /a/b/* rw overruled"},
		{"own + /a/* rw, role A - /a/b/* rw", "/a", ""},
		{"own + /a/* rw, role A - /b/* rw", "all of /a", ""},
		{"own + /a rw", "all of /a", "+ /a rw not_recursive"},
		{"own + /foo rw", "/foobar", ""},
		{"own + /foo/* rw", "/foobar", "+ /foo/* rw no_ancestor"},
		{"own + /a/* rw, own - /a/b/* rw", "/a", ""},
		{"own + /a/b/* rw", "/a", "+ /a/b/* rw below"},
		{"own + /a%20b/* rw", "/c", ""},
		{"own + /a%20b rw", "/a%20b", "+ /a%20b rw escaped"},
		{"own + /a%20b rw", "/a%20b/c", ""},
		{"own + /a%20b/* rw", "/a%20b/c", "+ /a%20b/* rw escaped"},
		{"own + /A/* rw", "/a/b", "+ /A/* rw other_case"},
		{"own + /A rw", "/a/b", ""},
		{"own + /a/* r", "/a/b", "+ /a/* r other_level"},
		{"own - /a/* w, own + /a/b w, own + /a/b/* w, own + /a/* w, own + /* w, own + /a/b rw, own + /a/b/* r", "/a/b",
			"+ /a/b w denied, + /a/b/* w denied, + /a/b rw denied, + /a/* w denied, + /* w denied"},
	} {
		sent, tree := strings.CutPrefix(row.path, "all of ")
		p, err := ParsePath(sent)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range rulesIn(t, row.rules).Explain(p, Write, tree).NearMisses {
			found = append(found, fmt.Sprint(m.Entry, " ", m.Why.Name()))
		}
		if got := strings.Join(found, ", "); got != row.want {
			t.Errorf("%s, write %s:\n  near misses are %q\n  not             %q", row.rules, row.path, got, row.want)
		}
	}
}

func TestReadAndWriteTogetherNeedBoth(t *testing.T) {
	a, err := ParsePath("/a")
	if err != nil {
		t.Fatal(err)
	}
	for rules, want := range map[string]bool{"own + /a r": false, "own + /a w": false, "own + /a rw": true, "own + /a r, own + /a w": true, "own + /a rw, own - /a r": false} {
		if got := rulesIn(t, rules).Decide(a, Read|Write, false); got.Allowed != want {
			t.Errorf("%s: %v by %s", rules, got.Allowed, got)
		}
	}
	if got := rulesIn(t, "role A - /a r, role B - /a rw").Decide(a, Read, false); got.Role != "A" {
		t.Errorf("%s is named where the first denial should be", got)
	}
}

func TestWhatCannotBeOne(t *testing.T) {
	for _, sent := range []string{"/%6z", "/%z6", "/%6/", "/%/6", "/%:0", "/%@0", "/%`0", "/%g0", "/%0g"} {
		if p, err := ParsePath(sent); !errors.Is(err, ErrPath) || p.Len() != 0 {
			t.Errorf("%s has the readings %q, %v", sent, readings(p), err)
		}
	}
	if p, err := ParsePath("/" + strings.Repeat("a;b/..%2F//.%5C%2520/", 40)); !errors.Is(err, ErrTooManyReadings) || p.Len() != 0 {
		t.Errorf("%d readings, %v", p.Len(), err)
	}
	if p, err := ParsePath("/%25u12"); err != nil || p.String() != "/%u12" {
		t.Errorf("%q, %v", readings(p), err)
	}
	if e, err := NewEntry("/a", true, true, 4); err == nil {
		t.Errorf("a third level makes %s", e)
	}
	for _, name := range []string{"Admin", "Overwrite", "PriorityWrite"} {
		if op, err := ParseOperation(name); err != nil || op.String() != name || !slices.Equal(op.Names(), []string{name}) {
			t.Errorf("%s is read as %q, %v", name, op, err)
		}
	}
	if op, err := ParseOperation("admin"); err == nil || op != 0 {
		t.Errorf("admin is read as %q", op)
	}
}
