package splice

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestMembersAreChangedWhereThePathLeads(t *testing.T) {
	edits := map[string]jsontext.Value{"rev": jsontext.Value("2"), "gone": nil}
	for _, row := range []struct {
		why, before string
		path        []string
		after       string
	}{
		{"the top", " {\"rev\":1, \"gone\":{}}\n", nil, " {\"rev\":2}\n"},
		{"one below", `{"rev":1,"a":{"rev":1}}`, []string{"a"}, `{"rev":1,"a":{"rev":2}}`},
		{"two below", `{"a":{"b":{ },"rev":1}}`, []string{"a", "b"}, `{"a":{"b":{"rev": 2 },"rev":1}}`},
		{"a name in escapes", `{"\u0061":{"r\u0065v":1}}`, []string{"a"}, `{"\u0061":{"r\u0065v":2}}`},
		{"a name of nothing", `{"":{"rev":1}}`, []string{""}, `{"":{"rev":2}}`},
	} {
		got, err := Members([]byte(row.before), edits, row.path...)
		if err != nil || string(got) != row.after {
			t.Errorf("%s: %s, %v; want %s", row.why, got, err, row.after)
		}
	}
}

func TestAPathThatLeadsNowhere(t *testing.T) {
	for _, row := range []struct {
		document string
		path     []string
	}{
		{``, nil}, {`[]`, nil}, {`{`, nil}, {`{"a":1,}`, nil},
		{`{}`, []string{"a"}}, {`{"A":{}}`, []string{"a"}}, {`{"a":null}`, []string{"a"}}, {`{"a":[]}`, []string{"a"}},
		{`{"a":{}}`, []string{"a", "b"}}, {`{"a":{"b":1}}`, []string{"a", "b"}},
	} {
		if got, err := Members([]byte(row.document), nil, row.path...); err == nil || got != nil {
			t.Errorf("%s, %q: %s, %v", row.document, row.path, got, err)
		}
	}
}
