package account

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestHashesAreTakenOut(t *testing.T) {
	for _, row := range []struct{ why, document, shown string }{
		{"nothing to hide", `{"rev": 1, "email":"a"}`, `{"rev":1,"email":"a"}`},
		{"all three", `{"digest":"x","rev":1,"digest2":"y","digest2_sha256":"z"}`, `{"rev":1}`},
		{"one that is unknown", `{"digestOfOld":{"a":[1]},"rev":1}`, `{"rev":1}`},
		{"another case", `{"DIGEST":"x","Digest3":"y","rev":1}`, `{"rev":1}`},
		{"a name in escapes", `{"\u0064igest":"x","d\u0049gest":"y","rev":1}`, `{"rev":1}`},
		{"letters that are these in one case only", `{"dıgest":"x","DİGEST":"y","digeſt":"z","rev":1}`, `{"rev":1}`},
		{"deeper", `{"old":[{"digest":"x","when":1},[{"digest2":"y"}]]}`, `{"old":[{"when":1},[{}]]}`},
		{"values and other names stay as they are", `{"a":"digest","mydigest":"\u0064\/","n":1.50e1,"b":[true,null]}`, `{"a":"digest","mydigest":"\u0064\/","n":1.50e1,"b":[true,null]}`},
		{"nothing else in it", ` { "digest" : "x" } `, `{}`},
	} {
		if got, err := Redact([]byte(row.document)); err != nil || string(got) != row.shown {
			t.Errorf("%s: %s, %v; want %s", row.why, got, err, row.shown)
		}
	}
}

func TestWhatCannotBeRedactedIsNotShown(t *testing.T) {
	for _, document := range []string{``, `null`, `["digest"]`, `{"digest":"secret"`, `{"a":1}{"digest":"secret"}`, `{"a":secret}`, `{"a":"secret","a":1}`, "{\"a\":\"secret\xff\"}"} {
		if got, err := Redact([]byte(document)); err == nil || got != nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %s, %v", document, got, err)
		}
	}
}

// without is the same by other means: over maps, as encoding/json makes them.
func without(v any) any {
	switch v := v.(type) {
	case map[string]any:
		rest := map[string]any{}
		for name, value := range v {
			if !strings.HasPrefix(strings.ToLower(name), "digest") && !strings.HasPrefix(strings.ToUpper(name), "DIGEST") {
				rest[name] = without(value)
			}
		}
		return rest
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
	}
	return v
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte(documented))
	f.Add([]byte(`{"\u0064igest":1,"a":[{"DIGEST2":{},"b":-0.10e+2}],"":"\ud83d\ude00"}`))
	f.Add([]byte(`{"digest":{"a":{}},"x":"\u2028<&>"} `))
	f.Fuzz(func(t *testing.T, b []byte) {
		shown, err := Redact(b)
		if err != nil {
			if shown != nil {
				t.Fatalf("%s beside %v", shown, err)
			}
			return
		}
		var before, after any
		read := func(b []byte, into *any) {
			d := json.NewDecoder(strings.NewReader(string(b)))
			d.UseNumber()
			if err := d.Decode(into); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
		}
		read(b, &before)
		read(shown, &after)
		if !reflect.DeepEqual(without(before), after) {
			t.Fatalf("%s\nis shown as\n%s", b, shown)
		}
	})
}
