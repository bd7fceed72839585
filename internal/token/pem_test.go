package token

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func block(label string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func pkcs8(key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return block("PRIVATE KEY", der, err)
}

func pkix(key any) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	return block("PUBLIC KEY", der, err)
}

func pkcs1(key *rsa.PrivateKey) string {
	return block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil)
}

func sec1(key *ecdsa.PrivateKey) string {
	der, err := x509.MarshalECPrivateKey(key)
	return block("EC PRIVATE KEY", der, err)
}

func certificate(signer any, public any) string {
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, public, signer)
	return block("CERTIFICATE", der, err)
}

func must[T any](key T, err error) T {
	if err != nil {
		panic(err)
	}
	return key
}

// ownKeys are those of crypto, of the tests' issuers.
func ownKeys() (*ecdsa.PrivateKey, *rsa.PrivateKey, ed25519.PrivateKey) {
	ec, _ := issuerOf(ES256).private().signer.(*ecdsa.PrivateKey)
	rs, _ := issuerOf(RS256).private().signer.(*rsa.PrivateKey)
	ed, _ := issuerOf(EdDSA).private().signer.(ed25519.PrivateKey)
	return ec, rs, ed
}

func TestEveryFormOfAKeyIsRead(t *testing.T) {
	ec, rs, ed := ownKeys()
	parameters := block("EC PARAMETERS", []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, nil)
	for _, row := range []struct {
		algorithm       Algorithm
		private, public string
	}{
		{ES256, pkcs8(ec), pkix(&ec.PublicKey)},
		{ES256, sec1(ec), pkix(&ec.PublicKey)},
		{ES256, parameters + sec1(ec), pkix(&ec.PublicKey)},
		{ES256, "a note\r\n" + strings.ReplaceAll(sec1(ec), "\n", "\r\n") + "\r\n", strings.ReplaceAll(pkix(&ec.PublicKey), "\n", "\r\n")},
		{RS256, pkcs8(rs), pkix(&rs.PublicKey)},
		{RS256, pkcs1(rs), pkix(&rs.PublicKey)},
		{EdDSA, pkcs8(ed), pkix(ed.Public())},
	} {
		private, err := ParsePrivate(row.algorithm, []byte(row.private))
		if err != nil {
			t.Errorf("%s: %v", row.algorithm, err)
			continue
		}
		public, err := ParsePublic(row.algorithm, []byte(row.public))
		if err != nil {
			t.Errorf("%s: %v", row.algorithm, err)
			continue
		}
		if private.ID() != public.ID() || private.ID() != issuerOf(row.algorithm).private().ID() {
			t.Errorf("%s: the private key is %s, the public %s", row.algorithm, private.ID(), public.ID())
		}
		raw, err := keys(t, Config{Algorithm: row.algorithm, Signing: private}).Sign(Claims{Subject: "ann", Expires: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		k := keys(t, Config{Algorithm: row.algorithm, Signing: another(row.algorithm).key, Accept: []Key{public}})
		if _, err := k.Verify(raw, noon); err != nil {
			t.Errorf("%s: %v", row.algorithm, err)
		}
	}
}

// weakRSA is a key of so many bits with the public exponent e, sound otherwise.
func weakRSA(bits, e int) *rsa.PublicKey {
	n := new(big.Int).SetBit(new(big.Int), bits-1, 1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e}
}

func TestKeysThatAreNotTaken(t *testing.T) {
	ec, rs, ed := ownKeys()
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	x25519 := must(ecdh.X25519().GenerateKey(rand.Reader))
	type row struct {
		why       string
		algorithm Algorithm
		text      string
		says      string
	}
	private := []row{
		{"nothing", ES256, "", "no PEM found; one PEM block PRIVATE KEY or EC PRIVATE KEY with an EC key of the curve P-256 is accepted with ES256"},
		{"a secret", RS256, secret, "no PEM found; one PEM block PRIVATE KEY or RSA PRIVATE KEY with an RSA key"},
		{"one byte", EdDSA, "x", "no PEM found"},
		{"PEM for HS256", HS256, pkcs8(ec), "PEM found; the bytes of a secret are accepted with HS256"},
		{"PEM for HS512", HS512, pkcs8(ec), "PEM found; the bytes of a secret are accepted with HS512"},
		{"an RSA key for ES256", ES256, pkcs8(rs), "an RSA key of 2048 bits with the exponent 65537 found; an EC key of the curve P-256 is accepted"},
		{"an RSA key of PKCS #1 for ES256", ES256, pkcs1(rs), "RSA PRIVATE KEY found"},
		{"an EC key for RS256", RS256, pkcs8(ec), "an EC key of the curve P-256 found; an RSA key of 2048 to 8192 bits"},
		{"an EC key for EdDSA", EdDSA, pkcs8(ec), "an EC key of the curve P-256 found; an Ed25519 key is accepted"},
		{"an Ed25519 key for ES256", ES256, pkcs8(ed), "an Ed25519 key found"},
		{"another curve", ES256, pkcs8(p384), "an EC key of the curve P-384 found"},
		{"another curve, SEC 1", ES256, sec1(p384), "an EC key of the curve P-384 found"},
		{"X25519", EdDSA, pkcs8(x25519), "a key that cannot sign found"},
		{"1024 bits", RS256, pkcs8(must(rsa.GenerateKey(rand.Reader, 1024))), "an RSA key of 1024 bits"},
		{"a public key", ES256, pkix(&ec.PublicKey), "PUBLIC KEY found"},
		{"a certificate", ES256, certificate(ec, &ec.PublicKey), "CERTIFICATE found"},
		{"two keys", ES256, pkcs8(ec) + pkcs8(ec), "more than one PEM block found"},
		{"a key and its certificate", ES256, pkcs8(ec) + certificate(ec, &ec.PublicKey), "more than one PEM block found"},
		{"half a second key", ES256, pkcs8(ec) + pkcs8(ec)[:60], "more than one PEM block found"},
		{"a key under a passphrase", RS256, block("ENCRYPTED PRIVATE KEY", []byte{1}, nil), "a key under a passphrase found"},
		{"a key under a passphrase, as it was before", RS256, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "a key under a passphrase found"},
		{"OpenSSH's", EdDSA, block("OPENSSH PRIVATE KEY", []byte{1}, nil), "OPENSSH PRIVATE KEY found"},
		{"a label that is a secret", ES256, block("CORRECT HORSE", []byte{1}, nil), "a PEM block of another kind found"},
		{"rubbish in PEM", ES256, block("PRIVATE KEY", []byte("rubbish"), nil), "holds no private key"},
		{"EC parameters alone", ES256, block("EC PARAMETERS", []byte{6, 8}, nil), "no PEM found"},
		{"the scalar 0", ES256, zeroScalar(ec), "holds no private key"},
	}
	public := []row{
		{"nothing", ES256, "", "no PEM found; one PEM block PUBLIC KEY with an EC key of the curve P-256 is accepted with ES256"},
		{"a private key", ES256, pkcs8(ec), "PRIVATE KEY found; one PEM block PUBLIC KEY"},
		{"a certificate", ES256, certificate(ec, &ec.PublicKey), "CERTIFICATE found; one PEM block PUBLIC KEY"},
		{"PEM for HS256", HS256, pkix(&rs.PublicKey), "PEM found; the bytes of a secret are accepted with HS256"},
		{"an RSA key of PKCS #1", RS256, block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rs.PublicKey), nil), "RSA PUBLIC KEY found"},
		{"another curve", ES256, pkix(&p384.PublicKey), "an EC key of the curve P-384 found"},
		{"an RSA key for EdDSA", EdDSA, pkix(&rs.PublicKey), "an RSA key of 2048 bits with the exponent 65537 found"},
		{"X25519", EdDSA, pkix(x25519.PublicKey()), "a key for key agreement found"},
		{"512 bits", RS256, pkix(weakRSA(512, 65537)), "an RSA key of 512 bits"},
		{"2047 bits", RS256, pkix(weakRSA(2047, 65537)), "an RSA key of 2047 bits"},
		{"8193 bits", RS256, pkix(weakRSA(8193, 65537)), "an RSA key of 8193 bits"},
		{"e=1", RS256, pkix(weakRSA(2048, 1)), "with the exponent 1 found"},
		{"e=3", RS256, pkix(weakRSA(2048, 3)), "with the exponent 3 found"},
		{"an even e", RS256, pkix(weakRSA(2048, 65538)), "with the exponent 65538 found"},
		{"rubbish in PEM", RS256, block("PUBLIC KEY", []byte("rubbish"), nil), "holds no public key"},
		{"a point beside the curve", ES256, offCurve(ec), "holds no public key"},
	}
	for kind, rows := range map[string][]row{"private": private, "public": public} {
		for _, row := range rows {
			var err error
			if kind == "private" {
				_, err = ParsePrivate(row.algorithm, []byte(row.text))
			} else {
				_, err = ParsePublic(row.algorithm, []byte(row.text))
			}
			if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s, %s: %v; want %q in it", kind, row.why, err, row.says)
			}
			for line := range strings.Lines(row.text) {
				if line = strings.TrimSpace(line); err != nil && len(line) > 1 && !strings.HasPrefix(line, "-----") && strings.Contains(err.Error(), line) {
					t.Errorf("%s, %s: the error shows the key: %v", kind, row.why, err)
				}
			}
		}
	}
}

