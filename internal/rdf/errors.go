package rdf

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

var (
	// ErrFormat says: this is no format that is known here.
	ErrFormat = errors.New("rdf: unknown format")
	// ErrSyntax says: the body is not of the format it is said to be of.
	ErrSyntax = errors.New("rdf: malformed body")
	// ErrUnsupported says: what the body writes cannot be told for every reader.
	ErrUnsupported = errors.New("rdf: body cannot be judged")
)

// SyntaxError says where a body leaves its format. Line and column count from
// 1, the column in characters; 0 where only the offset, in bytes, is known.
type SyntaxError struct {
	Format       Format
	Line, Column int
	Offset       int
	Msg          string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%v: %v, %s: %s", ErrSyntax, e.Format, place(e.Line, e.Column, e.Offset), e.Msg)
}

// Unwrap makes it ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

func place(line, column, offset int) string {
	if line == 0 {
		return fmt.Sprintf("byte %d", offset)
	}
	return fmt.Sprintf("line %d, column %d", line, column)
}

// text is a body and how far it is read. The first error stays.
type text struct {
	format Format
	body   []byte
	pos    int
	err    error
}

// fail keeps a *SyntaxError at a place of the body. It returns false, for a
// reader to pass on.
func (t *text) fail(at int, format string, args ...any) bool {
	if t.err == nil {
		line, column := t.lineAndColumn(at)
		t.err = &SyntaxError{Format: t.format, Line: line, Column: column, Offset: at, Msg: fmt.Sprintf(format, args...)}
	}
	return false
}

// unsupported is fail with ErrUnsupported.
func (t *text) unsupported(at int, format string, args ...any) bool {
	if t.err == nil {
		line, column := t.lineAndColumn(at)
		t.err = fmt.Errorf("%w: %v, %s: %s", ErrUnsupported, t.format, place(line, column, at), fmt.Sprintf(format, args...))
	}
	return false
}

// lineAndColumn takes CR, LF and CRLF for one line end each.
func (t *text) lineAndColumn(at int) (line, column int) {
	line, start := 1, 0
	for i := 0; i < at && i < len(t.body); i++ {
		if b := t.body[i]; b == '\n' || b == '\r' && (i+1 == len(t.body) || t.body[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	return line, 1 + utf8.RuneCount(t.body[start:min(max(at, start), len(t.body))])
}

// peek is the next byte, or 0 at the end; no body has a NUL.
func (t *text) peek() byte { return t.peekAt(0) }

func (t *text) peekAt(n int) byte {
	if t.pos+n < len(t.body) {
		return t.body[t.pos+n]
	}
	return 0
}

// describe names what is at the place, for a message.
func (t *text) describe(at int) string {
	if at >= len(t.body) {
		return "the end of the body"
	}
	r, _ := utf8.DecodeRune(t.body[at:])
	return fmt.Sprintf("%q", r)
}
