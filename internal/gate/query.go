package gate

import (
	"net/url"
	"slices"
	"strings"
)

// query is a raw query read the one way that all servers agree on, or marked
// as one that they do not agree on.
type query struct {
	pairs []pair
	// plain: pairs of key[=value] joined by single &, valid escapes, nothing
	// that some reader splits or cuts differently, no repeated decisive key.
	plain bool
}

type pair struct{ key, value string }

// decisive keys change what a request does; twice, readers differ on which counts.
var decisive = []string{"op", "token", "priority", "recursive", "format"}

const maxPairs = 1000

func parseQuery(raw string) query {
	q := query{plain: true}
	if raw == "" {
		return q
	}
	// Readers that also split at a semicolon, or cut at #, must find nothing new:
	// the pairs they would see are listed too, and the query is not plain.
	parts := strings.FieldsFunc(raw, func(r rune) bool { return r == '&' || r == ';' || r == '#' })
	if strings.ContainsAny(raw, ";#") || len(parts) != strings.Count(raw, "&")+1 || len(parts) > maxPairs {
		q.plain = false
	}
	seen := map[string]bool{}
	for _, part := range parts[:min(len(parts), maxPairs)] {
		key, value, _ := strings.Cut(part, "=")
		k, errKey := url.QueryUnescape(key)
		v, errValue := url.QueryUnescape(value)
		if errKey != nil || errValue != nil || k == "" {
			q.plain = false
			k, v = key, value
		}
		folded := strings.ToLower(strings.TrimSpace(k))
		if slices.Contains(decisive, folded) && (seen[folded] || folded != k) {
			q.plain = false
		}
		seen[folded] = true
		q.pairs = append(q.pairs, pair{k, v})
	}
	return q
}

// has tells whether the key is there, with a value or without.
func (q query) has(key string) bool {
	return slices.ContainsFunc(q.pairs, func(p pair) bool { return p.key == key })
}

// get is the first value of the key, or empty.
func (q query) get(key string) string {
	for _, p := range q.pairs {
		if p.key == key {
			return p.value
		}
	}
	return ""
}

// mentions tells whether any key is the word or contains it, in any case and
// however it is cut: for queries that are not plain.
func (q query) mentions(word string) bool {
	return slices.ContainsFunc(q.pairs, func(p pair) bool {
		return strings.Contains(strings.ToLower(p.key), word) || strings.Contains(strings.ToLower(p.value), word)
	})
}
