package rdf

// predicates reads predicates, each with its objects, up to what ends them.
func (t *turtle) predicates(s subject) bool {
	if !t.space() {
		return false
	}
	for {
		if !t.predicate(s) || !t.objects() {
			return false
		}
		if t.peek() != ';' {
			return true
		}
		for t.peek() == ';' {
			t.pos++
			if !t.space() {
				return false
			}
		}
		if b := t.peek(); b == '.' || b == ']' || b == '}' {
			return true
		}
	}
}

var rdfType = []byte("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

func (t *turtle) predicate(s subject) bool {
	at := t.pos
	predicate := rdfType
	switch word := t.word(); {
	case string(word) == "a":
	case word != nil:
		return t.notATerm(at)
	case t.peek() == '_':
		return t.fail(at, "a predicate is an IRI, not a blank node")
	default:
		iri, ok := t.resource()
		if !ok {
			return false
		}
		// A predicate in CM-Well's namespace is one in every reading.
		if predicate, _, ok = t.absolute(at, iri, false); !ok {
			return false
		}
	}
	t.found.say(s, predicate)
	return true
}

func (t *turtle) objects() bool {
	for t.space() && t.object() && t.space() {
		if t.peek() != ',' {
			return true
		}
		t.pos++
	}
	return false
}

// object reads any term. IRIs are not resolved: an object writes nothing, and
// CM-Well has <*> for all fields.
func (t *turtle) object() bool {
	switch b := t.peek(); {
	case b == '"' || b == '\'':
		return t.literal()
	case b == '(':
		_, ok := t.list()
		return ok
	case b == '[':
		_, ok := t.propertyList()
		return ok
	case b == '<' || b == '_' || b == ':':
		_, ok := t.resource()
		return ok
	case b == '{':
		return t.wrappedGraphAsObject()
	case is(b, digit) || b == '.' || b == '+' || b == '-':
		return t.number()
	}
	at := t.pos
	switch string(t.word()) {
	case "true", "false":
		return true
	case "":
		_, ok := t.resource()
		return ok
	}
	return t.notATerm(at)
}

func (t *turtle) wrappedGraphAsObject() bool {
	return t.beyondTurtle() && t.fail(t.pos, "a graph is no object")
}

func (t *turtle) deeper() bool {
	if t.depth == 0 {
		return t.unsupported(t.pos, "it is nested too deep")
	}
	t.depth--
	return true
}

// list reads a list in parentheses. The empty one is the IRI of rdf:nil, any
// other begins with a blank node.
func (t *turtle) list() (empty, ok bool) {
	if !t.deeper() {
		return false, false
	}
	defer func() { t.depth++ }()
	t.pos++
	for empty = true; t.space(); empty = false {
		if t.peek() == ')' {
			t.pos++
			return empty, true
		}
		t.found.blank = true
		if !t.object() {
			break
		}
	}
	return false, false
}

var rdfNil = []byte("http://www.w3.org/1999/02/22-rdf-syntax-ns#nil")

// aboutList reads a statement whose subject is a list.
func (t *turtle) aboutList() bool {
	empty, ok := t.list()
	if !ok {
		return false
	}
	s := blankNode
	if empty {
		s = t.found.readings(rdfNil, nil)
	}
	return t.predicates(s)
}

// propertyList reads a blank node in brackets. It is anonymous when it has no
// predicates inside.
func (t *turtle) propertyList() (anonymous, ok bool) {
	if !t.deeper() {
		return false, false
	}
	defer func() { t.depth++ }()
	t.pos++
	if !t.space() {
		return false, false
	}
	if t.peek() == ']' {
		t.pos++
		return true, true
	}
	if !t.predicates(blankNode) {
		return false, false
	}
	if t.peek() != ']' {
		return false, t.beyondTurtle() && t.fail(t.pos, "a ] is needed, got %s", t.describe(t.pos))
	}
	t.pos++
	return false, true
}

// literal reads a string and its language or datatype, which follow at once: a
// space before them is read by some readers only.
func (t *turtle) literal() bool {
	q := t.peek()
	long := t.peekAt(1) == q && t.peekAt(2) == q
	if long && !t.longString(q) || !long && !t.quotedString() {
		return false
	}
	switch {
	case t.peek() == '@':
		return t.languageTag()
	case t.peek() == '^' && t.peekAt(1) == '^':
		t.pos += 2
		if t.peek() == '_' {
			return t.fail(t.pos, "a datatype is an IRI")
		}
		_, ok := t.resource()
		return ok
	}
	return true
}

// longString reads up to the first three quotes in a row.
func (t *turtle) longString(quote byte) bool {
	start := t.pos
	for at := start + 3; at < len(t.body); at++ {
		switch b := t.body[at]; {
		case b != quote && b != '\\':
		case b == '\\':
			size, ok := t.escape(at)
			if !ok {
				return false
			}
			at += size - 1
		case at+2 < len(t.body) && t.body[at+1] == quote && t.body[at+2] == quote:
			t.pos = at + 3
			return true
		}
	}
	return t.fail(start, "the long string is not closed")
}

// number reads an INTEGER, a DECIMAL or a DOUBLE. A dot that no digit and no
// exponent follows ends the statement instead.
func (t *turtle) number() bool {
	at := t.pos
	if b := t.body[at]; b == '+' || b == '-' {
		at++
	}
	whole := t.digits(at)
	end, some := whole, whole > at
	if end < len(t.body) && t.body[end] == '.' {
		fraction := t.digits(end + 1)
		if fraction > end+1 || some && t.exponent(fraction) > fraction {
			end, some = fraction, true
		}
	}
	if !some {
		return t.beyondTurtle() && t.fail(t.pos, "%s begins no term here", t.describe(t.pos))
	}
	t.pos = t.exponent(end)
	return true
}

func (t *turtle) digits(at int) int {
	for at < len(t.body) && is(t.body[at], digit) {
		at++
	}
	return at
}

// exponent returns where an exponent that begins at a place ends, or the place.
func (t *turtle) exponent(at int) int {
	next := at
	if next >= len(t.body) || t.body[next]|0x20 != 'e' {
		return at
	}
	next++
	if next < len(t.body) && (t.body[next] == '+' || t.body[next] == '-') {
		next++
	}
	if end := t.digits(next); end > next {
		return end
	}
	return at
}
