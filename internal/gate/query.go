package gate

import (
	"iter"
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
var decisive = [...]string{"op", "token", "priority", "recursive", "format"}

const maxPairs = 1000

// parseQuery reads it into room, as far as there is any.
func parseQuery(raw string, room ...pair) query {
	q := query{plain: true}
	if raw == "" {
		return q
	}
	// URLSearchParams takes one more question mark for none of the query.
	if bare := strings.TrimLeft(raw, "?"); bare != raw {
		q.plain, raw = false, bare
	}
	// Readers that also split at a semicolon, or cut at #, must find nothing new:
	// the pairs they would see are listed too, and the query is not plain.
	if strings.ContainsAny(raw, ";#") {
		q.plain = false
	}
	ampersands := strings.Count(raw, "&")
	if q.pairs = room[:0]; ampersands >= len(room) {
		q.pairs = make([]pair, 0, min(ampersands+1, maxPairs))
	}
	n, seen := 0, [len(decisive)]bool{}
	for part := range parts(raw) {
		if n++; n > maxPairs {
			q.plain = false
			break
		}
		p, plain := parsePair(part)
		folded := strings.ToLower(strings.TrimSpace(p.key))
		if i := slices.Index(decisive[:], folded); i >= 0 {
			plain = plain && !seen[i] && folded == p.key
			seen[i] = true
		}
		q.plain = q.plain && plain
		q.pairs = append(q.pairs, p)
	}
	if n != ampersands+1 {
		q.plain = false // empty ones, which only some readers skip
	}
	if strings.Contains(raw, "%") {
		return q.decodedFirst(raw)
	}
	return q
}

// telling keys are those that a decision looks at.
var telling = []string{"op", "token", "priority", "recursive", "format", "xg", "yg", "with-descendants", "replace-mode", "_method"}

// decodedFirst adds what a reader finds who decodes a query before splitting it, as
// with URI.getQuery of Java: an escaped & divides, and an escaped = ends a key. An
// everyday value may hold them, and so only telling keys count.
func (q query) decodedFirst(raw string) query {
	text, err := url.QueryUnescape(raw)
	if err != nil {
		return q // some part is no pair, and that has been said
	}
	var found, sent []pair
	for part := range parts(text) {
		key, value, _ := strings.Cut(part, "=")
		found = tell(found, pair{key, value})
	}
	for _, p := range q.pairs {
		sent = tell(sent, p)
	}
	if !slices.Equal(found, sent) {
		q.plain, q.pairs = false, append(q.pairs, found...)
	}
	return q
}

// tell adds a pair with a telling key, in one spelling.
func tell(some []pair, p pair) []pair {
	if key := strings.ToLower(strings.TrimSpace(p.key)); slices.Contains(telling, key) {
		return append(some, pair{key, p.value})
	}
	return some
}

// parts are what is between the characters that some reader splits or cuts a query at,
// where there is anything.
func parts(raw string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from := 0
		for i := range len(raw) {
			if c := raw[i]; c != '&' && c != ';' && c != '#' {
				continue
			}
			if i > from && !yield(raw[from:i]) {
				return
			}
			from = i + 1
		}
		if from < len(raw) {
			yield(raw[from:])
		}
	}
}

// parsePair reads key[=value], and tells whether everybody reads it so.
func parsePair(part string) (pair, bool) {
	if bare := strings.TrimLeft(part, "="); bare != part {
		p, _ := parsePair(bare) // CM-Well's server skips them
		return p, false
	}
	key, value, _ := strings.Cut(part, "=")
	k, errKey := url.QueryUnescape(key)
	v, errValue := url.QueryUnescape(value)
	// One that cannot be read hides the other from nobody who is lenient.
	if errKey != nil {
		k = key
	}
	if errValue != nil {
		v = value
	}
	// Once what stands before it is taken out, a token for instance, a question mark
	// too many stands first, and some readers take it for none of the query.
	return pair{k, v}, errKey == nil && errValue == nil && !strings.HasPrefix(k, "?")
}

// none tells whether there is no query.
func (q *query) none() bool { return len(q.pairs) == 0 && q.plain }

// has tells whether the key is there, with a value or without.
func (q *query) has(key string) bool {
	return slices.ContainsFunc(q.pairs, func(p pair) bool { return p.key == key })
}

// get is the first value of the key, or empty.
func (q *query) get(key string) string {
	for _, p := range q.pairs {
		if p.key == key {
			return p.value
		}
	}
	return ""
}

// mentions tells whether any key is the word or contains it, in any case and
// however it is cut: for queries that are not plain.
func (q *query) mentions(word string) bool {
	return slices.ContainsFunc(q.pairs, func(p pair) bool {
		return strings.Contains(strings.ToLower(p.key), word) || strings.Contains(strings.ToLower(p.value), word)
	})
}
