package token

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config says what Keys sign and verify with.
type Config struct {
	// Algorithm signs, and is the only one that is accepted.
	Algorithm Algorithm
	// Signing signs new tokens and verifies them. Required.
	Signing Key
	// Accept verify tokens, and never sign.
	Accept []Key
	// Unit is the unit of exp in new tokens.
	Unit Unit
	// UnsafeShortSecrets accepts secrets of fewer than MinSecret bytes, which
	// can be guessed offline from a single token.
	UnsafeShortSecrets bool
	// Derive is what Keys.Derive starts from, so that a new signing key changes
	// nothing for what is derived; the signing key when it is nil.
	Derive Secret
	// FormerDerive is what Derive was before, for Keys.DeriveFormer.
	FormerDerive Secret
}

// CheckAccepted tells what is wrong with Accept, while the signing key is not
// known yet.
func (c Config) CheckAccepted() error {
	_, err := c.accepted()
	return err
}

// Keys sign and verify tokens. The zero value has no key: it signs nothing and
// accepts nothing. Keys are safe for concurrent use.
type Keys struct {
	// Refresh is called for a token whose kid names no key that is known, before
	// it is refused: where another server may have made a key a moment ago, it has
	// Use called with what there is now. Nil means that nothing can be new. It is
	// set before the first token comes.
	Refresh func()

	ring atomic.Pointer[ring]
}

// Use makes k work with c from now on. After an error k is as it was before.
func (k *Keys) Use(c Config) error {
	r, err := newRing(c)
	if err != nil {
		return err
	}
	k.ring.Store(r)
	return nil
}

// Derive makes a key for another purpose, the same on every server with the same
// Config. Knowing it tells nothing about the signing key or about keys with other
// labels.
func (k *Keys) Derive(label string) ([]byte, error) {
	r := k.ring.Load()
	if r == nil {
		return nil, ErrNoKey
	}
	return derive(r.derive, label), nil
}

// DeriveFormer is what Derive made before its origin was replaced; nil when it
// was not. It serves to recognise what was given out then, and to trust nothing.
func (k *Keys) DeriveFormer(label string) []byte {
	r := k.ring.Load()
	if r == nil || r.former == nil {
		return nil
	}
	return derive(r.former, label)
}

func derive(from Secret, label string) []byte {
	// The label holds a NUL, which no token does: no derived key is a signature.
	h := hmac.New(sha256.New, from)
	h.Write([]byte("cmwell_auth\x00" + label))
	return h.Sum(nil)
}

// PublicKeys is the JWK Set (RFC 7517, section 5) of the keys that verify now:
// nil with HS256 and HS512, and when there is no key. It is not to be changed.
func (k *Keys) PublicKeys() []byte {
	r := k.ring.Load()
	if r == nil {
		return nil
	}
	return r.set
}

// Sign writes the token that carries c, byte for byte as CM-Well writes it when
// the algorithm is HS256 and the key has no name. Others carry a kid.
func (k *Keys) Sign(c Claims) (string, error) {
	r := k.ring.Load()
	if r == nil {
		return "", ErrNoKey
	}
	return r.sign(wireClaims{Sub: c.Subject, Exp: r.unit.write(c.Expires), Rev: c.Revision})
}

// Verify returns the claims of raw when its form is right, an accepted key
// signed it, and now lies within its time. Errors wrap the sentinels of this
// package; whether the user exists and has this revision is not asked here.
//
// With HS256 and HS512 a token in the form that Sign writes, of up to 512 bytes,
// costs no allocation when its user was seen lately. Nothing but the user's name
// is kept from one token to the next: every token is verified each time it comes.
func (k *Keys) Verify(raw string, now time.Time) (Claims, error) {
	r := k.ring.Load()
	if r == nil {
		return Claims{}, ErrNoKey
	}
	claims, err := r.verify(raw, now)
	if errors.Is(err, ErrUnknownKey) && k.Refresh != nil {
		k.Refresh()
		if newer := k.ring.Load(); newer != r {
			return newer.verify(raw, now)
		}
	}
	return claims, err
}

func (r *ring) verify(raw string, now time.Time) (Claims, error) {
	memory := scratch{known: &r.headers}
	t, err := memory.parse(raw)
	if err != nil {
		return Claims{}, err
	}
	if !t.known {
		t.keys, err = r.choose(&t.header)
		if err = cmp.Or(memory.misshapen(&t), err); err != nil {
			return Claims{}, err
		}
	}
	if !r.signed(&t) {
		return Claims{}, cmp.Or(memory.misshapen(&t), ErrSignature)
	}
	claims, err := memory.read(&t)
	if err != nil {
		return Claims{}, err
	}
	expires := instant(claims.expires)
	if !now.Before(expires) {
		return Claims{}, ErrExpired
	}
	if now.Before(instant(claims.notBefore)) {
		return Claims{}, ErrNotYetValid
	}
	return Claims{Subject: r.names.of(claims.subject), Expires: expires, Revision: claims.revision}, nil
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
