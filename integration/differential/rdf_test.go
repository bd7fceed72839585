package differential

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// readByN3 is what the npm package n3 finds in a body, or why it refuses it.
type readByN3 struct {
	Subjects, Graphs []string
	Error            string
}

// rdfBody is a body and its format, by n3's name.
type rdfBody struct {
	Format string `json:"format"`
	Body   string `json:"body"`
}

var formatsOfN3 = map[string]rdf.Format{"N-Triples": rdf.NTriples, "N-Quads": rdf.NQuads, "Turtle": rdf.Turtle, "TriG": rdf.TriG, "N3": rdf.N3}

func askN3(t *testing.T, node string, bodies []rdfBody) []readByN3 {
	t.Helper()
	var lines strings.Builder
	for _, body := range bodies {
		if err := json.NewEncoder(&lines).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, "../clients/rdf_subjects.mjs")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	cmd.Stdin, cmd.Stderr = strings.NewReader(lines.String()), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []readByN3
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var answer readByN3
		if err := decoder.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	if len(answers) != len(bodies) {
		t.Fatalf("of %d bodies, n3 read %d", len(bodies), len(answers))
	}
	return answers
}

// nodeWithN3 is node where the package is installed, and else nothing.
func nodeWithN3(t *testing.T) string {
	t.Helper()
	node := find(t, "node")
	if _, err := os.Stat("../clients/node_modules/n3"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the npm package n3 is missing; integration/prepare.sh installs it")
		}
		t.Log("left out: the npm package n3 is missing")
		return ""
	}
	return node
}

// iris are the IRIs of subjects, or of graphs.
func iris(found rdf.Found, graphs bool) (iris []string) {
	for _, s := range found.Subjects {
		if s.Graph == graphs {
			iris = append(iris, s.IRI)
		}
	}
	return iris
}

// agree compares the subjects and graphs of a body that both accept. There may
// be a graph more, which is empty, and an IRI twice, which has dot segments.
func agree(t *testing.T, body rdfBody, found rdf.Found, n3 readByN3) {
	t.Helper()
	for _, of := range []struct {
		what string
		n3   []string
		ours []string
	}{{"subject", n3.Subjects, iris(found, false)}, {"graph", n3.Graphs, iris(found, true)}} {
		for _, iri := range of.n3 {
			if !slices.Contains(of.ours, iri) {
				t.Errorf("the %s <%s> is missing in %q of the %s\n%s", of.what, iri, of.ours, body.Format, body.Body)
			}
		}
		dotted := slices.ContainsFunc(of.ours, func(iri string) bool { return strings.Contains(iri, "/.") })
		if of.what == "subject" && !dotted && len(of.ours) > len(of.n3) {
			t.Errorf("%q are more subjects than %q of the %s\n%s", of.ours, of.n3, body.Format, body.Body)
		}
	}
}

// bodiesByChance are documents by the grammar, and as many spoilt ones.
func bodiesByChance(r *rand.Rand, count int) (sound, spoilt []rdfBody) {
	for range count {
		turtle := turtleByChance(r, false)
		for _, body := range []rdfBody{
			{"N-Triples", linesByChance(r, false)}, {"N-Quads", linesByChance(r, true)},
			{"Turtle", turtle}, {"N3", turtle}, {"TriG", turtleByChance(r, true)},
		} {
			sound = append(sound, body)
			spoilt = append(spoilt, rdfBody{body.Format, rdfSpoilt(r, body.Body)})
		}
	}
	return sound, spoilt
}

// excuse is why a body is refused that n3 accepts: a part of what is said of it,
// and bodies for which it is.
type excuse struct {
	says, because string
	bodies        []rdfBody
}

