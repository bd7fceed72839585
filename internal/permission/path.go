package permission

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Why a path cannot be judged.
var (
	// ErrPath says: no store should be sent such a path.
	ErrPath = errors.New("path is not acceptable")
	// ErrTooManyReadings says: so many ways to read it that nobody means well by it.
	ErrTooManyReadings = errors.New("path can be read in too many ways")
)

// What bounds the work that one path can cause.
const (
	maxReadings  = 64
	maxAmbiguous = 2 << 10 // bytes of a path that needs more than one reading
)

// Path is the path of a request target in every reading that a store could
// make of it. Two servers that differ in what they decode, collapse, resolve
// or cut off read two paths from the same bytes; a decision holds only if it
// holds for all of them. The zero Path has no reading and is allowed nothing.
type Path struct {
	first  string
	others []string
}

// Len is the number of readings.
func (p *Path) Len() int {
	if p.first == "" {
		return 0
	}
	return 1 + len(p.others)
}

// Reading is the i-th reading: without percent-encoding, without a slash at its
// end. The first is the path as most servers read it.
func (p *Path) Reading(i int) string {
	if i == 0 {
		return p.first
	}
	return p.others[i-1]
}

// String is the first reading.
func (p *Path) String() string { return p.first }

// ParsePath reads the path of a request target as it is sent on, percent-encoded.
//
// Everyday encodings (a space, UTF-8) have one reading. What servers are known
// to disagree about adds readings: escaped and doubled slashes, backslashes,
// dot segments, escapes of escapes, parameters after a semicolon, a plus sign
// (a space to those who decode a path like a form), an escaped ? or #, dots and
// spaces at the end of a segment. Control characters, NUL and invalid UTF-8, in
// any reading, are errors that wrap ErrPath.
func ParsePath(escaped string) (Path, error) {
	if !strings.HasPrefix(escaped, "/") {
		return Path{}, ErrPath
	}
	if plain(escaped) {
		return Path{first: trimSlash(escaped)}, nil
	}
	return ambiguous(escaped)
}

// ReadURL makes p what ParsePath makes of the path of a URL as it is sent on; with
// an error, the zero Path. It returns that path too, which is u.EscapedPath().
func (p *Path) ReadURL(u *url.URL) (escaped string, err error) {
	// A path of letters that nobody escapes is sent as it is. Most are such, and are
	// looked at but once.
	if u.RawPath == "" && strings.HasPrefix(u.Path, "/") && spelled(u.Path, &neverEscaped) {
		p.first, p.others = trimSlash(u.Path), nil
		return u.Path, nil
	}
	escaped = u.EscapedPath()
	*p, err = ParsePath(escaped)
	return escaped, err
}

// plain tells whether every server reads the path, which begins with a slash, alike.
func plain(s string) bool { return spelled(s, &plainByte) }

// spelled tells whether a path is of these letters, in segments of which none is
// empty or ends in a dot: ".", "..", "Inc."
func spelled(s string, letters *[256]bool) bool {
	for i := 1; i < len(s); i++ {
		if letters[s[i]] {
			continue
		}
		if s[i] != '/' || s[i-1] == '/' || s[i-1] == '.' {
			return false
		}
	}
	return s[len(s)-1] != '.'
}

// What paths are spelled with. plainByte holds RFC 3986's pchar without "%", ";"
// and "+". Of these, net/url escapes the last ones below in some paths.
var (
	plainByte    = letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~$&,=:@" + "!'()*")
	neverEscaped = letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~$&,=:@")
)

func letters(s string) (t [256]bool) {
	for _, c := range []byte(s) {
		t[c] = true
	}
	return t
}

func trimSlash(s string) string {
	if len(s) > 1 && s[len(s)-1] == '/' {
		return s[:len(s)-1]
	}
	return s
}

func controls(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func validText(s string) bool { return utf8.ValidString(s) }
