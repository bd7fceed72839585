package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const secret = "a secret of the tests, 32 bytes or more"

// noon is the present of these tests.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func keys(t testing.TB, c Config) *Keys {
	t.Helper()
	if c.Signing == nil {
		c.Signing = Secret(secret)
	}
	k := new(Keys)
	if err := k.Use(c); err != nil {
		t.Fatal(err)
	}
	return k
}

// forge signs any header and claims, right or wrong, with the tests' secret.
func forge(header, claims string) string {
	signed := b64(header) + "." + b64(claims)
	return signed + "." + b64(string(mac(signed, secret)))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func mac(signed, secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(signed))
	return h.Sum(nil)
}

const goodHeader = `{"alg":"HS256","typ":"JWT"}`

func goodClaims() string {
	return fmt.Sprintf(`{"sub":"ann","exp":%d,"rev":5}`, noon.Add(time.Hour).UnixMilli())
}

func TestTheBytesAreThoseOfCMWellsExample(t *testing.T) {
	const documented = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJteVVzZXJuYW1lIiwiZXhwIjoxNDY2NTg5NzYzMDMzLCJyZXYiOjB9."
	raw, err := keys(t, Config{}).Sign(Claims{Subject: "myUsername", Expires: time.UnixMilli(1466589763033)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(raw, documented) {
		t.Errorf("signed  %s\nwanted  %s…", raw, documented)
	}
	// The signature is checked by an independent reading of RFC 7515, section 5.1.
	signed := strings.TrimSuffix(documented, ".")
	if want := signed + "." + b64(string(mac(signed, secret))); raw != want {
		t.Errorf("signed  %s\nwanted  %s", raw, want)
	}
}

func TestWhatIsSignedIsVerified(t *testing.T) {
	for _, unit := range []Unit{Milliseconds, Seconds} {
		k := keys(t, Config{Unit: unit})
		want := Claims{Subject: "ann@example.org", Expires: noon.Add(24 * time.Hour), Revision: 101}
		raw, err := k.Sign(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.Verify(raw, noon)
		if err != nil || got.Subject != want.Subject || got.Revision != want.Revision || !got.Expires.Equal(want.Expires) {
			t.Errorf("unit %d: %+v, %v; want %+v", unit, got, err, want)
		}
	}
}

func TestGolangJWTReadsWhatWeSign(t *testing.T) {
	for _, is := range issuers() {
		config := is.config()
		config.Unit = Seconds
		raw, err := keys(t, config).Sign(Claims{Subject: "ann", Expires: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		read, err := jwt.NewParser(
			jwt.WithValidMethods([]string{is.algorithm.String()}),
			jwt.WithStrictDecoding(),
			jwt.WithTimeFunc(func() time.Time { return noon }),
		).Parse(raw, func(*jwt.Token) (any, error) { return is.forGolangJWT(), nil })
		if err != nil {
			t.Fatal(err)
		}
		if sub, _ := read.Claims.GetSubject(); sub != "ann" {
			t.Errorf("%s: sub is %q", is.algorithm, sub)
		}
	}
}

type refusedToken struct {
	why, raw string
	want     error
}

// refused are tokens of an issuer that must not open anything, and the reason.
func refused(is issuer) []refusedToken {
	good := is.forge(is.header(), goodClaims())
	claims := func(format string, a ...any) string { return is.forge(is.header(), fmt.Sprintf(format, a...)) }
	header := func(h string) string {
		return is.forge(strings.ReplaceAll(h, "{alg}", is.algorithm.String()), goodClaims())
	}
	future := noon.Add(time.Hour).UnixMilli()
	spaced := goodClaims() + strings.Repeat(" ", (4-len(goodClaims())%3)%3) // in base64 its last letter has bits to spare
	return []refusedToken{
		{"expired a minute ago, in milliseconds", claims(`{"sub":"ann","exp":%d}`, noon.Add(-time.Minute).UnixMilli()), ErrExpired},
		{"expired a minute ago, in seconds", claims(`{"sub":"ann","exp":%d}`, noon.Add(-time.Minute).Unix()), ErrExpired},
		{"expires at this very moment", claims(`{"sub":"ann","exp":%d}`, noon.UnixMilli()), ErrExpired},
		{"exp is 0", claims(`{"sub":"ann","exp":0}`), ErrExpired},
		{"exp is negative", claims(`{"sub":"ann","exp":-1}`), ErrExpired},
		{"exp is the largest number of milliseconds read as 1973", claims(`{"sub":"ann","exp":100000000000}`), ErrExpired},
		{"exp is missing", claims(`{"sub":"ann"}`), ErrMalformed},
		{"exp is null", claims(`{"sub":"ann","exp":null}`), ErrMalformed},
		{"exp is a string", claims(`{"sub":"ann","exp":"%d"}`, future), ErrMalformed},
		{"exp is true", claims(`{"sub":"ann","exp":true}`), ErrMalformed},
		{"exp has an exponent", claims(`{"sub":"ann","exp":1e15}`), ErrMalformed},
		{"exp has a point", claims(`{"sub":"ann","exp":%d.0}`, future), ErrMalformed},
		{"exp is -0", claims(`{"sub":"ann","exp":-0}`), ErrMalformed},
		{"exp does not fit 64 bits", claims(`{"sub":"ann","exp":9223372036854775808}`), ErrMalformed},
		{"valid in a minute only", claims(`{"sub":"ann","exp":%d,"nbf":%d}`, future, noon.Add(time.Minute).UnixMilli()), ErrNotYetValid},
		{"nbf is a string", claims(`{"sub":"ann","exp":%d,"nbf":"0"}`, future), ErrMalformed},
		{"iat is a string", claims(`{"sub":"ann","exp":%d,"iat":"now"}`, future), ErrMalformed},
		{"sub is missing", claims(`{"exp":%d}`, future), ErrMalformed},
		{"sub is empty", claims(`{"sub":"","exp":%d}`, future), ErrMalformed},
		{"sub is a list", claims(`{"sub":["root"],"exp":%d}`, future), ErrMalformed},
		{"sub has half a surrogate pair", claims(`{"sub":"\ud800","exp":%d}`, future), ErrMalformed},
		{"sub is given twice", claims(`{"sub":"ann","sub":"root","exp":%d}`, future), ErrMalformed},
		{"sub is given twice, once with an escape", claims(`{"sub":"ann","\u0073ub":"root","exp":%d}`, future), ErrMalformed},
		{"a name is given twice deep inside", claims(`{"sub":"ann","exp":%d,"x":{"y":1,"y":2}}`, future), ErrMalformed},
		{"sub only in capitals", claims(`{"SUB":"root","exp":%d}`, future), ErrMalformed},
		{"sub only with a long s", claims(`{"ſub":"root","exp":%d}`, future), ErrMalformed},
		{"rev is a string", claims(`{"sub":"ann","exp":%d,"rev":"5"}`, future), ErrMalformed},
		{"rev has a point", claims(`{"sub":"ann","exp":%d,"rev":5.0}`, future), ErrMalformed},
		{"rev is null", claims(`{"sub":"ann","exp":%d,"rev":null}`, future), ErrMalformed},
		{"two objects", claims(`{"sub":"ann","exp":%d}{}`, future), ErrMalformed},
		{"a byte order mark", claims("\ufeff"+`{"sub":"ann","exp":%d}`, future), ErrMalformed},
		{"a comment", claims(`{"sub":"ann",/**/"exp":%d}`, future), ErrMalformed},
		{"claims signed with spare bits", is.sign(spareBits(b64(is.header()) + "." + b64(spaced))), ErrMalformed},
		{"claims signed with padding", is.sign(b64(is.header()) + "." + b64(spaced) + "=="), ErrMalformed},
		{"claims signed with a line break", is.sign(b64(is.header()) + "." + b64(goodClaims()) + "\n"), ErrMalformed},
		{"claims are a list", claims(`[]`), ErrMalformed},
		{"claims are null", claims(`null`), ErrMalformed},
		{"claims nest too deep", claims("%s", strings.Repeat(`{"a":`, 1100)+"1"+strings.Repeat("}", 1100)), ErrMalformed},

		{"alg none without a signature", b64(`{"alg":"none","typ":"JWT"}`) + "." + b64(goodClaims()) + ".", ErrMalformed},
		{"alg none with a signature", header(`{"alg":"none","typ":"JWT"}`), ErrAlgorithm},
		{"alg none in other cases", header(`{"alg":"nOnE"}`), ErrAlgorithm},
		{"alg is empty", header(`{"alg":""}`), ErrAlgorithm},
		{"alg is a number", header(`{"alg":1}`), ErrAlgorithm},
		{"alg in lower case", header(`{"alg":"` + strings.ToLower(is.algorithm.String()) + `"}`), ErrAlgorithm},
		{"alg with a space", header(`{"alg":"{alg} "}`), ErrAlgorithm},
		{"alg with an escape", header(`{"alg":"\u00` + fmt.Sprintf("%x", is.algorithm.String()[0]) + is.algorithm.String()[1:] + `"}`), ErrAlgorithm},
		{"alg is missing", header(`{"typ":"JWT"}`), ErrAlgorithm},
		{"an algorithm that nobody can configure", header(`{"alg":"HS384","typ":"JWT"}`), ErrAlgorithm},
		{"alg is null", header(`{"alg":null}`), ErrAlgorithm},
		{"alg is a list", header(`{"alg":["{alg}"]}`), ErrMalformed},
		{"alg is given twice", header(`{"alg":"{alg}","alg":"none"}`), ErrMalformed},
		{"the header is null", header(`null`), ErrAlgorithm},
		{"a critical extension", header(`{"alg":"{alg}","crit":["exp"]}`), ErrMalformed},
		{"an unencoded payload", header(`{"alg":"{alg}","b64":false}`), ErrMalformed},
		{"a compressed payload", header(`{"alg":"{alg}","zip":"DEF"}`), ErrMalformed},
		{"a key of its own", header(`{"alg":"{alg}","jwk":{"kty":"oct","k":"AAAA"}}`), ErrMalformed},
		{"a key's address", header(`{"alg":"{alg}","jku":"http://127.0.0.1/keys"}`), ErrMalformed},
		{"a header that nests too deep", header(`{"alg":"{alg}","kid":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`), ErrMalformed},
		{"a nested token", header(`{"alg":"{alg}","cty":"JWT"}`), ErrMalformed},
		{"a certificate's address", header(`{"alg":"{alg}","x5u":"http://127.0.0.1/keys"}`), ErrMalformed},
		{"a certificate", header(`{"alg":"{alg}","x5c":["AAAA"]}`), ErrMalformed},
		{"a kid that is a path", header(`{"alg":"{alg}","kid":"../../dev/null"}`), ErrUnknownKey},
		{"a kid that is SQL", header(`{"alg":"{alg}","kid":"' UNION SELECT 'k"}`), ErrUnknownKey},
		{"an empty kid", header(`{"alg":"{alg}","kid":""}`), ErrUnknownKey},
		{"a kid of 5 KB", header(`{"alg":"{alg}","kid":"` + strings.Repeat("k", 5<<10) + `"}`), ErrMalformed},
		{"a kid as long as is read", header(`{"alg":"{alg}","kid":"` + strings.Repeat("k", 160) + `"}`), ErrUnknownKey},
		{"a kid of 10 KB", header(`{"alg":"{alg}","kid":"` + strings.Repeat("k", 10<<10) + `"}`), ErrMalformed},
		{"kid is a list", header(`{"alg":"{alg}","kid":["k"]}`), ErrMalformed},
		{"kid is null", header(`{"alg":"{alg}","kid":null}`), ErrMalformed},
		{"kid has half a surrogate pair", header(`{"alg":"{alg}","kid":"\ud800"}`), ErrMalformed},
		{"a type that is no JWT", header(`{"alg":"{alg}","typ":"JOSE"}`), ErrMalformed},
		{"another key", another(is.algorithm).forge(is.header(), goodClaims()), ErrSignature},
		{"a signature cut short", resigned(good, func(b []byte) []byte { return b[:len(b)-2] }), ErrSignature},
		{"a byte after the signature", resigned(good, func(b []byte) []byte { return append(b, 0) }), ErrSignature},
		{"a byte before the signature", resigned(good, func(b []byte) []byte { return append([]byte{0}, b...) }), ErrSignature},
		{"a signature of zeros", resigned(good, func(b []byte) []byte { return make([]byte, len(b)) }), ErrSignature},
		{"claims exchanged under the signature", b64(is.header()) + "." + b64(strings.Replace(goodClaims(), "ann", "bob", 1)) + good[strings.LastIndex(good, "."):], ErrSignature},

		{"nothing", "", ErrMalformed},
		{"a word", "token", ErrMalformed},
		{"two parts", strings.Join(strings.Split(good, ".")[:2], "."), ErrMalformed},
		{"four parts", good + ".x", ErrMalformed},
		{"five parts, an encrypted token", "a.b.c.d.e", ErrMalformed},
		{"a leading dot", "." + good, ErrMalformed},
		{"a thousand dots", strings.Repeat(".", 1000), ErrMalformed},
		{"white space around", " " + good, ErrMalformed},
		{"two tokens in a list", good + ", " + good, ErrMalformed},
		{"padding", good + "=", ErrMalformed},
		{"the alphabet of base64 without url", b64(is.header()) + "." + b64(goodClaims()) + ".+/" + b64("x"), ErrMalformed},
		{"a line break in the middle", good[:40] + "\n" + good[40:], ErrMalformed},
		{"spare bits set in the last letter", spareBits(good), ErrMalformed},
		{"100 KB", forge(goodHeader, `{"sub":"ann","exp":`+fmt.Sprint(future)+`,"x":"`+strings.Repeat("x", 100<<10)+`"}`), ErrMalformed},
	}
}

func TestRefusedTokens(t *testing.T) {
	for _, is := range issuers() {
		t.Run(is.algorithm.String(), func(t *testing.T) {
			k := keys(t, is.config())
			for _, row := range refused(is) {
				got, err := k.Verify(row.raw, noon)
				if !errors.Is(err, row.want) {
					t.Errorf("%s: %v, want %v", row.why, err, row.want)
				}
				if got != (Claims{}) {
					t.Errorf("%s: claims came back with the error: %+v", row.why, got)
				}
			}
			if _, err := k.Verify(is.forge(is.header(), goodClaims()), noon); err != nil {
				t.Errorf("the token from which these are made is itself refused: %v", err)
			}
		})
	}
}

func TestTheBorderBetweenSecondsAndMilliseconds(t *testing.T) {
	k := keys(t, Config{})
	for exp, want := range map[int64]error{99_999_999_999: nil, 100_000_000_000: ErrExpired, 100_000_000_001: ErrExpired} {
		_, err := k.Verify(forge(goodHeader, fmt.Sprintf(`{"sub":"ann","exp":%d}`, exp)), noon)
		if !errors.Is(err, want) {
			t.Errorf("exp %d: %v, want %v", exp, err, want)
		}
	}
}

func TestAcceptedTokens(t *testing.T) {
	future := noon.Add(time.Hour)
	for why, raw := range map[string]string{
		"exp in seconds":              forge(goodHeader, fmt.Sprintf(`{"sub":"ann","exp":%d}`, future.Unix())),
		"no typ":                      forge(`{"alg":"HS256"}`, goodClaims()),
		"the names in another order":  forge(`{"typ":"JWT","alg":"HS256"}`, fmt.Sprintf(`{"exp":%d,"sub":"ann"}`, future.UnixMilli())),
		"nbf in the past":             forge(goodHeader, fmt.Sprintf(`{"sub":"ann","exp":%d,"nbf":1}`, future.UnixMilli())),
		"claims that nobody asks for": forge(goodHeader, fmt.Sprintf(`{"sub":"ann","exp":%d,"x":[{"y":null}]}`, future.UnixMilli())),
		"sub beside SUB":              forge(goodHeader, fmt.Sprintf(`{"SUB":"root","sub":"ann","exp":%d}`, future.UnixMilli())),
	} {
		got, err := keys(t, Config{}).Verify(raw, noon)
		if err != nil || got.Subject != "ann" || got.Revision != 0 && why != "no typ" {
			t.Errorf("%s: %+v, %v", why, got, err)
		}
	}
}

func TestAnAcceptedKeyVerifiesAndNeverSigns(t *testing.T) {
	old := Secret("the secret before this one, 32 bytes")
	before, _ := keys(t, Config{Signing: old}).Sign(Claims{Subject: "ann", Expires: noon.Add(time.Hour)})
	k := keys(t, Config{Accept: []Key{old}})
	if _, err := k.Verify(before, noon); err != nil {
		t.Errorf("a token of the accepted key: %v", err)
	}
	after, _ := k.Sign(Claims{Subject: "ann", Expires: noon.Add(time.Hour)})
	if _, err := keys(t, Config{Signing: old}).Verify(after, noon); !errors.Is(err, ErrSignature) {
		t.Errorf("a new token verifies with the old key alone: %v", err)
	}
}

func TestSecretsThatAreNotTaken(t *testing.T) {
	for why, row := range map[string]struct {
		c    Config
		want error
	}{
		"none":                        {Config{}, ErrShortSecret},
		"31 bytes":                    {Config{Signing: Secret(strings.Repeat("x", 31))}, ErrShortSecret},
		"none, though short may be":   {Config{UnsafeShortSecrets: true}, ErrShortSecret},
		"CM-Well's own":               {Config{Signing: Secret(publicSecret)}, ErrPublicSecret},
		"CM-Well's own, short may be": {Config{Signing: Secret(publicSecret), UnsafeShortSecrets: true}, ErrPublicSecret},
		"CM-Well's own, accepted":     {Config{Signing: Secret(secret), Accept: []Key{Secret(publicSecret)}, UnsafeShortSecrets: true}, ErrPublicSecret},
	} {
		k := new(Keys)
		if err := k.Use(row.c); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", why, err, row.want)
		}
		if _, err := k.Sign(Claims{Subject: "ann", Expires: noon}); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: the keys sign nevertheless: %v", why, err)
		}
	}
	if err := new(Keys).Use(Config{Signing: Secret("short"), UnsafeShortSecrets: true}); err != nil {
		t.Errorf("a short secret that is named unsafe: %v", err)
	}
}

// The token that CM-Well's sources publish is signed with their default
// secret, of an administrator, and valid until 2117.
func TestThePublishedTokenOpensNothing(t *testing.T) {
	const published = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwVXNlciIsImV4cCI6NDYzODkwMjQwMDAwMCwicmV2IjoxfQ.j-tJCGnWHbJ-XAUJ1wyHxMlnMaLvO6IO0fKVjsXOzYM"
	if _, err := keys(t, Config{}).Verify(published, noon); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}

func TestTheZeroKeysRefuse(t *testing.T) {
	var k Keys
	if _, err := k.Sign(Claims{Subject: "ann", Expires: noon}); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	if _, err := k.Verify(forge(goodHeader, goodClaims()), noon); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
}

func TestASecretNeverPrints(t *testing.T) {
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if out := fmt.Sprintf(verb, Config{Signing: Secret(secret)}); strings.Contains(out, secret) || strings.Contains(out, "97 32 115") {
			t.Errorf("%s shows it: %s", verb, out)
		}
	}
}

// Whatever comes, nothing is returned beside an error.
func FuzzVerify(f *testing.F) {
	f.Add(forge(goodHeader, goodClaims()))
	f.Add(forge(`{"alg":"none"}`, goodClaims()))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, is := range issuers() {
			if claims, err := keys(t, is.config()).Verify(raw, noon); err != nil && claims != (Claims{}) {
				t.Fatalf("%s: claims beside an error: %+v", is.algorithm, claims)
			}
		}
	})
}

// spareBits changes bits of the last letter that carry no data.
func spareBits(raw string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, raw[len(raw)-1])
	return raw[:len(raw)-1] + string(alphabet[last^1])
}
