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
func (r Rules) Decide(p Path, level Level, tree bool) (d Decision) {
	r.DecideTo(&d, &p, level, tree)
	return d
}

// DecideTo is Decide, and writes the decision to d: for every request, what is
// copied on the way takes longer than the rules.
func (r *Rules) DecideTo(d *Decision, p *Path, level Level, tree bool) {
	if level == Read|Write {
		// An entry that names one of the two is relevant to it, and allows no other.
		if r.DecideTo(d, p, Read, tree); !d.Allowed {
			return
		}
		level = Write
	}
	*d = Decision{Reading: p.first}
	if level != Read && level != Write {
		return
	}
	for i := range p.Len() {
		reading := p.Reading(i)
		by := r.at(reading, level)
		if by.allows() && tree {
			by = r.under(reading, level, by)
		}
		if i == 0 || !by.allows() {
			by.to(d, reading)
		}
		if !by.allows() {
			return
		}
	}
}

// ruling is the entry that decides, and the role it is of: none for the user's own.
type ruling struct {
	entry *Entry // nil where none is relevant
	of    *Role
}

func (r ruling) allows() bool { return r.entry != nil && r.entry.allow }

func (r ruling) to(d *Decision, reading string) {
	*d = Decision{Allowed: r.allows(), Reading: reading}
	if r.entry != nil {
		d.Entry = *r.entry
	}
	if r.of != nil {
		d.Role = r.of.Name
	}
}

func (r ruling) decision(reading string) (d Decision) {
	r.to(&d, reading)
	return d
}

// at decides about one reading.
func (r *Rules) at(reading string, level Level) ruling {
	if e := r.own().weigh(reading, level); e != nil {
		return ruling{entry: e}
	}
	var decides ruling
	for i := range r.Roles {
		role := &r.Roles[i]
		e := role.list().weigh(reading, level)
		if e == nil || decides.entry != nil && e.allow {
			continue
		}
		if decides = (ruling{e, role}); !e.allow {
			break
		}
	}
	return decides
}

// under extends an allowance at a reading to all below it. A recursive entry of
// those that decide must reach there, and nothing that counts there may deny.
func (r *Rules) under(reading string, level Level, at ruling) ruling {
	if e := r.own().denial(reading, level); e != nil {
		return ruling{entry: e}
	}
	if at.of == nil {
		// An own entry that reaches everywhere below leaves the roles nothing to decide.
		return onlyIf(r.own().reaches(reading, level), at)
	}
	reached := false
	for i := range r.Roles {
		role := &r.Roles[i]
		if e := role.list().denial(reading, level); e != nil {
			return ruling{e, role}
		}
		reached = reached || role.list().reaches(reading, level)
	}
	return onlyIf(reached, at)
}

func onlyIf(ok bool, by ruling) ruling {
	if ok {
		return by
	}
	return ruling{}
}
