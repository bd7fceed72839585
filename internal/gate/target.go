package gate

import (
	"net/http"
	"strconv"
	"strings"
)

// acceptable refuses what cannot be judged before anybody asks who sends it. path
// is the URL's, escaped.
func (k *Keeper) acceptable(r *http.Request, path string) error {
	if !isMethod(r.Method) {
		return ErrMethod
	}
	if !sentAsReceived(r, path) {
		return ErrTarget
	}
	if r.ProtoMajor > 1 && !isLength(r.Header["Content-Length"], r.ContentLength) {
		return ErrLength
	}
	if len(r.Trailer) == 0 {
		return nil
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
func (k *Keeper) hidesToken(q *query) bool {
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
func sentAsReceived(r *http.Request, path string) bool {
	if r.RequestURI == path && r.URL.RawQuery == "" {
		return strings.HasPrefix(path, "/") // an escaped path has no question mark
	}
	received, query, _ := strings.Cut(r.RequestURI, "?")
	return strings.HasPrefix(received, "/") && received == path && query == r.URL.RawQuery &&
		!strings.Contains(query, "#") && !strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// isLength tells whether what is announced is one length, and that of the body as
// net/http reads it. HTTP/1.1 has refused everything else before; HTTP/2 reads as
// an empty body what is no number, and a store behind would be told to write that.
func isLength(announced []string, length int64) bool {
	if len(announced) == 0 {
		return true
	}
	n, err := strconv.ParseUint(announced[0], 10, 63)
	return err == nil && len(announced) == 1 && int64(n) == length
}

// isMethod tells whether the method is a token (RFC 9110, section 9.1) other than
// those that are not accepted.
func isMethod(s string) bool {
	switch s {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut, http.MethodDelete:
		return true
	case http.MethodConnect, http.MethodTrace:
		return false
	}
	return isToken(s)
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
