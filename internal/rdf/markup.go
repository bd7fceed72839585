package rdf

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

// name is a name with its namespace.
type name struct{ space, local string }

type attribute struct {
	name
	value string
}

// element is a start tag. Namespaces, xml:base and xml:lang are dealt with and
// not among its attributes.
type element struct {
	name
	attrs []attribute
}

// token is a start tag, the end of an element, or text, of which only matters
// whether it is white space.
type token struct {
	start *element
	end   bool
	blank bool
}

// markup reads XML without a DTD: there are no entities but those of XML.
// encoding/xml leaves to its caller what is done here: namespaces, attributes
// that come twice, tags that match, one root.
type markup struct {
	text
	xml      *xml.Decoder
	at       int // where the last token begins
	depth    int
	open     []scope
	bindings []binding
	outer    string // the base of the document
}

// scope is an element that is not closed yet.
type scope struct {
	tag      xml.Name // as it is written
	base     string
	bindings int // how many there are outside of it
}

type binding struct{ prefix, space string }

func newMarkup(body []byte, base string, depth int) markup {
	m := markup{text: text{format: RDFXML, body: body}, xml: xml.NewDecoder(bytes.NewReader(body)), depth: depth, outer: base}
	m.bindings = []binding{{"xml", xmlNamespace}, {"", ""}}
	// The declaration is judged below; here it is only to be read at all.
	m.xml.CharsetReader = func(_ string, body io.Reader) (io.Reader, error) { return body, nil }
	return m
}

// base is the base in effect.
func (m *markup) base() string {
	if len(m.open) == 0 {
		return m.outer
	}
	return m.open[len(m.open)-1].base
}

// maxAttributes bounds those of one tag, and the prefixes that are declared at
// one place: each is compared with each.
const maxAttributes = 256

// declaration is what an XML declaration may say.
var declaration = regexp.MustCompile(`^version\s*=\s*("1\.0"|'1\.0')(\s+encoding\s*=\s*("(?i:utf-8)"|'(?i:utf-8)'))?(\s+standalone\s*=\s*("(yes|no)"|'(yes|no)'))?\s*$`)

// root reads up to the first start tag.
func (m *markup) root() (e *element, ok bool) {
	for {
		t, ok := m.token()
		switch {
		case !ok:
			return nil, false
		case t.start != nil:
			return t.start, true
		case !t.blank:
			return nil, m.fail(m.at, "text comes before the first element")
		}
	}
}

// epilog reads what follows the root: comments and white space.
func (m *markup) epilog() bool {
	for {
		raw, err := m.raw()
		if errors.Is(err, io.EOF) {
			return true
		}
		text, isText := raw.(xml.CharData)
		if _, comment := raw.(xml.Comment); err == nil && !comment && !(isText && isBlank(text)) {
			return m.fail(m.at, "more follows the end of the document")
		}
		if err != nil {
			return m.malformed(err)
		}
	}
}

// child reads white space up to an element, or up to the end of the one it is
// in, for which it returns nil.
func (m *markup) child() (e *element, ok bool) {
	for {
		t, ok := m.token()
		switch {
		case !ok || t.end:
			return nil, ok
		case t.start != nil:
			return t.start, true
		case !t.blank:
			return nil, m.fail(m.at, "text where only elements may be")
		}
	}
}

func (m *markup) raw() (xml.Token, error) {
	m.at = int(m.xml.InputOffset())
	return m.xml.RawToken()
}

func (m *markup) malformed(err error) bool {
	if errors.Is(err, io.EOF) {
		return m.fail(len(m.body), "the document is not complete")
	}
	if syntax := (*xml.SyntaxError)(nil); errors.As(err, &syntax) {
		return m.fail(int(m.xml.InputOffset()), "%.200s", syntax.Msg)
	}
	return m.fail(int(m.xml.InputOffset()), "%.200s", err)
}

// token reads on, over comments.
func (m *markup) token() (token, bool) {
	for {
		raw, err := m.raw()
		if err != nil {
			return token{}, m.malformed(err)
		}
		switch raw := raw.(type) {
		case xml.StartElement:
			e, ok := m.start(raw)
			return token{start: e}, ok
		case xml.EndElement:
			return token{end: true}, m.end(raw.Name)
		case xml.CharData:
			return token{blank: isBlank(raw)}, true
		case xml.Directive:
			return token{}, m.unsupported(m.at, "a document type and its entities are not read")
		case xml.ProcInst:
			if raw.Target != "xml" || m.at != 0 {
				return token{}, m.unsupported(m.at, "processing instructions are not read")
			}
			if !declaration.Match(raw.Inst) {
				return token{}, m.unsupported(m.at, "the XML declaration is not that of XML 1.0 in UTF-8")
			}
		}
	}
}

