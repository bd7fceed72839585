package file

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestOnlyTheEditedMembersChange(t *testing.T) {
	set := func(pairs ...string) map[string]jsontext.Value {
		edits := map[string]jsontext.Value{}
		for i := 0; i < len(pairs); i += 2 {
			edits[pairs[i]] = nil
			if pairs[i+1] != "" {
				edits[pairs[i]] = jsontext.Value(pairs[i+1])
			}
		}
		return edits
	}
	for _, row := range []struct {
		why, before string
		edits       map[string]jsontext.Value
		after       string
	}{
		{"a value", `{"rev":1,"email":"a"}`, set("rev", "2"), `{"rev":2,"email":"a"}`},
		{"no edits", ` { "rev" :1 , "x":[ 1,2 ] } `, set(), ` { "rev" :1 , "x":[ 1,2 ] } `},
		{"what is unknown, the order and white space stay", "{\n\t\"quota\" : {\"kept\": [1,  2.50]} ,\n\t\"rev\":1,  \"x\": \"\\u00e4/\\/\"\n}", set("rev", "2"),
			"{\n\t\"quota\" : {\"kept\": [1,  2.50]} ,\n\t\"rev\":2,  \"x\": \"\\u00e4/\\/\"\n}"},
		{"a name in escapes", `{"\u0072ev":1}`, set("rev", "2"), `{"\u0072ev":2}`},
		{"the same name deeper", `{"x":{"rev":7},"rev":1}`, set("rev", "2"), `{"x":{"rev":7},"rev":2}`},
		{"commas and braces in strings", `{"x":"},\"rev\":5,{", "rev":1}`, set("rev", "2"), `{"x":"},\"rev\":5,{", "rev":2}`},
		{"a new member, on one line", `{"rev":1,"x":2}`, set("digest2", `"a"`), `{"rev":1,"x":2,"digest2":"a"}`},
		{"a new member, spaced", `{"rev": 1, "x": 2}`, set("digest2", `"a"`), `{"rev": 1, "x": 2, "digest2": "a"}`},
		{"a new member beside one, spaced", `{"rev": 1}`, set("digest2", `"a"`), `{"rev": 1, "digest2": "a"}`},
		{"new members, on lines", "{\n  \"rev\": 1\n}", set("first", `"a"`, "email", `"b"`), "{\n  \"rev\": 1,\n  \"email\": \"b\",\n  \"first\": \"a\"\n}"},
		{"a new member with nothing before", `{}`, set("rev", "1"), `{"rev": 1}`},
		{"two with nothing before", "{\n}", set("rev", "1", "email", `"b"`), "{\n  \"email\": \"b\",\n  \"rev\": 1\n}"},
		{"the first removed", `{ "rev":1, "x":2 }`, set("rev", ""), `{ "x":2 }`},
		{"the middle removed", `{"a":0,"rev":1,"x":2}`, set("rev", ""), `{"a":0,"x":2}`},
		{"the last removed", "{\n  \"x\": 2,\n  \"rev\": 1\n}", set("rev", ""), "{\n  \"x\": 2\n}"},
		{"the only one removed", `{ "rev":1 }`, set("rev", ""), `{ }`},
		{"all removed but one", `{"a":1, "b":2, "c":3, "d":4}`, set("a", "", "b", "", "d", ""), `{"c":3}`},
		{"one removed that is not there", `{"a":1}`, set("rev", ""), `{"a":1}`},
		{"one for another", `{ "a":1 }`, set("a", "", "b", "2"), `{ "b":2 }`},
	} {
		const before, after = " {\"roles\":{\"ann\":{}} , \"\\u0075sers\":{\"x\":{\"rev\":1},\n\"\\u0061nn\": ", "\t, \"bob\":{\"rev\": 1 }}}\n\n"
		got, err := editUser([]byte(before+row.before+after), "ann", row.edits)
		// White space around the object is the document's, not the object's.
		if want := before + row.after + after; err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", row.why, err, got, want)
		}
	}
}

