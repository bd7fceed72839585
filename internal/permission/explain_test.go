package permission

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what is said now into testdata/explanations.txt, for a person to read")

// TestExplanations reads testdata/explanations.txt; see its head for the language.
func TestExplanations(t *testing.T) {
	const name = "testdata/explanations.txt"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var rules Rules
	var said []string
	asked := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "    "):
			continue // an answer
		case len(words) > 0 && !strings.HasPrefix(line, " "):
			rules = Rules{}
		case len(words) > 0 && words[0] == "own":
			rules.Own = append(rules.Own, entryOf(t, words[1:]))
		case len(words) > 0 && words[0] == "role":
			rules.Roles = append(rules.Roles, Role{Name: words[1], Entries: []Entry{entryOf(t, words[2:])}})
		}
		said = append(said, line)
		if len(words) > 0 && (words[0] == "read" || words[0] == "write") {
			asked++
			said = append(said, answer(t, rules, strings.TrimSpace(line))...)
		}
	}
	got := strings.Join(said, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if asked < 45 {
		t.Errorf("only %d questions were found", asked)
	}
	want, have := strings.Split(string(text), "\n"), said
	for i := range min(len(want), len(have)) {
		if want[i] != have[i] {
			t.Fatalf("explanations.txt:%d:\n  %s\nis now\n  %s", i+1, want[i], have[i])
		}
	}
	if got != string(text) {
		t.Errorf("explanations.txt has %d lines; %d are said", len(want), len(have)+1)
	}
}

func answer(t *testing.T, rules Rules, question string) []string {
	t.Helper()
	verb, path, _ := strings.Cut(question, " ")
	path, tree := strings.CutPrefix(path, "all of ")
	p, err := ParsePath(path)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	level := map[string]Level{"read": Read, "write": Write}[verb]
	e := rules.Explain(p, level, tree)
	if e.Decision != rules.Decide(p, level, tree) {
		t.Errorf("%s: explained and decided are two things: %+v", question, e.Decision)
	}
	lines := []string{"    | " + e.Sentence("ann")}
	for _, m := range e.Report("ann").NearMisses {
		of := "own"
		if m.Role != "" {
			of = "role " + m.Role
		}
		lines = append(lines, "      "+of+" "+m.Entry+" - "+m.Reason)
	}
	return lines
}

func TestAnExplanationForPrograms(t *testing.T) {
	rules := Rules{
		Own:   []Entry{entryOf(t, []string{"-", "/tests/secret/*", "rw"}), entryOf(t, []string{"+", "/tests/*", "rw"})},
		Roles: []Role{{Name: "Editor", Entries: []Entry{entryOf(t, []string{"+", "/docs", "w"})}}},
	}
	for _, row := range []struct {
		path, user string
		tree       bool
		want       string
	}{
		{"/tests/secret/b", "ann", false, `{"level":"write","tree":false,"path":"/tests/secret/b","readings":["/tests/secret/b"],"allowed":false,"reading":"/tests/secret/b","entry":"- /tests/secret/* rw","role":"",` +
			`"nearMisses":[{"entry":"+ /tests/* rw","role":"","reason":"denied","sentence":"own entry \"+ /tests/* rw\" allows it, but a denial of the user's own beats it"}],` +
			`"sentence":"ann may not write /tests/secret/b: the user's own entry \"- /tests/secret/* rw\" denies it."}`},
		{"/x//", "", true, `{"level":"write","tree":true,"path":"/x/","readings":["/x/","/x"],"allowed":false,"reading":"/x/","entry":"","role":"","nearMisses":[],` +
			`"sentence":"anonymous may not write /x/ and all below it: no entry of the user or of its roles covers all of it."}`},
	} {
		p, err := ParsePath(row.path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(rules.Explain(p, Write, row.tree).Report(row.user))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
		if text != row.want {
			t.Errorf("%s:\n  %s\nwant\n  %s", row.path, text, row.want)
		}
	}
}

func TestExplanationsOfWhatIsNeverAllowed(t *testing.T) {
	rules := Rules{Own: []Entry{entryOf(t, []string{"+", "/*", "r"})}}
	if e := rules.Explain(Path{}, Read, false); e.Allowed || e.Sentence("") != "anonymous may not read a path that has no reading." {
		t.Errorf("%+v: %s", e, e.Sentence(""))
	}
	p, err := ParsePath("/a")
	if err != nil {
		t.Fatal(err)
	}
	// An entry that names one of two levels does not allow both.
	e := rules.Explain(p, Read|Write, false)
	if want := `ann may not read and write /a: no entry of the user or of its roles covers it. Near miss: own entry "+ /* r" names only read.`; e.Allowed || e.Sentence("ann") != want {
		t.Errorf("%s", e.Sentence("ann"))
	}
	all := Rules{Own: []Entry{entryOf(t, []string{"+", "/*", "rw"})}}
	if e := all.Explain(p, Read|Write, true); !e.Allowed || e.Sentence("ann") != `ann may read and write /a and all below it: the user's own entry "+ /* rw" allows it.` {
		t.Errorf("%s", e.Sentence("ann"))
	}
	for _, level := range []Level{0, 4, Read | 4, 255} {
		if d := all.Decide(p, level, false); d.Allowed {
			t.Errorf("%s is allowed by %s", level, d)
		}
	}
}

func TestALongPathDoesNotFillTheSentence(t *testing.T) {
	p, err := ParsePath("/" + strings.Repeat("%E2%82%AC", 1500))
	if err != nil {
		t.Fatal(err)
	}
	if s := (Rules{}).Explain(p, Read, false).Sentence("ann"); len(s) > 300 || !strings.Contains(s, "€…:") {
		t.Errorf("%d bytes: %s", len(s), s)
	}
}

func TestEachMissHasItsWords(t *testing.T) {
	seen := map[string]bool{"": true}
	for m := Denied; m <= Below; m++ {
		if seen[m.Name()] || seen[m.String()] {
			t.Errorf("miss %d: %q, %q", m, m.Name(), m)
		}
		seen[m.Name()], seen[m.String()] = true, true
	}
	for _, m := range []Miss{0, Below + 1, 255} {
		if m.Name() != "" || m.String() != "" {
			t.Errorf("%d is no miss: %q, %q", uint8(m), m.Name(), m)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	rules := many(1000)
	p, err := ParsePath("/tests/unit/case-7/result")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		rules.Explain(p, Write, false)
	}
}
