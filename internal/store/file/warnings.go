package file

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// maxWarnings is how many sentences are kept: a log is read by people.
const maxWarnings = 100

// Warnings are sentences about what is probably not meant as it stands: about the
// file itself, then those of account.LintRole for each role, then those of
// account.Lint for each user. There are at most 101 about roles and users, the
// last of which says how many more there would be.
func (s *Store) Warnings() []string { return s.warningsSince(new(Store)) }

// warningsSince are those that were not true before.
func (s *Store) warningsSince(before *Store) []string {
	var said []string
	more := 0
	add := func(now, then []string) {
		fresh := slices.DeleteFunc(now, func(sentence string) bool { return slices.Contains(then, sentence) })
		room := min(maxWarnings-len(said), len(fresh))
		said, more = append(said, fresh[:room]...), more+len(fresh)-room
	}
	for _, name := range slices.Sorted(maps.Keys(s.roles)) {
		if !bytes.Equal(s.document(account.Roles, name), before.document(account.Roles, name)) {
			add(account.LintRole(s.roles[name]), account.LintRole(before.roles[name]))
		}
	}
	var changed []string
	for name, p := range s.users {
		// A user changes with the roles that it has.
		if before.users[name] != p {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	for _, name := range changed {
		add(s.lint(name), before.lint(name))
	}
	if more > 0 {
		said = append(said, fmt.Sprintf("further warnings about users and roles, not shown here: %d", more))
	}
	if !slices.Equal(s.exposure, before.exposure) {
		said = slices.Concat(s.exposure, said)
	}
	return said
}

// lint has nothing to say of nobody.
func (s *Store) lint(name string) []string {
	p, ok := s.users[name]
	if !ok {
		return nil
	}
	return account.Lint(p.User, s.role)
}
