package rdf

// properties reads property elements up to the end of their node.
func (r *rdfXML) properties(s subject) bool {
	for {
		child, ok := r.child()
		if !ok || child == nil {
			return ok
		}
		if !r.property(s, child) {
			return false
		}
	}
}

// forms are the attributes that say what a property element is, and the rest,
// each of which is a statement about its object.
type forms struct {
	parseType, resource, nodeID, datatype *string
	rest                                  []attribute
}

// property reads a propertyElt. An rdf:ID makes its statement a subject too.
func (r *rdfXML) property(s subject, e *element) bool {
	if !r.mayBe("property", e.name, "Description") || !r.say(s, e.name) {
		return false
	}
	f, ok := r.forms(e)
	if !ok {
		return false
	}
	switch {
	case f.parseType != nil:
		return r.parseType(f)
	case f.resource != nil || f.nodeID != nil || len(f.rest) > 0:
		return r.emptyProperty(f)
	case f.datatype != nil:
		return r.textOnly()
	}
	return r.content()
}

func (r *rdfXML) forms(e *element) (f forms, ok bool) {
	for _, a := range e.attrs {
		value := a.value
		if a.space != rdfNamespace {
			f.rest = append(f.rest, a)
			continue
		}
		switch a.local {
		case "ID":
			if _, ok := r.fragment(value); !ok {
				return forms{}, false
			}
		case "parseType":
			f.parseType = &value
		case "resource":
			f.resource = &value
		case "nodeID":
			f.nodeID = &value
		case "datatype":
			f.datatype = &value
		default:
			f.rest = append(f.rest, a)
		}
	}
	return f, true
}

func (r *rdfXML) parseType(f forms) bool {
	if f.resource != nil || f.nodeID != nil || f.datatype != nil || len(f.rest) > 0 {
		return r.fail(r.at, "rdf:parseType goes with rdf:ID alone")
	}
	switch *f.parseType {
	case "Literal":
		return r.skip()
	case "Resource":
		r.found.blank = true
		return r.properties(blankNode)
	case "Collection":
		return r.nodes(func() { r.found.blank = true })
	}
	return r.unsupported(r.at, "the parse type %.40q is none of Literal, Resource and Collection", *f.parseType)
}

// emptyProperty reads an emptyPropertyElt. Attributes that are statements make
// its object a subject.
func (r *rdfXML) emptyProperty(f forms) bool {
	if f.resource != nil && f.nodeID != nil || f.datatype != nil {
		return r.fail(r.at, "only one of rdf:resource, rdf:nodeID and rdf:datatype goes with a property")
	}
	s := blankNode
	switch {
	case f.nodeID != nil:
		if !r.label(*f.nodeID) {
			return false
		}
	case f.resource != nil && len(f.rest) > 0:
		var ok bool
		if s, ok = r.resource(*f.resource); !ok {
			return false
		}
	}
	for _, a := range f.rest {
		if !r.propertyAttribute(s, a) {
			return false
		}
	}
	child, ok := r.child()
	if ok && child != nil {
		return r.fail(r.at, "a property with an object has nothing inside")
	}
	return ok
}

// content reads text alone, or one node with white space around it.
func (r *rdfXML) content() bool {
	words, seen := false, false
	for {
		t, ok := r.token()
		switch {
		case !ok:
			return false
		case t.end && words && seen, t.start != nil && seen:
			return r.fail(r.at, "a property has one object: a text, or a node")
		case t.end:
			return true
		case t.start != nil:
			seen = true
			if !r.node(t.start) {
				return false
			}
		default:
			words = words || !t.blank
		}
	}
}

// textOnly reads up to the end of an element that has none inside.
func (r *rdfXML) textOnly() bool {
	for {
		t, ok := r.token()
		if !ok || t.end {
			return ok
		}
		if t.start != nil {
			return r.fail(r.at, "a literal has no elements inside")
		}
	}
}

// skip reads over XML that is a literal.
func (r *rdfXML) skip() bool {
	for depth := 1; depth > 0; {
		t, ok := r.token()
		switch {
		case !ok:
			return false
		case t.start != nil:
			depth++
		case t.end:
			depth--
		}
	}
	return true
}
