package rdf

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// manySubjects is the size of the bodies below: 100,000 subjects in about 10 MB.
const manySubjects = 100_000

func longLines(graph string) []byte {
	var body bytes.Buffer
	for i := range manySubjects {
		fmt.Fprintf(&body, "<http://example.org/tests/%06d> <http://purl.org/dc/terms/title> \"The title of the thing\"%s .\n", i, graph)
	}
	return body.Bytes()
}

func longTurtle() []byte {
	var body bytes.Buffer
	body.WriteString("@prefix ex: <http://example.org/tests/> .\n@prefix dc: <http://purl.org/dc/terms/> .\n")
	for i := range manySubjects {
		fmt.Fprintf(&body, "ex:thing%06d a ex:Thing ;\n  dc:title \"The title of the thing\"@en ;\n  dc:extent 12.5, true ; dc:x _:b .\n", i)
	}
	return body.Bytes()
}

func longJSONLD() []byte {
	var body strings.Builder
	body.WriteString(`{"@context":{"ex":"http://example.org/tests/","dc":"http://purl.org/dc/terms/"},"@graph":[`)
	for i := range manySubjects {
		if i > 0 {
			body.WriteString(",\n")
		}
		fmt.Fprintf(&body, `{"@id":"ex:%06d","dc:title":"The title of the thing","dc:extent":12.5,"dc:next":{"@id":"ex:x"}}`, i)
	}
	body.WriteString("]}")
	return []byte(body.String())
}

func longRDFXML() []byte {
	var inside strings.Builder
	for i := range manySubjects {
		fmt.Fprintf(&inside, "<rdf:Description rdf:about=\"http://example.org/tests/%06d\"><p:title>The title</p:title></rdf:Description>\n", i)
	}
	return []byte(rdfRoot(inside.String()))
}

var longBodies = []struct {
	format Format
	body   func() []byte
}{
	{NTriples, func() []byte { return longLines("") }},
	{NQuads, func() []byte { return longLines(" <http://example.org/g>") }},
	{Turtle, longTurtle},
	{JSONLD, longJSONLD},
	{RDFXML, longRDFXML},
}

// BenchmarkSubjects also reports by how many bytes the heap grows for one of
// the body, garbage included.
func BenchmarkSubjects(b *testing.B) {
	for _, long := range longBodies {
		b.Run(long.format.String(), func(b *testing.B) {
			body := long.body()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				found, err := Subjects(long.format, body, Options{MaxValues: 1 << 21})
				if err != nil || len(found.Subjects) < manySubjects {
					b.Fatalf("%d subjects, %v", len(found.Subjects), err)
				}
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(len(body)), "heap/body")
		})
	}
}

// TestLongBodiesAreRead has what the benchmarks measure, and that a subject that
// comes again costs nothing.
func TestLongBodiesAreRead(t *testing.T) {
	body := bytes.Repeat([]byte("<http://h/a> <http://p> \"x\" .\n<http://h/b> <http://meta/sys#type> \"x\"@en <http://h/g> .\n"), 10_000)
	allocations := testing.AllocsPerRun(5, func() {
		if found, err := Subjects(NQuads, body, Options{}); err != nil || len(found.Subjects) != 3 {
			t.Fatal(found, err)
		}
	})
	if allocations > 30 {
		t.Errorf("20,000 statements about two subjects cost %v allocations, want a few", allocations)
	}
}
