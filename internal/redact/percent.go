package redact

import "strings"

// decodings are the readings of percent-encoded text: decoded once, and as
// often as there is anything to decode. A plus sign stands for a space in a
// form, and in neither a token nor a name.
func decodings(s string) (once, wholly string) {
	s = strings.ReplaceAll(s, "+", " ")
	return decode(s, false), decode(s, true)
}

// decode leaves alone what is no escape. Each byte is looked at a bounded number
// of times, however deep the escapes are nested.
func decode(s string, again bool) string {
	decoded := make([]byte, 0, len(s))
	from := 0 // where an escape may begin
	for i := range len(s) {
		decoded = append(decoded, s[i])
		for n := len(decoded); n-from >= 3 && decoded[n-3] == '%' && isHex(decoded[n-2]) && isHex(decoded[n-1]); n = len(decoded) {
			decoded = append(decoded[:n-3], unhex(decoded[n-2])<<4|unhex(decoded[n-1]))
			if !again {
				from = len(decoded)
			}
		}
	}
	return string(decoded)
}

// hasBadEscape tells whether a reader could take s for something else than what
// it decodes to.
func hasBadEscape(s string) bool {
	for i := range len(s) {
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return true
		}
	}
	return false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
