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
		Accept:  []Key{Secret("the secret before it, 32 bytes or more"), Secret(secret)},
	})
}

func BenchmarkVerify(b *testing.B) {
	good := forge(goodHeader, goodClaims())
	unsigned := good[:strings.LastIndex(good, ".")+1]
	one, three := keys(b, Config{}), threeKeys(b)
	inForce := func(a Algorithm) string {
		return issuerOf(a).forge(`{"alg":"`+a.String()+`","kid":"next","typ":"JWT"}`, goodClaims())
	}
	before := func(a Algorithm) string { return another(a).forge(another(a).header(), goodClaims()) }
	for _, row := range []struct {
		name string
		keys *Keys
		raw  string
		now  time.Time
	}{
		{"good", one, good, noon},
		{"good with the third key", three, good, noon},
		{"good after a rotation", rotated(b, HS256), inForce(HS256), noon},
		{"good from before the rotation", rotated(b, HS256), before(HS256), noon},
		{"good HS512", keys(b, issuerOf(HS512).config()), issuerOf(HS512).forge(issuerOf(HS512).header(), goodClaims()), noon},
		{"good ES256", rotated(b, ES256), inForce(ES256), noon},
		{"good RS256", rotated(b, RS256), inForce(RS256), noon},
		{"good EdDSA", rotated(b, EdDSA), inForce(EdDSA), noon},
		{"good with a list among the claims", one, forge(goodHeader, strings.Replace(goodClaims(), "{", `{"aud":["a"],`, 1)), noon},
		{"wrong signature", one, unsigned + strings.Repeat("A", 43), noon},
		{"wrong signature for three keys", three, unsigned + strings.Repeat("A", 43), noon},
		{"wrong signature of 8 KiB of claims", one, resigned(forge(goodHeader, `{"x":`+strings.Repeat("[", 6000)), func(b []byte) []byte { return make([]byte, len(b)) }), noon},
		{"another algorithm", one, b64(`{"alg":"none","typ":"JWT"}`) + good[strings.IndexByte(good, '.'):], noon},
		{"an unknown kid", one, b64(`{"alg":"HS256","typ":"JWT","kid":"another"}`) + good[strings.IndexByte(good, '.'):], noon},
		{"malformed", one, good[1:], noon},
		{"malformed with a header of 8 KiB", one, b64(`{"alg":`+strings.Repeat("[", 5900)) + good[strings.IndexByte(good, '.'):], noon},
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
