package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
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
	accept  []macKey // of the signing secret first
	unit    Unit
	names   *names
}

// Use makes k work with c from now on. After an error k is as it was before.
func (k *Keys) Use(c Config) error {
	r := &ring{signing: slices.Clone(c.Signing), unit: c.Unit, names: newNames()}
	for i, s := range append([]Secret{c.Signing}, c.Accept...) {
		key, err := checked(s, c.UnsafeShortSecrets)
		if err != nil {
			if i == 0 {
				return fmt.Errorf("signing key: %w", err)
			}
			return fmt.Errorf("accepted key %d: %w", i, err)
		}
		r.accept = append(r.accept, key)
	}
	k.ring.Store(r)
	return nil
}

func checked(s Secret, allowShort bool) (macKey, error) {
	if err := check(s, allowShort); err != nil {
		return macKey{}, err
	}
	return newMACKey(s)
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
//
// A token in the form that CM-Well writes, of up to 384 bytes, costs no
// allocation when its user was seen lately. Nothing but the user's name is kept
// from one token to the next: every token is verified each time it comes.
func (k *Keys) Verify(raw string, now time.Time) (Claims, error) {
	r := k.ring.Load()
	if r == nil {
		return Claims{}, ErrNoKey
	}
	var memory scratch
	t, err := memory.parse(raw)
	if err != nil {
		return Claims{}, err
	}
	if !r.made(t.signature, t.signed) {
		return Claims{}, ErrSignature
	}
	expires := instant(t.claims.expires)
	if !now.Before(expires) {
		return Claims{}, ErrExpired
	}
	if now.Before(instant(t.claims.notBefore)) {
		return Claims{}, ErrNotYetValid
	}
	return Claims{Subject: r.names.of(t.claims.subject), Expires: expires, Revision: t.claims.revision}, nil
}

// made tells whether signature is that of message by any of the keys.
func (r *ring) made(signature, message []byte) bool {
	for i := range r.accept {
		if r.accept[i].made(signature, message) {
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
