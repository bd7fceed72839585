package rdf

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// document is JSON that may be JSON-LD: what keys, contexts and relative IRIs
// there are decides whether every reader expands it alike, and what it costs.
type document struct {
	text
	json     *jsontext.Decoder
	base     bool // a base is in effect somewhere
	depth    int
	room     int                 // for keys and values
	terms    map[string][]string // every term of every context, with what its definitions are built on
	doubtful string              // a relative reference that bases are not alike with
	costs
}

// keywords are those of JSON-LD 1.1. A key that looks like one and is none is
// dropped by some readers and is a property for others.
var keywords = map[string]bool{
	"@base": true, "@container": true, "@context": true, "@direction": true, "@graph": true, "@id": true,
	"@included": true, "@index": true, "@json": true, "@language": true, "@list": true, "@nest": true,
	"@none": true, "@prefix": true, "@protected": true, "@reverse": true, "@set": true, "@type": true,
	"@value": true, "@version": true, "@vocab": true,
}

// read returns the one JSON value of the body. Keys that come twice in an object
// are an error, at any depth.
func (d *document) read() (value any, ok bool) {
	d.json = jsontext.NewDecoder(bytes.NewReader(d.body))
	if kind := d.json.PeekKind(); kind != '{' && kind != '[' {
		return nil, d.fail(0, "the body is neither a JSON object nor an array")
	}
	if value, ok = d.value(); !ok {
		return nil, false
	}
	if _, err := d.json.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, d.fail(int(d.json.InputOffset()), "more follows the JSON value")
	}
	if d.base && d.doubtful != "" {
		return nil, d.unsupported(0, "resolving %.80q against a base is not the same for all readers", d.doubtful)
	}
	return value, d.affordable()
}

func (d *document) value() (value any, ok bool) {
	at := int(d.json.InputOffset())
	token, err := d.json.ReadToken()
	if err != nil {
		return nil, d.malformed(err)
	}
	if d.room--; d.room < 0 {
		return nil, d.unsupported(at, "there are too many values to expand it here; N-Quads may have more")
	}
	switch token.Kind() {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		d.strings++
		d.doubt(token.String())
		return token.String(), true
	case 't', 'f':
		return token.Bool(), true
	case '0':
		// Only that of @version matters. One out of range is as good as any.
		number, err := strconv.ParseFloat(token.String(), 64)
		if err != nil {
			number = 0
		}
		return number, true
	case 'n':
		return nil, true
	}
	return nil, d.fail(at, "a JSON value is needed")
}

func (d *document) malformed(err error) bool {
	at := int(d.json.InputOffset())
	if syntactic := (*jsontext.SyntacticError)(nil); errors.As(err, &syntactic) {
		at = int(syntactic.ByteOffset)
	}
	return d.fail(at, "%.300v", err)
}

func (d *document) deeper() bool {
	if d.json.StackDepth() > d.depth {
		return d.unsupported(int(d.json.InputOffset()), "it is nested too deep")
	}
	return true
}

func (d *document) array() (value any, ok bool) {
	list := []any{}
	if !d.deeper() {
		return nil, false
	}
	for d.json.PeekKind() != ']' {
		item, ok := d.value()
		if !ok {
			return nil, false
		}
		list = append(list, item)
	}
	if _, err := d.json.ReadToken(); err != nil {
		return nil, d.malformed(err)
	}
	return list, true
}

func (d *document) object() (value any, ok bool) {
	members := map[string]any{}
	if !d.deeper() {
		return nil, false
	}
	leave := d.enter()
	for d.json.PeekKind() != '}' {
		at := int(d.json.InputOffset())
		token, err := d.json.ReadToken()
		if err != nil {
			return nil, d.malformed(err)
		}
		key := token.String()
		if strings.HasPrefix(key, "@") && !keywords[key] {
			return nil, d.unsupported(at, "%.40q is no keyword that is known here", key)
		}
		d.strings++
		d.room--
		d.doubt(key)
		member, ok := d.value()
		if !ok || key == "@context" && !d.context(at, member) {
			return nil, false
		}
		members[key] = member
	}
	leave()
	if _, err := d.json.ReadToken(); err != nil {
		return nil, d.malformed(err)
	}
	return members, true
}

// doubt remembers a text that, were it an IRI, would depend on more than RFC
// 3986: dot segments, which some resolve and some do not, and what looks like a
// keyword, which is a relative IRI in JSON-LD 1.0.
func (d *document) doubt(s string) {
	if d.doubtful != "" || keywords[s] || schemeLength([]byte(s)) > 0 {
		return
	}
	path, _, _ := strings.Cut(s, "?")
	path, _, _ = strings.Cut(path, "#")
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			d.doubtful = s
		}
	}
	if strings.HasPrefix(s, "@") {
		d.doubtful = s
	}
}
