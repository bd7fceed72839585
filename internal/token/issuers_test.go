package token

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// issuer signs whatever it is told to, right or wrong, with one key.
type issuer struct {
	algorithm Algorithm
	key       Key
}

// material are the keys of the tests: two of every algorithm, made once.
var material = map[Algorithm]func() [2]Key{
	HS256: func() [2]Key { return [2]Key{Secret(secret), Secret("another secret of 32 bytes and more")} },
	HS512: func() [2]Key { return [2]Key{Secret(secret), Secret("another secret of 32 bytes and more")} },
	ES256: made(ES256), RS256: made(RS256), EdDSA: made(EdDSA),
}

func made(a Algorithm) func() [2]Key {
	return sync.OnceValue(func() (pair [2]Key) {
		for i := range pair {
			b, err := Generate(a)
			if err != nil {
				panic(err)
			}
			if pair[i], err = Restore(a, b); err != nil {
				panic(err)
			}
		}
		return pair
	})
}

func issuerOf(a Algorithm) issuer { return issuer{a, material[a]()[0]} }

// another is an issuer that nobody knows.
func another(a Algorithm) issuer { return issuer{a, material[a]()[1]} }

func issuers() (all []issuer) {
	for a := range methods {
		all = append(all, issuerOf(Algorithm(a)))
	}
	return all
}

func (is issuer) config() Config { return Config{Algorithm: is.algorithm, Signing: is.key} }

// private is the key, where it is one with a public part; else nil.
func (is issuer) private() *Private {
	private, _ := is.key.(*Private)
	return private
}

// public is what verifies the issuer's tokens and signs none.
func (is issuer) public() Key {
	if private := is.private(); private != nil {
		return &private.Public
	}
	return is.key
}

// forGolangJWT is the key that verifies, as golang-jwt wants it.
func (is issuer) forGolangJWT() any {
	if private := is.private(); private != nil {
		return private.key
	}
	return []byte(secret)
}

// header names no key.
func (is issuer) header() string { return fmt.Sprintf(`{"alg":"%s","typ":"JWT"}`, is.algorithm) }

// forge signs any header and claims.
func (is issuer) forge(header, claims string) string {
	return is.sign(b64(header) + "." + b64(claims))
}

// sign signs any text.
func (is issuer) sign(signed string) string {
	m, err := is.key.member(is.algorithm, false)
	if err != nil {
		panic(err)
	}
	signature, err := methods[is.algorithm].Sign(signed, m.signer)
	if err != nil {
		panic(err)
	}
	if is.algorithm == ES256 {
		lowerS(signature)
	}
	return signed + "." + b64(string(signature))
}

// resigned is the token with its signature changed.
func resigned(raw string, change func([]byte) []byte) string {
	i := strings.LastIndex(raw, ".") + 1
	signature, err := base64.RawURLEncoding.DecodeString(raw[i:])
	if err != nil {
		panic(err)
	}
	return raw[:i] + b64(string(change(bytes.Clone(signature))))
}

func TestEveryAlgorithmVerifiesWhatItSigns(t *testing.T) {
	for _, is := range issuers() {
		for _, unit := range []Unit{Milliseconds, Seconds} {
			config := is.config()
			config.Unit = unit
			k := keys(t, config)
			want := Claims{Subject: "ann@example.org", Expires: time.UnixMilli(noon.Add(24 * time.Hour).UnixMilli()), Revision: 101}
			raw, err := k.Sign(want)
			if err != nil {
				t.Fatal(err)
			}
			verifier := Config{Algorithm: is.algorithm, Signing: another(is.algorithm).key, Accept: []Key{is.public()}}
			for who, verifies := range map[string]*Keys{"the signer": k, "who accepts the public key": keys(t, verifier)} {
				if got, err := verifies.Verify(raw, noon); err != nil || got != want {
					t.Errorf("%s, unit %d, %s: %+v, %v; want %+v", is.algorithm, unit, who, got, err, want)
				}
			}
			if _, err := keys(t, another(is.algorithm).config()).Verify(raw, noon); err == nil {
				t.Errorf("%s: a token of one key verifies with another", is.algorithm)
			}
		}
	}
}

func TestTokensOfAPrivateKeyNameIt(t *testing.T) {
	for _, is := range issuers() {
		raw, err := keys(t, is.config()).Sign(Claims{Subject: "ann", Expires: noon})
		if err != nil {
			t.Fatal(err)
		}
		want := is.header()
		if private := is.private(); private != nil {
			want = fmt.Sprintf(`{"alg":"%s","kid":"%s","typ":"JWT"}`, is.algorithm, private.ID())
		}
		if header, _, _ := strings.Cut(raw, "."); header != b64(want) {
			t.Errorf("%s: the header is %s, want %s", is.algorithm, header, b64(want))
		}
	}
}
