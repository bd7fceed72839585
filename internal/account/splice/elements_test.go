package splice

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestElementsKeepTheirTextAndTheSpaceAroundThem(t *testing.T) {
	list := func(elements ...jsontext.Value) []jsontext.Value { return elements }
	one, two, nine := jsontext.Value("1"), jsontext.Value("2"), jsontext.Value("9")
	for _, row := range []struct {
		why, before string
		elements    []jsontext.Value
		after       string
	}{
		{"one more in nothing", `[]`, list(nine), `[9]`},
		{"one more in space", `[ ]`, list(nine), `[9 ]`},
		{"one more behind one", `[1]`, list(one, nine), `[1, 9]`},
		{"one more in a line without spaces", `[1,2]`, list(one, two, nine), `[1,2,9]`},
		{"one more in a line", `[1, 2]`, list(one, two, nine), `[1, 2, 9]`},
		{"one more in lines", "[\n\t1,\n\t{\"a\": [2]}\n]", list(one, jsontext.Value(`{"a": [2]}`), nine), "[\n\t1,\n\t{\"a\": [2]},\n\t9\n]"},
		{"one more behind one in lines", "[\n\t1\n]", list(one, nine), "[\n\t1,\n\t9\n]"},
		{"the same", "[ 1.50,2 ,  3 ]", list(jsontext.Value("1.50"), two, jsontext.Value("3")), "[ 1.50,  2,  3 ]"},
		{"without the first", "[\n\t1,\n\t2\n]", list(two), "[\n\t2\n]"},
		{"without the last", `[1, "a,b", 2]`, list(one, jsontext.Value(`"a,b"`)), `[1, "a,b"]`},
		{"without the only one", `[1]`, nil, `[]`},
	} {
		got, err := Elements([]byte(row.before), row.elements)
		if err != nil || string(got) != row.after {
			t.Errorf("%s: %s, %v; want %s", row.why, got, err, row.after)
		}
	}
}

func TestWhatIsNoArrayHasNoElements(t *testing.T) {
	for _, text := range []string{``, `{}`, `1`, `[`, `[1,]`, `[1 2]`, `null`} {
		if got, err := Elements([]byte(text), nil); err == nil || got != nil {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}
