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

// Room that is made while a body is read changes nothing of what is found.
func TestManySubjectsAreEachFoundOnce(t *testing.T) {
	for _, format := range []Format{NTriples, NQuads, Turtle, TriG} {
		var body bytes.Buffer
		const many = 4*sampleSize + 7
		for range 2 {
			for i := range many {
				fmt.Fprintf(&body, "<http://h/%d> <http://p> \"x\" .\n", i)
			}
		}
		found, err := Subjects(format, body.Bytes(), Options{})
		if err != nil || len(found.Subjects) != many {
			t.Fatalf("%v: %d subjects, %v; want %d", format, len(found.Subjects), err, many)
		}
		for i, s := range found.Subjects {
			if want := fmt.Sprintf("http://h/%d", i); s.IRI != want {
				t.Fatalf("%v: subject %d is %s, want %s", format, i, s.IRI, want)
			}
		}
	}
}

// memoryFor is by how many times the body's size the heap grows, garbage included.
func memoryFor(t *testing.T, format Format, body []byte, subjects int) float64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if found, err := Subjects(format, body, Options{}); err != nil || len(found.Subjects) != subjects {
		t.Fatalf("%v: %d subjects, %v; want %d", format, len(found.Subjects), err, subjects)
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(len(body))
}

// Room is made once for all subjects that are to be expected, and where there are fewer in the
// end, that was bounded.
func TestRoomForSubjectsTakesLittleMemory(t *testing.T) {
	var thinning bytes.Buffer
	for i := range 2 * sampleSize {
		fmt.Fprintf(&thinning, "<a:%d> <a:p> \"\" .\n", i)
	}
	thinning.WriteString("# " + strings.Repeat("nothing", 1<<20))
	for _, format := range []Format{NTriples, Turtle} {
		if times := memoryFor(t, format, longLines(""), manySubjects); times > 1.5 {
			t.Errorf("%v, many subjects: %.1f times its size, want 1.5 at most", format, times)
		}
		if times := memoryFor(t, format, thinning.Bytes(), 2*sampleSize); times > 5 {
			t.Errorf("%v, many subjects at first: %.1f times its size, want 5 at most", format, times)
		}
	}
}
