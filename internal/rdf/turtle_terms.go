package rdf

import (
	"bytes"
	"unicode/utf8"
)

// word returns a word that is no prefixed name, and nil where there is none.
func (t *turtle) word() []byte {
	if !t.startsName(t.pos) {
		return nil
	}
	end := t.text.name(t.pos)
	if end < len(t.body) && t.body[end] == ':' {
		return nil
	}
	word := t.body[t.pos:end]
	t.pos = end
	return word
}

// resource reads an IRI, not resolved yet, or a blank node, for which it
// returns nil. The bytes last until the next call.
func (t *turtle) resource() (iri []byte, ok bool) {
	switch b := t.peek(); {
	case b == '<':
		if next := t.peekAt(1); t.format == N3 && (next == '=' || next == '-') {
			return nil, t.beyondTurtle()
		}
		return t.iriRef()
	case b == '_':
		return nil, t.blankLabel()
	case b == ':' || t.startsName(t.pos):
		return t.prefixedName()
	}
	return nil, t.beyondTurtle() && t.fail(t.pos, "an IRI or a blank node is needed, got %s", t.describe(t.pos))
}

// prefixedName reads a PNAME_LN or a PNAME_NS and expands it.
func (t *turtle) prefixedName() (iri []byte, ok bool) {
	at := t.pos
	namespace, ok := t.namespace()
	if !ok {
		return nil, false
	}
	expansion, known := t.prefixes[string(namespace)]
	if !known {
		return nil, t.fail(at, "the prefix %.40q is not declared", namespace)
	}
	local, ok := t.localName()
	if !ok {
		return nil, false
	}
	t.scratch = append(append(t.scratch[:0], expansion...), local...)
	return t.scratch, true
}

// namespace reads a PNAME_NS and returns it without the colon.
func (t *turtle) namespace() (prefix []byte, ok bool) {
	at, end := t.pos, t.pos
	if t.startsName(at) {
		end = t.text.name(at)
	}
	if end >= len(t.body) || t.body[end] != ':' {
		return nil, t.fail(at, "a prefix ends in a colon, got %s", t.describe(end))
	}
	t.pos = end + 1
	return t.body[at:end], true
}

// localName reads a PN_LOCAL, which may be empty. Its backslashes are removed,
// its percent-encoding stays.
func (t *turtle) localName() (local []byte, ok bool) {
	start, at, escaped := t.pos, t.pos, false
	end := at // after the last character that may end a name
	for at < len(t.body) {
		size, ends, ok := t.localCharacter(at, at == start)
		if !ok {
			return nil, false
		}
		if size == 0 {
			break
		}
		escaped = escaped || t.body[at] == '\\'
		at += size
		if ends {
			end = at
		}
	}
	t.pos = end
	local = t.body[start:end]
	if escaped {
		// No backslash of a name but begins an escape of one character.
		local = bytes.ReplaceAll(local, []byte{'\\'}, nil)
	}
	return local, true
}

// localCharacter is the size of the character at a place, 0 for one that is no
// part of a name, and whether a name may end in it.
func (t *turtle) localCharacter(at int, first bool) (size int, ends, ok bool) {
	b := t.body[at]
	switch {
	case b == '-' && first:
		return 0, false, true
	case is(b, nameRest), b == ':':
		return 1, true, true
	case b == '.':
		if first {
			return 0, false, true
		}
		return 1, false, true
	case b == '%':
		if at+2 >= len(t.body) || !is(t.body[at+1], hexadecimal) || !is(t.body[at+2], hexadecimal) {
			return 0, false, t.fail(at, "%% needs two hexadecimal digits")
		}
		return 3, true, true
	case b == '\\':
		if at+1 >= len(t.body) || !is(t.body[at+1], localEscape) {
			return 0, false, t.fail(at, "\\ begins no escape of a name here")
		}
		return 2, true, true
	case b < utf8.RuneSelf:
		return 0, false, true
	}
	r, size := utf8.DecodeRune(t.body[at:])
	if isNameStart(r) || !first && isNameRest(r) {
		return size, true, true
	}
	return 0, false, true
}

// atDirective reads @prefix and @base, with the dot that they need.
func (t *turtle) atDirective() bool {
	at := t.pos
	t.pos++
	switch string(t.word()) {
	case "prefix":
		return t.space() && t.prefix() && t.dot()
	case "base":
		return t.space() && t.baseIRI() && t.dot()
	}
	t.pos = at
	return t.beyondTurtle() && t.fail(at, "@prefix and @base are the directives that are known")
}

func (t *turtle) prefix() bool {
	namespace, ok := t.namespace()
	if !ok || !t.space() {
		return false
	}
	iri, ok := t.basis()
	if ok {
		t.prefixes[string(namespace)] = []byte(iri)
	}
	return ok
}

func (t *turtle) baseIRI() bool {
	iri, ok := t.basis()
	if ok {
		t.base = iri
	}
	return ok
}

// basis reads the IRI of a prefix or a base.
func (t *turtle) basis() (iri string, ok bool) {
	at := t.pos
	if t.peek() != '<' {
		return "", t.fail(at, "an <IRI> is needed, got %s", t.describe(at))
	}
	ref, ok := t.iriRef()
	if !ok {
		return "", false
	}
	iri, err := newBase(t.base, string(ref))
	if err != nil {
		return "", t.unsupported(at, "%v", err)
	}
	return iri, true
}
