package token

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"testing"
)

// With one algorithm configured, no other opens anything, whatever key it was
// signed with and whatever the header says.
func TestOnlyTheConfiguredAlgorithmVerifies(t *testing.T) {
	for _, configured := range issuers() {
		k := keys(t, configured.config())
		for _, other := range issuers() {
			if other.algorithm == configured.algorithm {
				continue
			}
			if _, err := k.Verify(other.forge(other.header(), goodClaims()), noon); !errors.Is(err, ErrAlgorithm) {
				t.Errorf("%s is configured, a token of %s: %v", configured.algorithm, other.algorithm, err)
			}
			if _, err := k.Verify(other.forge(configured.header(), goodClaims()), noon); !errors.Is(err, ErrSignature) {
				t.Errorf("%s is configured, a token of %s that says it is of %[1]s: %v", configured.algorithm, other.algorithm, err)
			}
		}
	}
}

// CVE-2016-10555: a public key is no secret, in none of its forms.
func TestAPublicKeyIsNoSecret(t *testing.T) {
	for _, configured := range issuers() {
		private := configured.private()
		if private == nil {
			continue
		}
		k := keys(t, configured.config())
		for form, known := range publicForms(t, private) {
			for _, mac := range []Algorithm{HS256, HS512} {
				attacker := issuer{mac, unchecked(known)}
				for _, header := range []string{
					attacker.header(), configured.header(),
					fmt.Sprintf(`{"alg":"%s","typ":"JWT","kid":"%s"}`, mac, private.ID()),
					fmt.Sprintf(`{"alg":"%s","typ":"JWT","kid":"%s"}`, configured.algorithm, private.ID()),
				} {
					if _, err := k.Verify(attacker.forge(header, goodClaims()), noon); !errors.Is(err, ErrAlgorithm) && !errors.Is(err, ErrSignature) {
						t.Errorf("%s is configured, its %s as the secret of %s, header %s: %v", configured.algorithm, form, mac, header, err)
					}
				}
			}
		}
	}
}

// unchecked is a secret of an attacker, who follows no rules.
type unchecked []byte

func (u unchecked) member(a Algorithm, _ bool) (member, error) {
	mac, err := newMACKey(a, Secret(u))
	return member{mac: mac, signer: []byte(u)}, err
}

func publicForms(t *testing.T, p *Private) map[string][]byte {
	der, err := x509.MarshalPKIXPublicKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	one, err := json.Marshal(p.jwk)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return map[string][]byte{
		"PEM": text, "PEM without the last line break": text[:len(text)-1], "DER": der, "JWK": one, "JWK Set": keys(t, Config{Algorithm: p.algorithm, Signing: p}).PublicKeys(),
		"thumbprint": []byte(p.ID()), "nothing": {},
	}
}

func TestSignaturesThatAreNotTheOne(t *testing.T) {
	order := elliptic.P256().Params().N
	with := func(r, s *big.Int) func([]byte) []byte {
		return func(b []byte) []byte {
			r.FillBytes(b[:scalarSize])
			s.FillBytes(b[scalarSize:])
			return b
		}
	}
	half := func(b []byte, i int) *big.Int { return new(big.Int).SetBytes(b[i*scalarSize : (i+1)*scalarSize]) }
	one, zero := big.NewInt(1), new(big.Int)
	for _, row := range []struct {
		why       string
		algorithm Algorithm
		change    func([]byte) []byte
	}{
		{"r=0, s=0", ES256, with(zero, zero)},
		{"r=0, s=1", ES256, with(zero, one)},
		{"r=1, s=0", ES256, with(one, zero)},
		{"r=1, s=1", ES256, with(one, one)},
		{"r=n, s=n", ES256, with(order, order)},
		{"r=n+1", ES256, func(b []byte) []byte { return with(new(big.Int).Add(order, one), half(b, 1))(b) }},
		{"the high s", ES256, func(b []byte) []byte { return with(half(b, 0), new(big.Int).Sub(order, half(b, 1)))(b) }},
		{"s and r exchanged", ES256, func(b []byte) []byte { return with(half(b, 1), half(b, 0))(b) }},
		{"DER", ES256, func(b []byte) []byte {
			der, err := asn1.Marshal(struct{ R, S *big.Int }{half(b, 0), half(b, 1)})
			if err != nil {
				panic(err)
			}
			return der
		}},
		{"S+L", EdDSA, func(b []byte) []byte {
			l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
			s := new(big.Int).Add(l, littleEndian(b[32:]))
			copy(b[32:], reversed(s.FillBytes(make([]byte, 32))))
			return b
		}},
		{"R the identity, S=0", EdDSA, func([]byte) []byte { return append([]byte{1}, make([]byte, 63)...) }},
		{"s=0", RS256, func(b []byte) []byte { return make([]byte, len(b)) }},
		{"s=1", RS256, func(b []byte) []byte { return append(make([]byte, len(b)-1), 1) }},
	} {
		is := issuerOf(row.algorithm)
		good := is.forge(is.header(), goodClaims())
		if _, err := keys(t, is.config()).Verify(resigned(good, row.change), noon); !errors.Is(err, ErrSignature) {
			t.Errorf("%s, %s: %v", row.algorithm, row.why, err)
		}
	}
}

func littleEndian(b []byte) *big.Int { return new(big.Int).SetBytes(reversed(b)) }

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = b[i]
	}
	return r
}

// Others that sign with ECDSA write either S: RFC 7518 lets them.
func TestAnAcceptedKeyMayWriteEitherS(t *testing.T) {
	is := issuerOf(ES256)
	k := keys(t, Config{Algorithm: ES256, Signing: another(ES256).key, Accept: []Key{is.public()}})
	low := is.forge(is.header(), goodClaims())
	high := resigned(low, func(b []byte) []byte {
		new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(b[scalarSize:])).FillBytes(b[scalarSize:])
		return b
	})
	for _, raw := range []string{low, high} {
		if _, err := k.Verify(raw, noon); err != nil {
			t.Error(err)
		}
	}
	own := keys(t, is.config())
	for range 50 {
		raw, err := own.Sign(Claims{Subject: "ann", Expires: noon.AddDate(0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := own.Verify(raw, noon); err != nil {
			t.Fatalf("a token of its own: %v", err)
		}
	}
}

// With such a key a signature can be made that fits many messages: RFC 8032, section 8.4.
func TestKeysOfSmallOrderAreRefused(t *testing.T) {
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0100000000000000000000000000000000000000000000000000000000000000", // the identity
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 4, not canonical
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // the identity, not canonical
	} {
		for _, sign := range []byte{0, 0x80} {
			b, err := hex.DecodeString(y)
			if err != nil {
				t.Fatal(err)
			}
			b[31] |= sign
			// RFC 8410, section 4: the key in a SubjectPublicKeyInfo.
			der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, b...)
			_, err = ParsePublic(EdDSA, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
			if !errors.Is(err, ErrKey) {
				t.Errorf("%x: %v", b, err)
			}
		}
	}
}
