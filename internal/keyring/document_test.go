package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// written is a document with a key of every algorithm, rotated once.
func written(t testing.TB) []byte {
	t.Helper()
	var d document
	for _, a := range algorithms {
		if _, err := d.ensure(a, life, noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.rotate(noon, false); err != nil {
		t.Fatal(err)
	}
	b, err := d.write()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestADocumentIsReadAsItWasWritten(t *testing.T) {
	b := written(t)
	d, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.write()
	if err != nil || string(again) != string(b) {
		t.Errorf("%v\n%s", err, again)
	}
	if len(d.Keys) != 2*len(algorithms) {
		t.Errorf("%d keys", len(d.Keys))
	}
	for i, e := range d.Keys {
		if e.Unnamed != (i < len(algorithms) && e.Algorithm.Symmetric()) {
			t.Errorf("key %d of %s: unnamed is %v", i, e.Algorithm, e.Unnamed)
		}
		if private, ok := e.Key.(*token.Private); ok && private.ID() != e.ID {
			t.Errorf("key %d of %s is called %s, its thumbprint is %s", i, e.Algorithm, e.ID, private.ID())
		}
	}
}

func TestDamagedDocumentsAreRefused(t *testing.T) {
	good := string(written(t))
	change := func(old, replaced string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the document", old)
		}
		return strings.Replace(good, old, replaced, 1)
	}
	var d struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(good), &d); err != nil {
		t.Fatal(err)
	}
	first := func(name string) string { return fmt.Sprintf("%s", d.Keys[0][name]) }
	for why, text := range map[string]string{
		"nothing":                        "",
		"half of it":                     good[:len(good)/2],
		"a second one behind it":         good + good,
		"63 digits":                      strings.Repeat("a", 63),
		"66 digits":                      strings.Repeat("a", 66),
		"another version":                change(`"version": 1`, `"version": 2`),
		"no version":                     change(`"version": 1,`, ``),
		"an unknown member":              change(`"version": 1`, `"version": 1, "x": 1`),
		"a member twice":                 change(`"version": 1`, `"version": 1, "version": 1`),
		"a member in capitals":           change(`"version"`, `"Version"`),
		"nothing to derive from":         change(`"derive"`, `"former_derive"`),
		"an unknown algorithm":           change(`"HS256"`, `"none"`),
		"a key for another algorithm":    change(`"algorithm": "ES256"`, `"algorithm": "EdDSA"`),
		"a secret as a private key":      change(`"algorithm": "HS256"`, `"algorithm": "RS256"`),
		"a short secret":                 change(first("material"), "AAAA"),
		"no id":                          change(first("id"), ""),
		"an id twice":                    change(first("id"), fmt.Sprint(d.Keys[1]["id"])),
		"no time from which it signs":    change(`"signs_from"`, `"retired"`),
		"a life of nothing":              change(`"longest_life_seconds": 5184000`, `"longest_life_seconds": 0`),
		"retired for ever":               change(`"safe_to_drop"`, `"created"`),
		"the newest key of all, retired": good[:strings.LastIndex(good, "5184000")] + `5184000, "retired": "2026-11-22T12:00:00Z", "safe_to_drop": "2026-11-23T12:00:00Z"}]}`,
	} {
		got, err := parse([]byte(text))
		if !errors.Is(err, errDamaged) || len(got.Keys) > 0 {
			t.Errorf("%s: %v", why, err)
			continue
		}
		for i := range d.Keys {
			if m := fmt.Sprint(d.Keys[i]["material"]); strings.Contains(err.Error(), m[:16]) {
				t.Errorf("%s: the error shows a key: %v", why, err)
			}
		}
	}
	if _, err := parse([]byte(good)); err != nil {
		t.Errorf("the document from which these are made is itself refused: %v", err)
	}
}

func TestWhatIsToldOfKeysHoldsNoSecret(t *testing.T) {
	d, err := parse(written(t))
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(d.list(noon))
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{string(told), fmt.Sprintf("%v %+v %#v", d, d, d)} {
		for _, e := range d.Keys {
			encoded, err := json.Marshal([]byte(e.Material))
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range []string{string(encoded[1:20]), fmt.Sprintf("%x", []byte(e.Material))[:20], string(e.Material)} {
				if strings.Contains(shown, form) {
					t.Fatalf("a key of %s shows", e.Algorithm)
				}
			}
		}
	}
	if !strings.HasPrefix(string(told), `[{"id":"`+d.Keys[0].ID+`","algorithm":"HS256","created":"2026-11-22T12:00:00Z","signsFrom":"2026-11-22T12:00:00Z","retiredAt":"2026-11-22T12:00:05Z","safeToDropAt":"2027-01-21T12:01:05Z","state":"signing"}`) {
		t.Errorf("%s", told)
	}
}

func TestAClockIsBelievedWhenItRunsSteadily(t *testing.T) {
	for _, row := range []struct {
		why   string
		looks []time.Duration // from noon
		want  bool
	}{
		{"the first look", []time.Duration{0}, false},
		{"nine minutes", minutes(0, 9), false},
		{"ten minutes", minutes(0, 10), true},
		{"a step back after nine", append(minutes(0, 9), minutes(5, 14)...), false},
		{"ten minutes after a step back", append(minutes(0, 9), minutes(5, 15)...), true},
		{"a step of a year", append(minutes(0, 30), 365*24*time.Hour), false},
		{"a step of a year, and back", append(append(minutes(0, 30), 365*24*time.Hour), minutes(31, 32)...), false},
		{"a pause of an hour", append(minutes(0, 30), minutes(90, 91)...), false},
	} {
		var s steadiness
		var got bool
		for _, look := range row.looks {
			got = s.observe(noon.Add(look))
		}
		if got != row.want {
			t.Errorf("%s: %v, want %v", row.why, got, row.want)
		}
	}
}

func minutes(from, to int) (all []time.Duration) {
	for m := from; m <= to; m++ {
		all = append(all, time.Duration(m)*time.Minute)
	}
	return all
}

// Whatever is in the storage is read without a panic, and what is accepted works.
func FuzzParse(f *testing.F) {
	f.Add(written(f))
	f.Add([]byte(strings.Repeat("0f", 32)))
	f.Add([]byte(`{"version":1,"derive":"","keys":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parse(b)
		if err != nil {
			return
		}
		for _, a := range d.algorithms() {
			set, _ := d.set(a, noon)
			if err := new(token.Keys).Use(token.Config{Algorithm: a, Signing: set.Signing, Accept: set.Accept}); err != nil {
				t.Fatalf("%s: %v\n%s", a, err, b)
			}
		}
	})
}