var stricter = []excuse{
	{"a line has one statement", "the grammar has a line end between two statements", []rdfBody{
		{"N-Triples", `<http://h/a> <http://p> "1" . <http://h/b> <http://p> "1" .`}}},
	{", got '\\", "the grammar has no line end in a statement", []rdfBody{
		{"N-Triples", "<http://h/a>\n<http://p> \"1\" ."}, {"N-Quads", "<http://h/a> <http://p> \"1\"\n<http://h/g> ."}}},
	{", got '#'", "the grammar has no comment in a statement", []rdfBody{
		{"N-Triples", "<http://h/a> # <http://h/b>\n<http://p> \"1\" ."}}},
	{"there is no base", "where the store resolves a relative IRI to is not known here", []rdfBody{
		{"Turtle", `<a> a 1 .`}, {"TriG", `<g> { }`}, {"N3", `@prefix : <#> . :a a 1 .`}}},
	{"a comment ends in a CR", "between CR and LF a statement can hide from a reader for which only LF ends a line", []rdfBody{
		{"Turtle", "# x\r<http://h/a> a 1 ."}, {"N-Triples", "# x\r<http://h/a> <http://p> \"1\" ."}}},
	{"byte order mark", "some readers drop it, for some it is a letter", []rdfBody{
		{"Turtle", "\uFEFF<http://h/a> a 1 ."}, {"N-Quads", "\uFEFF<http://h/a> <http://p> \"1\" ."}}},
	{"RDF-star", "a reader of RDF 1.1 refuses it, and what it writes is not said by a subject alone", []rdfBody{
		{"Turtle", `<http://h/a> a <<( <http://h/b> a 1 )>> .`}}},
	{"of N3 only what is Turtle", "formulae, paths and variables say more than statements", []rdfBody{
		{"N3", `<http://h/a> => <http://h/b> .`}, {"N3", `<http://h/a> = <http://h/b> .`}, {"N3", `?x a 1 .`}, {"N3", `<http://h/a>!<http://p> a 1 .`},
		{"N3", `"a" a 1 .`}, {"N3", `<http://h/a> . `}, {"N3", `@forAll <http://h/x> . <http://h/x> a 1 .`}}},
	{"formulae are not read", "what a formula says is not a statement of the body", []rdfBody{
		{"N3", `{ <http://h/a> a 1 } => { <http://h/b> a 1 } .`}}},
	{"a ] is needed", "n3 takes the end of the body for the end of the brackets too", []rdfBody{
		{"Turtle", `<http://h/a> a [ a 1 ; .`}}},
	{"dot segments of a relative IRI may not be in a base", "readers differ in whether they resolve those of a base", []rdfBody{
		{"Turtle", `@base <http://h/a/../> . <b> a 1 .`}}},
	{"take it for a relative one", "RFC 3986 lets a reader do so, for old references", []rdfBody{
		{"Turtle", `@base <http://h/> . <http:b> a 1 .`}}},
	{"no authority", "RFC 3986 resolves it, but not every reader does", []rdfBody{
		{"Turtle", `@base <urn:a> . <b> a 1 .`}}},
}

// excused tells whether a refusal is one of those that are listed.
func excused(err error) bool {
	return slices.ContainsFunc(stricter, func(e excuse) bool { return strings.Contains(err.Error(), e.says) })
}

func TestSubjectsAreThoseOfN3(t *testing.T) {
	node := nodeWithN3(t)
	if node == "" {
		return
	}
	sound, spoilt := bodiesByChance(rand.New(rand.NewPCG(chosenSeed(), 5)), *cases/130)
	bodies, read, refused := slices.Concat(sound, spoilt), 0, 0
	for i, n3 := range askN3(t, node, bodies) {
		body := bodies[i]
		found, err := rdf.Subjects(formatsOfN3[body.Format], []byte(body.Body), rdf.Options{})
		switch {
		case err == nil && n3.Error == "":
			agree(t, body, found, n3)
			read++
		case i < len(sound):
			t.Errorf("n3: %q; we: %v; of the %s, which is by its grammar,\n%s", n3.Error, err, body.Format, body.Body)
		case n3.Error == "":
			refused++
		}
	}
	t.Logf("%-8s %9d asked, half of them spoilt; %d are read by both, %d by n3 alone; seed %d", "n3", len(bodies), read, refused, chosenSeed())
	if spoiltRead := read - len(sound); spoiltRead < len(spoilt)/20 {
		t.Errorf("of %d spoilt bodies only %d are still read by both: too few to tell anything", len(spoilt), spoiltRead)
	}
}

// Of a sample that is always the same, each refusal has its reason.
func TestWhatN3AcceptsAndWeRefuseIsListed(t *testing.T) {
	node := nodeWithN3(t)
	if node == "" {
		return
	}
	_, bodies := bodiesByChance(rand.New(rand.NewPCG(1, 2)), 150)
	var listed []excuse // of each body behind the sample
	for _, row := range stricter {
		bodies, listed = append(bodies, row.bodies...), append(listed, slices.Repeat([]excuse{row}, len(row.bodies))...)
	}
	sample := len(bodies) - len(listed)
	for i, n3 := range askN3(t, node, bodies) {
		body := bodies[i]
		_, err := rdf.Subjects(formatsOfN3[body.Format], []byte(body.Body), rdf.Options{})
		if i < sample {
			if n3.Error == "" && err != nil && !excused(err) {
				t.Errorf("n3 accepts what we do not, %v, of the %s\n%s", err, body.Format, body.Body)
			}
			continue
		}
		if row := listed[i-sample]; n3.Error != "" || err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: n3 says %q, we %v, want %q, of the %s\n%s", row.because, n3.Error, err, row.says, body.Format, body.Body)
		}
	}
}
