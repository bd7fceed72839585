package login

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func (p params) lines() string {
	var all []string
	for name, v := range p {
		all = append(all, fmt.Sprintf("%s=%q quoted %v", name, v.value, v.quoted))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

func TestParametersThatAreWellFormed(t *testing.T) {
	for s, want := range map[string]string{
		``:                          ``,
		`, ,`:                       ``,
		`a=b`:                       `a="b" quoted false`,
		`a="b"`:                     `a="b" quoted true`,
		`A = "b c" , d=e`:           `a="b c" quoted true; d="e" quoted false`,
		`a="b\"c\\d"`:               `a="b\"c\\d" quoted true`,
		`a="b,c=d"`:                 `a="b,c=d" quoted true`,
		`a="",b=c`:                  `a="" quoted true; b="c" quoted false`,
		`username*=UTF-8''r%C3%B6t`: `username*="UTF-8''r%C3%B6t" quoted false`,
		"a=\"\tü\"":                 `a="\tü" quoted true`,
		`,a=b,,c=d,`:                `a="b" quoted false; c="d" quoted false`,
	} {
		p, err := parseParams(s)
		if err != nil || p.lines() != want {
			t.Errorf("%s: %s, %v; want %s", s, p.lines(), err, want)
		}
	}
}

func TestParametersThatAreMalformed(t *testing.T) {
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("p%d=x", i))
	}
	for _, s := range []string{
		`a`, `=b`, `a=`, `a="b`, `a="b\`, `a="b"c`, `a=b c=d`, `a=b=c`, `a b=c`, `"a"=b`, `a="` + "\x00" + `"`,
		`a="` + "\n" + `"`, `a=b,a=c`, `a=b,A=b`, `é=b`, `a=é`, strings.Join(many, ","), `a="` + strings.Repeat(`\`, 15_001),
	} {
		if p, err := parseParams(s); !errors.Is(err, ErrCredentials) || p != nil {
			t.Errorf("%.60s: %s, %v", s, p.lines(), err)
		}
	}
}

func TestExtendedValues(t *testing.T) {
	for s, want := range map[string]string{
		`UTF-8''J%C3%A4s%C3%B8n%20Doe`: "Jäsøn Doe", // RFC 7616, section 3.9.2
		`utf-8'en'ann`:                 "ann",
		`UTF-8''`:                      "",
	} {
		if got, err := extended(param{value: s}); err != nil || got != want {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{``, `ann`, `UTF-8'ann`, `ISO-8859-1''ann`, `UTF-8''%zz`, `UTF-8''%ff`} {
		if got, err := extended(param{value: s}); !errors.Is(err, ErrCredentials) || got != "" {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	if _, err := extended(param{value: `UTF-8''ann`, quoted: true}); !errors.Is(err, ErrCredentials) {
		t.Errorf("quoted: %v", err)
	}
}

// A header that is well-formed says the same when it is written again.
func FuzzParseParams(f *testing.F) {
	for _, s := range []string{`a=b, c="d\"e"`, `username*=UTF-8''x`, `,,`, `a="`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseParams(s)
		if err != nil {
			if p != nil {
				t.Fatalf("parameters beside an error: %v", p)
			}
			return
		}
		var again []string
		for name, v := range p {
			again = append(again, name+`="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v.value)+`"`)
		}
		q, err := parseParams(strings.Join(again, ","))
		if err != nil || len(q) != len(p) {
			t.Fatalf("%q: %v, then %v, %v", s, p, q, err)
		}
		for name, v := range p {
			if q[name].value != v.value {
				t.Fatalf("%q: %s is %q, then %q", s, name, v.value, q[name].value)
			}
		}
	})
}
