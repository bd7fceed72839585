package permission

// list is the entries of one owner, and the index of them if there is one.
type list struct {
	entries []Entry
	index   *Index
}

func (r *Rules) own() list { return list{r.Own, r.Index} }

func (r *Role) list() list { return list{r.Entries, r.Index} }

// weigh lets the relevant entries decide: the first denial settles it, or else
// the first allowance does. Nil when none is relevant.
func (l list) weigh(reading string, level Level) *Entry {
	if l.index.knows(l.entries, level) {
		return l.index.weigh(reading, level)
	}
	var allowance *Entry
	for i := range l.entries {
		e := &l.entries[i]
		if !e.relevant(reading, level) {
			continue
		}
		if !e.allow {
			return e
		}
		if allowance == nil {
			allowance = e
		}
	}
	return allowance
}

// denial is the first denial somewhere below the reading, or nil.
func (l list) denial(reading string, level Level) *Entry {
	if l.index.knows(l.entries, level) {
		return l.index.denial(reading, level)
	}
	for i := range l.entries {
		if e := &l.entries[i]; !e.allow && e.levels&level != 0 && below(e.id, reading) {
			return e
		}
	}
	return nil
}

// reaches tells whether an allowance speaks of the reading and of all below it.
func (l list) reaches(reading string, level Level) bool {
	if l.index.knows(l.entries, level) {
		return l.index.reaches(reading, level)
	}
	for i := range l.entries {
		if e := &l.entries[i]; e.allow && e.recursive && e.relevant(reading, level) {
			return true
		}
	}
	return false
}
