package rdf

import "bytes"

// turtle reads Turtle and TriG (RDF 1.1), and of N3 what is Turtle.
type turtle struct {
	text
	found    *collector
	base     string
	prefixes map[string][]byte
	scratch  []byte // the last prefixed name, expanded
	depth    int
}

func readTurtle(body []byte, o Options, c *collector) error { return readTerse(Turtle, body, o, c) }

func readTriG(body []byte, o Options, c *collector) error { return readTerse(TriG, body, o, c) }

func readN3(body []byte, o Options, c *collector) error { return readTerse(N3, body, o, c) }

func readTerse(f Format, body []byte, o Options, c *collector) error {
	t := turtle{text: text{format: f, body: body}, found: c, base: o.Base, prefixes: map[string][]byte{}, depth: o.MaxDepth}
	c.read = &t.pos
	for t.space() && t.pos < len(t.body) && t.block() {
	}
	return t.err
}

// space reads white space and comments.
func (t *turtle) space() bool {
	for t.pos < len(t.body) {
		switch t.body[t.pos] {
		case ' ', '\t', '\r', '\n':
			t.pos++
		case '#':
			if !t.comment() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

// block reads a directive, a statement, or in TriG a graph.
func (t *turtle) block() bool {
	switch t.peek() {
	case '@':
		return t.atDirective()
	case '{':
		return t.wrappedGraph()
	case '(':
		return t.aboutList() && t.dot()
	case '[':
		anonymous, ok := t.propertyList()
		if !ok || !t.space() {
			return false
		}
		if anonymous && t.format == TriG && t.peek() == '{' {
			return t.wrappedGraph()
		}
		return t.afterPropertyList(anonymous) && t.dot()
	}
	at := t.pos
	if word := t.word(); word != nil {
		switch {
		case isWord(word, "prefix"):
			return t.space() && t.prefix()
		case isWord(word, "base"):
			return t.space() && t.baseIRI()
		case isWord(word, "graph") && t.format == TriG:
			return t.space() && t.namedGraph()
		}
		return t.notATerm(at)
	}
	return t.statementOrGraph()
}

// isWord tells a word of which case does not matter. Only ASCII is folded.
func isWord(word []byte, want string) bool {
	return len(word) == len(want) && bytes.EqualFold(word, []byte(want))
}

// statementOrGraph reads what begins with an IRI or a labelled blank node. Only
// what follows tells a graph's name from a subject.
func (t *turtle) statementOrGraph() bool {
	at := t.pos
	iri, ok := t.resource()
	if !ok || !t.space() {
		return false
	}
	if t.format == TriG && t.peek() == '{' {
		return t.name(at, iri) && t.wrappedGraph()
	}
	s, ok := t.subject(at, iri)
	return ok && t.predicates(s) && t.dot()
}

// namedGraph is what follows the word GRAPH.
func (t *turtle) namedGraph() bool {
	at := t.pos
	if t.peek() == '[' {
		t.pos++
		if !t.space() || t.peek() != ']' {
			return t.fail(at, "a graph is named by an IRI or a blank node")
		}
		t.pos++
		return t.space() && t.wrappedGraph()
	}
	iri, ok := t.resource()
	return ok && t.name(at, iri) && t.space() && t.wrappedGraph()
}

// wrappedGraph reads statements in braces. The dot after the last is optional.
func (t *turtle) wrappedGraph() bool {
	switch {
	case t.peek() != '{':
		return t.fail(t.pos, "a graph begins with {, got %s", t.describe(t.pos))
	case t.format == N3:
		return t.unsupported(t.pos, "formulae are not read")
	case t.format != TriG:
		return t.fail(t.pos, "only TriG has graphs in braces")
	}
	t.pos++
	for t.space() {
		if t.peek() == '}' {
			t.pos++
			return true
		}
		if !t.triples() || !t.space() {
			return false
		}
		if t.peek() == '.' {
			t.pos++
		} else if t.peek() != '}' {
			return t.fail(t.pos, "a statement in a graph ends in a dot or with the graph, got %s", t.describe(t.pos))
		}
	}
	return false
}

// triples reads one statement without its dot.
func (t *turtle) triples() bool {
	switch t.peek() {
	case '(':
		return t.aboutList()
	case '[':
		anonymous, ok := t.propertyList()
		return ok && t.space() && t.afterPropertyList(anonymous)
	}
	at := t.pos
	if t.word() != nil {
		return t.notATerm(at)
	}
	iri, ok := t.resource()
	if !ok {
		return false
	}
	s, ok := t.subject(at, iri)
	return ok && t.predicates(s)
}

// afterPropertyList lets a subject that has predicates of its own go without more.
func (t *turtle) afterPropertyList(anonymous bool) bool {
	if b := t.peek(); !anonymous && (b == '.' || b == '}') {
		return true
	}
	return t.predicates(blankNode)
}

func (t *turtle) dot() bool {
	if !t.space() {
		return false
	}
	if t.peek() != '.' {
		return t.beyondTurtle() && t.fail(t.pos, "a statement ends in a dot, got %s", t.describe(t.pos))
	}
	t.pos++
	return true
}

// subject notes an IRI in each reading of it; nil is a blank node.
func (t *turtle) subject(at int, iri []byte) (subject, bool) {
	if iri == nil {
		return blankNode, true
	}
	first, other, ok := t.absolute(at, iri, true)
	if !ok {
		return subject{}, false
	}
	if t.found.room < 0 {
		return subject{}, t.unsupported(at, "its prefixes make too much of it")
	}
	return t.found.readings(first, other), true
}

// name notes an IRI as a graph's name.
func (t *turtle) name(at int, iri []byte) bool {
	if iri == nil {
		return true
	}
	first, other, ok := t.absolute(at, iri, false)
	if !ok {
		return false
	}
	t.found.name(first, other)
	return true
}

// absolute resolves an IRI. The other reading is nil where there is but one.
// The empty IRI stays empty where that is accepted and there is no base.
func (t *turtle) absolute(at int, iri []byte, document bool) (first, other []byte, ok bool) {
	if document && len(iri) == 0 && t.base == "" {
		return iri, nil, true
	}
	if n := schemeLength(iri); n > 0 && !hasDots(iri) && n+2 < len(iri) && iri[n+1] == '/' && iri[n+2] == '/' {
		return iri, nil, true
	}
	resolved, merged, err := resolve(t.base, string(iri))
	if err != nil {
		return nil, nil, t.unsupported(at, "%v", err)
	}
	if resolved != merged {
		other = []byte(merged)
	}
	return []byte(resolved), other, true
}

// notATerm tells what a bare word is not.
func (t *turtle) notATerm(at int) bool {
	t.pos = at
	return t.beyondTurtle() && t.fail(at, "%.40q is no term; a prefixed name has a colon", t.body[at:t.text.name(at)])
}

// beyondTurtle returns false, with an error, where N3 goes on and Turtle does not.
func (t *turtle) beyondTurtle() bool {
	if t.format == N3 {
		return t.unsupported(t.pos, "of N3 only what is Turtle is read, and %s is not", t.describe(t.pos))
	}
	return true
}
