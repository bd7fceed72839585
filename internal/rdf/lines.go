package rdf

import "bytes"

// lines reads N-Triples and N-Quads (RDF 1.1), in one pass.
type lines struct {
	text
	found *collector
}

func readNTriples(body []byte, _ Options, c *collector) error { return readLines(NTriples, body, c) }

func readNQuads(body []byte, _ Options, c *collector) error { return readLines(NQuads, body, c) }

func readLines(f Format, body []byte, c *collector) error {
	l := lines{text: text{format: f, body: body}, found: c}
	c.read = &l.pos
	for l.err == nil {
		l.blanks()
		switch l.peek() {
		case '\r', '\n':
			l.pos++
		case '#':
			l.comment()
		case 0:
			if l.pos >= len(l.body) {
				return nil
			}
		default:
			if l.statement() {
				l.endOfLine()
			}
		}
	}
	return l.err
}

func (l *lines) statement() bool {
	var node int
	switch at := l.pos; l.peek() {
	case '<':
		iri, ok := l.iriRef()
		if !ok || len(iri) > 0 && !l.absolute(at, "subject", iri) {
			return false
		}
		node = l.found.node(iri)
	case '_':
		node = nobody
		if !l.blankLabel() {
			return false
		}
	default:
		return l.fail(at, "a subject is an <IRI> or a _:label, got %s", l.describe(at))
	}
	l.blanks()
	at := l.pos
	if l.peek() != '<' {
		return l.fail(at, "a predicate is an <IRI>, got %s", l.describe(at))
	}
	predicate, ok := l.iriRef()
	if !ok || !l.absolute(at, "predicate", predicate) {
		return false
	}
	l.found.statement(node, predicate)
	l.blanks()
	return l.object() && l.graph() && l.end()
}

// object accepts any IRI: CM-Well writes <*> for all fields.
func (l *lines) object() bool {
	switch l.peek() {
	case '<':
		_, ok := l.iriRef()
		return ok
	case '_':
		return l.blankLabel()
	case '"':
		return l.quotedString() && l.ofType()
	}
	return l.fail(l.pos, "an object is an <IRI>, a _:label or a \"string\", got %s", l.describe(l.pos))
}

func (l *lines) ofType() bool {
	switch {
	case l.peek() == '@':
		return l.languageTag()
	case l.peek() != '^':
		return true
	case l.peekAt(1) != '^' || l.peekAt(2) != '<':
		return l.fail(l.pos, "a datatype is written ^^<IRI>")
	}
	l.pos += 2
	at := l.pos
	datatype, ok := l.iriRef()
	return ok && l.absolute(at, "datatype", datatype)
}

func (l *lines) graph() bool {
	l.blanks()
	at := l.pos
	if b := l.peek(); l.format != NQuads || b != '<' && b != '_' {
		return true
	}
	if l.peek() == '_' {
		return l.blankLabel()
	}
	iri, ok := l.iriRef()
	if !ok || string(iri) != "*" && !l.absolute(at, "graph", iri) {
		return false
	}
	l.found.graph(iri)
	return true
}

func (l *lines) end() bool {
	l.blanks()
	if l.peek() != '.' {
		return l.fail(l.pos, "a statement ends in a dot, got %s", l.describe(l.pos))
	}
	l.pos++
	return true
}

// endOfLine accepts one statement on a line, as the grammar does.
func (l *lines) endOfLine() {
	l.blanks()
	switch b := l.peek(); {
	case b == '\r' || b == '\n' || l.pos >= len(l.body):
	case b == '#':
		l.comment()
	default:
		l.fail(l.pos, "a line has one statement, got %s after it", l.describe(l.pos))
	}
}

func (l *lines) absolute(at int, what string, iri []byte) bool {
	if schemeLength(iri) == 0 {
		return l.fail(at, "the %s <%.80s> is not an absolute IRI", what, iri)
	}
	return true
}

func (t *text) blanks() {
	for t.pos < len(t.body) && (t.body[t.pos] == ' ' || t.body[t.pos] == '\t') {
		t.pos++
	}
}

// comment reads to the end of the line. The grammars end it at a CR as well as
// at an LF, but not every reader does, and between the two a statement can hide.
func (t *text) comment() bool {
	end := len(t.body)
	if n := bytes.IndexByte(t.body[t.pos:], '\n'); n >= 0 {
		end = t.pos + n
	}
	if n := bytes.IndexByte(t.body[t.pos:end], '\r'); n >= 0 && (t.pos+n != end-1 || end == len(t.body)) {
		return t.unsupported(t.pos+n, "a comment ends in a CR without LF, which readers take in different ways")
	}
	t.pos = end
	return true
}

// schemeLength is the length of an IRI's scheme without its colon (RFC 3986,
// section 3.1), and 0 for an IRI that has none or nothing else.
func schemeLength(iri []byte) int {
	if len(iri) == 0 || !is(iri[0], letter) {
		return 0
	}
	for i, b := range iri {
		if b == ':' && i+1 < len(iri) {
			return i
		}
		if !is(b, letter|digit) && b != '+' && b != '-' && b != '.' {
			return 0
		}
	}
	return 0
}
