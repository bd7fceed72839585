package permission

// Role is a named list of entries, as a user's rules refer to it.
type Role struct {
	Name    string
	Entries []Entry
}

// Rules are what decides about one user: the user's own entries, and those of
// the user's roles. The zero Rules refuse everything.
type Rules struct {
	Own   []Entry
	Roles []Role
}

// Decision is an answer and the entry that gave it.
type Decision struct {
	Allowed bool
	// Entry is the deciding one; the zero Entry when none was relevant.
	Entry Entry
	// Role names the role the entry belongs to; empty for the user's own.
	Role string
	// Reading is the reading of the path that decided: of a refusal the first one
	// that is refused, of an allowance the first one. Empty for the zero Path.
	Reading string
}

// String names the deciding rule: "own + /a/* rw", "role Editor - /b r", "no entry".
func (d Decision) String() string {
	switch {
	case d.Entry == Entry{}:
		return "no entry"
	case d.Role != "":
		return "role " + d.Role + " " + d.Entry.String()
	}
	return "own " + d.Entry.String()
}

// Decide says whether the rules allow the level at the path, in every one of
// its readings. With tree, the question is about the path and all below it;
// with Read|Write, about both of them.
//
// At one reading: if any of the user's own entries is relevant, they decide;
// otherwise the relevant entries of all roles together; and where none is, the
// answer is no. Those that decide allow when at least one allows and none denies.
func (r Rules) Decide(p Path, level Level, tree bool) Decision {
	if level == Read|Write {
		// An entry that names one of the two is relevant to it, and allows no other.
		if d := r.Decide(p, Read, tree); !d.Allowed {
			return d
		}
		level = Write
	}
	first := Decision{Reading: p.first}
	if level != Read && level != Write {
		return first
	}
	for i := range p.Len() {
		reading := p.Reading(i)
		d := r.at(reading, level)
		if d.Allowed && tree {
			d = r.under(reading, level, d)
		}
		d.Reading = reading
		if !d.Allowed {
			return d
		}
		if i == 0 {
			first = d
		}
	}
	return first
}

// at decides about one reading.
func (r Rules) at(reading string, level Level) Decision {
	if d, decided := weigh(r.Own, reading, level); decided {
		return d
	}
	var d Decision
	for _, role := range r.Roles {
		byRole, decided := weigh(role.Entries, reading, level)
		if !decided || d.Entry != (Entry{}) && byRole.Allowed {
			continue
		}
		byRole.Role = role.Name
		if d = byRole; !d.Allowed {
			break
		}
	}
	return d
}

// weigh lets the relevant entries decide: one denial settles it.
func weigh(entries []Entry, reading string, level Level) (Decision, bool) {
	var d Decision
	for _, e := range entries {
		if !e.relevant(reading, level) {
			continue
		}
		if !e.allow {
			return Decision{Entry: e}, true
		}
		if !d.Allowed {
			d = Decision{Allowed: true, Entry: e}
		}
	}
	return d, d.Allowed
}

// under extends an allowance at a reading to all below it. A recursive entry of
// those that decide must reach there, and nothing that counts there may deny.
func (r Rules) under(reading string, level Level, at Decision) Decision {
	if d, found := denial(r.Own, reading, level); found {
		return d
	}
	if at.Role == "" {
		// An own entry that reaches everywhere below leaves the roles nothing to decide.
		return onlyIf(reaches(r.Own, reading, level), at)
	}
	reached := false
	for _, role := range r.Roles {
		if d, found := denial(role.Entries, reading, level); found {
			d.Role = role.Name
			return d
		}
		reached = reached || reaches(role.Entries, reading, level)
	}
	return onlyIf(reached, at)
}

func onlyIf(ok bool, d Decision) Decision {
	if ok {
		return d
	}
	return Decision{}
}

func denial(entries []Entry, reading string, level Level) (Decision, bool) {
	for _, e := range entries {
		if !e.allow && e.levels&level != 0 && below(e.id, reading) {
			return Decision{Entry: e}, true
		}
	}
	return Decision{}, false
}

func reaches(entries []Entry, reading string, level Level) bool {
	for _, e := range entries {
		if e.allow && e.recursive && e.relevant(reading, level) {
			return true
		}
	}
	return false
}

// Touches tells whether any of the entries that allow, less those that deny,
// speaks of the level at any reading of the path, or, with tree, of anything
// below it. It is the question "is this protected?", where a doubt says yes.
func Touches(entries []Entry, p Path, level Level, tree bool) bool {
	for i := range p.Len() {
		reading := p.Reading(i)
		if d, _ := weigh(entries, reading, level); d.Allowed {
			return true
		}
		if !tree {
			continue
		}
		for _, e := range entries {
			if e.allow && e.levels&level != 0 && below(e.id, reading) {
				return true
			}
		}
	}
	return false
}
