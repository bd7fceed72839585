package token

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestATokenIsReadWithoutItsKey(t *testing.T) {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	head := part(`{"alg":"HS256","typ":"JWT"}`)
	signature := part("0123456789abcdef0123456789abcdef")
	for _, row := range []struct {
		why, raw string
		wrong    error
		want     Claims
		from     time.Time
	}{
		{"milliseconds", head + "." + part(`{"sub":"ann","exp":1466589763033,"rev":4}`) + "." + signature, nil, Claims{"ann", time.UnixMilli(1466589763033), 4}, time.Time{}},
		{"seconds", head + "." + part(`{"sub":"ann","exp":1466589763}`) + "." + signature, nil, Claims{"ann", time.Unix(1466589763, 0), 0}, time.Time{}},
		{"a header longer than any door reads", part(`{"alg":"HS256","kid":"`+strings.Repeat("k", maxHeader)+`"}`) + "." + part(`{"sub":"ann","exp":1466589763}`) + "." + signature, nil, Claims{"ann", time.Unix(1466589763, 0), 0}, time.Time{}},
		{"from a day on", head + "." + part(`{"sub":"ann","exp":1466589763,"nbf":1466589700}`) + "." + signature, nil, Claims{"ann", time.Unix(1466589763, 0), 0}, time.Unix(1466589700, 0)},
		{"no signature", head + "." + part(`{"sub":"ann","exp":1}`) + ".", ErrMalformed, Claims{}, time.Time{}},
		{"a malformed signature", head + "." + part(`{"sub":"ann","exp":1}`) + "." + signature + "=", ErrMalformed, Claims{}, time.Time{}},
		{"another algorithm", part(`{"alg":"none"}`) + "." + part(`{"sub":"ann","exp":1}`) + "." + signature, ErrAlgorithm, Claims{}, time.Time{}},
		{"a name twice", head + "." + part(`{"sub":"ann","sub":"adm","exp":1}`) + "." + signature, ErrMalformed, Claims{}, time.Time{}},
	} {
		got, err := Inspect(row.raw)
		if err != nil || !got.NotBefore.Equal(row.from) || !errors.Is(got.Wrong, row.wrong) || got.UnverifiedClaims != row.want || len(got.Claims) == 0 || len(got.Header) == 0 {
			t.Errorf("%s: %+v, %v", row.why, got, err)
		}
	}
	for _, raw := range []string{"", "x", "x.y", head, head + ".!", head + "." + part("{")} {
		if got, err := Inspect(raw); !errors.Is(err, ErrMalformed) || got.Header != nil || got.Claims != nil {
			t.Errorf("%q: %+v, %v", raw, got, err)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIiwiZXhwIjoxLCJyZXYiOjB9.AAAA")
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := Inspect(raw)
		if err != nil && (got.Header != nil || got.Wrong != nil) {
			t.Errorf("%q: %+v beside %v", raw, got, err)
		}
		if got.Wrong != nil && got.UnverifiedClaims != (Claims{}) {
			t.Errorf("%q: claims beside %v", raw, got.Wrong)
		}
	})
}
