package redact

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// tok is a token as CM-Well writes them.
const tok = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjE0NjY1ODk3NjMwMzMsInJldiI6MH0.tZ3kH8z_Y0-Kq2aB1cD4eF5gH6iJ7kL8mN9oP0qR1sT"

func TestSecretsAreHiddenAndTheRestIsNot(t *testing.T) {
	var s Secrets
	s.AddParameter("ticket")
	s.AddField("X-Api-Key")
	for _, row := range []struct{ text, want string }{
		// Nothing to hide.
		{"", ""},
		{"/", "/"},
		{"handled request", "handled request"},
		{"/example.org/people/ann?op=search&qp=type::person,name:ann&length=5", "/example.org/people/ann?op=search&qp=type::person,name:ann&length=5"},
		{"/x?qp=a%20b&%24filter=c%26d", "/x?qp=a%20b&%24filter=c%26d"},
		{"/x?a&b=&=c&&d=e=f#g", "/x?a&b=&=c&&d=e=f#g"},
		{"/renew=1/tokens=2?newer=3&current_page=4&mytoken=5", "/renew=1/tokens=2?newer=3&current_page=4&mytoken=5"},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},
		{"com.keyJoin.monkeyJunction.Key eyewear.example.com", "com.keyJoin.monkeyJunction.Key eyewear.example.com"},
		{"cursor eyJpZCI6MTIzNDU2fQ and no more", "cursor eyJpZCI6MTIzNDU2fQ and no more"},
		{"100% of %s, %!d(string=hi)", "100% of %s, %!d(string=hi)"},
		{"ann@example.org wrote: basic reading", "ann@example.org wrote: basic reading"},
		{"own + /tests/* rw", "own + /tests/* rw"},
		{`dial tcp 127.0.0.1:1: connect: connection refused`, `dial tcp 127.0.0.1:1: connect: connection refused`},

		// Tokens, by their shape, wherever they are.
		{tok, Hidden},
		{"Bearer " + tok, "Bearer " + Hidden},
		{"token " + tok + ". The end.", "token " + Hidden + ". The end."},
		{"a " + tok + " b " + tok + " c", "a " + Hidden + " b " + Hidden + " c"},
		{`Get "http://store/x?a=` + tok + `": EOF`, `Get "http://store/x?a=` + Hidden + `": EOF`},
		{"(" + tok + ")", "(" + Hidden + ")"},
		{"x" + tok, "x" + Hidden},
		{"/tests/" + tok + "/x", "/tests/" + Hidden + "/x"},
		{"/x?a=b;" + tok, "/x?a=b;" + Hidden},
		{tok[strings.Index(tok, ".")+1:], Hidden}, // without its header
		{tok[:60], Hidden}, // cut off
		{"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.", Hidden + "."},
		{"eyJhbGciOiJIUzI1NiJ9..c2lnbmF0dXJl", Hidden}, // RFC 7515, appendix F
		{"eyAiYWxnIjoiSFMyNTYifQ.eyJzdWIiOiJhbm4ifQ.c2ln", Hidden},
		{"ewogICJhbGciOiJIUzI1NiJ9.e30.c2ln", Hidden},
		{"eyJhbGciOiJSU0EtT0FFUCJ9.a2V5.aXY.dGV4dA.dGFn", Hidden}, // RFC 7516

		// The values of what has a secret's name.
		{"/x?token=abc&b=c", "/x?token=" + Hidden + "&b=c"},
		{"/x?TOKEN=abc", "/x?TOKEN=" + Hidden},
		{"/x?=token=abc", "/x?=token=" + Hidden},
		{"/x?a;token=abc", "/x?a;token=" + Hidden},
		{"/x#token=abc", "/x#token=" + Hidden},
		{"/x?access_token=abc&ticket=def&x-api-key=ghi", "/x?access_token=" + Hidden + "&ticket=" + Hidden + "&x-api-key=" + Hidden},
		{"/x?%74oken=abc&b=c", "/x?%74oken=" + Hidden + "&b=c"},
		{"/x?%2574oken=abc", "/x?%2574oken=" + Hidden},
		{"/x?a%3Btoken=abc", "/x?a%3Btoken=" + Hidden},
		{"/x?+token=abc", "/x?+token=" + Hidden},
		{"/x?token%20=abc", "/x?token%20=" + Hidden},
		{"/x?%zz=abc&b=c", "/x?%zz=" + Hidden + "&b=c"},
		{"/_auth?op=change-password&current=a;b'c d\"e&new=f#g", "/_auth?op=change-password&current=" + Hidden + "&new=" + Hidden},
		{"/_auth?op=change-password;current=a;new=b", "/_auth?op=change-password;current=" + Hidden},
		{"/_auth?op=change-password&%63urrent=a&ne%77=b", "/_auth?op=change-password&%63urrent=" + Hidden + "&ne%77=" + Hidden},
		{"op=change-password&new=a/b?c", "op=change-password&new=" + Hidden},
		{"http://d/_auth?op=change-password&new=a", "http://d/_auth?op=change-password&new=" + Hidden},
		{`Get "http://store/x?token=abc": EOF`, `Get "http://store/x?token=` + Hidden + `": EOF`},
		{"X-CM-WELL-TOKEN=abc; b=c", "X-CM-WELL-TOKEN=" + Hidden + " b=c"},

		// Escapes are decoded to find either.
		{"/x?a=" + strings.ReplaceAll(tok, ".", "%2E"), "/x?a=" + Hidden},
		{"/x?a=" + strings.ReplaceAll(tok, ".", "%252e") + "&b=c", "/x?a=" + Hidden + "&b=c"},
		{"/x?a=%65" + tok[1:] + "&b=c", "/x?a=" + Hidden + "&b=c"},
		{"/x?a=Bearer%20" + tok, "/x?a=" + Hidden},
		{"/x?a=%2%65" + tok[1:], "/x?a=" + Hidden},
		{"/x/%65" + tok[1:] + "/y?b=c", "/x/" + Hidden + "/y?b=c"},
		{"/login?next=%2F_auth%3Fop%3Dchange-password%26new%3Da%2Fb&c=d", "/login?next=" + Hidden + "&c=d"},
		{"/login?next=http://d/%3Ftoken%3Dabc", "/login?next=" + Hidden},

		// Passwords in other forms.
		{"redis://door:secret@10.0.0.1:6379/0", "redis://" + Hidden + "@10.0.0.1:6379/0"},
		{"http://store/ann@example.org?b@c", "http://store/ann@example.org?b@c"},
		{"malformed header: Basic YW5uOnNlY3JldA==", "malformed header: Basic " + Hidden},
		{`header "basic YW5uOnNlY3JldA==" is malformed`, `header "basic ` + Hidden + `" is malformed`},
	} {
		got := s.Text(row.text)
		if got != row.want {
			t.Errorf("of %q\ngot  %q\nwant %q", row.text, got, row.want)
		}
		if again := s.Text(got); again != got {
			t.Errorf("%q, once it was %q, becomes %q", row.text, got, again)
		}
	}
}

