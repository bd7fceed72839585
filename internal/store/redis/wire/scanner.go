package wire

import (
	"bytes"
	"fmt"
	"strconv"
)

// value is one that has ended, at the top: a command or an answer.
type value struct {
	kind byte
	// elements are those of an array, set or push; of a map, names and values.
	elements int
	// word is the first element's text, as far as maxWord goes.
	word string
}

// Limits of one value, beside MaxAnswer.
const (
	maxWord     = 32
	maxLine     = 64 << 10
	maxDepth    = 16
	maxElements = 1 << 20
)

// scanner finds the values of RESP3 in a stream that comes in pieces. Forms that
// Redis does not send, such as attributes and streamed strings, are none.
type scanner struct {
	now   value
	open  []int  // how many elements are to come, at each depth
	first bool   // the next value is the first element
	line  []byte // what there is of one
	blob  int    // bytes of a string to come, its line break too; 0 outside of one
	size  int    // of the value so far
	total int    // of elements that were announced
}

// scan tells of every value that ends within b.
func (s *scanner) scan(b []byte, each func(value) error) error {
	for len(b) > 0 {
		n, ended, err := s.step(b)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrAnswer, err)
		}
		if s.size += n; s.size > MaxAnswer {
			return fmt.Errorf("%w: more than %d bytes found; so many are accepted", ErrAnswer, MaxAnswer)
		}
		b = b[n:]
		if !ended || !s.up() {
			continue
		}
		done := s.now
		s.now, s.size, s.total = value{}, 0, 0
		if err := each(done); err != nil {
			return err
		}
	}
	return nil
}

// step reads up to the end of a line, or a piece of a string, and tells whether a
// value that holds no others has ended there.
func (s *scanner) step(b []byte) (n int, ended bool, err error) {
	if s.blob > 0 {
		return s.text(b)
	}
	if n = bytes.IndexByte(b, '\n') + 1; n == 0 {
		n = len(b)
	}
	if len(s.line)+n > maxLine {
		return 0, false, fmt.Errorf("a line of more than %d bytes found", maxLine)
	}
	if s.line = append(s.line, b[:n]...); b[n-1] != '\n' {
		return n, false, nil
	}
	line, whole := bytes.CutSuffix(s.line, []byte("\r\n"))
	s.line = s.line[:0]
	if !whole || len(line) == 0 {
		return 0, false, fmt.Errorf("a line found that is none")
	}
	ended, err = s.header(line[0], string(line[1:]))
	return n, ended, err
}

// text reads of a string what there is in b.
func (s *scanner) text(b []byte) (n int, ended bool, err error) {
	n = min(len(b), s.blob)
	before := min(n, max(0, s.blob-len("\r\n")))
	if s.first {
		s.now.word += string(b[:min(before, maxWord-len(s.now.word))])
	}
	for _, c := range b[before:n] {
		if left := s.blob - before; c != "\n\r"[left-1] {
			return 0, false, fmt.Errorf("a string found that does not end where it should")
		}
		before++
	}
	s.blob -= n
	return n, s.blob == 0, nil
}

// header reads the line that a value begins with, and tells whether it is all.
func (s *scanner) header(kind byte, rest string) (all bool, err error) {
	top := len(s.open) == 0
	if top {
		s.now.kind = kind
	}
	switch kind {
	case '+', '-', ',', '(', ':':
		if s.first {
			s.now.word = rest[:min(len(rest), maxWord)]
		}
		return true, nil
	case '_', '#':
		// The driver does not look at how long they are.
		if kind == '_' && rest != "" || kind == '#' && rest != "t" && rest != "f" {
			return false, fmt.Errorf("%c%.10q found", kind, rest)
		}
		return true, nil
	case '$', '=', '!', '*', '~', '%', '>':
	default:
		return false, fmt.Errorf("a value found that begins with %q", kind)
	}
	if rest == "-1" && (kind == '$' || kind == '*') {
		return true, nil
	}
	length, err := strconv.ParseUint(rest, 10, 31)
	if err != nil || length > MaxAnswer {
		return false, fmt.Errorf("the length %.20q found", rest)
	}
	if kind == '$' || kind == '=' || kind == '!' {
		s.blob = int(length) + len("\r\n")
		return false, nil
	}
	return s.down(kind, int(length), top)
}

// down begins a value that holds others, and tells whether it holds none.
func (s *scanner) down(kind byte, elements int, top bool) (empty bool, err error) {
	if kind == '%' {
		elements *= 2
	}
	if top {
		s.now.elements = elements
	}
	s.total += elements
	if s.total > maxElements || len(s.open) == maxDepth || kind == '>' && !top {
		return false, fmt.Errorf("%c with %d elements found, %d deep and the %dth", kind, elements, len(s.open), s.total)
	}
	s.first = top
	if elements > 0 {
		s.open = append(s.open, elements)
	}
	return elements == 0, nil
}

// up ends a value, and those of which it is the last element. It tells whether
// the one at the top has ended with them.
func (s *scanner) up() bool {
	s.first = false
	for last := len(s.open) - 1; last >= 0; last-- {
		if s.open[last]--; s.open[last] > 0 {
			return false
		}
		s.open = s.open[:last]
	}
	return true
}
