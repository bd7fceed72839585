package permission

// Role is a named list of entries, as a user's rules refer to it.
type Role struct {
	Name    string
	Entries []Entry
	// Index is that of Entries, or nil: then they are looked at one by one.
	Index *Index
}

// Rules are what decides about one user: the user's own entries, and those of
// the user's roles. The zero Rules refuse everything.
type Rules struct {
	Own   []Entry
	Roles []Role
	// Index is that of Own, or nil.
	Index *Index
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
func (r *Rules) at(reading string, level Level) Decision {
	if e := r.own().weigh(reading, level); e != nil {
		return Decision{Allowed: e.allow, Entry: *e}
	}
	var decides *Entry
	var of *Role
	for i := range r.Roles {
		role := &r.Roles[i]
		e := role.list().weigh(reading, level)
		if e == nil || decides != nil && e.allow {
			continue
		}
		if decides, of = e, role; !e.allow {
			break
		}
	}
	if decides == nil {
		return Decision{}
	}
	return Decision{Allowed: decides.allow, Entry: *decides, Role: of.Name}
}

// under extends an allowance at a reading to all below it. A recursive entry of
// those that decide must reach there, and nothing that counts there may deny.
func (r *Rules) under(reading string, level Level, at Decision) Decision {
	if e := r.own().denial(reading, level); e != nil {
		return Decision{Entry: *e}
	}
	if at.Role == "" {
		// An own entry that reaches everywhere below leaves the roles nothing to decide.
		return onlyIf(r.own().reaches(reading, level), at)
	}
	reached := false
	for i := range r.Roles {
		role := &r.Roles[i]
		if e := role.list().denial(reading, level); e != nil {
			return Decision{Entry: *e, Role: role.Name}
		}
		reached = reached || role.list().reaches(reading, level)
	}
	return onlyIf(reached, at)
}

func onlyIf(ok bool, d Decision) Decision {
	if ok {
		return d
	}
	return Decision{}
}
