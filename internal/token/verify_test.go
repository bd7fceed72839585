package token

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ofRace is what the race detector has Go's SHA-256 allocate for a token and a key, when it
// tells its state twice. Without the detector that is nothing.
func ofRace(t *testing.T) float64 {
	t.Helper()
	h, ok := sha256.New().(tellingHash)
	if !ok {
		t.Fatal("the hash does not tell its state")
	}
	memory := make([]byte, 0, maxState)
	return 2 * testing.AllocsPerRun(100, func() { _, _ = h.AppendBinary(memory) })
}

// Nothing here comes out of a pool.
func TestATokenCostsNoAllocation(t *testing.T) {
	for why, k := range map[string]struct {
		is    issuer
		keys  *Keys
		kid   string
		tried float64 // with SHA-256
	}{
		"HS256, one key":       {issuerOf(HS256), keys(t, Config{}), "", 1},
		"HS256, three keys":    {issuerOf(HS256), threeKeys(t), "", 3},
		"HS256, two with name": {issuerOf(HS256), rotated(t, HS256), "next", 1},
		"HS512, one key":       {issuerOf(HS512), keys(t, issuerOf(HS512).config()), "", 0},
		"HS512, two with name": {issuerOf(HS512), rotated(t, HS512), "next", 0},
	} {
		header := k.is.header()
		if k.kid != "" {
			header = fmt.Sprintf(`{"alg":"%s","kid":"%s","typ":"JWT"}`, k.is.algorithm, k.kid)
		}
		good := k.is.forge(header, goodClaims())
		for what, row := range map[string]struct {
			raw  string
			now  time.Time
			want error
		}{
			"good":                         {good, noon, nil},
			"good, the longest name":       {k.is.forge(header, strings.Replace(goodClaims(), "ann", strings.Repeat("n", maxKeptName), 1)), noon, nil},
			"good, claims nobody asks for": {k.is.forge(header, strings.Replace(goodClaims(), "{", `{"iss":"x","jti":"y","n":null,`, 1)), noon, nil},
			"good, as long as is cheap":    {longest(k.is, header, maxCheap), noon, nil},
			"another signature":            {resigned(good, func(b []byte) []byte { return make([]byte, len(b)) }), noon, ErrSignature},
			"expired":                      {good, noon.Add(time.Hour), ErrExpired},
			"claims that nobody signed":    {resigned(k.is.forge(header, `{"sub":["a",{"b":1}]`), func(b []byte) []byte { return make([]byte, len(b)) }), noon, ErrSignature},
			"a header that is too long":    {b64(`{"alg":`+strings.Repeat("[", maxHeader)) + good[strings.IndexByte(good, '.'):], noon, ErrMalformed},
			"another algorithm":            {b64(`{"alg":"none","typ":"JWT"}`) + good[strings.IndexByte(good, '.'):], noon, ErrAlgorithm},
			"an unknown kid":               {b64(`{"typ":"JWT","kid":"another","alg":"`+k.is.algorithm.String()+`"}`) + good[strings.IndexByte(good, '.'):], noon, ErrUnknownKey},
			"a header that nests":          {b64(`{"alg":`+strings.Repeat("[", 100)) + good[strings.IndexByte(good, '.'):], noon, ErrMalformed},
			"a header that holds objects":  {b64(`{"kid":{"a":{"b":{}}},"alg":"HS256"}`) + good[strings.IndexByte(good, '.'):], noon, ErrMalformed},
			"a header that is no base64":   {good[1:], noon, ErrMalformed},
			"not yet valid":                {k.is.forge(header, strings.Replace(goodClaims(), "{", `{"nbf":99999999999,`, 1)), noon, ErrNotYetValid},
		} {
			var err error
			allocs := testing.AllocsPerRun(100, func() { _, err = k.keys.Verify(row.raw, row.now) })
			if !errors.Is(err, row.want) {
				t.Errorf("%s, %s: %v, want %v", why, what, err, row.want)
			}
			want := k.tried * ofRace(t)
			switch {
			case what == "a header that nests", what == "a header that holds objects":
				want = 1 // its copy
			case errors.Is(err, ErrMalformed), errors.Is(err, ErrAlgorithm), errors.Is(err, ErrUnknownKey):
				want = 0 // nothing was computed
			}
			if allocs != want {
				t.Errorf("%s, %s: %v allocations, want %v", why, what, allocs, want)
			}
		}
	}
	another := forge(`{"typ":"JWT","alg":"HS256"}`, goodClaims())
	k := keys(t, Config{})
	if allocs := testing.AllocsPerRun(100, func() { _, _ = k.Verify(another, noon) }); allocs != ofRace(t) {
		t.Errorf("another known header: %v allocations, want %v", allocs, ofRace(t))
	}
}

// rotated signs with the tests' secret, under the name next, and accepts another
// that had none.
func rotated(t testing.TB, a Algorithm) *Keys {
	return keys(t, Config{Algorithm: a, Signing: Named{"next", issuerOf(a).key}, Accept: []Key{another(a).key}})
}

