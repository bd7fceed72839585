package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
)

// Generate makes a new key for the algorithm: a secret of as many random bytes as
// its hash has, or a private key as PKCS #8. Restore reads it.
func Generate(a Algorithm) (Secret, error) {
	var key any
	var err error
	switch a {
	case HS256:
		return random(sha256.Size), nil
	case HS512:
		return random(sha512.Size), nil
	case ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		key, err = rsa.GenerateKey(rand.Reader, minRSA)
	case EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

func random(size int) Secret {
	secret := make(Secret, size)
	_, _ = rand.Read(secret) // it never fails: crypto/rand
	return secret
}

// Restore reads what Generate has made, as strictly as any other key.
func Restore(a Algorithm, b Secret) (Key, error) {
	if a.Symmetric() {
		if err := b.check(false); err != nil {
			return nil, err
		}
		return b, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("%w: no PKCS #8", ErrKey)
	}
	private, err := newPrivate(a, key)
	if err != nil {
		return nil, err
	}
	return private, nil
}
