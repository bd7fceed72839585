package rdf

import (
	"bytes"
	"unicode/utf8"
)

// Classes of ASCII characters, as the grammars of N-Triples and Turtle name them.
const (
	notInIRI    uint8 = 1 << iota // what IRIREF forbids, and DEL
	nameStart                     // PN_CHARS_BASE
	nameRest                      // PN_CHARS
	digit                         // [0-9]
	hexadecimal                   // HEX
	letter                        // [a-zA-Z]
	localEscape                   // what PN_LOCAL_ESC may escape
)

var class = func() (t [128]uint8) {
	add := func(chars string, c uint8) {
		for _, b := range []byte(chars) {
			t[b] |= c
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for b := range 0x21 {
		t[b] |= notInIRI
	}
	add("<>\"{}|^`\\\x7f", notInIRI)
	add(letters, letter|nameStart|nameRest)
	add("0123456789", digit|hexadecimal|nameRest)
	add("ABCDEFabcdef", hexadecimal)
	add("_-", nameRest)
	add("_~.-!$&'()*+,;=/?#@%", localEscape)
	return t
}()

func is(b byte, c uint8) bool { return b < utf8.RuneSelf && class[b]&c != 0 }

// barredFromIRI tells a character that no IRI may have, however it is written.
func barredFromIRI(r rune) bool {
	return r < utf8.RuneSelf && is(byte(r), notInIRI) || r == '\uFEFF'
}

// isNameStart tells whether a character is a PN_CHARS_BASE beyond ASCII.
func isNameStart(r rune) bool {
	switch {
	case r < 0xC0:
		return false
	case r <= 0x2FF:
		return r != 0xD7 && r != 0xF7
	case r <= 0x1FFF:
		return r >= 0x370 && r != 0x37E
	case r <= 0x218F:
		return r == 0x200C || r == 0x200D || r >= 0x2070
	case r <= 0xD7FF:
		return r >= 0x2C00 && r <= 0x2FEF || r >= 0x3001
	}
	return r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD || r >= 0x10000 && r <= 0xEFFFF
}

func isNameRest(r rune) bool {
	return isNameStart(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// name returns where the run of PN_CHARS and dots that begins at a place ends;
// a dot is never its last. The first character is the caller's to judge.
func (t *text) name(at int) int {
	end := at
	for at < len(t.body) {
		b := t.body[at]
		switch {
		case is(b, nameRest):
			at++
			end = at
		case b == '.':
			at++
		case b < utf8.RuneSelf:
			return end
		default:
			r, size := utf8.DecodeRune(t.body[at:])
			if !isNameRest(r) {
				return end
			}
			at += size
			end = at
		}
	}
	return end
}

// startsName tells whether PN_CHARS_BASE is at a place.
func (t *text) startsName(at int) bool {
	if at >= len(t.body) {
		return false
	}
	if b := t.body[at]; b < utf8.RuneSelf {
		return is(b, nameStart)
	}
	r, _ := utf8.DecodeRune(t.body[at:])
	return isNameStart(r)
}

// blankLabel reads "_:" and a label. A colon may be part of a label in
// N-Triples 1.1, but neither in Turtle nor in N-Triples 1.2.
func (t *text) blankLabel() bool {
	at := t.pos
	if t.peekAt(1) != ':' {
		return t.fail(at, "_ begins no term but a blank node, _:label")
	}
	first := at + 2
	if b := t.peekAt(2); !is(b, digit) && b != '_' && !t.startsName(first) {
		return t.fail(first, "a blank node needs a label after _:, got %s", t.describe(first))
	}
	t.pos = t.name(first)
	if t.peek() == ':' {
		return t.fail(t.pos, "a colon in the label of a blank node is not accepted")
	}
	return true
}

// iriRef reads an IRIREF, decodes its escapes and returns what is between the
// angle brackets. Without escapes that is a part of the body.
func (t *text) iriRef() (iri []byte, ok bool) {
	start := t.pos + 1
	for at := start; at < len(t.body); at++ {
		if b := t.body[at]; !is(b, notInIRI) {
			continue
		} else if b == '>' {
			t.pos = at + 1
			return t.body[start:at:at], true
		} else if b == '\\' {
			return t.escapedIRI(start, at)
		} else if b == '<' && at == start {
			return nil, t.unsupported(at, "quoted triples (RDF-star) are not read")
		}
		return nil, t.fail(at, "%s may not be in an IRI", t.describe(at))
	}
	return nil, t.fail(start-1, "the IRI is not closed by >")
}

func (t *text) escapedIRI(start, at int) (iri []byte, ok bool) {
	iri = bytes.Clone(t.body[start:at])
	for at < len(t.body) {
		switch b := t.body[at]; {
		case b == '>':
			t.pos = at + 1
			return iri, true
		case b == '\\':
			r, size, ok := t.codePoint(at)
			if !ok {
				return nil, false
			}
			// What the grammar forbids as it stands is no better escaped.
			if barredFromIRI(r) {
				return nil, t.fail(at, "%q may not be in an IRI, not even escaped", r)
			}
			iri = utf8.AppendRune(iri, r)
			at += size
		case is(b, notInIRI):
			return nil, t.fail(at, "%s may not be in an IRI", t.describe(at))
		default:
			iri = append(iri, b)
			at++
		}
	}
	return nil, t.fail(start-1, "the IRI is not closed by >")
}

// codePoint decodes a UCHAR, \uXXXX or \UXXXXXXXX, of which surrogates are none.
func (t *text) codePoint(at int) (r rune, size int, ok bool) {
	size = 6
	switch {
	case at+1 < len(t.body) && t.body[at+1] == 'u':
	case at+1 < len(t.body) && t.body[at+1] == 'U':
		size = 10
	default:
		return 0, 0, t.fail(at, "only \\uXXXX and \\UXXXXXXXX are escapes here")
	}
	if at+size > len(t.body) {
		return 0, 0, t.fail(at, "the escape is cut short")
	}
	var v uint32
	for _, b := range t.body[at+2 : at+size] {
		if !is(b, hexadecimal) {
			return 0, 0, t.fail(at, "an escape needs %d hexadecimal digits", size-2)
		}
		v = v<<4 | uint32(hexValue(b))
	}
	if v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0, t.fail(at, "U+%04X is no character", v)
	}
	return rune(v), size, true
}

func hexValue(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b&^0x20 - 'A' + 10
}
