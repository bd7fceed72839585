package token

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func same(a, b claimSet) bool {
	return bytes.Equal(a.subject, b.subject) && a.expires == b.expires && a.revision == b.revision && a.notBefore == b.notBefore
}

// agree fails when the scanner accepts what the strict parser refuses or reads
// otherwise, and tells who of the two accepted.
func agree(t *testing.T, claims string) (scanned, parsed bool) {
	t.Helper()
	got, ok := scanClaims([]byte(claims))
	want, err := parseClaims([]byte(claims))
	if ok && (err != nil || !same(got, want)) {
		t.Fatalf("%q\nscanned %+v\nparsed  %+v, %v", claims, got, want, err)
	}
	if !ok && !same(got, claimSet{}) {
		t.Fatalf("%q: the scanner does not accept, and returns %+v", claims, got)
	}
	if err != nil && (!errors.Is(err, ErrMalformed) || !same(want, claimSet{})) {
		t.Fatalf("%q: the parser returns %+v with %v", claims, want, err)
	}
	return ok, err == nil
}

func TestThePlainFormIsScanned(t *testing.T) {
	for claims, want := range map[string]claimSet{
		`{"sub":"myUsername","exp":1466589763033,"rev":0}`:                      {subject: []byte("myUsername"), expires: 1466589763033, notBefore: always},
		`{"exp":1,"sub":"a"}`:                                                   {subject: []byte("a"), expires: 1, notBefore: always},
		`{"sub":"a b/c@d~","exp":-1,"rev":-7,"nbf":0,"iat":2}`:                  {subject: []byte("a b/c@d~"), expires: -1, revision: -7},
		`{"sub":"a","exp":999999999999999999,"nbf":-999999999999999999}`:        {subject: []byte("a"), expires: 999999999999999999, notBefore: -999999999999999999},
		`{"iss":"x","":"","y":true,"n":false,"z":null,"i":0,"sub":"a","exp":1}`: {subject: []byte("a"), expires: 1, notBefore: always},
		`{"SUB":"root","sub":"a","Exp":2,"exp":1}`:                              {subject: []byte("a"), expires: 1, notBefore: always},
	} {
		got, ok := scanClaims([]byte(claims))
		if !ok || !same(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", claims, got, ok, want)
		}
		agree(t, claims)
	}
}

// Whether such claims are accepted is for the strict parser to say.
func TestWhatIsNotPlainIsLeftToTheStrictParser(t *testing.T) {
	for why, row := range map[string]struct {
		claims   string
		accepted bool
	}{
		"white space":                       {`{"sub":"a", "exp":1}`, true},
		"white space at the end":            {`{"sub":"a","exp":1} `, true},
		"white space at the front":          {` {"sub":"a","exp":1}`, false},
		"a list":                            {`{"sub":"a","exp":1,"aud":["x"]}`, true},
		"an object":                         {`{"sub":"a","exp":1,"x":{"y":1}}`, true},
		"a fraction that nobody asks for":   {`{"sub":"a","exp":1,"x":1.5}`, true},
		"an exponent that nobody asks for":  {`{"sub":"a","exp":1,"x":1e3}`, true},
		"a -0 that nobody asks for":         {`{"sub":"a","exp":1,"x":-0}`, true},
		"the largest number":                {`{"sub":"a","exp":9223372036854775807}`, true},
		"the smallest number":               {`{"sub":"a","exp":1,"nbf":-9223372036854775808}`, true},
		"a number too large":                {`{"sub":"a","exp":9223372036854775808}`, false},
		"leading zeros":                     {`{"sub":"a","exp":01}`, false},
		"no name":                           {`{:1,"sub":"a","exp":1}`, false},
		"no digits":                         {`{"sub":"a","exp":-}`, false},
		"a plus":                            {`{"sub":"a","exp":+1}`, false},
		"-0":                                {`{"sub":"a","exp":-0}`, false},
		"-01":                               {`{"sub":"a","exp":-01}`, false},
		"5.0":                               {`{"sub":"a","exp":5.0}`, false},
		"1e3":                               {`{"sub":"a","exp":1e3}`, false},
		"rev as a string":                   {`{"sub":"a","exp":1,"rev":"5"}`, false},
		"iat as true":                       {`{"sub":"a","exp":1,"iat":true}`, false},
		"an escape in sub":                  {`{"sub":"\u0061","exp":1}`, true},
		"an escape in a name":               {`{"s\u0075b":"a","exp":1}`, true},
		"the same name with an escape":      {`{"sub":"a","exp":1,"\u0073ub":"b"}`, false},
		"half a surrogate pair":             {`{"sub":"a","exp":1,"x":"\ud800"}`, false},
		"a letter beyond ASCII":             {`{"sub":"ä","exp":1}`, true},
		"DEL":                               {"{\"sub\":\"\x7f\",\"exp\":1}", true},
		"half a letter":                     {"{\"sub\":\"\xc3\",\"exp\":1}", false},
		"a control":                         {"{\"sub\":\"a\x1f\",\"exp\":1}", false},
		"NUL":                               {"{\"sub\":\"a\",\"exp\":1}\x00", false},
		"more claims than are compared":     {`{"sub":"a","exp":1,"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1}`, true},
		"sub twice":                         {`{"sub":"a","exp":1,"sub":"a"}`, false},
		"a name twice that nobody asks for": {`{"x":1,"sub":"a","exp":1,"x":1}`, false},
		"an empty name twice":               {`{"":1,"sub":"a","exp":1,"":1}`, false},
		"an empty sub":                      {`{"sub":"","exp":1}`, false},
		"no sub":                            {`{"exp":1}`, false},
		"no exp":                            {`{"sub":"a"}`, false},
		"exp as null":                       {`{"sub":"a","exp":null}`, false},
		"a literal in capitals":             {`{"sub":"a","exp":1,"x":True}`, false},
		"a literal too long":                {`{"sub":"a","exp":1,"x":trueish}`, false},
		"a comma too many":                  {`{"sub":"a","exp":1,}`, false},
		"no comma":                          {`{"sub":"a""exp":1}`, false},
		"no colon":                          {`{"sub""a","exp":1}`, false},
		"no quotes":                         {`{sub:"a","exp":1}`, false},
		"a second object":                   {`{"sub":"a","exp":1}{}`, false},
		"no object":                         {`"sub"`, false},
		"nothing in it":                     {`{}`, false},
		"nothing":                           {``, false},
	} {
		scanned, parsed := agree(t, row.claims)
		if scanned || parsed != row.accepted {
			t.Errorf("%s: scanned %v, want false; parsed %v, want %v", why, scanned, parsed, row.accepted)
		}
	}
}

func TestClaimsCutShortAreNotScanned(t *testing.T) {
	const whole = `{"x":null,"y":true,"sub":"ann","exp":-12}`
	for i := range len(whole) {
		if _, ok := scanClaims([]byte(whole[:i])); ok {
			t.Errorf("%s", whole[:i])
		}
	}
	if scanned, _ := agree(t, whole); !scanned {
		t.Errorf("%s is not scanned", whole)
	}
}

// All lists of up to three of these members, between all of these frames.
func TestTheScannerAcceptsNothingThatTheStrictParserRefuses(t *testing.T) {
	members := []string{
		`"sub":"ann"`, `"sub":""`, `"sub":1`, `"sub":"\u0061"`, `"\u0073ub":"a"`, `"Sub":"root"`, `"exp":12`, `"exp":-1`, `"exp":-0`, `"exp":012`,
		`"exp":1.0`, `"exp":1e1`, `"exp":"1"`, `"exp":null`, `"exp":1234567890123456789`, `"exp":99999999999999999999`, `"exp" :1`, `"rev":5`, `"rev":null`,
		`"nbf":-5`, `"iat":true`, `"x":{}`, `"x":nul`, `"x":"ä"`, "\"x\":\"\xff\"", `"":false`, ``,
	}
	lists := []string{""}
	for _, a := range members {
		lists = append(lists, a)
		for _, b := range members {
			lists = append(lists, a+","+b)
			for _, c := range members {
				lists = append(lists, a+","+b+","+c)
			}
		}
	}
	scans, parses, all := 0, 0, 0
	for _, list := range lists {
		for _, frame := range []string{"{%s}", "{%s", "{%s}}", "{%s} ", "[%s]"} {
			scanned, parsed := agree(t, fmt.Sprintf(frame, list))
			all++
			if scanned {
				scans++
			}
			if parsed {
				parses++
			}
		}
	}
	if scans == 0 || parses <= scans || all <= parses {
		t.Errorf("of %d claims, %d are scanned and %d parsed: this compares nothing", all, scans, parses)
	}
}

func TestTheKnownHeadersAreHeadersThatTheStrictParserAccepts(t *testing.T) {
	known := 0
	r := keys(t, Config{}).ring.Load()
	for _, header := range []string{
		goodHeader, `{"typ":"JWT","alg":"HS256"}`, `{"alg":"HS256"}`,
		`{"alg":"none"}`, `{"alg":"HS384","typ":"JWT"}`, `{"alg":"HS256","typ":"JWT","kid":"1"}`, `{"alg":"HS256","typ":"JWS"}`, `{"typ":"JWT"}`, `{}`, ``,
	} {
		if _, isKnown := r.headers.all[b64(header)]; isKnown {
			known++
			h, err := parseHeader([]byte(header))
			if err == nil {
				_, err = r.choose(&h)
			}
			if err != nil {
				t.Errorf("%s: %v", header, err)
			}
		}
	}
	if known != 3 {
		t.Errorf("%d headers are known, want 3", known)
	}
}

func TestTheUsualHeaderIsThatOfNewTokens(t *testing.T) {
	for why, k := range map[string]*Keys{"one key": keys(t, Config{}), "three keys": threeKeys(t), "with names": rotated(t, HS256), "a pair": keys(t, issuerOf(EdDSA).config())} {
		raw, err := k.Sign(Claims{Subject: "ann", Expires: noon})
		if err != nil {
			t.Fatal(err)
		}
		h := k.ring.Load().headers
		head, _, _ := strings.Cut(raw, ".")
		if h.usual != head || len(h.usualKeys) == 0 || len(h.usualKeys) != len(h.all[head]) {
			t.Errorf("%s: the usual header is %q of %d keys, that of a new token %q of %d", why, h.usual, len(h.usualKeys), head, len(h.all[head]))
		}
	}
}

// A long token needs more memory than the stack has for it.
func TestTheLengthOfATokenChangesNothing(t *testing.T) {
	k := keys(t, Config{})
	for n := range 6200 {
		if n > 400 && n%97 != 0 {
			continue
		}
		raw := forge(goodHeader, strings.Replace(goodClaims(), "{", `{"x":"`+strings.Repeat("x", n)+`",`, 1))
		got, err := k.Verify(raw, noon)
		want := error(nil)
		if len(raw) > MaxLength {
			want = ErrMalformed
		}
		if !errors.Is(err, want) || err == nil && (got.Subject != "ann" || got.Revision != 5) {
			t.Fatalf("%d bytes: %+v, %v", len(raw), got, err)
		}
		if _, err := k.Verify(spareBits(raw), noon); !errors.Is(err, ErrMalformed) {
			t.Fatalf("%d bytes with spare bits: %v", len(raw), err)
		}
	}
}

func TestALineBreakIsFoundInEveryPlace(t *testing.T) {
	good := forge(goodHeader, goodClaims())
	k := keys(t, Config{})
	for i := range len(good) + 1 {
		for _, b := range []string{"\n", "\r", "\r\n", "\n\n\n\n"} {
			if _, err := k.Verify(good[:i]+b+good[i:], noon); !errors.Is(err, ErrMalformed) {
				t.Errorf("%q at %d: %v", b, i, err)
			}
		}
	}
}

// What the scanner accepts, the strict parser accepts with the same result; it
// never refuses anything by itself.
func FuzzScanClaims(f *testing.F) {
	f.Add(goodClaims())
	f.Add(`{"sub":"ann","exp":1,"rev":-5,"nbf":0,"iat":9,"x":"y","z":null,"t":true}`)
	f.Add(`{"sub":"ann","exp":-0,"\u0073ub":"b","x":[{"y":1.5e3}]}`)
	f.Add(`{"sub":"ä","exp":999999999999999999,"x":false}`)
	f.Fuzz(func(t *testing.T, claims string) {
		agree(t, claims)
	})
}

// What scanHeader accepts, parseHeader accepts with the same result.
func FuzzScanHeader(f *testing.F) {
	for _, h := range []string{
		goodHeader, `{"kid":"[{","alg":"HS256"}`, `{"alg":"none","alg":"HS256"}`, `{"typ":"JWS","alg":"HS256"}`, `{"alg":"HS256","kid":"\u006e"}`,
		`{"alg":"HS256"} `, `{"alg":"HS256",}`, `{"alg":"HS256"}}`, `{}`, `{"kid":"ä"}`, `{"jku":"x"}`, `{"alg" : "HS256"}`, `{"kid":1}`,
	} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scanned, plain := scanHeader([]byte(text))
		if !plain {
			return
		}
		// In a kid these mean nothing; parseHeader leaves such to scanHeader.
		text = "{" + strings.NewReplacer("[", "(", "{", "(").Replace(text[1:])
		if scanned, plain = scanHeader([]byte(text)); !plain {
			t.Fatalf("%s is not plain any more", text)
		}
		want, err := parseHeader([]byte(text))
		if err != nil || string(scanned.algorithm) != string(want.algorithm) || string(scanned.id) != string(want.id) || scanned.named != want.named {
			t.Errorf("%s: scanned %+v, parsed %+v, %v", text, scanned, want, err)
		}
	})
}
