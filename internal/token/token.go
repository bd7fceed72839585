// Package token issues and verifies CM-Well's access tokens: JSON Web Tokens
// (RFC 7519) in the compact serialization of RFC 7515, section 3.1, whose
// claims are, in this order, sub, exp and rev.
//
// CM-Well writes exp in milliseconds since the epoch, and so does this package
// unless told otherwise. It reads both: a value of 10^11 or more is
// milliseconds, anything below it is the NumericDate (seconds) of RFC 7519.
package token

import (
	"errors"
	"time"
)

// Claims are what a token says about its bearer.
type Claims struct {
	// Subject is the user's name, the sub claim.
	Subject string
	// Expires is the first moment at which the token is no longer valid, the exp claim.
	Expires time.Time
	// Revision is CM-Well's rev claim: the token lives as long as it equals the user's own.
	Revision int64
}

// Why a token is not accepted. Every error of Keys.Verify wraps exactly one of
// these, and with an error the claims are always zero.
var (
	// ErrMalformed says: not a token in the strict form, or one that asks for what is not supported.
	ErrMalformed = errors.New("token: malformed")
	// ErrAlgorithm says: the alg header is not the configured one.
	ErrAlgorithm = errors.New("token: another algorithm than the configured one")
	// ErrUnknownKey says: the kid header names a key that is not known here.
	ErrUnknownKey = errors.New("token: unknown key")
	// ErrSignature says: no accepted key made this signature.
	ErrSignature = errors.New("token: signature does not match")
	// ErrExpired says: the time in exp has come.
	ErrExpired = errors.New("token: expired")
	// ErrNotYetValid says: the time in nbf has not come.
	ErrNotYetValid = errors.New("token: not yet valid")
	// ErrNoKey says: the Keys hold nothing to sign or to verify with.
	ErrNoKey = errors.New("token: no key")
)

// Unit is the unit in which Sign writes the exp claim.
type Unit uint8

const (
	// Milliseconds since the epoch, as CM-Well writes them.
	Milliseconds Unit = iota
	// Seconds since the epoch, the NumericDate of RFC 7519, section 2.
	Seconds
)

// ParseUnit reads "milliseconds" or "seconds".
func ParseUnit(s string) (Unit, error) {
	switch s {
	case "milliseconds":
		return Milliseconds, nil
	case "seconds":
		return Seconds, nil
	}
	return 0, errors.New("milliseconds and seconds are accepted")
}

func (u Unit) write(t time.Time) int64 {
	if u == Seconds {
		return t.Unix()
	}
	return t.UnixMilli()
}

// firstMillisecond is the least number read as milliseconds: as seconds it
// would be the year 5138, as milliseconds it is March 1973.
const firstMillisecond = 100_000_000_000

func instant(n int64) time.Time {
	if n >= firstMillisecond {
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}
