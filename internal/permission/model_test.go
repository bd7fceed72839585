package permission_test

import (
	"flag"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

var whole = flag.Bool("whole", false, "check the rule in the whole small world: a minute, and not with the race detector")

// line is an entry as docs/permissions.md has it, and whose it is: the user's own,
// or of the first or the second role. This file knows nothing else of the package
// than its exported names; the reference is written from the document alone.
type line struct {
	owner     int
	id, sign  string
	recursive bool
	levels    string
}

// relevant is "its permissions contain the level and its id is the path or, if
// recursive, an ancestor of it", by whole segments.
func (l line) relevant(path, level string) bool {
	id, at := strings.FieldsFunc(l.id, slash), strings.FieldsFunc(path, slash)
	if !strings.Contains(l.levels, level) || len(id) > len(at) || !slices.Equal(id, at[:len(id)]) {
		return false
	}
	return l.recursive || len(id) == len(at)
}

func slash(r rune) bool { return r == '/' }

// decides are the entries that decide at a path: the user's own relevant ones, or
// else those of its roles together.
func decides(lines []line, path, level string) (own, roles []line) {
	for _, l := range lines {
		if l.relevant(path, level) && l.owner == 0 {
			own = append(own, l)
		} else if l.relevant(path, level) {
			roles = append(roles, l)
		}
	}
	if len(own) > 0 {
		return own, nil
	}
	return nil, roles
}

// allowed is "yes, when there is a + and no -".
func allowed(lines []line, path, level string) bool {
	own, roles := decides(lines, path, level)
	minus := func(l line) bool { return l.sign == "-" }
	return len(own)+len(roles) > 0 && !slices.ContainsFunc(own, minus) && !slices.ContainsFunc(roles, minus)
}

// allowedBelow is "the permission at the path from a recursive entry, and no denial
// below that would count there": none of the roles', where an own entry decides.
func allowedBelow(lines []line, path, level string) bool {
	own, roles := decides(lines, path, level)
	if !allowed(lines, path, level) || !slices.ContainsFunc(slices.Concat(own, roles), func(l line) bool { return l.recursive }) {
		return false
	}
	above := line{id: path, recursive: true, levels: level}
	return !slices.ContainsFunc(lines, func(l line) bool {
		return l.sign == "-" && strings.Contains(l.levels, level) && above.relevant(l.id, level) && (l.owner == 0 || len(own) == 0)
	})
}

// A model is a small world: all entries over some ids, in all ways in which a user
// and two roles can have three of them, and the paths that are asked about.
//
// What is alike is asked once. The two roles can be exchanged, so the first has no
// fewer entries than the second. Read and write can be exchanged, so reading is
// asked for, among entries of all levels; TestDecideIsTheRuleInASmallWorld asks for
// both. The order of a list does not count: every other world has it reversed.
type model struct {
	ids, levels, paths []string
}

func (m model) lines() (all []line) {
	for owner := range 3 {
		for _, id := range m.ids {
			for _, levels := range m.levels {
				for _, sign := range []string{"+", "-"} {
					all = append(all, line{owner, id, sign, false, levels}, line{owner, id, sign, true, levels})
				}
			}
		}
	}
	return all
}

// checker asks the package under test, with what the reference says of single
// entries, which is the same in every world.
type checker struct {
	model
	all      []line
	entries  []permission.Entry
	asked    []permission.Path
	relevant [][]bool // of an entry, at a path
	below    [][]bool // the entry's id is the path, or below it
}

func newChecker(t *testing.T, m model) *checker {
	c := &checker{model: m, all: m.lines()}
	for _, l := range c.all {
		levels, err := permission.ParseLevels(l.levels)
		if err != nil {
			t.Fatal(err)
		}
		e, err := permission.NewEntry(l.id, l.sign == "+", l.recursive, levels)
		if err != nil {
			t.Fatal(err)
		}
		var relevant, below []bool
		for _, path := range m.paths {
			relevant = append(relevant, l.relevant(path, "r"))
			below = append(below, line{id: path, recursive: true, levels: l.levels}.relevant(l.id, "r"))
		}
		c.entries, c.relevant, c.below = append(c.entries, e), append(c.relevant, relevant), append(c.below, below)
	}
	for _, path := range m.paths {
		p, err := permission.ParsePath(path)
		if err != nil || p.Len() != 1 {
			t.Fatal(path, p, err)
		}
		c.asked = append(c.asked, p)
	}
	return c
}

// verdicts are allowed and allowedBelow for entries by their numbers.
func (c *checker) verdicts(world []int, path int) (at, below bool) {
	var plus, minus, reaches, denied [2]bool // the user's own; the roles'
	for _, i := range world {
		l := &c.all[i]
		rank := min(l.owner, 1)
		if c.relevant[i][path] {
			plus[rank], minus[rank] = plus[rank] || l.sign == "+", minus[rank] || l.sign == "-"
			reaches[rank] = reaches[rank] || l.recursive
		}
		denied[rank] = denied[rank] || l.sign == "-" && c.below[i][path]
	}
	rank := 0
	if !plus[0] && !minus[0] {
		rank = 1
	}
	at = plus[rank] && !minus[rank]
	return at, at && reaches[rank] && !denied[0] && (rank == 0 || !denied[1])
}

// linesOf are the entries by their numbers.
func (c *checker) linesOf(world []int) (some []line) {
	for _, i := range world {
		some = append(some, c.all[i])
	}
	return some
}

// check compares one world, and returns how many questions it asked.
func (c *checker) check(t *testing.T, world []int, reversed bool) int {
	owned := [3]int{}
	for _, i := range world {
		owned[c.all[i].owner]++
	}
	if owned[1] < owned[2] {
		return 0
	}
	if reversed {
		world = []int{world[2], world[1], world[0]}
	}
	var lists [3][]permission.Entry
	for _, i := range world {
		lists[c.all[i].owner] = append(lists[c.all[i].owner], c.entries[i])
	}
	rules := permission.Rules{Own: lists[0], Roles: []permission.Role{{Name: "A", Entries: lists[1]}, {Name: "B", Entries: lists[2]}}}
	for n, p := range c.asked {
		at, below := c.verdicts(world, n)
		if got := rules.Decide(p, permission.Read, false); got.Allowed != at {
			t.Errorf("%v: %s is allowed: %v by %s", c.linesOf(world), c.paths[n], got.Allowed, got)
		}
		if got := rules.Decide(p, permission.Read, true); got.Allowed != below {
			t.Errorf("%v: all of %s is allowed: %v by %s", c.linesOf(world), c.paths[n], got.Allowed, got)
		}
	}
	return 2 * len(c.asked)
}

// from checks the worlds whose greatest entry is the i-th.
func (c *checker) from(t *testing.T, i int) (worlds, questions int) {
	for j := range i + 1 {
		for k := range j + 1 {
			if n := c.check(t, []int{i, j, k}, (i+j+k)%2 == 1); n > 0 {
				worlds, questions = worlds+1, questions+n
			}
			if t.Failed() {
				return worlds, questions
			}
		}
	}
	return worlds, questions
}

// An entry that stands three times counts once, so that worlds of three entries are
// those of fewer too; the world of none is asked for at the end.
func TestTheRuleIsThatOfTheDocumentInEverySmallWorld(t *testing.T) {
	m := model{
		ids:    strings.Fields("/ /a /a/a /a/a/a /a/ab /ab"),
		levels: []string{"rw", "w"},
		paths:  strings.Fields("/ /a /a/a /a/a/a /a/a/a/a /a/ab /a/b /ab /ab/a /b"),
	}
	if *whole {
		m = wholeWorld()
	}
	c := newChecker(t, m)
	turns := make(chan int, len(c.all))
	for i := range c.all {
		turns <- len(c.all) - 1 - i // the longest first
	}
	close(turns)
	var together sync.WaitGroup
	var sum sync.Mutex
	worlds, questions := 0, 0
	for range runtime.GOMAXPROCS(0) {
		together.Go(func() {
			for i := range turns {
				w, q := c.from(t, i)
				sum.Lock()
				worlds, questions = worlds+w, questions+q
				sum.Unlock()
			}
		})
	}
	together.Wait()
	t.Logf("%d entries of a user and two roles, %d worlds of three, %d questions", len(c.all), worlds, questions)
	for _, p := range c.asked {
		if (permission.Rules{}).Decide(p, permission.Read, false).Allowed {
			t.Errorf("without entries %s is allowed", p)
		}
	}
}

// wholeWorld has every id of up to three segments over two names, of which one
// begins like the other, and besides as paths names that no entry has, at every
// place, and what lies below all entries.
func wholeWorld() model {
	m := model{ids: []string{"/"}, levels: []string{"r", "w", "rw"}}
	layer := []string{""}
	for range 3 {
		var next []string
		for _, above := range layer {
			next = append(next, above+"/a", above+"/ab")
		}
		m.ids, layer = append(m.ids, next...), next
	}
	m.paths = slices.Clone(m.ids)
	for _, id := range m.ids {
		m.paths = append(m.paths, strings.TrimSuffix(id, "/")+"/abc")
	}
	return m
}

// What the checker adds up from single entries is what the sentences say.
func TestTheModelIsItsReference(t *testing.T) {
	c := newChecker(t, model{ids: []string{"/", "/a", "/a/ab"}, levels: []string{"r", "w"}, paths: []string{"/", "/a", "/a/ab", "/ab"}})
	for i := range c.all {
		for j := range i + 1 {
			for k := 0; k <= j; k += 3 {
				world := []int{i, j, k}
				for n, path := range c.paths {
					at, below := c.verdicts(world, n)
					if lines := c.linesOf(world); at != allowed(lines, path, "r") || below != allowedBelow(lines, path, "r") {
						t.Fatalf("%v: %s: %v and %v", lines, path, at, below)
					}
				}
			}
		}
	}
}
