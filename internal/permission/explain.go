package permission

// Explanation is a decision with what led to it, for people and for programs.
type Explanation struct {
	// Level and Tree are what was asked for.
	Level Level
	Tree  bool
	// Path is the path as most servers read it, and Readings are all of its
	// readings when there is more than one.
	Path     string
	Readings []string
	Decision
	// NearMisses are entries that could be expected to decide and do not, the
	// most telling first, at most MaxNearMisses of them.
	NearMisses []NearMiss
}

// NearMiss is an entry that says the opposite of what was decided, and one
// thing only keeps it from deciding.
type NearMiss struct {
	Entry Entry
	// Role names the role the entry belongs to; empty for the user's own.
	Role string
	Why  Miss
}

// MaxNearMisses is how many near misses an Explanation has at most.
const MaxNearMisses = 5

// Miss is why an entry does not decide. The order is from the most telling to
// the least; the zero Miss is none.
type Miss uint8

const (
	// Denied is an allowance that a denial beside it beats: both are the user's
	// own, or both are of roles.
	Denied Miss = iota + 1
	// Overruled is an entry of a role where the user's own entries decide.
	Overruled
	// OtherReading is an entry that covers a reading of the path, but not the
	// one that is refused.
	OtherReading
	// NotRecursive is an entry that covers a path above, or only the top of what
	// is asked for.
	NotRecursive
	// OtherLevel is an entry that names read where write is asked for, or write
	// where read is.
	OtherLevel
	// OtherCase is an entry whose id differs in the case of letters only.
	OtherCase
	// Escaped is an entry whose id is percent-encoded, as no path is when it is
	// compared.
	Escaped
	// NoAncestor is an entry whose id the path begins with in the middle of a
	// segment: /foo for /foobar.
	NoAncestor
	// Below is an entry that begins only below the path.
	Below
)

var misses = [...]struct{ name, part string }{
	Denied:       {"denied", "is beaten by a denial of the same rank"},
	Overruled:    {"overruled", "belongs to a role, and the user's own entries decide"},
	OtherReading: {"other_reading", "covers another reading of the path"},
	NotRecursive: {"not_recursive", "is not recursive"},
	OtherLevel:   {"other_level", "names another level"},
	OtherCase:    {"other_case", "differs in the case of letters"},
	Escaped:      {"escaped", "is written percent-encoded"},
	NoAncestor:   {"no_ancestor", "is no ancestor by whole segments"},
	Below:        {"below", "begins below the path"},
}

// Name is the machine's word for it, such as "not_recursive".
func (m Miss) Name() string {
	if int(m) < len(misses) {
		return misses[m].name
	}
	return ""
}

// String is the end of a sentence about the entry, such as "is not recursive".
func (m Miss) String() string {
	if int(m) < len(misses) {
		return misses[m].part
	}
	return ""
}

// Explain decides as Decide does, and tells what a person would ask next.
func (r Rules) Explain(p Path, level Level, tree bool) Explanation {
	e := Explanation{Level: level, Tree: tree, Path: p.first, Decision: r.Decide(p, level, tree)}
	if len(p.others) > 0 {
		e.Readings = append([]string{p.first}, p.others...)
	}
	e.NearMisses = r.nearMisses(p, level, tree, e.Decision)
	return e
}

// Report is an Explanation in JSON.
type Report struct {
	Level      string       `json:"level"`
	Tree       bool         `json:"tree"`
	Path       string       `json:"path"`
	Readings   []string     `json:"readings"`
	Allowed    bool         `json:"allowed"`
	Reading    string       `json:"reading"`
	Entry      string       `json:"entry"`
	Role       string       `json:"role"`
	NearMisses []ReportMiss `json:"nearMisses"`
	Sentence   string       `json:"sentence"`
}

// ReportMiss is a NearMiss in JSON.
type ReportMiss struct {
	Entry    string `json:"entry"`
	Role     string `json:"role"`
	Reason   string `json:"reason"`
	Sentence string `json:"sentence"`
}

// Report is the form for programs. Every field is always there: readings holds
// at least the path, and entry is empty when no entry decides. Role is empty for
// the user's own entries.
func (e Explanation) Report(user string) Report {
	r := Report{
		Level: e.Level.String(), Tree: e.Tree, Path: e.Path, Readings: e.Readings,
		Allowed: e.Allowed, Reading: e.Reading, Role: e.Role,
		NearMisses: make([]ReportMiss, 0, len(e.NearMisses)), Sentence: e.Sentence(user),
	}
	if len(r.Readings) == 0 {
		r.Readings = []string{e.Path}
	}
	if e.Entry != (Entry{}) {
		r.Entry = e.Entry.String()
	}
	for _, m := range e.NearMisses {
		r.NearMisses = append(r.NearMisses, ReportMiss{m.Entry.String(), m.Role, m.Why.Name(), e.about(m)})
	}
	return r
}
