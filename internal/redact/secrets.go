// Package redact takes tokens and passwords out of what is written to a log,
// and leaves everything else as it is.
package redact

import (
	"slices"
	"strings"
	"sync/atomic"
)

// Hidden stands where a secret was. It is Caddy's own word.
const Hidden = "REDACTED"

// Secrets knows by which names secrets go. Its zero value knows those of HTTP
// and of CM-Well. It may be used by many goroutines.
type Secrets struct {
	added atomic.Pointer[names]
}

// names are those beside the well-known ones.
type names struct{ fields, parameters []string }

// wellKnown are names that always go with secrets. The parameters are those of
// CM-Well's tokens and of its change of a password, and RFC 6750's.
var wellKnown = names{
	fields: []string{
		"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Cm-Well-Token", "X-Cm-Well-Token2",
	},
	parameters: []string{"token", "access_token", "current", "new", "password", "X-Cm-Well-Token", "X-Cm-Well-Token2"},
}

// AddField has the values of a header field hidden from now on.
func (s *Secrets) AddField(name string) {
	s.add(names{fields: []string{name}, parameters: []string{name}})
}

// AddParameter has the values of a cookie or a parameter of queries hidden from
// now on.
func (s *Secrets) AddParameter(name string) { s.add(names{parameters: []string{name}}) }

func (s *Secrets) add(more names) {
	for {
		old := s.added.Load()
		all := more
		if old != nil {
			all = names{union(old.fields, more.fields), union(old.parameters, more.parameters)}
		}
		if s.added.CompareAndSwap(old, &all) {
			return
		}
	}
}

func union(a, b []string) []string {
	joined := slices.Clone(a)
	for _, name := range b {
		if !has(joined, name) {
			joined = append(joined, name)
		}
	}
	return joined
}

// Field tells whether the values of a log's field, such as a header of a
// request, are secrets whatever they look like.
func (s *Secrets) Field(name string) bool {
	if has(wellKnown.fields, name) {
		return true
	}
	added := s.added.Load()
	return added != nil && has(added.fields, name)
}

// parameter tells whether the value behind this name and an equals sign is a
// secret. The name may have more before it, as in "a;token".
func (s *Secrets) parameter(name string) bool {
	if endsWith(wellKnown.parameters, name) {
		return true
	}
	added := s.added.Load()
	return added != nil && endsWith(added.parameters, name)
}

func has(list []string, name string) bool {
	return slices.ContainsFunc(list, func(n string) bool { return len(n) == len(name) && strings.EqualFold(n, name) })
}

func endsWith(list []string, name string) bool {
	return slices.ContainsFunc(list, func(n string) bool {
		before := len(name) - len(n)
		return before >= 0 && strings.EqualFold(name[before:], n) && (before == 0 || !isWord(name[before-1]))
	})
}
