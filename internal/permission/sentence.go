package permission

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence tells the decision and why in plain English, in one sentence or two.
// The empty user is the anonymous one. Paths are shortened, and quoted where they
// hold what could be taken for something else.
func (e Explanation) Sentence(user string) string {
	if user == "" {
		user = "anonymous"
	}
	may := " may not "
	if e.Allowed {
		may = " may "
	}
	head := show(user) + may + strings.Join(e.Level.names(), " and ")
	if e.Reading == "" {
		return head + " a path that has no reading."
	}
	head += " " + show(e.Path)
	if e.Tree {
		head += " and all below it"
	}
	if e.Reading != e.Path {
		head += ", because the path can also be read as " + show(e.Reading)
	}
	sentence := head + ": " + e.because() + "."
	if len(e.NearMisses) > 0 && (e.Entry == Entry{} || e.NearMisses[0].Why == Overruled) {
		sentence += " Near miss: " + e.about(e.NearMisses[0]) + "."
	}
	return sentence
}

// because is the second half of the sentence.
func (e Explanation) because() string {
	who := "the user's own entry " + quoted(e.Entry)
	if e.Role != "" {
		who = "the entry " + quoted(e.Entry) + " of role " + e.Role
	}
	switch {
	case e.Entry == Entry{} && e.Tree:
		return "no entry of the user or of its roles covers all of it"
	case e.Entry == Entry{}:
		return "no entry of the user or of its roles covers it"
	case !e.Allowed && below(e.Entry.id, e.Reading):
		return who + " denies a part of it"
	case !e.Allowed:
		return who + " denies it"
	case len(e.Readings) > 1:
		return fmt.Sprintf("%s allows it, and each of the path's %d readings is allowed", who, len(e.Readings))
	}
	return who + " allows it"
}

// about says of one near miss why it does not decide, without a full stop.
func (e Explanation) about(m NearMiss) string {
	who, rank := "own entry "+quoted(m.Entry), "of the user's own"
	if m.Role != "" {
		who, rank = "entry "+quoted(m.Entry)+" of role "+m.Role, "of a role"
	}
	switch m.Why {
	case Denied:
		return who + " allows it, but a denial " + rank + " beats it"
	case Overruled:
		verb := "deny"
		if m.Entry.allow {
			verb = "allow"
		}
		return who + " would " + verb + " it, but the user's own entries decide there"
	case OtherReading:
		return who + " covers another reading of the path, not " + show(e.Reading)
	case NotRecursive:
		return who + " is not recursive: it covers " + m.Entry.covered() + ", not what is below it"
	case OtherLevel:
		return who + " names only " + strings.Join(m.Entry.levels.names(), " and ")
	case OtherCase:
		return who + " covers " + m.Entry.covered() + ", and the case of letters counts"
	case Escaped:
		return who + " has an id that is percent-encoded, and ids are compared as they stand, with paths that are decoded"
	case NoAncestor:
		return who + " covers " + m.Entry.covered() + ", not " + show(untilSlash(e.Reading, len(m.Entry.id)))
	case Below:
		return who + " begins below it: it covers " + m.Entry.covered()
	}
	return who + " does not decide"
}

// covered is what the entry speaks of.
func (e Entry) covered() string {
	if e.recursive {
		return show(e.id) + " and what is below it"
	}
	return show(e.id) + " alone"
}

// names are the words for what the level holds.
func (l Level) names() []string {
	if l == Read|Write {
		return []string{"read", "write"}
	}
	return []string{l.String()}
}

func quoted(e Entry) string { return strconv.Quote(shorten(e.String())) }

// untilSlash is the path up to the end of the segment that the i-th byte is in.
func untilSlash(path string, i int) string {
	if n := strings.IndexByte(path[i:], '/'); n >= 0 {
		return path[:i+n]
	}
	return path
}

// show is a path as it can stand in a sentence. A client chose it: what looks
// like the sentence going on, or turns its direction, is quoted and escaped.
func show(s string) string {
	s = shorten(s)
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`"\`, r)
	}) {
		return strconv.Quote(s)
	}
	return s
}

// shorten cuts a long text at a whole character.
func shorten(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
