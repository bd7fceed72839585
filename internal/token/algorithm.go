package token

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is how tokens are signed, of those in RFC 7518, section 3.1, and
// RFC 8037, section 3.1. The zero value is CM-Well's, HS256.
type Algorithm uint8

// The algorithms. Those in HS sign and verify with one Secret; the others sign
// with a Private key, and anybody may have the Public one that verifies.
const (
	HS256 Algorithm = iota // HMAC with SHA-256
	HS512                  // HMAC with SHA-512
	ES256                  // ECDSA with the curve P-256 and SHA-256
	RS256                  // RSA, PKCS #1 v1.5, with SHA-256
	EdDSA                  // Ed25519
)

// methods sign, and verify what is not HMAC.
var methods = [...]jwt.SigningMethod{
	HS256: jwt.SigningMethodHS256,
	HS512: jwt.SigningMethodHS512,
	ES256: jwt.SigningMethodES256,
	RS256: jwt.SigningMethodRS256,
	EdDSA: jwt.SigningMethodEdDSA,
}

// ParseAlgorithm reads the name of an algorithm, in exactly its spelling.
func ParseAlgorithm(s string) (Algorithm, error) {
	for a := range methods {
		if s == methods[a].Alg() {
			return Algorithm(a), nil
		}
	}
	return 0, errors.New("HS256, HS512, ES256, RS256 and EdDSA are accepted")
}

// String is the algorithm's name, as it stands in alg.
func (a Algorithm) String() string { return methods[a].Alg() }

// Symmetric tells whether one Secret signs and verifies.
func (a Algorithm) Symmetric() bool { return a == HS256 || a == HS512 }

// MarshalText writes the algorithm's name.
func (a Algorithm) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what ParseAlgorithm reads.
func (a *Algorithm) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAlgorithm(string(text))
	return err
}
