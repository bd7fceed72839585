package file

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestAMistakeIsFoundByItsLine(t *testing.T) {
	for _, row := range []struct{ text, says string }{
		{"{\n \"users\": {\n  \"ann\": {},\n  \"bob\": {\"rev\": -1}\n }\n}", "line 4: user bob: rev -1"},
		{"{\n \"users\": {\n  \"ann\": {},\n }\n}", "line 3: "},
		{"{\n \"users\": {},\n \"roles\": {\n \"x\":\n {\"paths\":[{}]}}}", "line 5: role x: paths[0]"},
		{"{\n\n \"rev_floor\": -1}", "line 3: "},
		{"", "line 1: "},
		{"{\n\"users\":{}}\n}", "line 2: "},
		{"{\"users\":{}", "line 1: "},
	} {
		if s, err := Parse([]byte(row.text)); s != nil || err == nil || !strings.HasPrefix(err.Error(), row.says) {
			t.Errorf("%q: %v; should say %s", row.text, err, row.says)
		}
	}
}

// What stands there as before is not read again: whoever asks for such a user is
// given the same.
func TestOnlyWhatHasChangedIsReadAgain(t *testing.T) {
	before, err := Parse([]byte(`{"users":{"ann":{"roles":["A"]},"bob":{"roles":["B"]},"cal":{},"dan":{"roles":["C"]},"eve":{}},"roles":{"A":{},"B":{}}}`))
	must(t, err)
	after, err := parse([]byte(`{"roles":{"B":{"note":1},"A":{},"C":{}}, "users":{"eve":{"rev":1},"cal":{},"bob":{"roles":["B"]},"ann":{"roles":["A"]},"dan":{"roles":["C"]},"fay":{}}}`), before)
	must(t, err)
	var same []string
	for name, p := range after.users {
		if p == before.users[name] {
			same = append(same, name)
		}
	}
	slices.Sort(same)
	// The role of bob is another one, and that of dan was not there.
	if want := []string{"ann", "cal"}; !slices.Equal(same, want) {
		t.Errorf("the same are %q, want %q", same, want)
	}
	again, err := parse([]byte(`{"users":{"ann":{"roles":["A"]}}}`), after)
	must(t, err)
	if p := again.users["ann"]; p == after.users["ann"] || len(p.Rules.Roles) != 0 {
		t.Errorf("without its role, ann is %+v", p)
	}
}

func TestOfWhatIsNewThereAreWarnings(t *testing.T) {
	before, err := Parse([]byte(`{"users":{"ann":{"roles":["A"]},"bob":{}},"roles":{"A":{}}}`))
	must(t, err)
	for text, want := range map[string][]string{
		`{"users":{"ann":{"roles":["A"]},"bob":{}},"roles":{"A":{}}}`: nil,
		`{"users":{"bob":{}},"roles":{"A":{}}}`:                       nil,
		// A role that is gone is missed by its user.
		`{"users":{"ann":{"roles":["A"]},"bob":{}}}`: {"user ann: the role A does not exist"},
		`{"users":{"ann":{"roles":["A"]},"bob":{"rev":1}},"roles":{"A":{"paths":[{"id":"/a%20b","sign":"+","permissions":"r"}]}}}`: {
			"role A: the entry"},
		`{"users":{"cal":{},"bob":{"operations":["Admin"],"note":"what was wrong still is"}},"roles":{"A":{}}}`: {"user cal: no digest"},
	} {
		after, err := parse([]byte(text), before)
		must(t, err)
		got := after.warningsSince(before)
		if len(got) != len(want) {
			t.Errorf("%s: %q, want %q", text, got, want)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("%s: %q, want %q", text, got[i], want[i])
			}
		}
	}
}

// Whatever was there before, a text means the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(users), []byte(users))
	f.Add([]byte(`{"users":{"a":{"roles":["r"]}},"roles":{"r":{}}}`), []byte(`{"roles":{"r":{"operations":["Admin"]}},"users":{"a":{"roles":["r"]}}}`))
	f.Add([]byte(`{"users":{"anonymous":{}}}`), []byte(`{"users":{"anonymous":{"paths":[]}}}`))
	f.Add([]byte(`{"users":{"anonymous":{}}}`), []byte(`{"users":{}}`))
	f.Add([]byte(`{"users":null,"rev_floor":3}`), []byte(`{"users":{"a":{}},"users":{}}`))
	f.Add([]byte(`{"\u0075sers":{"\u0061":{ } } }`), []byte(`{"users":{"a":{}}}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		before, err := Parse(first)
		if (before == nil) != (err != nil) {
			t.Fatalf("%v beside %v", before, err)
		}
		if err != nil {
			before = new(Store)
		}
		got, err := parse(second, before)
		want, wrong := Parse(second)
		if fmt.Sprint(err) != fmt.Sprint(wrong) || (got == nil) != (want == nil) {
			t.Fatalf("%v, want %v", err, wrong)
		}
		if got == nil {
			return
		}
		if !reflect.DeepEqual(got.users, want.users) || !reflect.DeepEqual(got.roles, want.roles) || got.floor != want.floor || got.onlyMD5 != want.onlyMD5 || !reflect.DeepEqual(got.of, want.of) {
			t.Fatalf("%s\nafter\n%s\nis %+v, want %+v", second, first, got, want)
		}
		if got.anonymous != got.users[account.Anonymous] {
			t.Fatalf("%s: nobody in particular is %+v", second, got.anonymous)
		}
		for name := range got.users {
			if document, err := got.Document(t.Context(), account.Users, name); err != nil || !strings.Contains(string(second), string(document)) {
				t.Fatalf("%s: %s, %v", name, document, err)
			}
		}
		if _, err := got.Document(t.Context(), account.Users, "nobody/else"); !errors.Is(err, account.ErrNotExist) {
			t.Fatal(err)
		}
	})
}
