package permission

import (
	"strings"
	"unicode/utf8"
)

func collapseSlashes(s string) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

// cutHost is what a parser of URLs finds in //host/path (RFC 3986, section 4.2),
// and browsers' parsers behind more than two slashes too.
func cutHost(s string) string {
	rest := strings.TrimLeft(s, "/")
	if len(s)-len(rest) < 2 {
		return s
	}
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

// cutHostName is cutHost as Node's url.parse has it, where a host ends at the first
// letter that no name of a host has, and the path begins with that.
func cutHostName(s string) string {
	return cutHostAt(s, func(r rune) bool { return r < utf8.RuneSelf && !hostLetter[r] })
}

// cutHostMark is cutHostName of later versions, where fewer letters end a host.
func cutHostMark(s string) string {
	return cutHostAt(s, func(r rune) bool { return strings.ContainsRune("%?;#{}|\\^`<>\"' \r\n\t", r) })
}

func cutHostAt(s string, ends func(rune) bool) string {
	rest, found := strings.CutPrefix(s, "//")
	if !found {
		return s
	}
	authority := before(rest, "/")
	name := authority[strings.LastIndexByte(authority, '@')+1:]
	end := strings.IndexFunc(name, ends)
	if end < 0 {
		return s // cutHost's
	}
	if port := strings.TrimLeft(name[end+1:], "0123456789"); name[end] == ':' {
		return "/" + port + rest[len(authority):]
	}
	return "/" + name[end:] + rest[len(authority):]
}

var hostLetter = letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+_")

func before(s, mark string) string {
	kept, _, _ := strings.Cut(s, mark)
	return kept
}

// cutParameters drops what follows a semicolon in each segment (RFC 3986, section 3.3).
func cutParameters(s string) string {
	return eachSegment(s, func(segment string) string { return before(segment, ";") })
}

// cutLastParameters drops it in the last segment alone (RFC 1808, section 2.4.5).
func cutLastParameters(s string) string {
	last := strings.LastIndexByte(s, '/') + 1
	return s[:last] + before(s[last:], ";")
}

// trimSegments drops dots and spaces at the end of names, as some file systems do.
func trimSegments(s string) string {
	return eachSegment(s, func(segment string) string {
		name := strings.TrimRight(segment, " ")
		if name == "." || name == ".." {
			return name
		}
		return strings.TrimRight(name, ". ")
	})
}

func eachSegment(s string, change func(string) string) string {
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		segments[i] = change(segment)
	}
	return strings.Join(segments, "/")
}

// climb resolves dots as URI.normalize of Java does, which leaves those that lead
// out of the root.
func climb(s string) string {
	var out []string
	for segment := range strings.SplitSeq(s[1:], "/") {
		if segment == ".." && len(out) > 0 && out[len(out)-1] != ".." {
			out = out[:len(out)-1]
		} else if segment != "." {
			out = append(out, segment)
		}
	}
	return "/" + strings.Join(out, "/")
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
