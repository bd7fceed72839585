// Package rdf finds the subjects of an RDF body: what a bulk write writes.
//
// A subject that a store would see and this package would miss is a write that
// nobody allowed. So a body is either read exactly as every conforming reader
// reads it, or refused: what the grammars forbid, what only some readers accept
// and what readers are known to take in two ways is an error.
package rdf

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Format is a serialization of RDF. The zero Format is none.
type Format uint8

// The formats, each by the grammar of RDF 1.1 (JSON-LD: 1.1). Of N3 only what
// is Turtle too is read.
const (
	NTriples Format = iota + 1
	NQuads
	Turtle
	TriG
	N3
	JSONLD
	RDFXML
)

// formats holds, for each Format, its name in messages, CM-Well's names for it
// in ?format=, and its media types.
var formats = []struct {
	name       string
	parameters []string
	mediaTypes []string
}{
	NTriples: {"N-Triples", []string{"ntriples"}, []string{"application/n-triples"}},
	NQuads:   {"N-Quads", []string{"nquads", "nq"}, []string{"application/n-quads", "text/x-nquads"}},
	Turtle:   {"Turtle", []string{"turtle", "ttl"}, []string{"text/turtle"}},
	TriG:     {"TriG", []string{"trig"}, []string{"application/trig"}},
	N3:       {"N3", []string{"n3"}, []string{"text/n3"}},
	JSONLD:   {"JSON-LD", []string{"jsonld"}, []string{"application/ld+json"}},
	RDFXML:   {"RDF/XML", []string{"rdfxml"}, []string{"application/rdf+xml"}},
}

// String is the name of the format, as its specification writes it.
func (f Format) String() string {
	if int(f) >= len(formats) || formats[f].name == "" {
		return fmt.Sprintf("format %d", uint8(f))
	}
	return formats[f].name
}

// ParseFormat reads CM-Well's ?format=, of which case does not matter. A name
// that is not known is an error that wraps ErrFormat: CM-Well would go on to
// the Content-Type, and its caller must know.
func ParseFormat(name string) (Format, error) {
	var known []string
	for f, row := range formats {
		for _, parameter := range row.parameters {
			// Only ASCII is folded: no K of Kelvin is a k.
			if len(name) == len(parameter) && strings.EqualFold(name, parameter) {
				return Format(f), nil
			}
			known = append(known, parameter)
		}
	}
	return 0, fmt.Errorf("%w: %.40q is none of %s", ErrFormat, name, strings.Join(known, ", "))
}

// FormatOf reads a Content-Type. Its parameters are not looked at, but for a
// charset, which must be UTF-8. What is not known is an error that wraps
// ErrFormat.
func FormatOf(contentType string) (Format, error) {
	mediaType, parameters, _ := strings.Cut(contentType, ";")
	mediaType = strings.Trim(mediaType, " \t")
	for f, row := range formats {
		for _, known := range row.mediaTypes {
			if len(known) == len(mediaType) && strings.EqualFold(known, mediaType) {
				if err := checkCharset(parameters); err != nil {
					return 0, err
				}
				return Format(f), nil
			}
		}
	}
	return 0, fmt.Errorf("%w: %.80q is no media type of RDF", ErrFormat, mediaType)
}

func checkCharset(parameters string) error {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.Trim(name, " \t"), "charset") && !strings.EqualFold(strings.Trim(value, " \t\""), "utf-8") {
			return fmt.Errorf("%w: charset %.40q is not UTF-8", ErrUnsupported, value)
		}
	}
	return nil
}

// Options bound and place the reading of a body.
type Options struct {
	// Base is the IRI that relative ones are resolved against until the body
	// names its own. Empty for none: relative IRIs are then refused, and the
	// empty one is CM-Well's subject of global operations.
	Base string
	// MaxDepth is how deep lists, nested nodes and the like may go; 200 if it is 0.
	MaxDepth int
	// MaxValues is how many keys and values JSON-LD may have; 250,000 if it is
	// 0. Expanding it takes about 600 bytes of memory for each. What has more is
	// better sent as N-Quads, which take next to none.
	MaxValues int
}

