package token

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"filippo.io/edwards25519"
)

func TestOfTheTwoSOfASignatureTheLesserIsLow(t *testing.T) {
	of := func(s *big.Int) []byte {
		return append(make([]byte, scalarSize), s.FillBytes(make([]byte, scalarSize))...)
	}
	above := new(big.Int).Add(halfOrder, big.NewInt(1))
	if !hasLowS(of(big.NewInt(1))) || !hasLowS(of(halfOrder)) || hasLowS(of(above)) || hasLowS(of(big.NewInt(1))[1:]) {
		t.Error("a greater S counts as low, or a lesser one does not")
	}
	signature := of(above)
	if lowerS(signature); !hasLowS(signature) {
		t.Error("a high S stays one")
	}
}

func TestKeysThatNoGeneratorMakesAreNotSound(t *testing.T) {
	odd := new(big.Int).SetBit(big.NewInt(1), minRSA-1, 1)
	for _, row := range []struct {
		n     *big.Int
		e     int
		sound bool
	}{
		{odd, 65537, true},
		{new(big.Int).Sub(odd, big.NewInt(1)), 65537, false}, // even
		{new(big.Int).Rsh(odd, 1), 65537, false},
		{new(big.Int).SetBit(odd, maxRSA, 1), 65537, false},
		{odd, 65538, false},
		{odd, 3, false},
	} {
		if got := soundRSA(&rsa.PublicKey{N: row.n, E: row.e}); got != row.sound {
			t.Errorf("%d bits, exponent %d: sound %v", row.n.BitLen(), row.e, got)
		}
	}
	identity := append(ed25519.PublicKey{1}, make([]byte, 31)...)
	if !smallOrder(identity) || kindOf(identity) != "an Ed25519 key of small order" {
		t.Errorf("the identity is %s", kindOf(identity))
	}
	_, _, private := ownKeys()
	if ed, ok := private.Public().(ed25519.PublicKey); !ok || smallOrder(ed) || kindOf(ed) != "an Ed25519 key" {
		t.Error("a generated key is of small order")
	}
	// Half of all encodings are of no point.
	for y := byte(2); ; y++ {
		if _, err := new(edwards25519.Point).SetBytes(append([]byte{y}, make([]byte, 31)...)); err != nil {
			if !smallOrder(append(ed25519.PublicKey{y}, make([]byte, 31)...)) {
				t.Errorf("y = %d is no point, and passes for a key", y)
			}
			return
		}
	}
}

func TestTheUnitOfExpIsWritten(t *testing.T) {
	if got := Seconds.write(noon); got != noon.Unix() {
		t.Errorf("seconds: %d", got)
	}
	if got := Milliseconds.write(noon.Add(time.Millisecond)); got != noon.UnixMilli()+1 {
		t.Errorf("milliseconds: %d", got)
	}
}

func TestInspectShowsNoMoreThanThereIs(t *testing.T) {
	for _, raw := range []string{"e30", "e30!.e30.x", "e30.e30!.x", "e30.e30." + strings.Repeat("x", MaxLength)} {
		if u, err := Inspect(raw); err == nil {
			t.Errorf("%.20s…: %+v", raw, u)
		}
	}
}

func TestRingsRefuseWhatIsNoKey(t *testing.T) {
	secret := Secret("a secret of the tests, 32 bytes or more")
	own := issuerOf(EdDSA).private()
	for name, c := range map[string]Config{
		"nothing is accepted":        {Signing: secret, Accept: []Key{nil}},
		"an empty private":           {Algorithm: EdDSA, Signing: new(Private)},
		"an empty public":            {Algorithm: HS256, Signing: secret, Accept: []Key{new(Public)}},
		"a private that cannot sign": {Algorithm: EdDSA, Signing: own, Accept: []Key{&Private{Public: another(EdDSA).private().Public}}},
	} {
		if err := new(Keys).Use(c); !errors.Is(err, ErrKey) && name != "nothing is accepted" || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAThumbprintAsANameIsTheSameKey(t *testing.T) {
	own := issuerOf(EdDSA).private()
	named := Named{own.ID(), own}
	for _, c := range []Config{
		{Algorithm: EdDSA, Signing: own, Accept: []Key{named}},
		{Algorithm: EdDSA, Signing: named, Accept: []Key{own}},
	} {
		if err := new(Keys).Use(c); err != nil {
			t.Error(err)
		}
	}
	if err := new(Keys).Use(Config{Algorithm: EdDSA, Signing: named, Accept: []Key{named}}); !errors.Is(err, ErrKey) {
		t.Errorf("one name twice: %v", err)
	}
}

// foreign is a key that signs, of a type that nothing here can write.
type foreign struct{ crypto.Signer }

func TestAKeyThatCannotBeWrittenIsNotTaken(t *testing.T) {
	_, _, private := ownKeys()
	if p, err := newPrivate(EdDSA, foreign{private}); err == nil || p != nil {
		t.Errorf("%v, %v", p, err)
	}
}

func TestWhatCannotBeSignedIsNoToken(t *testing.T) {
	secret := member{signer: []byte("a secret of the tests, 32 bytes or more")}
	for name, r := range map[string]*ring{
		"a key of another type":           {signing: member{signer: "no key"}},
		"a header that cannot be written": {signing: secret, header: map[string]any{"alg": func() {}}},
	} {
		if raw, err := r.sign(wireClaims{Sub: "ann"}); err == nil || raw != "" {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
}

func TestAMalformedTokenIsToldWhatIsWrongWithIt(t *testing.T) {
	is := issuerOf(HS256)
	k := keys(t, is.config())
	head, rest, _ := strings.Cut(is.forge(is.header(), goodClaims()), ".")
	body, signature, _ := strings.Cut(rest, ".")
	for _, row := range []struct{ raw, want string }{
		{"." + body + "." + signature, "three parts"},
		{head + ".." + signature, "three parts"},
		{head + "." + body + ".", "three parts"},
		{head + "." + body + "." + signature + ".", "three parts"},
		{head + "=." + body + "." + signature, "header is not canonical"},
		{head + "." + body + "=." + signature, "claims are not canonical"},
		{head + "." + body + "." + signature + "=", "signature is not canonical"},
	} {
		if _, err := k.Verify(row.raw, noon); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", row.raw, err, row.want)
		}
	}
}