// longest is a good token of as many bytes as base64 allows, up to limit.
func longest(is issuer, header string, limit int) (raw string) {
	for n := 0; ; n++ {
		next := is.forge(header, strings.Replace(goodClaims(), "{", `{"x":"`+strings.Repeat("x", n)+`",`, 1))
		if len(next) > limit {
			return raw
		}
		raw = next
	}
}

func TestManyVerifyWhileTheKeysChange(t *testing.T) {
	one := Config{Signing: Secret(secret), Accept: []Key{Secret("the other secret, 32 bytes or more")}}
	other := Config{Signing: one.Accept[0], Accept: []Key{one.Signing}}
	k := keys(t, one)
	done := make(chan struct{})
	var changes, verifies sync.WaitGroup
	changes.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if err := k.Use([]Config{other, one}[i%2]); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 100 {
		verifies.Go(func() {
			want := Claims{Subject: fmt.Sprintf("user-%d", i), Expires: time.UnixMilli(noon.Add(time.Hour).UnixMilli()), Revision: int64(i)}
			for range 30 {
				raw, err := k.Sign(want)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := k.Verify(raw, noon); err != nil || got != want {
					t.Errorf("%+v, %v; want %+v", got, err, want)
				}
				foreign := raw[:strings.LastIndex(raw, ".")+1] + strings.Repeat("A", 43)
				if got, err := k.Verify(foreign, noon); !errors.Is(err, ErrSignature) || got != (Claims{}) {
					t.Errorf("a foreign signature: %+v, %v", got, err)
				}
			}
		})
	}
	verifies.Wait()
	close(done)
	changes.Wait()
}

// looseClaims are read the way golang-jwt reads any: by encoding/json, the last
// of two equal names counting, and then by the rule of seconds and milliseconds.
type looseClaims map[string]any

func (c *looseClaims) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	return d.Decode((*map[string]any)(c))
}

func (c looseClaims) number(name string) (int64, bool) {
	n, ok := c[name].(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

func (c looseClaims) date(name string) (*jwt.NumericDate, error) {
	n, ok := c.number(name)
	switch {
	case !ok && c[name] != nil:
		return nil, errors.New("no whole number")
	case !ok:
		return nil, nil
	case n < 100_000_000_000:
		return &jwt.NumericDate{Time: time.Unix(n, 0)}, nil
	}
	return &jwt.NumericDate{Time: time.Unix(n/1000, n%1000*1e6)}, nil
}

func (c looseClaims) GetExpirationTime() (*jwt.NumericDate, error) { return c.date("exp") }
func (c looseClaims) GetNotBefore() (*jwt.NumericDate, error)      { return c.date("nbf") }
func (looseClaims) GetIssuedAt() (*jwt.NumericDate, error)         { return nil, nil }
func (looseClaims) GetIssuer() (string, error)                     { return "", nil }
func (looseClaims) GetAudience() (jwt.ClaimStrings, error)         { return nil, nil }
func (c looseClaims) GetSubject() (string, error)                  { s, _ := c["sub"].(string); return s, nil }

// What is accepted here, golang-jwt accepts at the same moment, with the same claims.
func FuzzVerifyAgainstGolangJWT(f *testing.F) {
	for _, is := range issuers() {
		a := uint8(is.algorithm)
		f.Add(a, is.header(), goodClaims())
		f.Add(a, `{"alg":"`+is.algorithm.String()+`"}`, `{"SUB":"root","sub":"ann","exp":99999999999,"nbf":1,"x":[{"y":null}]}`)
		f.Add(a, `{"alg":"none"}`, `{"sub":"ann","exp":100000000000}`)
		f.Add(a, `{"typ":"JWT","kid":"x","alg":"`+is.algorithm.String()+`"}`, `{"sub":"\u00e4","exp":9223372036854775807,"rev":-9223372036854775808,"nbf":-9223372036854775808}`)
	}
	f.Fuzz(func(t *testing.T, a uint8, header, claims string) {
		is := issuerOf(Algorithm(a % uint8(len(methods))))
		raw := is.forge(header, claims)
		got, err := keys(t, is.config()).Verify(raw, noon)
		if err != nil {
			if got != (Claims{}) {
				t.Fatalf("claims beside an error: %+v", got)
			}
			return
		}
		var read looseClaims
		_, err = jwt.NewParser(
			jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{is.algorithm.String()}), jwt.WithExpirationRequired(),
			jwt.WithTimeFunc(func() time.Time { return noon }),
		).ParseWithClaims(raw, &read, func(*jwt.Token) (any, error) { return is.forGolangJWT(), nil })
		if err != nil {
			t.Fatalf("accepted here, refused by golang-jwt: %v\n%s\n%s", err, header, claims)
		}
		exp, _ := read.GetExpirationTime()
		sub, _ := read.GetSubject()
		rev, ok := read.number("rev")
		if sub != got.Subject || !exp.Equal(got.Expires) || rev != got.Revision || !ok && read["rev"] != nil {
			t.Fatalf("%s\nhere       %+v\ngolang-jwt %v", claims, got, read)
		}
	})
}
