package rdf

import "strings"

// costs are what an expansion takes, all of it known beforehand.
type costs struct {
	strings  int // in all the document
	contexts int
	own      int // definitions of the object that is read
	below    int // definitions that add up along one way down, at most
	longest  int // of what a term is built on, in bytes
}

// What an expansion may take. A context is copied with all the definitions that
// are in effect; a name may become as long as all that it is built on.
const (
	maxCopies = 10_000_000
	maxBuilt  = 4 // terms on terms
	maxGrowth = 32
)

// enter begins an object. What it returns ends it.
func (c *costs) enter() (leave func()) {
	own, below := c.own, c.below
	c.own, c.below = 0, 0
	return func() {
		c.own, c.below = own, max(below, c.own+c.below)
	}
}

func (d *document) affordable() bool {
	deepest := d.deepest()
	switch {
	case deepest > maxBuilt:
		return d.unsupported(0, "terms are built on terms more than %d deep, or on themselves", maxBuilt)
	case d.contexts > maxCopies/max(d.below, 1):
		return d.unsupported(0, "there are too many contexts for so many terms")
	case d.strings*d.longest*max(deepest, 1) > maxGrowth*(len(d.body)+8<<10):
		return d.unsupported(0, "its contexts make too much of it")
	}
	return true
}

// built notes that a term's IRI may be made of a text, after the prefix of which
// it may be made of another term's.
func (d *document) built(term, on string) {
	d.longest = max(d.longest, len(on))
	prefix, _, compact := strings.Cut(on, ":")
	if d.terms[term] == nil {
		d.terms[term] = []string{}
	}
	if compact && prefix != term {
		d.terms[term] = append(d.terms[term], prefix)
	}
	if !compact && on != term {
		d.terms[term] = append(d.terms[term], on)
	}
}

// deepest is how many terms the longest chain of them has; too many for a circle.
func (d *document) deepest() int {
	known := map[string]int{}
	deepest := 0
	for term := range d.terms {
		deepest = max(deepest, d.chain(term, known, 0))
	}
	return deepest
}

func (d *document) chain(term string, known map[string]int, above int) int {
	on, isTerm := d.terms[term]
	if !isTerm {
		return 0
	}
	if n, ok := known[term]; ok || above > maxBuilt {
		return max(n, 1)
	}
	longest := 0
	for _, next := range on {
		longest = max(longest, d.chain(next, known, above+1))
	}
	known[term] = 1 + longest
	return known[term]
}

// context accepts a context that all is said in, and that holds for all that it
// is written above.
func (d *document) context(at int, value any) bool {
	d.contexts++
	switch value := value.(type) {
	case nil:
		return true
	case []any:
		for _, item := range value {
			if !d.context(at, item) {
				return false
			}
		}
		return true
	case map[string]any:
		for term, definition := range value {
			if !d.definition(at, term, definition) {
				return false
			}
		}
		return true
	case string:
		return d.unsupported(at, "contexts of other servers are not fetched, such as %.80q", value)
	}
	return d.fail(at, "a context is an object, an array of them, or null")
}

func (d *document) definition(at int, term string, definition any) bool {
	d.own++
	d.built(term, term)
	if term == "@base" {
		return d.contextBase(at, definition)
	}
	if alias, ok := definition.(string); ok {
		d.built(term, alias)
		return d.meaning(at, alias)
	}
	members, _ := definition.(map[string]any)
	for key, member := range members {
		// A reader of JSON-LD 1.0 goes on without such a context.
		if key == "@context" {
			return d.unsupported(at, "a context within the definition of the term %.40q", term)
		}
		if s, ok := member.(string); ok {
			d.built(term, s)
			if !d.meaning(at, s) {
				return false
			}
		}
	}
	return true
}

func (d *document) meaning(at int, s string) bool {
	if strings.HasPrefix(s, "@") && !keywords[s] {
		return d.unsupported(at, "%.40q is no keyword that is known here", s)
	}
	return true
}

func (d *document) contextBase(at int, definition any) bool {
	if definition == nil {
		return true
	}
	base, ok := definition.(string)
	if !ok {
		return d.fail(at, "a base is a string or null")
	}
	d.base, d.longest = true, max(d.longest, len(base))
	if base == "" || checkBase(base) != nil {
		return d.unsupported(at, "the base %.80q is not absolute, or readers take it in different ways", base)
	}
	return true
}
