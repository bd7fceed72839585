package permission

import (
	"net/url"
	"strings"
)

// question is what nearMisses asks of each entry.
type question struct {
	path     Path
	level    Level
	tree     bool
	decision Decision
	decides  rank
}

// rank is who decides at a reading. A higher one leaves the lower nothing to say.
type rank uint8

const (
	nobody rank = iota
	byRole
	byOwn
)

func rankOf(d Decision) rank {
	switch {
	case d.Entry == Entry{}:
		return nobody
	case d.Role != "":
		return byRole
	}
	return byOwn
}

// nearMisses looks at every entry once and keeps the best. It takes those alone
// of which it can be said that they would decide, but for one thing.
func (r Rules) nearMisses(p Path, level Level, tree bool, d Decision) []NearMiss {
	if d.Reading == "" {
		return nil
	}
	if level == Read|Write {
		// The level that is refused, or the last of those that are allowed.
		level = Read
		if r.Decide(p, Read, tree).Allowed {
			level = Write
		}
	}
	q := question{path: p, level: level, tree: tree, decision: d, decides: rankOf(d)}
	if q.decides == nobody {
		// The path itself may be allowed, and what is below it not.
		q.decides = rankOf(r.at(d.Reading, level).decision(d.Reading))
	}
	var best ranking
	for _, e := range r.Own {
		best.add(NearMiss{Entry: e, Why: q.miss(e, byOwn)}, q.distance(e))
	}
	for _, role := range r.Roles {
		for _, e := range role.Entries {
			best.add(NearMiss{Entry: e, Role: role.Name, Why: q.miss(e, byRole)}, q.distance(e))
		}
	}
	return best.misses
}

// ranking is the best near misses so far, in order.
type ranking struct {
	misses    []NearMiss
	distances [MaxNearMisses]int
}

func (b *ranking) add(m NearMiss, distance int) {
	if m.Why == 0 {
		return
	}
	n := len(b.misses)
	if n < MaxNearMisses {
		b.misses = append(b.misses, m)
		n++
	} else if !b.before(m, distance, n-1) {
		return
	}
	i := n - 1
	for ; i > 0 && b.before(m, distance, i-1); i-- {
		b.misses[i], b.distances[i] = b.misses[i-1], b.distances[i-1]
	}
	b.misses[i], b.distances[i] = m, distance
}

// before tells whether a near miss is more telling than the i-th.
func (b *ranking) before(m NearMiss, distance, i int) bool {
	if m.Why != b.misses[i].Why {
		return m.Why < b.misses[i].Why
	}
	return distance < b.distances[i]
}

// distance is how far the entry's id is from the path, where both are of one line.
func (q question) distance(e Entry) int {
	if n := len(q.decision.Reading) - len(e.id); n > 0 {
		return n
	}
	return len(e.id) - len(q.decision.Reading)
}

// miss is why the entry does not decide, or zero when it does, says the same as
// the decision, or is too far off.
func (q question) miss(e Entry, of rank) Miss {
	if e.id == "" || e.allow == q.decision.Allowed {
		return 0
	}
	named := e.levels&q.level != 0
	denied := !q.decision.Allowed && q.decision.Entry != Entry{}
	switch covered := q.covers(e, q.decision.Reading); {
	case of < q.decides && covered && named:
		return Overruled
	case of < q.decides:
		return 0
	case of == q.decides && denied && covered && named:
		return Denied
	case of == q.decides && denied:
		return 0
	case covered && !named:
		return OtherLevel
	case covered || !named:
		return 0
	}
	return q.elsewhere(e)
}

// covers tells whether the entry's id speaks of the reading, whatever its levels:
// to allow a tree it must reach all of it, to deny it any part.
func (q question) covers(e Entry, reading string) bool {
	if q.tree && e.allow && !e.recursive {
		return false
	}
	return e.id == reading || e.recursive && below(reading, e.id) || q.tree && !e.allow && below(e.id, reading)
}

// elsewhere is why the entry's id does not cover the reading.
func (q question) elsewhere(e Entry) Miss {
	reading := q.decision.Reading
	for i := range q.path.Len() {
		if e.allow && q.covers(e, q.path.Reading(i)) {
			return OtherReading
		}
	}
	switch {
	case !e.recursive && (e.id == reading || below(reading, e.id)):
		return NotRecursive
	case e.foldCovers(reading):
		return OtherCase
	case e.escapedCovers(reading):
		return Escaped
	case e.recursive && strings.HasPrefix(reading, e.id):
		return NoAncestor
	case e.allow && below(e.id, reading):
		return Below
	}
	return 0
}

// foldCovers tells whether the id covers the reading when case does not count.
func (e Entry) foldCovers(reading string) bool {
	segments := strings.Count(e.id, "/")
	for i := range len(reading) {
		if reading[i] != '/' {
			continue
		}
		if segments == 0 {
			return e.recursive && strings.EqualFold(reading[:i], e.id)
		}
		segments--
	}
	return segments == 0 && strings.EqualFold(reading, e.id)
}

func (e Entry) escapedCovers(reading string) bool {
	if !strings.Contains(e.id, "%") {
		return false
	}
	id, err := url.PathUnescape(e.id)
	return err == nil && (id == reading || e.recursive && below(reading, id))
}
