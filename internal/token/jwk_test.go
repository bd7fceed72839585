package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
)

func decoded(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestThumbprintsAreThoseOfTheRFCs(t *testing.T) {
	// RFC 7638, section 3.1.
	n := "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	// RFC 8037, appendix A.3.
	x := "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	for _, row := range []struct {
		algorithm Algorithm
		key       any
		want      string
	}{
		{RS256, &rsa.PublicKey{N: new(big.Int).SetBytes(decoded(t, n)), E: 65537}, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{EdDSA, ed25519.PublicKey(decoded(t, x)), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		p, err := newPublic(row.algorithm, row.key)
		if err != nil || p.ID() != row.want {
			t.Errorf("%s: %q, %v; want %s", row.algorithm, p.ID(), err, row.want)
		}
	}
}

// publicMembers are those that RFC 7517, RFC 7518 and RFC 8037 have for public keys.
var publicMembers = map[string][]string{
	"EC":  {"alg", "crv", "kid", "kty", "use", "x", "y"},
	"RSA": {"alg", "e", "kid", "kty", "n", "use"},
	"OKP": {"alg", "crv", "kid", "kty", "use", "x"},
}

func TestTheKeySetHoldsThePublicKeysThatVerify(t *testing.T) {
	for _, is := range issuers() {
		old := another(is.algorithm)
		set := keys(t, Config{Algorithm: is.algorithm, Signing: is.key, Accept: []Key{Named{"a name of its own", old.key}}}).PublicKeys()
		if is.algorithm.Symmetric() {
			if set != nil {
				t.Errorf("%s: a secret is published: %s", is.algorithm, set)
			}
			continue
		}
		var read struct {
			Keys []map[string]string `json:"keys"`
		}
		if err := json.Unmarshal(set, &read); err != nil || len(read.Keys) != 2 {
			t.Fatalf("%s: %s, %v", is.algorithm, set, err)
		}
		ids := []string{is.private().ID(), "a name of its own"}
		for i, of := range []issuer{is, old} {
			one := read.Keys[i]
			var names []string
			for name := range one {
				names = append(names, name)
			}
			slices.Sort(names)
			if !slices.Equal(names, publicMembers[one["kty"]]) || one["alg"] != is.algorithm.String() || one["use"] != "sig" || one["kid"] != ids[i] {
				t.Errorf("%s: %v", is.algorithm, one)
			}
			wantValues(t, of.private(), one)
		}
	}
}

func wantValues(t *testing.T, private *Private, one map[string]string) {
	t.Helper()
	fits := false
	switch key := private.key.(type) {
	case *ecdsa.PublicKey:
		point, _ := key.Bytes()
		fits = string(point[1:]) == string(decoded(t, one["x"]))+string(decoded(t, one["y"]))
	case *rsa.PublicKey:
		fits = key.N.Cmp(new(big.Int).SetBytes(decoded(t, one["n"]))) == 0 && one["e"] == "AQAB"
	case ed25519.PublicKey:
		fits = string(key) == string(decoded(t, one["x"]))
	}
	if !fits {
		t.Errorf("%v is not the key %s", one, private.ID())
	}
}

// Nothing of the private part, in any form in which it could be written.
func TestTheKeySetHoldsNoPrivatePart(t *testing.T) {
	for _, is := range issuers() {
		private := is.private()
		if private == nil {
			continue
		}
		set := string(keys(t, is.config()).PublicKeys())
		var parts [][]byte
		switch key := private.signer.(type) {
		case *ecdsa.PrivateKey:
			parts = append(parts, must(key.Bytes()))
		case *rsa.PrivateKey:
			parts = append(parts, key.D.Bytes(), key.Primes[0].Bytes(), key.Primes[1].Bytes(), key.Precomputed.Dp.Bytes())
		case ed25519.PrivateKey:
			parts = append(parts, key.Seed())
		}
		for _, part := range parts {
			for _, form := range []string{
				hex.EncodeToString(part), base64.RawURLEncoding.EncodeToString(part), base64.RawStdEncoding.EncodeToString(part), new(big.Int).SetBytes(part).String(),
				string(part),
			} {
				if strings.Contains(strings.ToLower(set), strings.ToLower(form)) {
					t.Errorf("%s: the key set shows a private part: %s", is.algorithm, set)
				}
			}
		}
	}
}
