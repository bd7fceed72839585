package permission

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// reader is a small server: what it makes of the path of a request target, or
// false when it refuses it. None of them shares a line with the code under test.
type reader struct {
	name string
	read func(target string) (string, bool)
}

var readers = []reader{
	{"net/http", func(s string) (string, bool) {
		u, err := url.ParseRequestURI(s)
		if err != nil {
			return "", false
		}
		return u.Path, true
	}},
	{"net/http ServeMux and FileServer", func(s string) (string, bool) {
		u, err := url.ParseRequestURI(s)
		if err != nil {
			return "", false
		}
		return path.Clean("/" + u.Path), true
	}},
	{"nginx", func(s string) (string, bool) { return nginx(s, true, false) }},
	{"nginx, merge_slashes off", func(s string) (string, bool) { return nginx(s, false, false) }},
	{"nginx on Windows", func(s string) (string, bool) { return nginx(s, true, true) }},
	{"Apache, AllowEncodedSlashes Off", func(s string) (string, bool) { return apache(s, "off") }},
	{"Apache, AllowEncodedSlashes On", func(s string) (string, bool) { return apache(s, "on") }},
	{"Apache, AllowEncodedSlashes NoDecode", func(s string) (string, bool) { return apache(s, "nodecode") }},
	{"Tomcat", func(s string) (string, bool) { return tomcat(s, "", false) }},
	{"Tomcat, backslash allowed", func(s string) (string, bool) { return tomcat(s, "", true) }},
	{"Tomcat, encoded slash passed through", func(s string) (string, bool) { return tomcat(s, "/%", false) }},
	{"Tomcat, both encoded slashes passed through", func(s string) (string, bool) { return tomcat(s, `/\%`, true) }},
	{"Jetty, ambiguous segments allowed", func(s string) (string, bool) {
		decoded, ok := decoding(withoutParameters(s), "")
		if !ok {
			return "", false
		}
		return resolved(decoded, false)
	}},
	{"Spring, parameters cut after decoding", func(s string) (string, bool) {
		decoded, ok := decoding(s, "")
		if !ok {
			return "", false
		}
		return resolved(withoutParameters(decoded), true)
	}},
	{"URLDecoder", func(s string) (string, bool) { return decoding(strings.ReplaceAll(s, "+", "%20"), "") }},
	{"URLDecoder, parameters cut before", func(s string) (string, bool) {
		decoded, ok := decoding(strings.ReplaceAll(withoutParameters(s), "+", "%20"), "")
		if !ok {
			return "", false
		}
		return resolved(decoded, true)
	}},
	{"URLDecoder behind a filter that decodes too", func(s string) (string, bool) {
		decoded, ok := decoding(s, "")
		if !ok {
			return "", false
		}
		return decoding(strings.ReplaceAll(decoded, "+", "%20"), "")
	}},
	{"Shiro", func(s string) (string, bool) {
		before, _, _ := strings.Cut(s, ";")
		decoded, ok := decoding(before, "")
		if !ok {
			return "", false
		}
		return resolved(decoded, true)
	}},
	{"Play as CM-Well has it", play},
	{"IIS", func(s string) (string, bool) { return windows(s, false) }},
	{"Windows, names trimmed", func(s string) (string, bool) { return windows(s, true) }},
	{"urlparse of Python", func(s string) (string, bool) {
		at := strings.LastIndexByte(s, '/')
		last, _, _ := strings.Cut(s[at:], ";")
		return decoding(s[:at]+last, "")
	}},
	{"URL of WHATWG, then decoded", whatwg},
	{"URL of WHATWG with a base, which finds hosts, then decoded", func(s string) (string, bool) {
		slashes := strings.ReplaceAll(s, `\`, "/")
		if strings.HasPrefix(slashes, "//") {
			host := strings.TrimLeft(slashes, "/")
			s = "/" + host[min(len(host), strings.IndexByte(host+"/", '/')+1):]
		}
		return whatwg(s)
	}},
	{"url.Parse, which finds hosts", func(s string) (string, bool) {
		u, err := url.Parse(s)
		if err != nil {
			return "", false
		}
		return "/" + strings.TrimPrefix(u.Path, "/"), true
	}},
	{"a proxy that decodes before a server that does", func(s string) (string, bool) {
		once, ok := decoding(s, "")
		if !ok {
			return "", false
		}
		return decoding(once, "")
	}},
	{"a proxy that decodes and resolves before a server that does", func(s string) (string, bool) {
		once, ok := nginx(s, true, false)
		if !ok {
			return "", false
		}
		return nginx(once, true, false)
	}},
	{"a proxy that decodes before Apache, NoDecode", func(s string) (string, bool) {
		once, ok := decoding(s, "")
		if !ok || !strings.HasPrefix(once, "/") {
			return "", false
		}
		return apache(once, "nodecode")
	}},
}

// decoding takes each escape for its byte, but for those of the bytes kept. A
// NUL, and an escape that is none, is refused.
func decoding(s, keep string) (string, bool) {
	const digits = "0123456789abcdef"
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		lower := strings.ToLower(s[i+1 : i+3])
		high, low := strings.IndexByte(digits, lower[0]), strings.IndexByte(digits, lower[1])
		if high < 0 || low < 0 || high+low == 0 {
			return "", false
		}
		if c := byte(high<<4 | low); strings.IndexByte(keep, c) >= 0 {
			out = append(out, s[i:i+3]...)
		} else {
			out = append(out, c)
		}
		i += 2
	}
	return string(out), true
}

// resolved walks the segments; whoever climbs over the root is refused.
func resolved(s string, merge bool) (string, bool) {
	stack, slash := []string{}, false
	for i, segment := range strings.Split(s, "/") {
		slash = false
		switch {
		case i == 0:
		case segment == "..":
			if len(stack) == 0 {
				return "", false
			}
			stack, slash = stack[:len(stack)-1], true
		case segment == ".":
			slash = true
		case segment == "" && merge:
			slash = true
		default:
			stack = append(stack, segment)
		}
	}
	if slash && len(stack) > 0 {
		stack = append(stack, "")
	}
	return "/" + strings.Join(stack, "/"), true
}

func nginx(s string, merge, backslash bool) (string, bool) {
	s, _, _ = strings.Cut(s, "?")
	s, _, _ = strings.Cut(s, "#")
	decoded, ok := decoding(s, "")
	if !ok {
		return "", false
	}
	if backslash {
		decoded = strings.ReplaceAll(decoded, `\`, "/")
	}
	return resolved(decoded, merge)
}

// unreservedBytes are those of RFC 3986, section 2.3.
var unreservedBytes = func() map[string]bool {
	all := map[string]bool{}
	for _, c := range strings.Split("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", "") {
		all[c] = true
	}
	return all
}()

func apache(s, slashes string) (string, bool) {
	s, _, _ = strings.Cut(s, "?")
	if slashes == "off" && strings.Contains(strings.ToLower(s), "%2f") {
		return "", false
	}
	var unreserved strings.Builder
	for i := 0; i < len(s); i++ {
		if i+2 < len(s) && s[i] == '%' {
			c, ok := decoding(s[i:i+3], "")
			if ok && unreservedBytes[c] {
				unreserved.WriteString(c)
				i += 2
				continue
			}
		}
		unreserved.WriteByte(s[i])
	}
	walked, ok := resolved(unreserved.String(), true)
	if !ok {
		return "", false
	}
	if slashes == "nodecode" {
		return decoding(walked, "/")
	}
	return decoding(walked, "")
}

func withoutParameters(s string) string {
	for {
		from := strings.IndexByte(s, ';')
		if from < 0 {
			return s
		}
		to := strings.IndexByte(s[from:], '/')
		if to < 0 {
			return s[:from]
		}
		s = s[:from] + s[from+to:]
	}
}

func tomcat(s, through string, backslash bool) (string, bool) {
	decoded, ok := decoding(withoutParameters(s), through)
	if !ok || !backslash && strings.Contains(decoded, `\`) {
		return "", false
	}
	return resolved(strings.ReplaceAll(decoded, `\`, "/"), true)
}

func play(s string) (string, bool) {
	if strings.Contains(strings.ToUpper(s), "%2F") {
		return "", false
	}
	var out []string
	for segment := range strings.SplitSeq(s, "/") {
		decoded, ok := decoding(segment, "")
		if !ok {
			return "", false
		}
		if segment != "" {
			out = append(out, decoded)
		}
	}
	return "/" + strings.Join(out, "/"), true
}

func windows(s string, trim bool) (string, bool) {
	decoded, ok := decoding(s, "")
	if !ok {
		return "", false
	}
	segments := strings.Split(strings.ReplaceAll(decoded, `\`, "/"), "/")
	for i, segment := range segments {
		if segment = strings.TrimRight(segment, " "); trim && segment != "." && segment != ".." {
			segments[i] = strings.TrimRight(segment, " .")
		} else if trim {
			segments[i] = segment
		}
	}
	return resolved(strings.Join(segments, "/"), true)
}

func whatwg(s string) (string, bool) {
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	var out []string
	segments := strings.Split(strings.ReplaceAll(s, `\`, "/"), "/")[1:]
	for i, segment := range segments {
		dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
		switch {
		case dots == "..":
			out = out[:max(0, len(out)-1)]
		case dots != ".":
			out = append(out, segment)
			continue
		}
		if i == len(segments)-1 {
			out = append(out, "")
		}
	}
	return decoding("/"+strings.Join(slices.Clip(out), "/"), "")
}
