package permission

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
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
	maxAmbiguous = 16 << 10 // bytes of a path that needs more than one reading
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
func (p Path) Len() int {
	if p.first == "" {
		return 0
	}
	return 1 + len(p.others)
}

// Reading is the i-th reading: without percent-encoding, without a slash at its
// end. The first is the path as most servers read it.
func (p Path) Reading(i int) string {
	if i == 0 {
		return p.first
	}
	return p.others[i-1]
}

// String is the first reading.
func (p Path) String() string { return p.first }

// ParsePath reads the path of a request target as it is sent on, percent-encoded.
//
// Everyday encodings (a space, UTF-8) have one reading. What servers are known
// to disagree about adds readings: escaped and doubled slashes, backslashes,
// dot segments, escapes of escapes, parameters after a semicolon, an escaped
// ? or #, dots and spaces at the end of a segment. Control characters, NUL and
// invalid UTF-8, in any reading, are errors that wrap ErrPath.
func ParsePath(escaped string) (Path, error) {
	if !strings.HasPrefix(escaped, "/") {
		return Path{}, ErrPath
	}
	if plain(escaped) {
		return Path{first: trimSlash(escaped)}, nil
	}
	return ambiguous(escaped)
}

// plain tells whether every server reads the path alike.
func plain(s string) bool {
	segment := 0 // where the current segment begins
	for i := 1; i <= len(s); i++ {
		if i == len(s) || s[i] == '/' {
			// An empty segment, or one that ends in a dot: ".", "..", "Inc."
			if i == segment+1 && i != len(s) || s[i-1] == '.' {
				return false
			}
			segment = i
			continue
		}
		if !plainByte[s[i]] {
			return false
		}
	}
	return true
}

// plainByte holds RFC 3986's pchar without "%" and ";".
var plainByte = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@") {
		t[c] = true
	}
	return t
}()

// ambiguous collects every reading that the steps below lead to, in any order
// and number of them.
func ambiguous(escaped string) (Path, error) {
	if len(escaped) > maxAmbiguous {
		return Path{}, ErrTooManyReadings
	}
	decoded, err := url.PathUnescape(escaped)
	if err != nil {
		return Path{}, ErrPath
	}
	readings := []string{decoded}
	if kept := keepSlashes(escaped); kept != decoded {
		readings = append(readings, kept)
	}
	for i := 0; i < len(readings); i++ {
		if controls(readings[i]) || !validText(readings[i]) {
			return Path{}, ErrPath
		}
		for _, step := range steps {
			next := step(readings[i])
			if !strings.HasPrefix(next, "/") {
				next = "/" + next
			}
			if !slices.Contains(readings, next) {
				readings = append(readings, next)
			}
		}
		if len(readings) > maxReadings {
			return Path{}, ErrTooManyReadings
		}
	}
	for i, r := range readings {
		readings[i] = trimSlash(r)
	}
	return Path{first: readings[0], others: readings[1:]}, nil
}

// steps are what some server does to a path before it looks at it.
var steps = []func(string) string{
	decodeAgain,
	cutParameters,
	func(s string) string { return strings.ReplaceAll(s, `\`, "/") },
	collapseSlashes,
	resolveDots,
	func(s string) string { before, _, _ := strings.Cut(s, "?"); return before },
	func(s string) string { before, _, _ := strings.Cut(s, "#"); return before },
	trimSegments,
}

// keepSlashes decodes all but escaped slashes and backslashes, which some
// servers take as letters of a segment.
func keepSlashes(escaped string) string {
	protect := strings.NewReplacer("%2f", "%252F", "%2F", "%252F", "%5c", "%255C", "%5C", "%255C")
	kept, err := url.PathUnescape(protect.Replace(escaped))
	if err != nil {
		return escaped
	}
	return kept
}

// decodeAgain decodes the escapes that are valid, and leaves the rest alone.
func decodeAgain(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(c))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

func collapseSlashes(s string) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

// cutParameters drops what follows a semicolon in each segment (RFC 3986, section 3.3).
func cutParameters(s string) string {
	return eachSegment(s, func(segment string) string { before, _, _ := strings.Cut(segment, ";"); return before })
}

// trimSegments drops dots and spaces at the end of names, as some file systems do.
func trimSegments(s string) string {
	return eachSegment(s, func(segment string) string {
		if segment == "." || segment == ".." {
			return segment
		}
		return strings.TrimRight(segment, ". ")
	})
}

func eachSegment(s string, change func(string) string) string {
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		segments[i] = change(segment)
	}
	return strings.Join(segments, "/")
}

// resolveDots removes dot segments as RFC 3986, section 5.2.4, does.
func resolveDots(s string) string {
	var out []string
	segments := strings.Split(s[1:], "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch {
		case segment == ".." && len(out) > 0:
			out = out[:len(out)-1]
		case segment != ".." && segment != ".":
			out = append(out, segment)
			continue
		}
		if last {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/")
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
