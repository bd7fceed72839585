package permission

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// odd are readings that no entry names, and that are easily taken for one.
var odd = []string{"", "/", "//", "///", "/a/", "/a//", "//a", "/a//b", "/a/b/", "/aa", "/a-b", "/a.b/b", "/a/\x00", "/A", "a", "a/b", "/a/b/c/d/a"}

// agree checks that the index answers as a look at each entry does, with the very
// same entry, and that rules with an index decide as those without.
func agree(t *testing.T, rules Rules, readings ...string) {
	t.Helper()
	indexed := rules
	indexed.Index = newIndex(rules.Own)
	indexed.Roles = slices.Clone(rules.Roles)
	for i := range indexed.Roles {
		indexed.Roles[i].Index = newIndex(indexed.Roles[i].Entries)
	}
	x, scan := indexed.Index, list{entries: rules.Own}
	for _, reading := range readings {
		p := Path{first: reading}
		for _, level := range []Level{Read, Write} {
			if got, want := x.weigh(reading, level), scan.weigh(reading, level); got != want {
				t.Fatalf("%v: %s %q is decided by %v, want %v", rules.Own, level, reading, got, want)
			}
			if got, want := x.denial(reading, level), scan.denial(reading, level); got != want {
				t.Fatalf("%v: %s below %q is denied by %v, want %v", rules.Own, level, reading, got, want)
			}
			if got, want := x.reaches(reading, level), scan.reaches(reading, level); got != want {
				t.Fatalf("%v: %s reaches all below %q: %v, want %v", rules.Own, level, reading, got, want)
			}
		}
		for _, level := range []Level{0, Read, Write, Read | Write, 4} {
			for _, tree := range []bool{false, true} {
				if got, want := indexed.Decide(p, level, tree), rules.Decide(p, level, tree); got != want {
					t.Fatalf("%v: %s %q, tree %v: %v by %s, want %v by %s", rules, level, reading, tree, got.Allowed, got, want.Allowed, want)
				}
			}
		}
	}
}

func TestAnIndexAnswersAsALookAtEachEntry(t *testing.T) {
	readings := append(world(), odd...)
	both := choices(1, Read|Write)
	for i := range both {
		for j := range both[:i+1] {
			agree(t, rulesOf(both[i], both[j]), readings[:20]...)
		}
	}
	random := rand.New(rand.NewPCG(19, 20))
	for range 3000 {
		var roles []Role
		for i := range random.IntN(3) {
			roles = append(roles, Role{Name: fmt.Sprint(i), Entries: some(random, 4)})
		}
		agree(t, Rules{Own: some(random, 12), Roles: roles}, readings...)
	}
}

// Entries of any ids, many to one list.
func FuzzIndex(f *testing.F) {
	f.Add("/a/*+r /a/b-w /*+rw /a.b/*-r", "/a/b/c", true)
	f.Add("/a-b/*+w /a/b/*-w /a+rw /a/*+r", "/a//b", false)
	f.Fuzz(func(t *testing.T, list, reading string, tree bool) {
		var entries []Entry
		for word := range strings.FieldsSeq(list) {
			at := strings.LastIndexAny(word, "+-")
			if at < 0 {
				continue
			}
			levels, err := ParseLevels(word[at+1:])
			if err != nil {
				continue
			}
			id, recursive := strings.CutSuffix(word[:at], "/*")
			if e, err := NewEntry(max(id, "/"), word[at] == '+', recursive, levels); err == nil {
				entries = append(entries, e)
			}
		}
		half := len(entries) / 2
		agree(t, Rules{Own: entries[:half], Roles: []Role{{Name: "A", Entries: entries[half:]}}}, reading)
		agree(t, Rules{Own: entries, Roles: []Role{{Name: "A", Entries: entries[:half]}}}, reading)
		for _, e := range entries {
			agree(t, Rules{Own: entries}, e.id, e.id+"/", e.id+reading)
		}
	})
}

// An index of another list would decide for this one.
func TestAnIndexIsOfOneListOnly(t *testing.T) {
	long := many(fewEntries + 1).Own
	x := NewIndex(long)
	if x == nil || !x.knows(long, Read) {
		t.Fatal("the index does not know its list")
	}
	grown := slices.Concat(long, []Entry{entryOf(t, []string{"-", "/example.org/*", "rw"})})
	for name, list := range map[string][]Entry{"none": nil, "a shorter one": long[:1], "a later part": long[1:], "a longer one": grown, "an equal one": slices.Clone(long)} {
		if x.knows(list, Read) {
			t.Errorf("the index answers for %s", name)
		}
	}
	if d := (Rules{Own: grown, Index: x}).Decide(Path{first: "/example.org/department-0/project-0"}, Read, false); d.Allowed {
		t.Errorf("what was added later has no say: %s", d)
	}
	if NewIndex(long[:fewEntries]) != nil || NewIndex(nil) != nil {
		t.Error("a short list has an index")
	}
}

// U-20 of the table of attacks: one user with very many rules, and long paths.
func TestVeryManyRulesCostTimeOnceAndLittleMemory(t *testing.T) {
	var own []Entry
	for i := range 100_000 {
		own = append(own, entryOf(t, []string{"+", fmt.Sprintf("/example.org/%d/*", i*7919%100_000), "rw"}))
	}
	rules := Rules{Own: own, Index: NewIndex(own)}
	if n := nodes(&rules.Index.root); n > len(own)+2 || unsafe.Sizeof(node{}) > 80 {
		t.Errorf("%d nodes of %d bytes", n, unsafe.Sizeof(node{}))
	}
	p := Path{first: "/example.org/99999" + strings.Repeat("/a", 8000)}
	if d := rules.Decide(p, Write, true); !d.Allowed || d.String() != "own + /example.org/99999/* rw" {
		t.Errorf("%v by %s", d.Allowed, d)
	}
}

func nodes(n *node) int {
	sum := 1
	for i := range n.children {
		sum += nodes(&n.children[i])
	}
	return sum
}
