package permission

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// Allows tells whether the entry allows, and does not deny.
func (e Entry) Allows() bool { return e.allow }

// Levels are what the entry speaks of.
func (e Entry) Levels() Level { return e.levels }

// Recursive tells whether the entry is about all below its path too.
func (e Entry) Recursive() bool { return e.recursive }

// ID is the entry's path, without a slash at its end but for the root's.
func (e Entry) ID() string { return e.id }

// Path is the path that the entry names, in every reading that a request for it
// would have. The error is one of ParsePath: then no request can name it.
func (e Entry) Path() (Path, error) { return ParsePath((&url.URL{Path: e.id}).EscapedPath()) }

// Set is a list of entries, made ready for questions about the list itself. It
// answers in a time that hardly grows with the list. The zero Set is empty.
type Set struct {
	sorted []Entry // by id, each once
	twice  []Entry
}

// NewSet makes a set. The entries can be in any order, and are not changed.
func NewSet(entries []Entry) Set {
	if len(entries) == 0 {
		return Set{}
	}
	var s Set
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.String(), b.String()))
	})
	s.sorted = sorted[:0]
	for _, e := range sorted {
		if n := len(s.sorted); n > 0 && s.sorted[n-1] == e {
			s.twice = append(s.twice, e)
			continue
		}
		s.sorted = append(s.sorted, e)
	}
	return s
}

// Twice are the entries that the list holds again, once for each time.
func (s Set) Twice() []Entry { return s.twice }

// Over returns an allowance and a denial of the set that speak, at this one
// level, of every path that e speaks of; the zero Entry where there is none.
func (s Set) Over(e Entry, level Level) (allowance, denial Entry) {
	for id := e.id; id != ""; id = parent(id) {
		i, _ := slices.BinarySearchFunc(s.sorted, id, func(at Entry, id string) int { return cmp.Compare(at.id, id) })
		for ; i < len(s.sorted) && s.sorted[i].id == id; i++ {
			over := s.sorted[i]
			switch {
			case over.levels&level == 0, !over.recursive && (e.recursive || id != e.id):
			case over.allow:
				allowance = over
			default:
				denial = over
			}
		}
	}
	return allowance, denial
}

func parent(id string) string {
	if id == "/" {
		return ""
	}
	return id[:max(1, strings.LastIndexByte(id, '/'))]
}

// Contradicts returns an entry of the set that says the opposite of e, when the
// set decides wherever e speaks: e of a lower rank then never has its say.
func (s Set) Contradicts(e Entry) (Entry, bool) {
	var contrary Entry
	for _, level := range []Level{Read, Write} {
		if e.levels&level == 0 {
			continue
		}
		allowance, denial := s.Over(e, level)
		decides := cmp.Or(denial, allowance)
		if decides == (Entry{}) {
			return Entry{}, false
		}
		if decides.allow != e.allow {
			contrary = decides
		}
	}
	return contrary, contrary != Entry{}
}

// Denies returns a denial of the set, when the set denies e at every path and
// level that it speaks of: an allowance e of the same rank then has no effect.
func (s Set) Denies(e Entry) (Entry, bool) {
	var by Entry
	for _, level := range []Level{Read, Write} {
		if e.levels&level == 0 {
			continue
		}
		if _, by = s.Over(e, level); by == (Entry{}) {
			return Entry{}, false
		}
	}
	return by, by != Entry{}
}

// Somewhere returns an allowance of the level at the path top or at any below
// it, if the rules give one anywhere there; otherwise a refusal.
func (r Rules) Somewhere(top string, level Level) Decision {
	for _, e := range r.Own {
		if by := r.inside(e, top, level); by.allows() {
			return by.decision("")
		}
	}
	for _, role := range r.Roles {
		for _, e := range role.Entries {
			if by := r.inside(e, top, level); by.allows() {
				return by.decision("")
			}
		}
	}
	return Decision{}
}

// inside looks at the highest point of the entry inside the tree, and just below
// it, at a name that no entry can have: what denies there denies all the rest.
func (r *Rules) inside(e Entry, top string, level Level) ruling {
	point := e.id
	switch {
	case !e.allow || e.levels&level == 0:
		return ruling{}
	case e.id == top || below(e.id, top):
	case e.recursive && below(top, e.id):
		point = top
	default:
		return ruling{}
	}
	if by := r.at(point, level); by.allows() || !e.recursive {
		return by
	}
	return r.at(strings.TrimSuffix(point, "/")+"/\x00", level)
}

// At is an entry that says the same of another path.
func (e Entry) At(id string) (Entry, error) { return NewEntry(id, e.allow, e.recursive, e.levels) }
