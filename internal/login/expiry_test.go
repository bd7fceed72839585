package login

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestDurationsThatAreAccepted(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"30d":               30 * day,
		"3d 5h":             3*day + 5*time.Hour,
		"2h30m":             2*time.Hour + 30*time.Minute,
		`"30d"`:             30 * day,
		"3D-5H":             3*day + 5*time.Hour,
		"5h, 3d; 10M":       3*day + 5*time.Hour + 10*time.Minute,
		"  1m  ":            time.Minute,
		"60d":               60 * day,
		"59d24h":            60 * day,
		"0d1m":              time.Minute,
		"007d":              7 * day,
		"–3d→5h":            3*day + 5*time.Hour,
		"3d_5h":             3*day + 5*time.Hour,
		"86400m":            60 * day,
		"0000000000000001d": day,
	} {
		if got, err := ParseExpiry(s, 60*day); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", s, got, err, want)
		}
	}
}

func TestDurationsThatAreRefused(t *testing.T) {
	for s, says := range map[string]string{
		"":                      "no duration was found",
		" - ":                   "no duration was found",
		"d":                     `'d' was found where a number`,
		"30":                    "not followed by d, h or m",
		"30s":                   "not followed by d, h or m",
		"3 d":                   "not followed by d, h or m",
		"1e3d":                  "not followed by d, h or m",
		"3d3d":                  "d is given twice",
		"3d 1h 3D":              "d is given twice",
		"0d":                    "it is zero",
		"0d0h0m":                "it is zero",
		"60d1m":                 "it is too long",
		"61d":                   "it is too long",
		"99999999999999999999d": "it is too long",
		"9223372036854775807m":  "it is too long",
		"٣d":                    "where a number should begin",
		"3ḋ":                    "not followed by d, h or m",
		"3days":                 `'a' was found where a number`,
		"30d\xff":               "invalid UTF-8",
		"three days":            "where a number should begin",
	} {
		got, err := ParseExpiry(s, 60*day)
		if !errors.Is(err, ErrExpiry) || !strings.Contains(err.Error(), says) || got != 0 {
			t.Errorf("%q: %v, %v; should say %s", s, got, err, says)
		}
		if err != nil && !strings.HasSuffix(err.Error(), "at most 60d") {
			t.Errorf("%q: the limit is missing: %v", s, err)
		}
	}
}

// A minus sign is a separator like any other: nothing can be negative.
func TestAMinusSignSeparates(t *testing.T) {
	if got, err := ParseExpiry("-1d", 60*day); err != nil || got != day {
		t.Errorf("%v, %v", got, err)
	}
}

func TestExpiryInAQuery(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"":                day,
		"x=1":             day,
		"exp=3d+5h":       3*day + 5*time.Hour,
		"exp=%2230d%22":   30 * day,
		"a=b&exp=30m&c=d": 30 * time.Minute,
	} {
		if got, err := expiryQuery(query, day, 60*day); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", query, got, err, want)
		}
	}
	for _, query := range []string{"exp=", "exp", "exp=1d&exp=60d", "exp=1d;exp=60d", "exp=%zz", "exp=1d&%65xp=60d"} {
		if got, err := expiryQuery(query, day, 60*day); !errors.Is(err, ErrExpiry) {
			t.Errorf("%q: %v, %v", query, got, err)
		}
	}
}

func FuzzParseExpiry(f *testing.F) {
	f.Add("3d 5h")
	f.Add("99999999999999999999d")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseExpiry(s, 60*day)
		if err == nil && (got <= 0 || got > 60*day || got%time.Minute != 0) {
			t.Fatalf("%q: %v", s, got)
		}
		if err == nil {
			if again, err := ParseExpiry(Period(got), 60*day); err != nil || again != got {
				t.Fatalf("%v is written %q and read as %v, %v", got, Period(got), again, err)
			}
		}
	})
}