// editUser changes members of one user's object.
func editUser(b []byte, user string, edits map[string]jsontext.Value) ([]byte, error) {
	s, err := Parse(b)
	if err != nil {
		return nil, err
	}
	return s.withMembers(s.of[account.Users].at[user], edits)
}

// Whatever the document, an edit gives one that is accepted, and all that it
// does not name is there again.
func FuzzSplice(f *testing.F) {
	f.Add([]byte(users), "ann", int64(4), "x", uint8(0))
	f.Add([]byte(users), "bob", int64(0), "\n\"}", uint8(1))
	f.Add([]byte("{\"users\":{\"a\": { } , \"b\":{\"rev\":1 , \"x\" : [ 1.0 ]\n}}}"), "a", int64(1), "", uint8(2))
	f.Add([]byte("{\"users\":{\"a\":{\"email\":\"\",\"rev\":1,\"first\":\"\\u0000\"}}} "), "a", int64(1), "é", uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, user string, rev int64, text string, kind uint8) {
		before, err := Parse(b)
		if err != nil {
			return
		}
		if _, err := before.User(t.Context(), user); errors.Is(err, account.ErrNotExist) {
			return
		}
		edits, err := []account.Fields{
			{"rev": rev & (1<<53 - 1)},
			{"rev": rev & (1<<53 - 1), "email": strings.ToValidUTF8(text, "")},
			{"email": nil, "rev": nil},
			{"first": nil, "email": strings.ToValidUTF8(text, "")},
		}[kind%4].Members()
		if err != nil {
			t.Fatal(err)
		}
		got, err := editUser(b, user, edits)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if _, err := Parse(got); err != nil {
			t.Fatalf("%s\nbecame\n%s\n%v", b, got, err)
		}
		old, changed := rawUser(t, b, user), rawUser(t, got, user)
		checkAround(t, b, got, old, changed)
		checkMembers(t, old, changed, edits)
		checkTheWayBack(t, b, got, user, old, edits)
	})
}

func rawUser(t *testing.T, b []byte, user string) jsontext.Value {
	s, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return s.document(account.Users, user)
}

// checkAround finds the new object where the old one stood, and every other byte in its place.
func checkAround(t *testing.T, b, got []byte, old, changed jsontext.Value) {
	for i := 0; i+len(old) <= len(b); i++ {
		if bytes.HasPrefix(b[i:], old) && bytes.Equal(got, slices.Concat(b[:i], changed, b[i+len(old):])) {
			return
		}
	}
	t.Fatalf("%s\nbecame\n%s", b, got)
}

// checkMembers compares two objects member by member, in their order.
func checkMembers(t *testing.T, old, changed jsontext.Value, edits map[string]jsontext.Value) {
	var want []string
	names, values := members(t, old)
	created := maps.Clone(edits)
	for i, name := range names {
		value, edited := edits[name]
		delete(created, name)
		if edited {
			values[i] = string(value)
		}
		if !edited || value != nil {
			want = append(want, name, values[i])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(created)) {
		if created[name] != nil {
			want = append(want, name, string(created[name]))
		}
	}
	var got []string
	names, values = members(t, changed)
	for i := range names {
		got = append(got, names[i], values[i])
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s\nbecame\n%s\n%q, want %q", old, changed, got, want)
	}
}

func members(t *testing.T, object jsontext.Value) (names, values []string) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := d.ReadToken(); err != nil {
		t.Fatal(err)
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.String())
		value, err := d.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, string(value))
	}
	return names, values
}

// checkTheWayBack undoes an edit of values that were there, to the byte.
func checkTheWayBack(t *testing.T, b, got []byte, user string, old jsontext.Value, edits map[string]jsontext.Value) {
	back := map[string]jsontext.Value{}
	names, values := members(t, old)
	for name, value := range edits {
		i := slices.Index(names, name)
		if i < 0 || value == nil {
			return
		}
		back[name] = jsontext.Value(values[i])
	}
	if again, err := editUser(got, user, back); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%s\nbecame\n%s\nand back\n%s\n%v", b, got, again, err)
	}
}
