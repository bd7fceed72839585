package token

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// accepts says what keys of an algorithm look like: their kind, and the labels of
// PEM (RFC 7468) under which a private one stands.
var accepts = [...]struct {
	key     string
	private []string
}{
	HS256: {"a secret", nil},
	HS512: {"a secret", nil},
	ES256: {"an EC key of the curve P-256", []string{"PRIVATE KEY", "EC PRIVATE KEY"}},
	RS256: {fmt.Sprintf("an RSA key of %d to %d bits with an odd exponent from 65537 on", minRSA, maxRSA), []string{"PRIVATE KEY", "RSA PRIVATE KEY"}},
	EdDSA: {"an Ed25519 key", []string{"PRIVATE KEY"}},
}

// known are the labels that an error may show: any other could be part of a key.
var known = []string{
	"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "DSA PRIVATE KEY",
	"PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST",
}

// ParsePrivate reads the one private key in a PEM text: PKCS #8 for every
// algorithm, SEC 1 for ES256, PKCS #1 for RS256. No error shows any of it.
func ParsePrivate(a Algorithm, text []byte) (*Private, error) {
	b, err := onlyBlock(a, text, accepts[a].private)
	if err != nil {
		return nil, err
	}
	var key any
	switch b.Type {
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(b.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	}
	if err != nil { // not told: it describes the bytes
		return nil, fmt.Errorf("%w: a block %s found that holds no private key; %s", ErrKey, b.Type, acceptedIn(a, accepts[a].private))
	}
	return newPrivate(a, key)
}

// ParsePublic reads the one public key in a PEM text. A certificate is none: it
// says more than a key, and nobody would look at its dates and its chain.
func ParsePublic(a Algorithm, text []byte) (*Public, error) {
	b, err := onlyBlock(a, text, publicLabels)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: a block %s found that holds no public key; %s", ErrKey, b.Type, acceptedIn(a, publicLabels))
	}
	p, err := newPublic(a, key)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

var publicLabels = []string{"PUBLIC KEY"}

// acceptedIn says what a PEM text is to hold.
func acceptedIn(a Algorithm, labels []string) string {
	return fmt.Sprintf("one PEM block %s with %s is accepted with %s", strings.Join(labels, " or "), accepts[a].key, a)
}

// onlyBlock finds the one PEM block that is there. Which of two counts would
// depend on who reads.
func onlyBlock(a Algorithm, text []byte, labels []string) (*pem.Block, error) {
	if a.Symmetric() {
		return nil, fmt.Errorf("%w: PEM found; the bytes of a secret are accepted with %s", ErrKey, a)
	}
	accepted := acceptedIn(a, labels)
	b, rest := pem.Decode(text)
	if b != nil && b.Type == "EC PARAMETERS" { // openssl writes it before a key of SEC 1, which names its curve again
		b, rest = pem.Decode(rest)
	}
	switch {
	case b == nil:
		return nil, fmt.Errorf("%w: no PEM found; %s", ErrKey, accepted)
	case strings.Contains(string(rest), "-----BEGIN"):
		return nil, fmt.Errorf("%w: more than one PEM block found; %s", ErrKey, accepted)
	case b.Headers["DEK-Info"] != "" || b.Type == "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("%w: a key under a passphrase found; %s", ErrKey, accepted)
	case !slices.Contains(labels, b.Type):
		found := "a PEM block of another kind"
		if slices.Contains(known, b.Type) {
			found = b.Type
		}
		return nil, fmt.Errorf("%w: %s found; %s", ErrKey, found, accepted)
	}
	return b, nil
}