const (
	defaultDepth  = 200
	defaultValues = 250_000
)

// Subject is one IRI that a body writes to.
type Subject struct {
	// IRI is without escapes, else as it is written; it is absolute, or empty
	// where Global says so. Percent-encoding is left alone.
	IRI string
	// Graph says that the IRI names a graph. An IRI that is the subject of a
	// statement as well is there twice. In N-Quads, "*" is CM-Well's name for
	// all graphs.
	Graph bool
	// System says that a predicate in CM-Well's namespace of system fields,
	// <cmwell://meta/sys#> or the same below another host, was given to it.
	System bool
	// Tree says that one of those was markDelete, fullDelete or markReplace.
	Tree bool
	// Link says that one of those was linkTo or linkType: CM-Well makes a link of the
	// subject, which can show another infoton at its path.
	Link bool
	// Global says that the subject is the document itself, <>, by which CM-Well
	// is told to act on all infotons. CM-Well takes a file: IRI for it too.
	Global bool
}

// Found is what a body writes.
type Found struct {
	// Subjects has each subject once and each name of a graph once, in the
	// order of their first appearance. Where readers differ in whether they
	// remove dot segments from an IRI, both readings are there.
	Subjects []Subject
	// Blank says that a blank node is a subject. It has no IRI of its own, but
	// CM-Well keeps such statements at a path of its choice below /blank_node.
	Blank bool
}

// Subjects reads all of the body and returns what it writes; with an error, it
// returns the zero Found.
//
// A body that is not of the format is a *SyntaxError, which is ErrSyntax. One
// that cannot be judged, though some reader may accept it, is ErrUnsupported:
// who may write everywhere may send it all the same. Memory is bounded by the
// body: at most about thirty times of it where there are a few bytes for each
// subject, less than three times in everyday bodies; for JSON-LD see Options.
func Subjects(f Format, body []byte, o Options) (Found, error) {
	if o.MaxDepth <= 0 {
		o.MaxDepth = defaultDepth
	}
	if o.MaxValues <= 0 {
		o.MaxValues = defaultValues
	}
	read := map[Format]func([]byte, Options, *collector) error{
		NTriples: readNTriples, NQuads: readNQuads, Turtle: readTurtle, TriG: readTriG, N3: readN3,
		JSONLD: readJSONLD, RDFXML: readXML,
	}[f]
	if read == nil {
		return Found{}, fmt.Errorf("%w: %v", ErrFormat, f)
	}
	if err := checkBase(o.Base); err != nil {
		return Found{}, err
	}
	if err := checkText(f, body); err != nil {
		return Found{}, err
	}
	c := collector{room: roomFor(body), size: len(body)}
	if err := read(body, o, &c); err != nil {
		return Found{}, err
	}
	if c.room < 0 {
		return Found{}, fmt.Errorf("%w: %v: its prefixes make too much of it", ErrUnsupported, f)
	}
	return c.found(), nil
}

var byteOrderMark = []byte("\uFEFF")

// checkText accepts UTF-8 only. Of a byte order mark, readers make nothing, a
// letter or an error; in XML alone it is defined, and readXML removes it.
func checkText(f Format, body []byte) error {
	t := text{format: f, body: body}
	if f == RDFXML {
		body = bytes.TrimPrefix(body, byteOrderMark)
	}
	if !utf8.Valid(body) {
		at := 0
		for at < len(body) {
			r, size := utf8.DecodeRune(body[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		t.unsupported(at, "the body is not UTF-8")
		return t.err
	}
	if at := bytes.IndexByte(body, 0); at >= 0 {
		t.unsupported(at, "the body has a NUL; it is not UTF-8 text")
		return t.err
	}
	if at := bytes.Index(body, byteOrderMark); at >= 0 {
		t.unsupported(at, "the body has a byte order mark, which readers take in different ways")
		return t.err
	}
	return nil
}