func zeroScalar(k *ecdsa.PrivateKey) string {
	b, _ := pem.Decode([]byte(sec1(k)))
	i := strings.Index(string(b.Bytes), string(must(k.Bytes())))
	copy(b.Bytes[i:i+scalarSize], make([]byte, scalarSize))
	return block("EC PRIVATE KEY", b.Bytes, nil)
}

func offCurve(k *ecdsa.PrivateKey) string {
	b, _ := pem.Decode([]byte(pkix(&k.PublicKey)))
	b.Bytes[len(b.Bytes)-1] ^= 1
	return block("PUBLIC KEY", b.Bytes, nil)
}

func TestKeysThatDoNotFitTheConfig(t *testing.T) {
	ec, rs := issuerOf(ES256), issuerOf(RS256)
	for why, c := range map[string]Config{
		"a secret for ES256":                  {Algorithm: ES256, Signing: Secret(secret)},
		"a private key for HS256":             {Algorithm: HS256, Signing: ec.key},
		"an EC key for RS256":                 {Algorithm: RS256, Signing: ec.key},
		"a public key that is to sign":        {Algorithm: ES256, Signing: ec.public()},
		"no key":                              {Algorithm: ES256},
		"an accepted secret for ES256":        {Algorithm: ES256, Signing: ec.key, Accept: []Key{Secret(secret)}},
		"an accepted key of RS256 for ES256":  {Algorithm: ES256, Signing: ec.key, Accept: []Key{rs.public()}},
		"an accepted private key of another":  {Algorithm: ES256, Signing: ec.key, Accept: []Key{rs.key}},
		"a public key accepted for HS256":     {Algorithm: HS256, Signing: Secret(secret), Accept: []Key{ec.public()}},
		"PEM as a secret":                     {Algorithm: HS256, Signing: Secret(pkcs8(ec.private().signer))},
		"PEM as an accepted secret":           {Algorithm: HS512, Signing: Secret(secret), Accept: []Key{Secret("\n" + pkix(ec.private().key))}},
		"a name without a key":                {Algorithm: ES256, Signing: Named{ID: "x"}},
		"a key with an empty name":            {Algorithm: ES256, Signing: Named{Key: ec.key}},
		"no private key":                      {Algorithm: ES256, Signing: (*Private)(nil)},
		"the zero private key":                {Algorithm: ES256, Signing: new(Private)},
		"no public key":                       {Algorithm: ES256, Signing: ec.key, Accept: []Key{(*Public)(nil)}},
		"the zero public key":                 {Algorithm: ES256, Signing: ec.key, Accept: []Key{new(Public)}},
		"two secrets of one name":             {Signing: Named{"x", Secret(secret)}, Accept: []Key{Named{"x", another(HS256).key}}},
		"a secret that is short, with a name": {Signing: Named{"x", Secret("short")}},
	} {
		k := new(Keys)
		if err := k.Use(c); !errors.Is(err, ErrKey) && !errors.Is(err, ErrShortSecret) {
			t.Errorf("%s: %v", why, err)
		}
		if _, err := k.Sign(Claims{Subject: "ann", Expires: noon}); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: the keys sign nevertheless: %v", why, err)
		}
	}
}

