package token

import (
	"strings"
	"testing"
	"time"
)

// threeKeys accept a token of the tests' secret with the last of three keys.
func threeKeys(t testing.TB) *Keys {
	return keys(t, Config{
		Signing: Secret("the newest secret of the tests, 32 bytes"),
		Accept:  []Secret{Secret("the secret before it, 32 bytes or more"), Secret(secret)},
	})
}

func BenchmarkVerify(b *testing.B) {
	good := forge(goodHeader, goodClaims())
	unsigned := good[:strings.LastIndex(good, ".")+1]
	one, three := keys(b, Config{}), threeKeys(b)
	for _, row := range []struct {
		name string
		keys *Keys
		raw  string
		now  time.Time
	}{
		{"good", one, good, noon},
		{"good with the third key", three, good, noon},
		{"good with a list among the claims", one, forge(goodHeader, strings.Replace(goodClaims(), "{", `{"aud":["a"],`, 1)), noon},
		{"wrong signature", one, unsigned + strings.Repeat("A", 43), noon},
		{"wrong signature for three keys", three, unsigned + strings.Repeat("A", 43), noon},
		{"malformed", one, good[1:], noon},
		{"expired", one, good, noon.Add(24 * time.Hour)},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = row.keys.Verify(row.raw, row.now)
			}
		})
	}
}
