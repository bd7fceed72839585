package splice

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// Whatever the document, it has the new members after an edit, without the removed
// ones, and all others as they were.
func FuzzMembers(f *testing.F) {
	for _, document := range []string{`{}`, `{"a":1,"b":[2]}`, "{\n  \"a\" : {} ,\n\"b\":\"}\"\n}", `{"\u0061":1}`, ` {"a":{"a":1}} `, `{"a":`, `[]`} {
		f.Add([]byte(document), "a", "c")
	}
	f.Fuzz(func(t *testing.T, document []byte, removed, set string) {
		if !jsontext.Value(document).IsValid() || removed == set {
			return
		}
		edited, err := Members(document, map[string]jsontext.Value{removed: nil, set: jsontext.Value(`[true]`)})
		if err != nil {
			if edited != nil || jsontext.Value(document).Kind() == '{' {
				t.Fatalf("%q: %q, %v", document, edited, err)
			}
			return
		}
		quoted, err := jsontext.AppendQuote(nil, set)
		if err != nil {
			return // no name can be this one, and none is made of it
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(document, &before) != nil || json.Unmarshal(edited, &after) != nil {
			t.Fatalf("%q becomes %q, which encoding/json cannot read", document, edited)
		}
		delete(before, removed)
		var name string
		if json.Unmarshal(quoted, &name) != nil || string(after[name]) != `[true]` {
			t.Fatalf("%q becomes %q, without %q", document, edited, set)
		}
		before[name] = json.RawMessage(`[true]`)
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("%q becomes %q", document, edited)
		}
	})
}