func TestTheSigningKeyMayBeAcceptedToo(t *testing.T) {
	for _, is := range issuers() {
		k := keys(t, Config{Algorithm: is.algorithm, Signing: is.key, Accept: []Key{is.public()}})
		raw, err := k.Sign(Claims{Subject: "ann", Expires: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Verify(raw, noon); err != nil {
			t.Errorf("%s: %v", is.algorithm, err)
		}
		if strings.Count(string(k.PublicKeys()), `"kid"`) > 1 {
			t.Errorf("%s: the key is published twice: %s", is.algorithm, k.PublicKeys())
		}
	}
}

func TestWhatIsGeneratedIsRestored(t *testing.T) {
	for a, size := range map[Algorithm]int{HS256: 32, HS512: 64, ES256: 100, RS256: 1000, EdDSA: 40} {
		b, err := Generate(a)
		if err != nil || len(b) < size {
			t.Fatalf("%s: %d bytes, %v", a, len(b), err)
		}
		if _, err := Restore(a, b); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if _, err := Restore(a, b[:16]); err == nil {
			t.Errorf("%s: half of it is restored", a)
		}
		if _, err := Restore(EdDSA, b); a != EdDSA && !errors.Is(err, ErrKey) {
			t.Errorf("%s as EdDSA: %v", a, err)
		}
		again, _ := Generate(a)
		if string(again) == string(b) {
			t.Errorf("%s: the same key is made twice", a)
		}
	}
}

func TestAPrivateKeyNeverPrints(t *testing.T) {
	for _, is := range issuers() {
		private := is.private()
		if private == nil {
			continue
		}
		for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q"} {
			for _, shown := range []any{private, Named{"x", private}, is.config(), &Config{Signing: private}} {
				if out := fmt.Sprintf(verb, shown); !strings.Contains(out, "(private key)") || len(out) > 300 {
					t.Errorf("%s, %s of %T: %s", is.algorithm, verb, shown, out)
				}
			}
		}
	}
}

// FuzzParsePrivate looks for texts that make the parser panic, or that it takes
// without being able to sign with what it found.
func FuzzParsePrivate(f *testing.F) {
	ec, rs, ed := ownKeys()
	for _, text := range []string{pkcs8(ec), sec1(ec), pkcs8(rs), pkcs1(rs), pkcs8(ed), pkix(&ec.PublicKey), "-----BEGIN", ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for a := range methods {
			a := Algorithm(a)
			private, err := ParsePrivate(a, text)
			if err == nil {
				raw, err := keys(t, Config{Algorithm: a, Signing: private}).Sign(Claims{Subject: "ann", Expires: noon})
				if err != nil || raw == "" {
					t.Fatalf("%s: a key is taken that cannot sign: %v", a, err)
				}
			}
			if public, err := ParsePublic(a, text); err == nil && public.ID() == "" {
				t.Fatalf("%s: a key is taken that has no thumbprint", a)
			}
		}
	})
}
