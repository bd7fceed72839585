package gate

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// CM-Well's headers for a token, in its order, as net/http spells them.
const (
	TokenHeader2 = "X-Cm-Well-Token2" //nolint:gosec // a header's name, no token
	TokenHeader  = "X-Cm-Well-Token"  //nolint:gosec // a header's name, no token
)

// Kind is where in a request a token can be.
type Kind uint8

const (
	// InHeader is the whole value of a header field.
	InHeader Kind = iota
	// InBearer is Authorization with the scheme Bearer, RFC 6750, section 2.1.
	InBearer
	// InCookie is the value of a cookie.
	InCookie
	// InQuery is the value of a query parameter, when it has the shape of a JWT.
	InQuery
)

// Source is one place from which tokens are taken.
type Source struct {
	kind Kind
	name string
}

// NewSource makes a source. A bearer source has no name.
func NewSource(kind Kind, name string) Source {
	if kind == InHeader {
		name = textproto.CanonicalMIMEHeaderKey(name)
	}
	return Source{kind, name}
}

// Kind is where the source looks.
func (s Source) Kind() Kind { return s.kind }

// Name is what the token goes by there; empty for a bearer.
func (s Source) Name() string { return s.name }

// String names the place for people: "header X-Cm-Well-Token".
func (s Source) String() string {
	switch s.kind {
	case InBearer:
		return "bearer"
	case InCookie:
		return "cookie " + s.name
	case InQuery:
		return "query " + s.name
	}
	return "header " + s.name
}

// tokens are all values in the place, as they are.
func (s *Source) tokens(r *http.Request) []string {
	switch s.kind {
	case InBearer:
		return bearer(r.Header["Authorization"])
	case InCookie:
		return cookies(r.Header["Cookie"], s.name)
	case InQuery:
		return inQuery(r.URL.RawQuery, s.name)
	}
	return r.Header[s.name]
}

// remove takes everything out of the place that could be read as a token there.
func (s Source) remove(r *http.Request) {
	switch s.kind {
	case InBearer:
		if len(bearer(r.Header["Authorization"])) > 0 {
			delete(r.Header, "Authorization")
		}
	case InCookie:
		removeCookies(r.Header, s.name)
	case InQuery:
		removeQuery(r, s.name)
	default:
		delete(r.Header, s.name)
	}
}

func bearer(authorization []string) []string {
	var found []string
	for _, value := range authorization {
		const scheme = "Bearer"
		if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
			continue
		}
		// Some servers take a tab for the space.
		rest := value[len(scheme):]
		if token := strings.TrimLeft(rest, " \t"); token == "" || token != rest {
			found = append(found, token)
		}
	}
	return found
}

// cookies finds every cookie of the name: which of two a store takes is its secret.
func cookies(lines []string, name string) []string {
	var found []string
	eachCookie(lines, func(n, value string) {
		if strings.EqualFold(n, name) {
			found = append(found, strings.Trim(value, `"`))
		}
	})
	return found
}

// eachCookie splits at commas too, as some servers do (RFC 2965).
func eachCookie(lines []string, visit func(name, value string)) {
	for _, line := range lines {
		for part := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ';' || c == ',' }) {
			name, value, _ := strings.Cut(part, "=")
			visit(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
}

func removeCookies(h http.Header, name string) {
	if len(h["Cookie"]) == 0 || len(cookies(h["Cookie"], name)) == 0 {
		return
	}
	var kept []string
	eachCookie(h["Cookie"], func(n, value string) {
		if n != "" && !strings.EqualFold(n, name) {
			kept = append(kept, n+"="+value)
		}
	})
	delete(h, "Cookie")
	if len(kept) > 0 {
		h["Cookie"] = []string{strings.Join(kept, "; ")}
	}
}

// inQuery finds the parameter where it is spelled plainly.
func inQuery(raw, name string) []string {
	var found []string
	if !strings.Contains(raw, name) {
		return nil
	}
	for part := range strings.SplitSeq(raw, "&") {
		if key, value, _ := strings.Cut(part, "="); key == name && tokenShaped(value) {
			found = append(found, value)
		}
	}
	return found
}

// removeQuery takes the parameter out in every spelling of its name.
func removeQuery(r *http.Request, name string) {
	if r.URL.RawQuery == "" {
		return
	}
	var kept []string
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		key, value, _ := strings.Cut(part, "=")
		if k, err := url.QueryUnescape(key); err != nil || !strings.EqualFold(k, name) || !tokenShaped(value) {
			kept = append(kept, part)
		}
	}
	if raw := strings.Join(kept, "&"); raw != r.URL.RawQuery {
		r.URL.RawQuery = raw
		r.RequestURI = r.URL.RequestURI()
	}
}

// tokenShaped tells a token from the scroll positions that CM-Well also calls
// token: a JWT begins with an encoded brace and has at least two dots.
func tokenShaped(s string) bool {
	decoded, err := url.QueryUnescape(s)
	if err != nil {
		return true
	}
	return strings.HasPrefix(strings.TrimLeft(decoded, ` "`), "ey") && strings.Count(decoded, ".") >= 2
}

// QueryOf is the request's query without its tokens, for what the front door
// serves itself.
func (k *Keeper) QueryOf(r *http.Request) string {
	bare := http.Request{URL: &url.URL{RawQuery: r.URL.RawQuery}}
	for _, s := range k.Sources {
		if s.kind == InQuery {
			removeQuery(&bare, s.name)
		}
	}
	return bare.URL.RawQuery
}
