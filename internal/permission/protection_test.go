package permission

import (
	"math/rand/v2"
	"testing"
)

// touched is Protection.Touches without its short cut.
func touched(entries []Entry, p Path, level Level, tree bool) bool {
	for i := range p.Len() {
		allows, denies := false, false
		for _, e := range entries {
			if e.levels&level != 0 && (e.id == p.Reading(i) || e.recursive && below(p.Reading(i), e.id)) {
				allows, denies = allows || e.allow, denies || !e.allow
			}
			if tree && e.allow && e.levels&level != 0 && below(e.id, p.Reading(i)) {
				return true
			}
		}
		if allows && !denies {
			return true
		}
	}
	return false
}

func TestAProtectionTouchesWhatItsEntriesDo(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	readings := append(world(), odd[1:]...)
	count := map[bool]int{}
	for range 20000 {
		entries := some(random, 4)
		protection := Protect(entries...)
		p := Path{first: readings[random.IntN(len(readings))]}
		for range random.IntN(3) {
			p.others = append(p.others, readings[random.IntN(len(readings))])
		}
		level, tree := Level(1+random.IntN(2)), random.IntN(2) == 0
		got, want := protection.Touches(&p, level, tree), touched(entries, p, level, tree)
		if got != want {
			t.Fatalf("%v: %s %q and %q, tree %v: %v, want %v", entries, level, p.first, p.others, tree, got, want)
		}
		count[got]++
	}
	if count[true] < 2000 || count[false] < 2000 {
		t.Errorf("one answer only: %v", count)
	}
	var none Protection
	if none.Touches(&Path{first: "/"}, Write, true) || new(Protection).Touches(new(Path), Read, true) {
		t.Error("the zero Protection protects something")
	}
}
