package permission

import (
	"fmt"
	"testing"
)

// many makes n own entries and one role, none of which is about /tests or /docs.
func many(n int) Rules {
	about := func(id string) Entry {
		e, err := NewEntry(id, true, true, Read|Write)
		if err != nil {
			panic(err)
		}
		return e
	}
	var own []Entry
	for i := range n {
		own = append(own, about(fmt.Sprintf("/example.org/department-%d/project-%d", i%7, i)))
	}
	return Rules{Own: own, Roles: []Role{{Name: "Editor", Entries: []Entry{about("/docs")}}}, Index: NewIndex(own)}
}

const plainTarget = "/example.org/department-3/project-3/report"

// asked are questions of each kind about the rules of many: what the user's own
// entries allow, what a role's do, and what none does.
var asked = []struct {
	name, path string
	tree       bool
}{
	{"own", plainTarget, false},
	{"own, tree", plainTarget, true},
	{"role", "/docs/a/b", false},
	{"nobody", "/tests/a/b", false},
}

func TestAPlainPathAndItsDecisionAllocateNothing(t *testing.T) {
	for _, n := range []int{9, 999} {
		rules := many(n)
		for _, q := range asked {
			var d Decision
			allocated := testing.AllocsPerRun(100, func() {
				p, err := ParsePath(q.path)
				if err != nil {
					t.Fatal(err)
				}
				d = rules.Decide(p, Write, q.tree)
			})
			if allocated != 0 || d.Allowed != (q.name != "nobody") {
				t.Errorf("%d entries, %s: %v allocations; %v by %s", n+1, q.name, allocated, d.Allowed, d)
			}
		}
	}
}

func BenchmarkParsePath(b *testing.B) {
	for _, row := range []struct{ name, sent string }{
		{"plain", plainTarget},
		{"everyday escapes", "/example.org/my%20files/caf%C3%A9/report"},
		{"plus", "/example.org/a+b/report"},
		{"parameters", "/example.org/a;x=1/report"},
		{"dots", "/example.org/a/../report"},
		{"all at once", "/a;b/..%2f//.%5C%2520+"},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParsePath(row.sent)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000} {
		rules := many(n - 1)
		for _, q := range asked {
			b.Run(fmt.Sprintf("%d rules, %s", n, q.name), func(b *testing.B) {
				p, err := ParsePath(q.path)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					rules.Decide(p, Write, q.tree)
				}
			})
		}
	}
}
