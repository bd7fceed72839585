package rdf

import (
	"errors"
	"strings"
	"testing"
)

func TestFormatsAreNamedAsCMWellNamesThem(t *testing.T) {
	for name, want := range map[string]Format{
		"ntriples": NTriples, "NTRIPLES": NTriples, "nquads": NQuads, "nq": NQuads, "turtle": Turtle, "ttl": Turtle, "TtL": Turtle,
		"trig": TriG, "n3": N3, "N3": N3, "jsonld": JSONLD, "rdfxml": RDFXML,
	} {
		if got, err := ParseFormat(name); got != want || err != nil {
			t.Errorf("format=%s is %v, %v; want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "zzz", "jsonw", "n-triples", "ntriples ", " n3", "turtle,n3", "ttlK", "rdf", "tr\u0131g", "n\u0445"} {
		if got, err := ParseFormat(name); got != 0 || !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "rdfxml") {
			t.Errorf("format=%q is %v, %v; want an error that lists what is known", name, got, err)
		}
	}
}

func TestFormatsHaveMediaTypes(t *testing.T) {
	for contentType, want := range map[string]Format{
		"application/n-triples": NTriples, "application/n-quads": NQuads, "text/x-nquads": NQuads, "text/turtle; charset=utf-8": Turtle,
		`Text/Turtle;version=1.1 ; Charset="UTF-8"`: Turtle, "application/trig": TriG, "text/n3": N3,
		`application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"`: JSONLD, " application/rdf+xml\t": RDFXML,
	} {
		if got, err := FormatOf(contentType); got != want || err != nil {
			t.Errorf("%s is %v, %v; want %v", contentType, got, err, want)
		}
	}
	for contentType, want := range map[string]error{
		"": ErrFormat, "text/plain": ErrFormat, "application/json": ErrFormat, "application/octet-stream": ErrFormat, "text/turtle, text/n3": ErrFormat,
		"text/turtle; charset=utf-16": ErrUnsupported, "text/turtle;charset=iso-8859-1": ErrUnsupported, "text/turtle; charset": ErrUnsupported,
	} {
		if got, err := FormatOf(contentType); got != 0 || !errors.Is(err, want) {
			t.Errorf("%s is %v, %v; want %v", contentType, got, err, want)
		}
	}
}

func TestAFormatThatIsNoneIsRefused(t *testing.T) {
	for _, f := range []Format{0, 8, 255} {
		if found, err := Subjects(f, []byte("<http://h/a> <http://p> <http://o> ."), Options{}); !errors.Is(err, ErrFormat) || len(found.Subjects) > 0 {
			t.Errorf("%v: %v, %v; want ErrFormat", f, found, err)
		}
	}
}

func TestASyntaxErrorSaysWhereItIs(t *testing.T) {
	_, err := Subjects(Turtle, []byte("<http://h/é> a 1 .\r\n\r<http://h/é> é .\n"), Options{})
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || !errors.Is(err, ErrSyntax) || errors.Is(err, ErrUnsupported) {
		t.Fatalf("got %v, want a *SyntaxError", err)
	}
	if syntax.Format != Turtle || syntax.Line != 3 || syntax.Column != 14 || syntax.Offset != 36 {
		t.Errorf("got %+v, want line 3, column 14, offset 36", syntax)
	}
	if _, err := Subjects(JSONLD, []byte(`{"a":1,"a":2}`), Options{}); !errors.As(err, &syntax) || syntax.Offset != 7 {
		t.Errorf("got %v, want a *SyntaxError at byte 7", err)
	}
}

func TestADepthMayBeSet(t *testing.T) {
	for f, body := range map[Format]string{
		Turtle: `<http://h/a> a (((1)))  .`, TriG: `{ <http://h/a> a [ a [ a [] ] ] }`, JSONLD: `[[[{"@id":"http://h/a","http://p":1}]]]`,
		RDFXML: rdfRoot(`<p:T rdf:about="http://h/a"><p:q rdf:parseType="Literal"><p:r/></p:q></p:T>`),
	} {
		if _, err := Subjects(f, []byte(body), Options{MaxDepth: 4}); err != nil {
			t.Errorf("%v, four deep: %v", f, err)
		}
		if _, err := Subjects(f, []byte(body), Options{MaxDepth: 2}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v, two deep: %v, want ErrUnsupported", f, err)
		}
	}
}

func TestTheValuesOfJSONLDAreCounted(t *testing.T) {
	body := []byte(`[{"@id":"http://h/a","http://p":1}]`) // an array, an object, two keys, two values
	if _, err := Subjects(JSONLD, body, Options{MaxValues: 6}); err != nil {
		t.Errorf("of six values: %v", err)
	}
	if _, err := Subjects(JSONLD, body, Options{MaxValues: 5}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("with one too many: %v, want ErrUnsupported", err)
	}
}
