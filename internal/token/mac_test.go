package token

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestAMACKeyAgreesWithCryptoHMAC(t *testing.T) {
	for secretLength := 1; secretLength <= 200; secretLength += 3 {
		secret := strings.Repeat("key", 67)[:secretLength]
		k, err := newMACKey(Secret(secret))
		if err != nil {
			t.Fatal(err)
		}
		for n := range 200 {
			message := strings.Repeat("m", n)
			right := mac(message, secret)
			if !k.made(right, []byte(message)) {
				t.Fatalf("secret of %d bytes, message of %d: the right code is refused", secretLength, n)
			}
			wrong := append([]byte(nil), right...)
			wrong[n%len(wrong)] ^= 1 << (n % 8)
			for why, signature := range map[string][]byte{
				"a wrong bit": wrong, "a byte less": right[1:], "a byte more": append([]byte{0}, right...), "half": right[:16], "nothing": nil,
			} {
				if k.made(signature, []byte(message)) {
					t.Fatalf("secret of %d bytes, message of %d: a code with %s is accepted", secretLength, n, why)
				}
			}
			if k.made(right, []byte(message+"m")) {
				t.Fatalf("secret of %d bytes, message of %d: the code of another message is accepted", secretLength, n)
			}
		}
	}
}

// RFC 4231, sections 4.3 and 4.7.
func TestAMACKeyAgreesWithTheRFC(t *testing.T) {
	for _, row := range []struct{ secret, message, code string }{
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	} {
		k, err := newMACKey(Secret(row.secret))
		if err != nil {
			t.Fatal(err)
		}
		code, err := hex.DecodeString(row.code)
		if err != nil {
			t.Fatal(err)
		}
		if !k.made(code, []byte(row.message)) {
			t.Errorf("%q: the code of the RFC is refused", row.message)
		}
	}
}

func TestTheZeroMACKeyVerifiesNothing(t *testing.T) {
	var k macKey
	if k.made(mac("message", ""), []byte("message")) || k.made(nil, nil) {
		t.Error("it does")
	}
}
