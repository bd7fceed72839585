package rdf

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"
)

// plainly reads a body and checks what holds for all bodies: an error that says
// of which kind it is and comes alone, and IRIs that can be IRIs.
func plainly(t *testing.T, f Format, body []byte) (Found, bool) {
	t.Helper()
	before := bytes.Clone(body)
	found, err := Subjects(f, body, Options{})
	if !bytes.Equal(before, body) {
		t.Fatalf("%v changed the body %q", f, before)
	}
	if err != nil {
		if errors.Is(err, ErrSyntax) == errors.Is(err, ErrUnsupported) || len(found.Subjects) > 0 || found.Blank {
			t.Fatalf("%v of %q: %v, %v", f, body, found, err)
		}
		return Found{}, false
	}
	for _, s := range found.Subjects {
		all := s.Graph && s.IRI == "*" && f == NQuads
		if !all && !s.Global && schemeLength([]byte(s.IRI)) == 0 || strings.ContainsAny(s.IRI, "<>\"{}|^`\\ \t\r\n\x00\uFEFF") {
			t.Fatalf("%v of %q has the subject %q", f, body, s.IRI)
		}
	}
	return found, true
}

// missed are the IRIs of another reader that are not found.
func missed(found Found, graph bool, iris []string) (missing []string) {
	for _, iri := range iris {
		if !slices.ContainsFunc(found.Subjects, func(s Subject) bool { return s.Graph == graph && s.IRI == iri }) {
			missing = append(missing, iri)
		}
	}
	return missing
}

// iris are the subjects and the graphs of a dataset of json-gold.
func iris(dataset *ld.RDFDataset) (subjects, graphs []string) {
	for name, quads := range dataset.Graphs {
		for _, quad := range quads {
			if iri, ok := quad.Subject.(ld.IRI); ok {
				subjects = append(subjects, iri.Value)
			}
			if name != "@default" && !strings.HasPrefix(name, "_:") {
				graphs = append(graphs, name)
			}
		}
	}
	return subjects, graphs
}

// withoutComments leaves the lines out that json-gold cannot read.
func withoutComments(body []byte) []byte {
	lines := strings.FieldsFunc(string(body), func(r rune) bool { return r == '\r' || r == '\n' })
	return []byte(strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") }), "\n"))
}

func FuzzLines(f *testing.F) {
	for _, r := range linesOfBoth {
		f.Add([]byte(r.body))
	}
	f.Add([]byte(`<http://h/a> <http://p> "1" <http://h/g> .`))
	f.Fuzz(func(t *testing.T, body []byte) {
		quads, ok := plainly(t, NQuads, body)
		triples, alsoTriples := plainly(t, NTriples, body)
		if alsoTriples && (!ok || !reflect.DeepEqual(triples, quads)) {
			t.Fatalf("%q: N-Triples have %q, N-Quads %q", body, said(triples), said(quads))
		}
		if !ok {
			return
		}
		if dataset, err := ld.ParseNQuadsFrom(withoutComments(body)); err == nil {
			subjects, graphs := iris(dataset)
			if missing := append(missed(quads, false, subjects), missed(quads, true, graphs)...); len(missing) > 0 {
				t.Fatalf("%q: %q is missing in %q", body, missing, said(quads))
			}
		}
		// N-Triples are Turtle, but for objects that need not be resolved there.
		turtle, isTurtle := plainly(t, Turtle, body)
		if !alsoTriples {
			return
		}
		var subjects []string
		for _, s := range triples.Subjects {
			subjects = append(subjects, s.IRI)
		}
		if missing := missed(turtle, false, subjects); !isTurtle || len(missing) > 0 || turtle.Blank != triples.Blank {
			t.Fatalf("%q: in Turtle %q is missing, it has %q (%v)", body, missing, said(turtle), isTurtle)
		}
	})
}

func FuzzTurtle(f *testing.F) {
	for _, r := range slices.Concat(turtleReadings, turtleErrors) {
		if len(r.body) < 1000 {
			f.Add([]byte(r.body))
		}
	}
	f.Add([]byte(`<http://h/g> { <http://h/a> a 1 } GRAPH _:g { }`))
	f.Fuzz(func(t *testing.T, body []byte) {
		turtle, isTurtle := plainly(t, Turtle, body)
		trig, isTriG := plainly(t, TriG, body)
		n3, isN3 := plainly(t, N3, body)
		if isTurtle && (!isTriG || !reflect.DeepEqual(turtle, trig)) || isN3 && (!isTurtle || !reflect.DeepEqual(turtle, n3)) {
			t.Fatalf("%q: Turtle has %q, TriG %q, N3 %q", body, said(turtle), said(trig), said(n3))
		}
		if !isTriG {
			return
		}
		// A body that is read leaves nothing open that could hide the next one,
		// and one that goes before changes nothing of it.
		const more = "<http://canary/1> <cmwell://meta/sys#fullDelete> true .\n"
		for _, longer := range []string{string(body) + "\n" + more, more + string(body)} {
			found, ok := plainly(t, TriG, []byte(longer))
			if !ok || len(missed(found, false, []string{"http://canary/1"})) > 0 || len(found.Subjects) < len(trig.Subjects) || len(found.Subjects) > len(trig.Subjects)+1 {
				t.Fatalf("%q: with a statement more it has %q, not one more than %q", body, said(found), said(trig))
			}
		}
	})
}

// toRDF is json-gold's own, or nil where it fails, which may be by a panic.
func toRDF(document any) (dataset *ld.RDFDataset) {
	defer func() {
		if recover() != nil {
			dataset = nil
		}
	}()
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader = noLoader{}
	result, err := ld.NewJsonLdProcessor().ToRDF(document, options)
	if err != nil {
		return nil
	}
	dataset, _ = result.(*ld.RDFDataset)
	return dataset
}

func FuzzJSONLD(f *testing.F) {
	for _, r := range jsonldReadings {
		if len(r.body) < 1000 {
			f.Add([]byte(r.body))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 4096 {
			return
		}
		found, ok := plainly(t, JSONLD, body)
		if !ok {
			return
		}
		document, err := ld.DocumentFromReader(bytes.NewReader(body))
		if err != nil {
			return // a number beyond float64
		}
		dataset := toRDF(document)
		if dataset == nil {
			return
		}
		subjects, graphs := iris(dataset)
		if missing := append(missed(found, false, subjects), missed(found, true, graphs)...); len(missing) > 0 {
			t.Fatalf("%q: %q is missing in %q", body, missing, said(found))
		}
	})
}

func FuzzRDFXML(f *testing.F) {
	for _, r := range rdfXMLReadings {
		f.Add([]byte(r.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		found, ok := plainly(t, RDFXML, body)
		if !ok {
			return
		}
		// The same document with a node more has that node more.
		at := bytes.LastIndex(body, []byte("</rdf:RDF>"))
		if at < 0 || !bytes.Equal(bytes.TrimSpace(body[at:]), []byte("</rdf:RDF>")) {
			return
		}
		node := `<r:T xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" r:about="http://canary/1"/>`
		longer, ok := plainly(t, RDFXML, slices.Concat(body[:at], []byte(node), body[at:]))
		if ok && (len(missed(longer, false, []string{"http://canary/1"})) > 0 || len(longer.Subjects) > len(found.Subjects)+1) {
			t.Fatalf("%q: with a node more it has %q, not one more than %q", body, said(longer), said(found))
		}
	})
}