func TestFieldsThatHoldSecretsAreKnownByName(t *testing.T) {
	var s Secrets
	s.AddField("X-Api-Key")
	s.AddParameter("ticket")
	for name, want := range map[string]bool{
		"Authorization": true, "cookie": true, "Set-Cookie": true, "X-CM-WELL-TOKEN2": true, "X-Api-Key": true, "x-api-key": true,
		"ticket": false, "token": false, "new": false, "uri": false, "X-Api-Keys": false, "": false,
	} {
		if got := s.Field(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestAValueIsSearchedToItsDepths(t *testing.T) {
	type list struct {
		B any
		A []any
	}
	var s Secrets
	for _, row := range []struct {
		value any
		want  string
	}{
		{list{1, []any{true, nil, "<x>", json.Number("12345678901234567890")}}, `{"B":1,"A":[true,null,"<x>",12345678901234567890]}`},
		{tok, `"REDACTED"`},
		{list{map[string]any{"c": []string{"<x>", "/x?token=abc"}}, nil}, `{"A":null,"B":{"c":["<x>","/x?token=REDACTED"]}}`},
		{map[string]http.Header{"headers": {"Authorization": {"Basic x"}, "Accept": {"*/*"}}}, `{"headers":{"Accept":["*/*"],"Authorization":"REDACTED"}}`},
		{map[string]int{tok: 1}, `{"REDACTED":1}`},
		{json.RawMessage(`{"a":"\u0065` + tok[1:] + `"}`), `{"a":"REDACTED"}`},
	} {
		got, err := s.JSON(row.value)
		if err != nil || string(got) != row.want {
			t.Errorf("%v: got %s %v, want %s", row.value, got, err, row.want)
		}
	}
	if got, err := s.JSON(func() {}); err == nil || got != nil {
		t.Errorf("what has no JSON: got %q %v", got, err)
	}
}
