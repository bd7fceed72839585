package token

import (
	"bytes"
	"errors"
	"fmt"
)

// MinSecret is the number of bytes that an HMAC secret should have at least.
// RFC 7518, section 3.2, asks for as many with HS256, and for 64 with HS512.
const MinSecret = 32

// What is wrong with a secret.
var (
	// ErrShortSecret says: fewer bytes than MinSecret.
	ErrShortSecret = errors.New("secret is too short")
	// ErrPublicSecret says: a secret that is printed in CM-Well's sources, with a
	// token made from it that is valid until the year 2117.
	ErrPublicSecret = errors.New("the secret that is published in CM-Well's sources found, with which anybody can sign; another one is accepted")
)

const publicSecret = "changeMeFromCMWellConsole"

// Secret is a key for HMAC. It never prints.
type Secret []byte

// String hides the secret from every formatting verb that asks for a string.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

func (s Secret) check(allowShort bool) error {
	if string(s) == publicSecret {
		return ErrPublicSecret
	}
	// As a secret a public key would be known to everybody (RFC 8725, section 2.1),
	// and a private one is not what its owner meant to use so.
	if bytes.Contains(s, []byte("-----BEGIN")) {
		return fmt.Errorf("%w: PEM found; the bytes of a secret are accepted with HS256 and HS512", ErrKey)
	}
	if len(s) == 0 || len(s) < MinSecret && !allowShort {
		return fmt.Errorf("%w: %d of at least %d bytes found", ErrShortSecret, len(s), MinSecret)
	}
	return nil
}

// member makes the secret ready to work in a ring.
func (s Secret) member(a Algorithm, allowShort bool) (member, error) {
	if !a.Symmetric() {
		return member{}, fmt.Errorf("%w: a secret found; %s is accepted with %s", ErrKey, accepts[a].key, a)
	}
	if err := s.check(allowShort); err != nil {
		return member{}, err
	}
	mac, err := newMACKey(a, s)
	return member{mac: mac, signer: bytes.Clone(s), seed: bytes.Clone(s)}, err
}
