package permission

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// reference is the rule in as few words as possible, about one reading of a
// path: the user's own relevant entries decide if there are any, otherwise those
// of all roles together; those that decide allow when one does and none denies.
func reference(r Rules, path string, level Level) bool {
	var roles []Entry
	for _, role := range r.Roles {
		roles = append(roles, role.Entries...)
	}
	for _, entries := range [][]Entry{r.Own, roles} {
		allows, denies := false, false
		for _, e := range entries {
			if !isRelevant(e, path, level) {
				continue
			}
			if e.allow {
				allows = true
			} else {
				denies = true
			}
		}
		if allows || denies {
			return allows && !denies
		}
	}
	return false
}

func isRelevant(e Entry, path string, level Level) bool {
	id, path := segmentsOf(e.id), segmentsOf(path)
	return e.levels&level == level && (id == path || e.recursive && strings.HasPrefix(path, id))
}

// segmentsOf puts a slash behind each segment, so that whole segments compare.
func segmentsOf(path string) string { return strings.TrimSuffix(path, "/") + "/" }

// placed is an entry and whose it is: the user's own, or of role 1 or 2.
type placed struct {
	entry Entry
	owner int
}

// choices are all entries over the names a and b of so many segments at most.
func choices(segments int, levels ...Level) []placed {
	ids, layer := []string{"/"}, []string{""}
	for range segments {
		var next []string
		for _, id := range layer {
			next = append(next, id+"/a", id+"/b")
		}
		ids, layer = append(ids, next...), next
	}
	var all []placed
	for owner := range 3 {
		for _, id := range ids {
			for _, level := range levels {
				for bits := range 4 {
					e, err := NewEntry(id, bits&1 != 0, bits&2 != 0, level)
					if err != nil {
						panic(err)
					}
					all = append(all, placed{e, owner})
				}
			}
		}
	}
	return all
}

func rulesOf(some ...placed) Rules {
	r := Rules{Roles: []Role{{Name: "A"}, {Name: "B"}}}
	for _, p := range some {
		if p.owner == 0 {
			r.Own = append(r.Own, p.entry)
		} else {
			r.Roles[p.owner-1].Entries = append(r.Roles[p.owner-1].Entries, p.entry)
		}
	}
	return r
}

// small is a small world of paths, and of sets of them as bits.
type small struct {
	names    []string
	paths    []Path
	relevant map[Entry][2]uint64 // to read, to write
	below    []uint64            // each path and all below it
	levels   []Level             // that are asked about
}

func newSmall(t *testing.T, entries []placed) small {
	w := small{names: world(), relevant: map[Entry][2]uint64{}, levels: []Level{Read, Write}}
	for i, name := range w.names {
		p, err := ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		w.paths, w.below = append(w.paths, p), append(w.below, 0)
		for j, other := range w.names {
			if strings.HasPrefix(segmentsOf(other), segmentsOf(name)) {
				w.below[i] |= 1 << j
			}
		}
	}
	for _, c := range entries {
		var sets [2]uint64
		for i, name := range w.names {
			for n, level := range []Level{Read, Write} {
				if isRelevant(c.entry, name, level) {
					sets[n] |= 1 << i
				}
			}
		}
		w.relevant[c.entry] = sets
	}
	if !slices.ContainsFunc(entries, func(c placed) bool { return c.entry.levels != Read|Write }) {
		w.levels = w.levels[:1] // both are alike
	}
	return w
}

// allowed is the rule once more, for all paths of the world at once.
func (w small) allowed(n int, some ...placed) uint64 {
	var allows, denies [2]uint64
	for _, p := range some {
		rank := min(p.owner, 1)
		if p.entry.allow {
			allows[rank] |= w.relevant[p.entry][n]
		} else {
			denies[rank] |= w.relevant[p.entry][n]
		}
	}
	return allows[0]&^denies[0] | allows[1]&^denies[1]&^allows[0]&^denies[0]
}

// check asks of every path, and of the trees, what Decide says.
func (w small) check(t *testing.T, some ...placed) {
	t.Helper()
	rules := rulesOf(some...)
	for n, level := range w.levels {
		want := w.allowed(n, some...)
		for i, p := range w.paths {
			if strings.Contains(w.names[i], "c") && i%2 == 0 { // of the paths with a name that no entry has, half are enough
				continue
			}
			if got := rules.Decide(p, level, false); got.Allowed != (want&(1<<i) != 0) {
				t.Fatalf("%v: %s %s: %v by %s", some, level, p, got.Allowed, got)
			}
			if len(p.first) > len("/a/a") {
				continue
			}
			// Whoever gets a tree gets each path in it; the other way round, a denial
			// that an allowance of the user's own lifts still counts.
			if got := rules.Decide(p, level, true); got.Allowed && want&w.below[i] != w.below[i] {
				t.Fatalf("%v: %s all of %s is allowed by %s, and not each path in it", some, level, p, got)
			}
		}
	}
}

func TestDecideIsTheRuleInASmallWorld(t *testing.T) {
	both := choices(1, Read|Write)
	w := newSmall(t, both)
	for i := range both {
		for j := range both[:i+1] {
			for k := range both[:j+1] {
				w.check(t, both[i], both[j], both[k])
			}
		}
	}
	deep := choices(2, Read|Write)
	w = newSmall(t, deep)
	for i := range deep {
		for j := range deep[:i+1] {
			w.check(t, deep[i], deep[j])
		}
	}
	levels := choices(1, Read, Write, Read|Write)
	w = newSmall(t, levels)
	for i := range levels {
		for j := range levels[:i+1] {
			w.check(t, levels[i], levels[j])
		}
	}
	// Of three entries anywhere there are too many; a sample stands for them.
	random := rand.New(rand.NewPCG(15, 16))
	all := choices(3, Read, Write, Read|Write)
	w = newSmall(t, all)
	for range 10000 {
		w.check(t, all[random.IntN(len(all))], all[random.IntN(len(all))], all[random.IntN(len(all))])
	}
}

func TestTheTwoReferencesAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	all := choices(3, Read, Write, Read|Write)
	w := newSmall(t, all)
	for range 2000 {
		some := []placed{all[random.IntN(len(all))], all[random.IntN(len(all))], all[random.IntN(len(all))]}
		for n, level := range []Level{Read, Write} {
			for i, name := range w.names {
				if reference(rulesOf(some...), name, level) != (w.allowed(n, some...)&(1<<i) != 0) {
					t.Fatalf("%v: %s %s", some, level, name)
				}
			}
		}
	}
}
