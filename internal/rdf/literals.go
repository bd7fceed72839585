package rdf

import "unicode/utf8"

// stringBreak are the bytes at which a string of one line needs a second look.
var stringBreak = func() (t [256]bool) {
	for _, b := range []byte("\"'\\\n\r") {
		t[b] = true
	}
	return t
}()

// quotedString reads a string of one line, from one quote to the next. What it
// says does not matter, only where it ends.
func (t *text) quotedString() bool {
	start, quote := t.pos, t.peek()
	for at := start + 1; at < len(t.body); at++ {
		b := t.body[at]
		if !stringBreak[b] {
			continue
		}
		switch b {
		case quote:
			t.pos = at + 1
			return true
		case '\\':
			size, ok := t.escape(at)
			if !ok {
				return false
			}
			at += size - 1
		case '\n', '\r':
			return t.fail(at, "a line end may not be in a string of one line")
		}
	}
	return t.fail(start, "the string is not closed")
}

// escape is the length of an ECHAR or a UCHAR.
func (t *text) escape(at int) (size int, ok bool) {
	if at+1 < len(t.body) {
		switch t.body[at+1] {
		case 't', 'b', 'n', 'r', 'f', '"', '\'', '\\':
			return 2, true
		case 'u', 'U':
			_, size, ok = t.codePoint(at)
			return size, ok
		}
	}
	return 0, t.fail(at, "\\ begins no escape here: \\t \\b \\n \\r \\f \\\" \\' \\\\ \\uXXXX \\UXXXXXXXX are known")
}

// languageTag reads a LANGTAG.
func (t *text) languageTag() bool {
	at := t.pos + 1
	begin := at
	for allowed := letter; ; allowed = letter | digit {
		for at < len(t.body) && is(t.body[at], allowed) {
			at++
		}
		if at == begin {
			return t.fail(t.pos, "a language tag needs letters, got %s", t.describe(at))
		}
		if at >= len(t.body) || t.body[at] != '-' {
			break
		}
		at++
		begin = at
	}
	if at < len(t.body) && (t.body[at] == '_' || t.body[at] >= utf8.RuneSelf) {
		return t.fail(at, "%s may not be in a language tag", t.describe(at))
	}
	t.pos = at
	return true
}
