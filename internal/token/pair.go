package token

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"

	"filippo.io/edwards25519"
)

// ErrKey says: a key of another kind, size or form than the algorithm's.
var ErrKey = errors.New("key is not accepted")

// Public verifies tokens of ES256, RS256 or EdDSA, and never signs.
type Public struct {
	algorithm Algorithm
	key       crypto.PublicKey
	jwk       jwk
}

// Private signs tokens of ES256, RS256 or EdDSA, and verifies them. It never prints.
type Private struct {
	Public
	signer crypto.Signer
	der    Secret // PKCS #8
}

// ID is the key's thumbprint (RFC 7638, with SHA-256): what kid calls it.
func (p *Public) ID() string { return p.jwk.ID }

// String hides the private part from every formatting verb that asks for a string.
func (*Private) String() string { return "(private key)" }

// GoString hides the private part from %#v.
func (*Private) GoString() string { return "(private key)" }

// newPublic takes a key that is of the algorithm's kind, and safe to trust.
func newPublic(a Algorithm, key crypto.PublicKey) (Public, error) {
	var sound bool
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		sound = a == ES256 && k.Curve == elliptic.P256()
	case *rsa.PublicKey:
		sound = a == RS256 && soundRSA(k)
	case ed25519.PublicKey:
		sound = a == EdDSA && !smallOrder(k)
	}
	if !sound {
		return Public{}, fmt.Errorf("%w: %s found; %s is accepted with %s", ErrKey, kindOf(key), accepts[a].key, a)
	}
	p := Public{algorithm: a, key: key}
	var err error
	p.jwk, err = newJWK(a, key)
	return p, err
}

// The sizes of RSA keys that are accepted, in bits: RFC 7518, section 3.3, sets
// the least; a greater one than the most would make every check of a token slow.
const (
	minRSA = 2048
	maxRSA = 8192
)

// soundRSA refuses what no generator of keys makes today: with e=1 a message is
// its own signature, and small exponents have been the way into careless checks.
func soundRSA(k *rsa.PublicKey) bool {
	bits := k.N.BitLen()
	return bits >= minRSA && bits <= maxRSA && k.N.Bit(0) == 1 && k.E >= 65537 && k.E%2 == 1
}

// smallOrder tells whether the key is one of the few with which a signature can
// be made that fits many messages, or all (RFC 8032, section 8.4, speaks of them).
func smallOrder(k ed25519.PublicKey) bool {
	point, err := new(edwards25519.Point).SetBytes(k)
	return err != nil || point.MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1
}

func newPrivate(a Algorithm, key any) (*Private, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: a key that cannot sign found; %s is accepted with %s", ErrKey, accepts[a].key, a)
	}
	public, err := newPublic(a, signer.Public())
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("writing a private key as PKCS #8")
	}
	return &Private{Public: public, signer: signer, der: der}, nil
}

func kindOf(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("an RSA key of %d bits with the exponent %d", k.N.BitLen(), k.E)
	case *ecdsa.PublicKey:
		return "an EC key of the curve " + k.Params().Name
	case ed25519.PublicKey:
		if smallOrder(k) {
			return "an Ed25519 key of small order"
		}
		return "an Ed25519 key"
	case *ecdh.PublicKey:
		return "a key for key agreement"
	}
	return "a key of another kind"
}

// verifies tells whether the key made the signature. The second S that every
// signature with ECDSA has would make another token of the same one: lowS
// refuses it, where who signs is known never to write it.
func (p *Public) verifies(signed string, signature []byte, lowS bool) bool {
	if lowS && p.algorithm == ES256 && !hasLowS(signature) {
		return false
	}
	return methods[p.algorithm].Verify(signed, signature, p.key) == nil
}

const scalarSize = 32 // of P-256, in bytes

var halfOrder = new(big.Int).Rsh(elliptic.P256().Params().N, 1)

func hasLowS(signature []byte) bool {
	return len(signature) == 2*scalarSize && new(big.Int).SetBytes(signature[scalarSize:]).Cmp(halfOrder) <= 0
}

// lowerS makes the S of a signature the smaller of the two.
func lowerS(signature []byte) {
	if !hasLowS(signature) {
		s := new(big.Int).SetBytes(signature[scalarSize:])
		s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[scalarSize:])
	}
}

func (p *Public) member(a Algorithm, _ bool) (member, error) {
	if p == nil || p.key == nil || p.algorithm != a {
		return member{}, fmt.Errorf("%w: a public key found that is not for %s", ErrKey, a)
	}
	return member{id: p.ID(), public: p}, nil
}

func (p *Private) member(a Algorithm, allowShort bool) (member, error) {
	if p == nil || p.signer == nil {
		return member{}, fmt.Errorf("%w: no private key", ErrKey)
	}
	m, err := p.Public.member(a, allowShort)
	m.signer, m.seed = p.signer, p.der
	return m, err
}
