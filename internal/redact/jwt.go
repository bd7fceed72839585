package redact

import (
	"encoding/base64"
	"unicode/utf8"
)

const (
	// mostParts is how many a compact JWS (RFC 7515) or JWE (RFC 7516) has.
	mostParts = 5
	// leastHead is below the shortest head of a token, {"alg":"x"}.
	leastHead = 12
	// looksAt is how much of a part is decoded: a line full of beginnings must
	// not take longer than its length.
	looksAt = 64
)

// findToken finds the first text in s that has the shape of a JWT: base64url
// that begins a JSON object, and more behind a dot. So the claims and the
// signature are found too when the header is cut off.
func findToken(s string) (start, end int, found bool) {
	run := 0 // where the word ends that start is in
	for start = 0; start+4 <= len(s); start++ {
		if !beginsObject(s[start:]) {
			continue
		}
		if start >= run {
			run = start + wordLength(s[start:])
		}
		if run == len(s) || s[run] != '.' {
			start = run
			continue
		}
		if end = endOfParts(s, run); end > run && run-start >= leastHead && isText(s[start:run]) {
			return start, end, true
		}
	}
	return 0, 0, false
}

// endOfParts is where the parts behind the first one end. A dot behind them is
// that of a sentence.
func endOfParts(s string, first int) int {
	end := first
	for parts := 1; parts < mostParts && end < len(s) && s[end] == '.'; parts++ {
		end += 1 + wordLength(s[end+1:])
	}
	for end > first && s[end-1] == '.' {
		end--
	}
	return end
}

// beginsObject tells whether s begins with the base64url of "{" and a quote or
// white space.
func beginsObject(s string) bool {
	if s[0] != 'e' || s[1] != 'y' && s[1] != 'w' {
		return false
	}
	var first [3]byte
	n, err := base64.RawURLEncoding.Decode(first[:], []byte(s[:4]))
	return err == nil && n == 3 && first[0] == '{' && (first[1] == '"' || isSpace(rune(first[1])))
}

// isText tells JSON from names that happen to begin with the right letters, as
// KeyJoin.class does.
func isText(encoded string) bool {
	var buffer [looksAt / 4 * 3]byte
	encoded = encoded[:min(len(encoded), looksAt)/4*4]
	n, err := base64.RawURLEncoding.Decode(buffer[:], []byte(encoded))
	if err != nil {
		return false
	}
	for text := buffer[:n]; len(text) > 0; {
		r, size := utf8.DecodeRune(text)
		if r < ' ' && !isSpace(r) || r == utf8.RuneError && utf8.FullRune(text) {
			return false
		}
		text = text[size:]
	}
	return true
}

func wordLength(s string) int {
	for i := range len(s) {
		if !isWord(s[i]) {
			return i
		}
	}
	return len(s)
}

// isWord tells whether c is of base64url's alphabet, of which names are too.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }
