package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// encoded is text with some of its bytes percent-encoded, depth times over. Which
// ones, choice says.
func encoded(text string, depth, choice uint8) string {
	var out strings.Builder
	for i := range len(text) {
		if (i+int(choice))%(1+int(choice%5)) == 0 {
			escape := fmt.Sprintf("%%%02X", text[i])
			if choice%2 == 0 {
				escape = strings.ToLower(escape)
			}
			out.WriteString(strings.Replace(escape, "%", "%"+strings.Repeat("25", int(depth%4)), 1))
		} else {
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

// FuzzNoTokenIsLeft puts a token, plain and in escapes, between any two texts.
func FuzzNoTokenIsLeft(f *testing.F) {
	f.Add("/x?a=b&token=", "&c=d", "ann", uint8(0), uint8(0))
	f.Add("Get \"http://h/?", "\": EOF", "ä", uint8(1), uint8(3))
	f.Add("%2", "%", "", uint8(2), uint8(2))
	f.Add("ey", ".", "\x00", uint8(3), uint8(1))
	f.Add("redis://", "@", " ", uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, before, after, subject string, depth, choice uint8) {
		claims, err := json.Marshal(map[string]string{"sub": subject})
		if err != nil {
			t.Fatal(err)
		}
		b64 := base64.RawURLEncoding
		sign := b64.EncodeToString([]byte(`a signature of thirty-two bytes!`))
		raw := b64.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + b64.EncodeToString(claims) + "." + sign
		var s Secrets
		for _, text := range []string{before + raw + after, before + encoded(raw, depth, choice) + after} {
			got := s.Text(text)
			once, wholly := decodings(got)
			for _, reading := range []string{got, once, wholly} {
				if strings.Contains(reading, sign) {
					t.Errorf("%q became %q", text, got)
				}
			}
			if again := s.Text(got); again != got {
				t.Errorf("%q, once it was %q, becomes %q", text, got, again)
			}
		}
	})
}

// FuzzTheRestIsLeft asserts that only what has a reason is taken, by a reading
// of the text that is simpler than the redactor's.
func FuzzTheRestIsLeft(f *testing.F) {
	f.Add("/x?a=b&c=d e=f")
	f.Add("com.keyJoin.monkeyJunction.Key")
	f.Add("%!d(string=hi)")
	f.Add("http://h/%41?b@c#d")
	f.Add(`a "b\"c" <d>`)
	object := regexp.MustCompile(`e[yw][A-Za-z0-9_-]{10,}\.`)
	named := regexp.MustCompile(`(?is)(token2?|current|new|password)\W*=|%|basic\s|://.*@`)
	f.Fuzz(func(t *testing.T, text string) {
		var s Secrets
		if got := s.Text(text); got != text && !object.MatchString(text) && !named.MatchString(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