func isBlank(text []byte) bool { return len(bytes.Trim(text, " \t\r\n")) == 0 }

func (m *markup) end(tag xml.Name) bool {
	if len(m.open) == 0 {
		return m.fail(m.at, "an end tag without a start tag")
	}
	last := m.open[len(m.open)-1]
	if last.tag != tag {
		return m.fail(m.at, "the end tag of %.40q, where that of %.40q is needed", tag.Local, last.tag.Local)
	}
	m.open = m.open[:len(m.open)-1]
	m.bindings = m.bindings[:last.bindings]
	return true
}

func (m *markup) start(raw xml.StartElement) (*element, bool) {
	if len(m.open) >= m.depth {
		return nil, m.unsupported(m.at, "it is nested too deep")
	}
	if len(raw.Attr) > maxAttributes || len(m.bindings) > maxAttributes {
		return nil, m.unsupported(m.at, "there are more than %d attributes or prefixes", maxAttributes)
	}
	m.open = append(m.open, scope{raw.Name, m.base(), len(m.bindings)})
	if !m.bind(raw.Attr) {
		return nil, false
	}
	space, ok := m.space(raw.Name)
	if !ok {
		return nil, false
	}
	e := &element{name: name{space, raw.Name.Local}}
	for _, a := range raw.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		if a.Name.Space == "" {
			e.attrs = append(e.attrs, attribute{name{"", a.Name.Local}, a.Value})
		} else if space, ok := m.space(a.Name); !ok {
			return nil, false
		} else if space != xmlNamespace {
			e.attrs = append(e.attrs, attribute{name{space, a.Name.Local}, a.Value})
		} else if !m.xmlAttribute(a) {
			return nil, false
		}
	}
	return e, m.distinct(e.attrs)
}

// bind declares the namespaces of a start tag.
func (m *markup) bind(attrs []xml.Attr) bool {
	for i, a := range attrs {
		for _, b := range attrs[:i] {
			if a.Name == b.Name {
				return m.fail(m.at, "the attribute %.40q comes twice", a.Name.Local)
			}
		}
		prefix := a.Name.Local
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			prefix = ""
		case a.Name.Space != "xmlns":
			continue
		case a.Value == "":
			return m.fail(m.at, "the prefix %.40q has no namespace", prefix)
		}
		if strings.HasPrefix(prefix, "xml") || a.Value == xmlNamespace || a.Value == "http://www.w3.org/2000/xmlns/" {
			return m.unsupported(m.at, "the prefixes of XML itself are declared")
		}
		if len(a.Value) > maxBasis {
			return m.unsupported(m.at, "%v", errLong)
		}
		m.bindings = append(m.bindings, binding{prefix, a.Value})
	}
	return true
}

func (m *markup) space(n xml.Name) (space string, ok bool) {
	if strings.Contains(n.Local, ":") {
		return "", m.fail(m.at, "the name %.40q is malformed", n.Local)
	}
	for i := len(m.bindings) - 1; i >= 0; i-- {
		if m.bindings[i].prefix == n.Space {
			return m.bindings[i].space, true
		}
	}
	return "", m.fail(m.at, "the prefix %.40q is not declared", n.Space)
}

// xmlAttribute sets the base of an element and of what is in it.
func (m *markup) xmlAttribute(a xml.Attr) bool {
	switch a.Name.Local {
	case "lang", "space":
		return true
	case "base":
	default:
		return m.unsupported(m.at, "xml:%.40s is not read", a.Name.Local)
	}
	ref, _, _ := strings.Cut(a.Value, "#")
	if bad := strings.IndexFunc(ref, barredFromIRI); bad >= 0 {
		return m.fail(m.at, "%q may not be in an IRI, as in %.80q", ref[bad], ref)
	}
	base, err := newBase(m.base(), ref)
	if err != nil {
		return m.unsupported(m.at, "the base %.80q: %v", ref, err)
	}
	m.open[len(m.open)-1].base = base
	return true
}

// distinct refuses an attribute that comes twice under two prefixes.
func (m *markup) distinct(attrs []attribute) bool {
	for i, a := range attrs {
		for _, b := range attrs[:i] {
			if a.name == b.name {
				return m.fail(m.at, "the attribute %.40q comes twice", a.local)
			}
		}
	}
	return true
}
