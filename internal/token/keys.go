package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MinSecret is the number of bytes that an HMAC secret should have at least:
// RFC 7518, section 3.2, asks for a key of the hash's size.
const MinSecret = 32

// What is wrong with a secret.
var (
	// ErrShortSecret says: fewer bytes than MinSecret.
	ErrShortSecret = errors.New("secret is too short")
	// ErrPublicSecret says: a secret that is printed in CM-Well's sources, with a
	// token made from it that is valid until the year 2117.
	ErrPublicSecret = errors.New("secret is published in CM-Well's sources, so anybody can sign with it")
)

const publicSecret = "changeMeFromCMWellConsole"

// Secret is a key for HMAC. It never prints.
type Secret []byte

// String hides the secret from every formatting verb that asks for a string.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

// Config says what Keys sign and verify with.
type Config struct {
	// Signing signs new tokens and verifies them. Required.
	Signing Secret
	// Accept verify tokens, and never sign.
	Accept []Secret
	// Unit is the unit of exp in new tokens.
	Unit Unit
	// UnsafeShortSecrets accepts secrets of fewer than MinSecret bytes, which
	// can be guessed offline from a single token.
	UnsafeShortSecrets bool
}

// Keys sign and verify tokens. The zero value has no key: it signs nothing and
// accepts nothing. Keys are safe for concurrent use.
type Keys struct {
	ring atomic.Pointer[ring]
}

type ring struct {
	signing Secret
	accept  []Secret // the signing secret first
	unit    Unit
}

// Use makes k work with c from now on. After an error k is as it was before.
func (k *Keys) Use(c Config) error {
	accept := make([]Secret, 0, 1+len(c.Accept))
	for i, s := range append([]Secret{c.Signing}, c.Accept...) {
		if err := check(s, c.UnsafeShortSecrets); err != nil {
			if i == 0 {
				return fmt.Errorf("signing key: %w", err)
			}
			return fmt.Errorf("accepted key %d: %w", i, err)
		}
		accept = append(accept, append(Secret(nil), s...))
	}
	k.ring.Store(&ring{signing: accept[0], accept: accept, unit: c.Unit})
	return nil
}

func check(s Secret, allowShort bool) error {
	if string(s) == publicSecret {
		return ErrPublicSecret
	}
	if len(s) == 0 || len(s) < MinSecret && !allowShort {
		return fmt.Errorf("%w: %d bytes found, at least %d are needed", ErrShortSecret, len(s), MinSecret)
	}
	return nil
}

// Derive makes a key for another purpose out of the signing key, the same on
// every server that signs with it. Knowing it tells nothing about the signing
// key or about keys with other labels.
func (k *Keys) Derive(label string) ([]byte, error) {
	r := k.ring.Load()
	if r == nil {
		return nil, ErrNoKey
	}
	// The label holds a NUL, which no token does: no derived key is a signature.
	h := hmac.New(sha256.New, r.signing)
	h.Write([]byte("cmwell_auth\x00" + label))
	return h.Sum(nil), nil
}

// Sign writes the token that carries c, byte for byte as CM-Well writes it.
func (k *Keys) Sign(c Claims) (string, error) {
	r := k.ring.Load()
	if r == nil {
		return "", ErrNoKey
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, wireClaims{
		Sub: c.Subject, Exp: r.unit.write(c.Expires), Rev: c.Revision,
	}).SignedString([]byte(r.signing))
}

// Verify returns the claims of raw when its form is right, an accepted key
// signed it, and now lies within its time. Errors wrap the sentinels of this
// package; whether the user exists and has this revision is not asked here.
func (k *Keys) Verify(raw string, now time.Time) (Claims, error) {
	r := k.ring.Load()
	if r == nil {
		return Claims{}, ErrNoKey
	}
	t, err := parse(raw)
	if err != nil {
		return Claims{}, err
	}
	if !r.signed(t) {
		return Claims{}, ErrSignature
	}
	if !now.Before(t.claims.Expires) {
		return Claims{}, ErrExpired
	}
	if now.Before(t.notBefore) {
		return Claims{}, ErrNotYetValid
	}
	return t.claims, nil
}

func (r *ring) signed(t parsed) bool {
	for _, s := range r.accept {
		if jwt.SigningMethodHS256.Verify(t.signed, t.signature, []byte(s)) == nil {
			return true
		}
	}
	return false
}

// wireClaims fixes the order and the names of the claims as CM-Well writes them.
type wireClaims struct {
	Sub string `json:"sub"`
	Exp int64  `json:"exp"`
	Rev int64  `json:"rev"`
}

func (c wireClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(instant(c.Exp)), nil
}
func (c wireClaims) GetSubject() (string, error)           { return c.Sub, nil }
func (wireClaims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (wireClaims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (wireClaims) GetIssuer() (string, error)              { return "", nil }
func (wireClaims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }
