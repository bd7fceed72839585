package account

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// authTree is where users and roles are documents.
const authTree = "/meta/auth"

// Lint returns sentences about what is probably not meant as it stands in a
// user's document. Each names the user, what was found and why it matters. The
// function finds roles; what is wrong with a role alone is not told here, but by
// LintRole. A user that is as it should be has none.
func Lint(u User, role func(string) (Role, bool)) []string {
	l := linter{who: "user " + u.Name}
	own := permission.NewSet(u.Paths)
	l.entries(u.Paths, own)
	l.roles(u, own, role)
	if u.Name == Anonymous {
		l.anonymous(u)
		return l.said
	}
	if u.PasswordHash == "" && u.HA1 == "" && u.HA1SHA256 == "" {
		l.say("no digest, digest2 or digest2_sha256 is there, so it cannot log in; give it a password, or delete it")
	}
	if held(u, role)&permission.Admin == 0 {
		l.auth(permission.Rules{Own: u.Paths})
	}
	return l.said
}

// LintRole returns such sentences about a role.
func LintRole(r Role) []string {
	l := linter{who: "role " + r.Name}
	l.entries(r.Paths, permission.NewSet(r.Paths))
	if r.Operations&permission.Admin == 0 {
		l.auth(permission.Rules{Own: r.Paths})
	}
	return l.said
}

type linter struct {
	who  string
	said []string
}

func (l *linter) say(format string, args ...any) {
	l.said = append(l.said, l.who+": "+fmt.Sprintf(format, args...))
}

// show is an entry as it stands in a sentence.
func show(e permission.Entry) string { return fmt.Sprintf("%.200q", e.String()) }

// entries looks at one list of entries alone.
func (l *linter) entries(list []permission.Entry, set permission.Set) {
	for _, e := range list {
		if e == (permission.Entry{}) {
			l.say("an entry without a path matches nothing")
			continue
		}
		if by, denied := set.Denies(e); denied && e.Allows() {
			l.say("the entry %s has no effect: %s denies all of it", show(e), show(by))
		}
		l.id(e, set)
	}
	for _, e := range set.Twice() {
		l.say("the entry %s stands there more than once", show(e))
	}
}

// id looks for paths that do not mean to a request what they mean to a reader.
func (l *linter) id(e permission.Entry, set permission.Set) {
	p, err := e.Path()
	if err != nil {
		l.say("the entry %s matches nothing: no path of this name is accepted", show(e))
		return
	}
	if p.Len() == 1 {
		return
	}
	if plain, err := url.PathUnescape(e.ID()); err == nil && plain != e.ID() {
		l.say("the entry %s is percent-encoded, and is no entry for %.200q: ids are written as they read, without escapes", show(e), plain)
		return
	}
	for i := p.Len() - 1; i > 0; i-- {
		reading := p.Reading(i)
		if strings.Contains(reading, "%") && !strings.Contains(e.ID(), "%") {
			continue // an escape that is kept; what it stands for is a clearer example
		}
		if !alike(e, reading, set) {
			if e.Allows() {
				l.say("the entry %s may have no effect: such a path can also be read as %.200q, and is allowed only where that is allowed too", show(e), reading)
			} else {
				l.say("the entry %s does not deny %.200q, as which some servers read such a path", show(e), reading)
			}
			return
		}
	}
}

// alike tells whether the set says of the other reading what it says of the entry.
func alike(e permission.Entry, reading string, set permission.Set) bool {
	other, err := e.At(reading)
	if err != nil {
		return true // not a path that an entry could be written for
	}
	for _, level := range []permission.Level{permission.Read, permission.Write} {
		if e.Levels()&level == 0 {
			continue
		}
		allowance, denial := set.Over(other, level)
		if e.Allows() && allowance == (permission.Entry{}) || !e.Allows() && denial == (permission.Entry{}) {
			return false
		}
	}
	return true
}

// roles looks at what the user's roles add to the user's own entries, and to
// each other.
func (l *linter) roles(u User, own permission.Set, find func(string) (Role, bool)) {
	var found []Role
	seen := make(map[string]bool, len(u.Roles))
	for _, name := range u.Roles {
		if seen[name] {
			l.say("the role %s stands there more than once", name)
			continue
		}
		seen[name] = true
		r, ok := find(name)
		if !ok {
			l.say("the role %s does not exist and grants nothing; make it, or take it from the user", name)
			continue
		}
		found = append(found, r)
	}
	if len(u.Paths) > 0 {
		for _, r := range found {
			l.overruled(r, own)
		}
	}
	if len(found) > 1 {
		l.betweenRoles(found)
	}
}

// overruled tells of a role's entries that the user's own turn around. Those that
// the user's own merely repeat are let be: what they say holds.
func (l *linter) overruled(r Role, own permission.Set) {
	for _, e := range r.Paths {
		by, contradicted := own.Contradicts(e)
		switch {
		case !contradicted:
		case e.Allows():
			l.say("the entry %s of role %s has no effect: the user's own %s comes first, and denies", show(e), r.Name, show(by))
		default:
			l.say("the entry %s of role %s does not deny it: the user's own %s comes first, and allows; a denial that is to hold must be the user's own", show(e), r.Name, show(by))
		}
	}
}

// betweenRoles tells of a role's allowance that other roles deny wholly.
func (l *linter) betweenRoles(found []Role) {
	var all []permission.Entry
	for _, r := range found {
		all = append(all, denials(r.Paths)...)
	}
	if len(all) == 0 {
		return
	}
	together := permission.NewSet(all)
	for _, r := range found {
		alone := permission.NewSet(denials(r.Paths))
		for _, e := range r.Paths {
			by, denied := together.Denies(e)
			if !denied || !e.Allows() {
				continue
			}
			if _, told := alone.Denies(e); !told {
				l.say("the entry %s of role %s has no effect: another role's %s denies all of it", show(e), r.Name, show(by))
			}
		}
	}
}

func denials(list []permission.Entry) []permission.Entry {
	var some []permission.Entry
	for _, e := range list {
		if !e.Allows() {
			some = append(some, e)
		}
	}
	return some
}

// held are the user's operations, those of its roles too.
func held(u User, find func(string) (Role, bool)) permission.Operation {
	all := u.Operations
	for _, name := range u.Roles {
		if r, ok := find(name); ok {
			all |= r.Operations
		}
	}
	return all
}

// anonymous looks at what has no effect where nobody has logged in.
func (l *linter) anonymous(u User) {
	if u.PasswordHash != "" || u.HA1 != "" || u.HA1SHA256 != "" {
		l.say("it never logs in, and a digest has no effect; remove it")
	}
	for _, e := range u.Paths {
		if e.Levels() == permission.Write || e.Allows() && e.Levels()&permission.Write != 0 {
			l.say("what the entry %s says of writing has no effect: a write needs a token", show(e))
		}
	}
	if u.Operations != 0 {
		l.say("the operations %s have no effect: they need a token", u.Operations)
	}
}

// auth tells of rights that nobody has without the operation Admin.
func (l *linter) auth(rules permission.Rules) {
	if d := rules.Somewhere(authTree, permission.Write); d.Allowed {
		l.say("the entry %s allows writing in %s, which is refused without the operation Admin; give it, or deny writing there", show(d.Entry), authTree)
	}
}
