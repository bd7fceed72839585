package token

import "bytes"

// maxMembers is the number of claims above which they are left to parseClaims:
// each name that means nothing here is compared with all such before it.
const maxMembers = 8

// The claims that count, as bits of those that were there.
const (
	sub = 1 << iota
	exp
	rev
	nbf
	iat
)

// scanClaims reads claims in the plain form that programs write, without
// allocation: one object without white space, of up to maxMembers distinct names,
// whose strings are ASCII without escapes and whose other values are whole
// numbers of up to 18 digits, true, false or null. It never refuses: false means
// that the claims have another form, or lack something, and that parseClaims
// decides. What it accepts, parseClaims accepts with the same result. The result
// is made of parts of b.
func scanClaims(b []byte) (claimSet, bool) {
	s := scanner{b: b}
	if !s.take('{') {
		return claimSet{}, false
	}
	c := claimSet{notBefore: always}
	var others [maxMembers]span
	there := 0
	for i := range others {
		claim, ok := 0, false
		switch {
		case s.literal(`"sub":`):
			claim = sub
			c.subject, ok = s.text()
		case s.literal(`"exp":`):
			claim = exp
			c.expires, ok = s.integer()
		case s.literal(`"rev":`):
			claim = rev
			c.revision, ok = s.integer()
		case s.literal(`"nbf":`):
			claim = nbf
			c.notBefore, ok = s.integer()
		case s.literal(`"iat":`):
			claim = iat
			_, ok = s.integer()
		default:
			begin := s.at + 1
			name, named := s.text()
			ok = named && s.take(':') && !isOneOf(b, others[:i], name) && s.skip()
			others[i] = span{int32(begin), int32(begin + len(name))}
		}
		if !ok || there&claim != 0 {
			return claimSet{}, false
		}
		there |= claim
		if s.take('}') {
			if s.at < len(b) || len(c.subject) == 0 || there&exp == 0 {
				return claimSet{}, false
			}
			return c, true
		}
		if !s.take(',') {
			return claimSet{}, false
		}
	}
	return claimSet{}, false
}

// span is where a name is among the claims. The zero span is none.
type span struct{ from, to int32 }

func isOneOf(b []byte, names []span, name []byte) bool {
	for _, n := range names {
		if n.to > 0 && bytes.Equal(b[n.from:n.to], name) {
			return true
		}
	}
	return false
}

// scanner takes JSON in its plain form out of b, from at on. After a
// false there is nothing to read any more.
type scanner struct {
	b  []byte
	at int
}

func (s *scanner) take(c byte) bool {
	if s.at >= len(s.b) || s.b[s.at] != c {
		return false
	}
	s.at++
	return true
}

// skip takes a value that means nothing here.
func (s *scanner) skip() (ok bool) {
	if s.at == len(s.b) {
		return false
	}
	switch s.b[s.at] {
	case '"':
		_, ok = s.text()
	case 't':
		ok = s.literal("true")
	case 'f':
		ok = s.literal("false")
	case 'n':
		ok = s.literal("null")
	default:
		_, ok = s.integer()
	}
	return ok
}

func (s *scanner) literal(word string) bool {
	if len(s.b)-s.at < len(word) || string(s.b[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// text takes a string. An escape or a letter beyond ASCII has more than one
// spelling, or may be none at all: such strings are not for this reader.
func (s *scanner) text() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	rest := s.b[s.at:]
	i := 0
	for i < len(rest) && isPlain[rest[i]] {
		i++
	}
	if i == len(rest) || rest[i] != '"' {
		return nil, false
	}
	s.at += i + 1
	return rest[:i], true
}

// isPlain tells which bytes stand for themselves in a string, and for nothing
// else: ASCII without controls, quote and backslash.
var isPlain = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// maxDigits is the greatest number of digits that always fit 64 bits.
const maxDigits = 18

// integer takes a whole number: no leading zero, no -0. What follows it is for
// the caller to judge, who accepts neither a point nor an exponent.
func (s *scanner) integer() (int64, bool) {
	negative := s.take('-')
	digits := s.b[s.at:]
	var n int64
	i := 0
	for ; i < len(digits) && digits[i] >= '0' && digits[i] <= '9'; i++ {
		if i == maxDigits {
			return 0, false
		}
		n = n*10 + int64(digits[i]-'0')
	}
	if i == 0 || digits[0] == '0' && (i > 1 || negative) {
		return 0, false
	}
	s.at += i
	if negative {
		n = -n
	}
	return n, true
}
