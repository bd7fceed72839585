package permission

import (
	"slices"
	"strconv"
	"strings"
)

// ambiguous reads a path in which there is more than plain characters.
func ambiguous(escaped string) (Path, error) {
	decoded := decode(escaped, "")
	if !escapes(escaped) || controls(decoded) || !validText(decoded) {
		return Path{}, ErrPath
	}
	if quiet(escaped, decoded) {
		return Path{first: trimSlash(decoded)}, nil
	}
	if len(escaped) > maxAmbiguous {
		return Path{}, ErrTooManyReadings
	}
	return everyReading(escaped, decoded)
}

// everyReading collects what comes of all that servers do to a path, in any
// order and number: first to what is sent, then decoding it, then to what they
// find. A server that decodes twice does the last again.
func everyReading(escaped, decoded string) (Path, error) {
	found, err := closure([]string{decoded}, 0, decodedSteps)
	if err != nil {
		return Path{}, err
	}
	sent, err := closure([]string{escaped}, 0, encodedSteps)
	if err != nil {
		return Path{}, err
	}
	// What comes first is what a person would try first.
	done := len(found)
	for _, s := range sent {
		for _, step := range decodings {
			found = add(found, step(s))
		}
	}
	if found, err = closure(found, done, decodedSteps); err != nil {
		return Path{}, err
	}
	var trimmed []string
	for _, s := range found {
		if controls(s) || !validText(s) {
			return Path{}, ErrPath
		}
		trimmed = add(trimmed, trimSlash(s))
	}
	return Path{first: trimmed[0], others: trimmed[1:]}, nil
}

// closure adds to the paths what the steps make of those from the i-th on, and of
// what is added again.
func closure(paths []string, i int, steps []func(string) string) ([]string, error) {
	for ; i < len(paths); i++ {
		if len(paths) > maxReadings {
			return nil, ErrTooManyReadings
		}
		for _, step := range steps {
			paths = add(paths, step(paths[i]))
		}
	}
	return paths, nil
}

func add(paths []string, path string) []string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if slices.Contains(paths, path) {
		return paths
	}
	return append(paths, path)
}

// quiet tells whether no step has anything to do: the path holds escapes of
// everyday characters alone.
func quiet(escaped, decoded string) bool {
	return !strings.ContainsAny(decoded, `%;\?#+`) && !strings.Contains(decoded, "//") && !strings.Contains(decoded, "./") &&
		!strings.Contains(decoded, " /") && !strings.HasSuffix(decoded, ".") && !strings.HasSuffix(decoded, " ") &&
		strings.Count(escaped, "/") == strings.Count(decoded, "/")
}

// encodedSteps are what some server does to a path before it decodes it.
var encodedSteps = append([]func(string) string{
	upperEscapes,
	func(s string) string { return strings.ReplaceAll(s, "+", "%20") }, // as in a form
}, structureSteps...)

// decodedSteps are what some server does to a path that it, or one before it, has decoded.
var decodedSteps = slices.Concat(decodings, []func(string) string{
	decodeUnicode,
	trimSegments,
	func(s string) string { return strings.ReplaceAll(s, "+", " ") },
}, structureSteps)

// structureSteps change which segments there are.
var structureSteps = []func(string) string{
	cutParameters,
	cutLastParameters,
	func(s string) string { return before(s, ";") },
	func(s string) string { return strings.ReplaceAll(s, `\`, "/") },
	collapseSlashes,
	cutHost,
	cutHostName,
	cutHostMark,
	resolveDots,
	climb,
	func(s string) string { return before(s, "?") },
	func(s string) string { return before(s, "#") },
}

// decodings are the ways to decode a path: all of it, or all but what some
// servers take as letters of a segment. Who keeps slashes may keep the percent
// sign with them, so that they can be told from those that were escaped twice.
var decodings = []func(string) string{
	func(s string) string { return decode(s, "") },
	func(s string) string { return decode(s, "/") },
	func(s string) string { return decode(s, `\`) },
	func(s string) string { return decode(s, `/\`) },
	func(s string) string { return decode(s, "/%") },
	func(s string) string { return decode(s, `/\%`) },
}

// eachEscape replaces each escape by what change makes of it, and leaves alone
// what is none.
func eachEscape(s string, change func(escape string, c byte) string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out.WriteString(change(s[i:i+3], byte(c)))
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// escapes tells whether each percent sign begins an escape.
func escapes(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || !hexadecimal(s[i+1]) || !hexadecimal(s[i+2]) {
			return false
		}
		i += 2
	}
	return true
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// decode decodes all but the bytes that are to be kept.
func decode(s, keep string) string {
	return eachEscape(s, func(escape string, c byte) string {
		if strings.IndexByte(keep, c) >= 0 {
			return escape
		}
		return string([]byte{c})
	})
}

// upperEscapes is the normal form of RFC 3986, section 6.2.2.1.
func upperEscapes(s string) string {
	return eachEscape(s, func(escape string, _ byte) string { return strings.ToUpper(escape) })
}

// decodeUnicode decodes %u0061, as some servers do.
func decodeUnicode(s string) string {
	parts := strings.Split(s, "%u")
	for i, part := range parts[1:] {
		parts[i+1] = "%u" + part
		if len(part) < 4 {
			continue
		}
		if c, err := strconv.ParseUint(part[:4], 16, 16); err == nil {
			parts[i+1] = string(rune(c)) + part[4:]
		}
	}
	return strings.Join(parts, "")
}
