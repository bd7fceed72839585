package login

import (
	"errors"
	"fmt"
	"net/url"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrExpiry says: the exp parameter of a login is not understood or out of range.
// Its text is a sentence for the person who sent it.
var ErrExpiry = errors.New("login: exp is not accepted")

// units of exp, CM-Well's: days, hours, minutes.
var units = map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}

// expiryQuery finds exp in a raw query. Absent, the standard duration holds. A
// query that two readers could split differently is refused, for one of them
// would see another exp.
func expiryQuery(rawQuery string, standard, limit time.Duration) (time.Duration, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return 0, complaint("the query is malformed", limit)
	}
	switch values := query["exp"]; len(values) {
	case 0:
		return standard, nil
	case 1:
		return ParseExpiry(values[0], limit)
	default:
		return 0, complaint("exp is given more than once", limit)
	}
}

// ParseExpiry reads a duration as CM-Well's login takes it: whole numbers of
// days, hours and minutes (d, h, m in any case), each unit at most once and in
// any order, between them any characters that are neither letters nor digits.
// The sum is more than zero and at most limit.
func ParseExpiry(s string, limit time.Duration) (time.Duration, error) {
	var total time.Duration
	seen := map[byte]bool{}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return 0, complaint("invalid UTF-8 was found", limit)
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			i += size
			continue
		}
		n, digits := number(s[i:], limit)
		if digits == 0 {
			return 0, complaint(fmt.Sprintf("%q was found where a number should begin", r), limit)
		}
		i += digits
		unit := byte(0)
		if i < len(s) {
			unit = s[i] | 0x20 // lower case, for letters
			i++
		}
		length, ok := units[unit]
		switch {
		case !ok:
			return 0, complaint("a number is not followed by d, h or m", limit)
		case seen[unit]:
			return 0, complaint(fmt.Sprintf("%c is given twice", unit), limit)
		case n > limit/length:
			return 0, complaint("it is too long", limit)
		}
		seen[unit] = true
		total += n * length
	}
	switch {
	case len(seen) == 0:
		return 0, complaint("no duration was found", limit)
	case total <= 0:
		return 0, complaint("it is zero", limit)
	case total > limit:
		return 0, complaint("it is too long", limit)
	}
	return total, nil
}

// number reads leading ASCII digits. It stops counting past the limit, so that
// no length of digits overflows.
func number(s string, limit time.Duration) (n time.Duration, digits int) {
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		if n <= limit {
			n = n*10 + time.Duration(s[digits]-'0')
		}
		digits++
	}
	return n, digits
}

func complaint(found string, limit time.Duration) error {
	return fmt.Errorf("%w: %s. Days, hours and minutes are accepted, each once, such as 30d or 3d 5h 10m; more than zero and at most %s", ErrExpiry, found, Period(limit))
}

// Period writes a duration as ParseExpiry reads it, such as 60d or 1d 12h.
func Period(d time.Duration) string {
	days, hours, minutes := d/(24*time.Hour), d%(24*time.Hour)/time.Hour, d%time.Hour/time.Minute
	s := ""
	for _, part := range []struct {
		n    time.Duration
		unit string
	}{{days, "d"}, {hours, "h"}, {minutes, "m"}} {
		if part.n > 0 {
			s += fmt.Sprintf(" %d%s", part.n, part.unit)
		}
	}
	if s == "" {
		return d.String()
	}
	return s[1:]
}
