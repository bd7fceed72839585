package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strings"
	"testing"
)

var hashes = map[Algorithm]func() hash.Hash{HS256: sha256.New, HS512: sha512.New}

func TestAMACKeyAgreesWithCryptoHMAC(t *testing.T) {
	for algorithm, newHash := range hashes {
		for secretLength := 1; secretLength <= 200; secretLength += 3 {
			secret := strings.Repeat("key", 67)[:secretLength]
			k, err := newMACKey(algorithm, Secret(secret))
			if err != nil {
				t.Fatal(err)
			}
			for n := range 200 {
				message := strings.Repeat("m", n)
				h := hmac.New(newHash, []byte(secret))
				h.Write([]byte(message))
				agreesOn(t, &k, message, h.Sum(nil), n)
			}
		}
	}
}

// sent is a code as a token carries it.
func sent(code []byte) []byte { return []byte(canonical.EncodeToString(code)) }

// agreesOn fails unless k takes the right code, and none that differs from it.
func agreesOn(t *testing.T, k *macKey, message string, right []byte, n int) {
	t.Helper()
	if !k.made(sent(right), []byte(message)) {
		t.Fatalf("%s, message of %d bytes: the right code is refused", k.algorithm, n)
	}
	wrong, spare := append([]byte(nil), right...), sent(right)
	wrong[n%len(wrong)] ^= 1 << (n % 8)
	spare[len(spare)-1]++ // A, Q, g and w become a letter with a spare bit
	for why, signature := range map[string][]byte{
		"a wrong bit": sent(wrong), "a byte less": sent(right[1:]), "a byte more": sent(append([]byte{0}, right...)), "half": sent(right[:len(right)/2]),
		"nothing": nil, "a spare bit": spare, "padding": append(sent(right), '='), "a line break": append(sent(right), '\n'), "its plain bytes": right,
	} {
		if k.made(signature, []byte(message)) {
			t.Fatalf("%s, message of %d bytes: a code with %s is accepted", k.algorithm, n, why)
		}
	}
	if k.made(sent(right), []byte(message+"m")) {
		t.Fatalf("%s, message of %d bytes: the code of another message is accepted", k.algorithm, n)
	}
}

// RFC 4231, sections 4.3 and 4.7.
func TestAMACKeyAgreesWithTheRFC(t *testing.T) {
	const jefe, asked = "Jefe", "what do ya want for nothing?"
	long, larger := strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First"
	for _, row := range []struct {
		algorithm             Algorithm
		secret, message, code string
	}{
		{HS256, jefe, asked, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{HS256, long, larger, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{HS512, jefe, asked, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
		{HS512, long, larger, "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
	} {
		k, err := newMACKey(row.algorithm, Secret(row.secret))
		if err != nil {
			t.Fatal(err)
		}
		code, err := hex.DecodeString(row.code)
		if err != nil {
			t.Fatal(err)
		}
		if !k.made(sent(code), []byte(row.message)) {
			t.Errorf("%s, %q: the code of the RFC is refused", row.algorithm, row.message)
		}
	}
}

func TestTheZeroMACKeyVerifiesNothing(t *testing.T) {
	var k macKey
	if k.made(sent(mac("message", "")), []byte("message")) || k.made(nil, nil) {
		t.Error("it does")
	}
}

func TestAHashWithItsStateInAnotherFormMakesNoKey(t *testing.T) {
	for algorithm, newHash := range hashes {
		k, err := newMACKey(algorithm, Secret("key"))
		if err != nil {
			t.Fatal(err)
		}
		block := make([]byte, newHash().BlockSize())
		copy(block, "key")
		if err := k.prove(newHash, block); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		for name, state := range map[string]*[]byte{"inner": &k.inner, "outer": &k.outer} {
			whole := *state
			for why, other := range map[string][]byte{
				"other numbers": append(append([]byte(nil), whole[:sumAt]...), append([]byte{whole[sumAt] ^ 1}, whole[sumAt+1:]...)...),
				"another name":  append([]byte("md5"), whole[3:]...),
				"less":          whole[:len(whole)-1],
			} {
				*state = other
				if k.prove(newHash, block) == nil {
					t.Errorf("%s, %s state, %s: it proves right", algorithm, name, why)
				}
			}
			*state = whole
		}
	}
}
