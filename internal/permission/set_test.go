package permission

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// world is every path of up to three segments over two names, and a third name
// that no entry has.
func world() []string {
	paths, layer := []string{"/"}, []string{""}
	for range 3 {
		var next []string
		for _, p := range layer {
			for _, name := range []string{"/a", "/b", "/c"} {
				next = append(next, p+name)
			}
		}
		paths, layer = append(paths, next...), next
	}
	return paths
}

// some returns up to most random entries over the names a and b.
func some(random *rand.Rand, most int) []Entry {
	var entries []Entry
	for range random.IntN(most + 1) {
		id := ""
		for range random.IntN(4) {
			id += []string{"/a", "/b"}[random.IntN(2)]
		}
		e, err := NewEntry(max(id, "/"), random.IntN(2) == 0, random.IntN(2) == 0, Level(1+random.IntN(3)))
		if err != nil {
			panic(err)
		}
		entries = append(entries, e)
	}
	return entries
}

func TestASetSpeaksForEveryPathOfAnEntry(t *testing.T) {
	random, paths := rand.New(rand.NewPCG(1, 2)), world()
	for _, p := range paths[1:] {
		paths = append(paths, p+"/c") // below every entry
	}
	found := map[string]int{}
	for range 20000 {
		list := some(random, 4)
		set, own := NewSet(list), Rules{Own: list}
		for _, e := range some(random, 2) {
			by, contradicted := set.Contradicts(e)
			denial, denied := set.Denies(e)
			if contradicted && (by.allow == e.allow || !slices.Contains(list, by)) || denied && (denial.allow || !slices.Contains(list, denial)) {
				t.Fatalf("%v: %s is contradicted by %s, denied by %s", list, e, by, denial)
			}
			opposite := false
			for _, level := range []Level{Read, Write} {
				for _, p := range paths {
					by := own.at(p, level)
					decided := by.entry != nil
					opposite = opposite || e.relevant(p, level) && by.allows() != e.allow
					if contradicted && e.relevant(p, level) && !decided {
						t.Fatalf("%v contradicts %s, and says nothing of %s %s", list, e, level, p)
					}
					if denied && e.relevant(p, level) && (!decided || by.allows()) {
						t.Fatalf("%v denies %s, and not %s %s", list, e, level, p)
					}
				}
			}
			if contradicted && !opposite {
				t.Fatalf("%v says what %s says", list, e)
			}
			found["contradicted"] += b2i(contradicted)
			found["denied"] += b2i(denied)
		}
	}
	if found["contradicted"] < 100 || found["denied"] < 100 {
		t.Errorf("hardly anything was tried: %v", found)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestSomewhereFindsEveryAllowance(t *testing.T) {
	random, paths := rand.New(rand.NewPCG(3, 4)), world()
	counts := map[bool]int{}
	for range 20000 {
		rules := Rules{Own: some(random, 3), Roles: []Role{{Name: "A", Entries: some(random, 2)}, {Name: "B", Entries: some(random, 2)}}}
		const top = "/a"
		level := Level(1 + random.IntN(2))
		want := false
		for _, p := range append(paths, "/a/b/b/b/c", "/a/a/a/c", "/a/a/b/c", "/a/b/a/c", "/a/b/b/c") {
			want = want || (p == top || below(p, top)) && rules.at(p, level).allows()
		}
		if got := rules.Somewhere(top, level); got.Allowed != want || got.Allowed && !got.Entry.allow {
			t.Fatalf("%v: %s somewhere in %s: %v by %s, want %v", rules, level, top, got.Allowed, got, want)
		}
		counts[want]++
	}
	if counts[true] < 1000 || counts[false] < 1000 {
		t.Errorf("one answer only: %v", counts)
	}
}

func TestASetTellsWhatIsThereTwice(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		list := some(random, 6)
		given := slices.Clone(list)
		twice := NewSet(list).Twice()
		if !slices.Equal(list, given) {
			t.Fatal("the list was changed")
		}
		unique := map[Entry]bool{}
		for _, e := range list {
			unique[e] = true
		}
		if len(twice) != len(list)-len(unique) {
			t.Fatalf("%v: twice %v", list, twice)
		}
	}
}
