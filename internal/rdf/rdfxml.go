package rdf

import (
	"bytes"
	"slices"
	"strings"
)

const rdfNamespace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

// rdfXML reads RDF/XML (RDF 1.1), by the productions of its section 7.2.
type rdfXML struct {
	markup
	found *collector
}

func readXML(body []byte, o Options, c *collector) error {
	body = bytes.TrimPrefix(body, byteOrderMark)
	r := rdfXML{markup: newMarkup(body, o.Base, o.MaxDepth), found: c}
	r.document()
	return r.err
}

// document reads rdf:RDF with its nodes, or one node alone.
func (r *rdfXML) document() bool {
	root, ok := r.root()
	if !ok {
		return false
	}
	if root.name != (name{rdfNamespace, "RDF"}) {
		return r.node(root) && r.epilog()
	}
	if len(root.attrs) > 0 {
		return r.fail(r.at, "rdf:RDF has no attributes but namespaces, xml:base and xml:lang")
	}
	return r.nodes(nil) && r.epilog()
}

// nodes reads node elements up to the end of the one they are in.
func (r *rdfXML) nodes(each func()) bool {
	for {
		child, ok := r.child()
		if !ok || child == nil {
			return ok
		}
		if each != nil {
			each()
		}
		if !r.node(child) {
			return false
		}
	}
}

// Names of the RDF namespace that are no nodes, no properties or neither
// (section 6.2, 7.2.2 to 7.2.7). Those of RDF 1.2 are something else to a
// reader of RDF 1.1.
var (
	syntaxNames  = []string{"RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype"}
	removedNames = []string{"aboutEach", "aboutEachPrefix", "bagID"}
	laterNames   = []string{"version", "annotation", "annotationNodeID"}
)

// mayBe accepts a name that is none of the syntax, nor any of the others given.
func (r *rdfXML) mayBe(what string, n name, but ...string) bool {
	if n.space != rdfNamespace {
		return true
	}
	if slices.Contains(removedNames, n.local) || slices.Contains(laterNames, n.local) {
		return r.unsupported(r.at, "rdf:%s is not read", n.local)
	}
	if slices.Contains(syntaxNames, n.local) || slices.Contains(but, n.local) {
		return r.fail(r.at, "rdf:%s is no %s", n.local, what)
	}
	return true
}

// node reads a nodeElement.
func (r *rdfXML) node(e *element) bool {
	if e.space == "" {
		return r.unsupported(r.at, "the element %.40q has no namespace", e.local)
	}
	if !r.mayBe("node", e.name, "li") {
		return false
	}
	s, properties, ok := r.subject(e)
	if !ok {
		return false
	}
	if e.name != (name{rdfNamespace, "Description"}) {
		r.found.say(s, rdfType)
	}
	for _, a := range properties {
		if !r.propertyAttribute(s, a) {
			return false
		}
	}
	return r.properties(s)
}

// subject reads the attributes that say which node it is, and returns the rest.
func (r *rdfXML) subject(e *element) (s subject, rest []attribute, ok bool) {
	s, named := blankNode, ""
	for _, a := range e.attrs {
		if a.space != rdfNamespace || a.local != "about" && a.local != "ID" && a.local != "nodeID" {
			rest = append(rest, a)
			continue
		}
		if named != "" {
			return s, nil, r.fail(r.at, "a node has rdf:%s and rdf:%s", named, a.local)
		}
		named = a.local
		switch a.local {
		case "about":
			s, ok = r.resource(a.value)
		case "ID":
			s, ok = r.fragment(a.value)
		case "nodeID":
			ok = r.label(a.value)
		}
		if !ok {
			return s, nil, false
		}
	}
	return s, rest, true
}

// propertyAttribute reads an attribute that is a statement.
func (r *rdfXML) propertyAttribute(s subject, a attribute) bool {
	if a.space == "" {
		return r.unsupported(r.at, "the attribute %.40q has no namespace", a.local)
	}
	return r.mayBe("property", a.name, "Description", "li") && r.say(s, a.name)
}

// say notes a statement whose predicate is a name.
func (r *rdfXML) say(s subject, n name) bool {
	predicate := []byte(n.space + n.local)
	if !r.absolute("predicate", predicate) {
		return false
	}
	r.found.say(s, predicate)
	return true
}

// resource resolves an rdf:about or an rdf:resource.
func (r *rdfXML) resource(ref string) (subject, bool) {
	if ref == "" && r.base() == "" {
		return r.found.readings(nil, nil), true
	}
	if bad := strings.IndexFunc(ref, barredFromIRI); bad >= 0 {
		return subject{}, r.fail(r.at, "%q may not be in an IRI, as in %.80q", ref[bad], ref)
	}
	resolved, merged, err := resolve(r.base(), ref)
	if err != nil {
		return subject{}, r.unsupported(r.at, "%.80q: %v", ref, err)
	}
	if resolved == merged {
		return r.found.readings([]byte(resolved), nil), true
	}
	return r.found.readings([]byte(resolved), []byte(merged)), true
}

// fragment is the subject that an rdf:ID names.
func (r *rdfXML) fragment(id string) (subject, bool) {
	if !isNCName(id) {
		return subject{}, r.fail(r.at, "the rdf:ID %.40q is no XML name", id)
	}
	return r.resource("#" + id)
}

func (r *rdfXML) label(id string) bool {
	return isNCName(id) || r.fail(r.at, "the rdf:nodeID %.40q is no XML name", id)
}

func (r *rdfXML) absolute(what string, iri []byte) bool {
	if bad := bytes.IndexFunc(iri, barredFromIRI); bad >= 0 {
		return r.fail(r.at, "%q may not be in an IRI, as in the %s %.80q", iri[bad], what, iri)
	}
	if schemeLength(iri) == 0 {
		return r.unsupported(r.at, "the %s %.80q is relative", what, iri)
	}
	return true
}

// isNCName is narrower than XML beyond ASCII: the characters of Turtle's names.
func isNCName(s string) bool {
	t := text{body: []byte(s)}
	return s != "" && (s[0] == '_' || t.startsName(0)) && t.namePart() == len(s)
}

// namePart is where the PN_CHARS and dots of all the text end.
func (t *text) namePart() int {
	end := t.name(0)
	for end < len(t.body) && t.body[end] == '.' {
		end++
	}
	return end
}
