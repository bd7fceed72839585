package rdf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// readJSONLD expands the body by the rules of JSON-LD 1.1. What a reader of 1.0
// takes for something else, rather than for an error, is refused before or after.
func readJSONLD(body []byte, o Options, c *collector) error {
	doc := document{text: text{format: JSONLD, body: body}, base: o.Base != "", depth: o.MaxDepth, room: o.MaxValues, terms: map[string][]string{}}
	doc.longest = len(o.Base)
	value, ok := doc.read()
	if !ok {
		return doc.err
	}
	expanded, err := expand(value, o.Base)
	if err != nil {
		return err
	}
	n := nodes{found: c, terms: doc.terms, based: doc.base}
	n.all(expanded, true)
	return n.err
}

// expand never fetches anything, and survives a panic of the library.
func expand(value any, base string) (expanded []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			expanded, err = nil, fmt.Errorf("%w: %v: expanding it failed", ErrUnsupported, JSONLD)
		}
	}()
	options := ld.NewJsonLdOptions(base)
	options.DocumentLoader = noLoader{}
	expanded, err = ld.NewJsonLdProcessor().Expand(value, options)
	if err != nil {
		if errors.Is(err, errRemote) {
			return nil, err
		}
		return nil, &SyntaxError{Format: JSONLD, Msg: fmt.Sprintf("%.300s", err)}
	}
	return expanded, nil
}

var errRemote = fmt.Errorf("%w: %v: contexts of other servers are not fetched", ErrUnsupported, JSONLD)

// noLoader refuses to fetch: the front door would ask any address for anybody.
type noLoader struct{}

func (noLoader) LoadDocument(string) (*ld.RemoteDocument, error) { return nil, errRemote }

// nodes walks over an expanded document.
type nodes struct {
	found *collector
	terms map[string][]string
	based bool
	err   error
}

// all walks over nodes and values. A node at the top, of the document or of a
// graph, is written even when nothing is said of it; a node that is a value and
// has an @id alone is but a reference.
func (n *nodes) all(values any, top bool) {
	list, ok := values.([]any)
	if !ok {
		list = []any{values}
	}
	for _, value := range list {
		if node, ok := value.(map[string]any); ok {
			n.node(node, top)
		}
	}
}

func (n *nodes) node(node map[string]any, top bool) {
	if _, literal := node["@value"]; literal {
		return
	}
	if list, ok := node["@list"]; ok {
		n.found.blank = true
		n.all(list, false)
		return
	}
	written := top && node["@graph"] == nil && node["@reverse"] == nil && node["@set"] == nil
	for key := range node {
		written = written || key == "@type" || !strings.HasPrefix(key, "@")
	}
	s := blankNode
	if written {
		s = n.subject(node)
	}
	for _, key := range slices.Sorted(maps.Keys(node)) {
		n.entry(node, s, key)
	}
}

func (n *nodes) entry(node map[string]any, s subject, key string) {
	switch value := node[key]; key {
	case "@id", "@index", "@language", "@direction":
	case "@type":
		n.found.say(s, rdfType)
	case "@graph":
		n.name(node)
		n.all(value, true)
	case "@included":
		n.all(value, true)
	case "@set":
		n.all(value, false)
	case "@reverse":
		reversed, _ := value.(map[string]any)
		for _, predicate := range slices.Sorted(maps.Keys(reversed)) {
			n.reverse(predicate, reversed[predicate])
		}
	default:
		n.found.say(s, n.iri("predicate", key))
		n.all(value, false)
	}
}

// reverse reads nodes that are the subjects of a predicate, not its objects.
func (n *nodes) reverse(predicate string, values any) {
	list, _ := values.([]any)
	for _, value := range list {
		if node, ok := value.(map[string]any); ok {
			n.found.say(n.subject(node), n.iri("predicate", predicate))
			n.node(node, false)
		}
	}
}

func (n *nodes) subject(node map[string]any) subject {
	id, _ := node["@id"].(string)
	switch {
	case node["@id"] == nil || strings.HasPrefix(id, "_:"):
		n.found.blank = true
		return blankNode
	case id == "" && !n.based:
		return n.found.readings(nil, nil)
	}
	if iri := n.iri("subject", id); iri != nil {
		return n.found.readings(iri, withoutDots(iri))
	}
	return blankNode
}

func (n *nodes) name(node map[string]any) {
	id, _ := node["@id"].(string)
	if node["@id"] == nil || strings.HasPrefix(id, "_:") {
		return
	}
	if iri := n.iri("graph", id); iri != nil {
		n.found.name(iri, withoutDots(iri))
	}
}

// isWeb tells a scheme whose IRIs all have an authority.
func isWeb(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "cmwell")
}

// iri accepts an absolute IRI that no reader takes for a compact one. What a
// term of a context is a prefix of depends on the version of JSON-LD.
func (n *nodes) iri(what, id string) []byte {
	length := schemeLength([]byte(id))
	switch bad := strings.IndexFunc(id, barredFromIRI); {
	case n.err != nil:
	case strings.HasPrefix(id, "_:"):
		return []byte(id)
	case bad >= 0:
		n.err = &SyntaxError{Format: JSONLD, Msg: fmt.Sprintf("%q may not be in an IRI, as in the %s %.80q", id[bad], what, id)}
	case length == 0:
		n.err = fmt.Errorf("%w: %v: the %s %.80q is relative and there is no base to resolve it against", ErrUnsupported, JSONLD, what, id)
	case n.based && isWeb(id[:length]) && !strings.HasPrefix(id[length:], "://"):
		n.err = fmt.Errorf("%w: %v: the %s %.80q: %w", ErrUnsupported, JSONLD, what, id, errSameOwner)
	case n.terms[id[:length]] != nil:
		n.err = fmt.Errorf("%w: %v: %q is a term, and some readers take it for a prefix in the %s %.80q", ErrUnsupported, JSONLD, id[:length], what, id)
	default:
		return []byte(id)
	}
	return nil
}
