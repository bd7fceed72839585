// Package splice changes single members of a JSON document and nothing else, to
// the byte: documents are also edited by hand, and by tools that know fields of
// which nothing is known here.
package splice

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Members changes members of one object in the document: a value sets the
// member, nil removes it. The names of path lead from the top to the object; one
// that is not there, or leads to no object, is an error. The document must be
// valid JSON with every name once.
func Members(document []byte, edits map[string]jsontext.Value, path ...string) ([]byte, error) {
	start := 0
	for _, name := range path {
		m, err := memberAt(document, start, name)
		if err != nil {
			return nil, err
		}
		start = m.value
	}
	o, err := readObject(document, start)
	if err != nil {
		return nil, err
	}
	return slices.Concat(document[:o.start], o.with(document, edits), document[o.end:]), nil
}

// member is one member of an object: where it stands in the document.
type member struct {
	name string
	// begin and end are of the member; nameEnd and value lie between.
	begin, nameEnd, value, end int
}

type object struct {
	start, end int // including the braces
	members    []member
}

func memberAt(b []byte, start int, name string) (member, error) {
	o, err := readObject(b, start)
	if err != nil {
		return member{}, err
	}
	i := slices.IndexFunc(o.members, func(m member) bool { return m.name == name })
	if i < 0 {
		return member{}, fmt.Errorf("no member %q found", name)
	}
	return o.members[i], nil
}

// readObject finds the members of the object that begins at or, after white
// space, behind start.
func readObject(b []byte, start int) (object, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(b[start:]))
	at := func() int { return start + int(d.InputOffset()) }
	open, err := d.ReadToken()
	if err != nil {
		return object{}, err
	}
	if open.Kind() != '{' {
		return object{}, fmt.Errorf("a JSON %s found where an object should be", open.Kind())
	}
	o := object{start: at() - 1}
	for d.PeekKind() == '"' {
		raw, err := d.ReadValue()
		if err != nil {
			return object{}, err
		}
		name, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return object{}, err
		}
		m := member{name: string(name), begin: at() - len(raw), nameEnd: at()}
		value, err := d.ReadValue()
		if err != nil {
			return object{}, err
		}
		m.value, m.end = at()-len(value), at()
		o.members = append(o.members, m)
	}
	if _, err := d.ReadToken(); err != nil {
		return object{}, err
	}
	o.end = at()
	return o, nil
}

// gap is the white space before and behind the member i. Between two members
// the comma is what tells one's from the other's.
func (o object) gap(b []byte, i int) (before, behind []byte) {
	from := o.start + 1
	if i > 0 {
		from = o.members[i-1].end
		from += bytes.IndexByte(b[from:], ',') + 1
	}
	to := o.end - 1
	if i < len(o.members)-1 {
		to = o.members[i].end + bytes.IndexByte(b[o.members[i].end:], ',')
	}
	return b[from:o.members[i].begin], b[o.members[i].end:to]
}

// style is how an object is written: the white space before its first and
// before each further member, what stands between name and value, and the white
// space before the closing brace.
type style struct{ first, further, colon, tail []byte }

func (o object) style(b []byte) style {
	n := len(o.members)
	if n == 0 {
		s := style{further: []byte(" "), colon: []byte(": "), tail: b[o.start+1 : o.end-1]}
		if bytes.HasPrefix(s.tail, []byte("\n")) { // whoever left a line for them wants a line for each
			s.first = append(slices.Clone(s.tail), "  "...)
			s.further = s.first
		}
		return s
	}
	last := o.members[n-1]
	s := style{colon: b[last.nameEnd:last.value]}
	s.first, _ = o.gap(b, 0)
	s.further, s.tail = o.gap(b, n-1)
	if n == 1 && len(s.further) == 0 {
		_, s.further, _ = bytes.Cut(s.colon, []byte(":"))
	}
	return s
}

// with is the object's text after the edits. New members stand at the end, in
// the order of their names, in the style of those that are there.
func (o object) with(b []byte, edits map[string]jsontext.Value) []byte {
	s := o.style(b)
	text := append(make([]byte, 0, o.end-o.start), '{')
	empty := true
	add := func(before []byte, parts ...[]byte) {
		if empty {
			empty, before = false, s.first
		} else {
			text = append(text, ',')
		}
		text = append(text, before...)
		for _, part := range parts {
			text = append(text, part...)
		}
	}
	created := maps.Clone(edits)
	for i, m := range o.members {
		delete(created, m.name)
		value, edited := edits[m.name]
		if edited && value == nil {
			continue
		}
		if !edited {
			value = b[m.value:m.end]
		}
		before, behind := o.gap(b, i)
		if i == len(o.members)-1 {
			behind = nil // the tail, which stays at the end
		}
		add(before, b[m.begin:m.value], value, behind)
	}
	for _, name := range slices.Sorted(maps.Keys(created)) {
		if quoted, err := jsontext.AppendQuote(nil, name); err == nil && created[name] != nil {
			add(s.further, quoted, s.colon, created[name])
		}
	}
	return append(append(text, s.tail...), '}')
}
