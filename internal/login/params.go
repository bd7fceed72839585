package login

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// params are the auth-params of an Authorization header, by name in lower case.
type params map[string]param

type param struct {
	value  string
	quoted bool
}

// maxParams is more than any scheme has; a header with more is not well meant.
const maxParams = 32

// parseParams reads a list of auth-params (RFC 9110, section 11.2): name, "=",
// and a token or a quoted string (section 5.6.4). Empty elements between commas
// are let be, as section 5.6.1 asks. A name that comes twice is an error, since
// readers differ in which one counts.
func parseParams(s string) (params, error) {
	all := params{}
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return all, nil
		}
		name, rest := cutToken(s)
		rest, equals := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
		if name == "" || !equals {
			return nil, fmt.Errorf("%w: name=value was expected", ErrCredentials)
		}
		value, rest, err := cutValue(strings.TrimLeft(rest, " \t"))
		if err != nil {
			return nil, err
		}
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && rest[0] != ',' {
			return nil, fmt.Errorf("%w: a comma was expected after %s", ErrCredentials, name)
		}
		name = strings.ToLower(name)
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("%w: %s is given twice", ErrCredentials, name)
		}
		if len(all) == maxParams {
			return nil, fmt.Errorf("%w: more than %d parameters", ErrCredentials, maxParams)
		}
		all[name] = value
		s = rest
	}
}

func cutValue(s string) (param, string, error) {
	if strings.HasPrefix(s, `"`) {
		value, rest, ok := cutQuoted(s[1:])
		if !ok {
			return param{}, "", fmt.Errorf("%w: a quoted string is not well-formed", ErrCredentials)
		}
		return param{value, true}, rest, nil
	}
	value, rest := cutToken(s)
	if value == "" {
		return param{}, "", fmt.Errorf("%w: a value is missing", ErrCredentials)
	}
	return param{value, false}, rest, nil
}

// cutQuoted reads to the closing quote. A backslash quotes the next letter.
func cutQuoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\':
			i++
			if i == len(s) || !quotable(s[i]) {
				return "", "", false
			}
			b.WriteByte(s[i])
		case !quotable(c):
			return "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// quotable is what a quoted string may hold: HTAB, SP, VCHAR and obs-text.
func quotable(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }

// cutToken reads the longest token (RFC 9110, section 5.6.2) at the beginning.
func cutToken(s string) (token, rest string) {
	end := 0
	for end < len(s) && tokenByte(s[end]) {
		end++
	}
	return s[:end], s[end:]
}

func tokenByte(c byte) bool {
	letter := c|0x20 >= 'a' && c|0x20 <= 'z'
	return letter || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// extended decodes an ext-value (RFC 8187, section 3.2) in UTF-8, the only
// charset that RFC 7616, section 3.4, allows for username*.
func extended(p param) (string, error) {
	charset, rest, ok := strings.Cut(p.value, "'")
	_, encoded, ok2 := strings.Cut(rest, "'")
	if p.quoted || !ok || !ok2 || !strings.EqualFold(charset, "UTF-8") {
		return "", fmt.Errorf("%w: username* is UTF-8'' and percent-encoded text (RFC 8187, section 3.2)", ErrCredentials)
	}
	text, err := url.PathUnescape(encoded)
	if err != nil || !utf8.ValidString(text) {
		return "", fmt.Errorf("%w: username* is not percent-encoded UTF-8", ErrCredentials)
	}
	return text, nil
}
