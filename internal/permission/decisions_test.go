package permission

import (
	"os"
	"strings"
	"testing"
)

// TestDecisions reads testdata/decisions.txt; see its head for the language.
func TestDecisions(t *testing.T) {
	text, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rules Rules
	title, asked := "", 0
	for n, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case !strings.HasPrefix(line, " "):
			title, rules = line, Rules{}
		case words[0] == "own":
			rules.Own = append(rules.Own, entryOf(t, words[1:]))
		case words[0] == "role":
			rules.Roles = append(rules.Roles, Role{Name: words[1], Entries: []Entry{entryOf(t, words[2:])}})
		case words[0] == "may":
			asked++
			ask(t, n+1, title, rules, line)
		default:
			t.Fatalf("decisions.txt:%d: not understood: %s", n+1, line)
		}
	}
	if asked < 70 {
		t.Errorf("only %d questions were found", asked)
	}
}

// ask checks one line: "may [not] read|write [all of] PATH - RULE".
func ask(t *testing.T, n int, title string, rules Rules, line string) {
	t.Helper()
	question, want, _ := strings.Cut(strings.TrimSpace(line), " - ")
	question = strings.TrimPrefix(strings.TrimSpace(question), "may ")
	question, refused := strings.CutPrefix(question, "not ")
	verb, path, _ := strings.Cut(question, " ")
	path, tree := strings.CutPrefix(path, "all of ")
	level := map[string]Level{"read": Read, "write": Write}[verb]
	p, err := ParsePath(path)
	if err != nil || level == 0 {
		t.Fatalf("decisions.txt:%d: %v: %s", n, err, line)
	}
	d := rules.Decide(p, level, tree)
	if d.Allowed == refused || d.String() != want {
		t.Errorf("decisions.txt:%d: %s: %s\n  answered %v, %s", n, title, strings.TrimSpace(line), d.Allowed, d)
	}
}

func entryOf(t *testing.T, words []string) Entry {
	t.Helper()
	id, recursive := strings.CutSuffix(words[1], "/*")
	if id == "" {
		id = "/"
	}
	levels, err := ParseLevels(words[2])
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEntry(id, words[0] == "+", recursive, levels)
	if err != nil {
		t.Fatal(err)
	}
	if e.String() != strings.Join(words, " ") {
		t.Fatalf("%v shows as %s", words, e)
	}
	return e
}
