package gate

import (
	"net/http"
	"strings"
)

// acceptable refuses what cannot be judged before anybody asks who sends it.
func (k *Keeper) acceptable(r *http.Request) error {
	if !isToken(r.Method) || r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return ErrMethod
	}
	if !sentAsReceived(r) {
		return ErrTarget
	}
	for name := range r.Trailer {
		if k.reserved(name) || name == "Authorization" || name == "Cookie" {
			return ErrTrailer
		}
	}
	return nil
}

// hidesToken tells whether a query that readers split differently speaks of a
// token: one of them could find a token in it that nobody verified.
func (k *Keeper) hidesToken(q query) bool {
	if q.plain {
		return false
	}
	if k.Profile == CMWell && q.mentions("token") {
		return true
	}
	for _, s := range k.Sources {
		if s.kind == InQuery && q.mentions(strings.ToLower(s.name)) {
			return true
		}
	}
	return false
}

// sentAsReceived tells whether the target leaves this server byte for byte as
// it came. If it did not, what is judged would not be what is served. The form
// with a host in it, the asterisk and an empty path do not pass either.
func sentAsReceived(r *http.Request) bool {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	return strings.HasPrefix(path, "/") && path == r.URL.EscapedPath() && query == r.URL.RawQuery &&
		!strings.Contains(query, "#") && !strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// isToken is RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
