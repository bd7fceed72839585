package permission

// Protection is a list of entries made ready for the question "is this
// protected?". The zero Protection protects nothing.
type Protection struct {
	entries []Entry
	begin   [256]bool // with these letters; every letter where the root is an entry
}

// Protect makes a protection of what its entries allow, less what they deny.
func Protect(entries ...Entry) Protection {
	p := Protection{entries: entries}
	for _, e := range entries {
		for c := range p.begin {
			p.begin[c] = p.begin[c] || e.id == "/" || len(e.id) > 1 && int(e.id[1]) == c
		}
	}
	return p
}

// Touches tells whether any of the entries that allow, less those that deny,
// speaks of the level at any reading of the path, or, with tree, of anything
// below it. A doubt says yes.
func (t *Protection) Touches(p *Path, level Level, tree bool) bool {
	// Of two paths that are one below the other, both begin with the same letter, but
	// for the root.
	if p.others == nil && len(p.first) > 1 && !t.begin[p.first[1]] {
		return false
	}
	return t.touches(p, level, tree)
}

func (t *Protection) touches(p *Path, level Level, tree bool) bool {
	for i := range p.Len() {
		reading := p.Reading(i)
		if e := (list{entries: t.entries}).weigh(reading, level); e != nil && e.allow || tree && t.within(reading, level) {
			return true
		}
	}
	return false
}

// within tells whether an entry allows something below the reading.
func (t *Protection) within(reading string, level Level) bool {
	for i := range t.entries {
		if e := &t.entries[i]; e.allow && e.levels&level != 0 && below(e.id, reading) {
			return true
		}
	}
	return false
}
