package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
)

// jwk is a public key as RFC 7517 has it. It has no place for a private part.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	Modulus   string `json:"n,omitempty"`
	Exponent  string `json:"e,omitempty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
}

// newJWK describes a key that newPublic has found sound.
func newJWK(a Algorithm, key crypto.PublicKey) (jwk, error) {
	k := jwk{Use: "sig", Algorithm: a.String()}
	var members string // those that RFC 7638, section 3.2, and RFC 8037, section 2, name, in their order
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			return jwk{}, err
		}
		k.Type, k.Curve = "EC", "P-256"
		k.X, k.Y = canonical.EncodeToString(point[1:1+scalarSize]), canonical.EncodeToString(point[1+scalarSize:])
		members = fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, k.Curve, k.Type, k.X, k.Y)
	case *rsa.PublicKey:
		k.Type = "RSA"
		k.Modulus, k.Exponent = canonical.EncodeToString(key.N.Bytes()), canonical.EncodeToString(big.NewInt(int64(key.E)).Bytes())
		members = fmt.Sprintf(`{"e":%q,"kty":%q,"n":%q}`, k.Exponent, k.Type, k.Modulus)
	case ed25519.PublicKey:
		k.Type, k.Curve, k.X = "OKP", "Ed25519", canonical.EncodeToString(key)
		members = fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q}`, k.Curve, k.Type, k.X)
	}
	sum := sha256.Sum256([]byte(members))
	k.ID = canonical.EncodeToString(sum[:])
	return k, nil
}

// jwkSet is RFC 7517, section 5.
type jwkSet struct {
	Keys []jwk `json:"keys"`
}
