package rdf

import (
	"bytes"
	"maps"
	"slices"
)

// collector gathers subjects, each once.
type collector struct {
	room     int // for IRIs, in bytes; below 0 there were too many
	subjects []Subject
	blank    bool
	nodes    map[string]int
	graphs   map[string]int
	read     *int // how much of the body has been read; nil where nobody knows
	size     int  // of the body
	// Statements of one subject, and of one predicate, tend to follow each other.
	lastNode  int
	lastVerb  []byte
	lastOrder order
}

// order is what a predicate tells CM-Well to do beside adding a value.
type order struct{ system, tree, link bool }

// nobody is the index of a blank node.
const nobody = -1

// subject is a node of the body by its indexes in the collector, one for each
// reading of its IRI. The other is nobody where there is but one.
type subject struct{ first, other int }

var blankNode = subject{nobody, nobody}

// readings returns the subject of an IRI and of another reading of it, which
// is nil where there is none.
func (c *collector) readings(iri, other []byte) subject {
	s := subject{c.node(iri), nobody}
	if other != nil {
		s.other = c.node(other)
	}
	return s
}

// name notes a graph's name in both its readings.
func (c *collector) name(iri, other []byte) {
	c.graph(iri)
	if other != nil {
		c.graph(other)
	}
}

// say notes a statement about a subject in both its readings.
func (c *collector) say(s subject, predicate []byte) {
	c.statement(s.first, predicate)
	if s.other != nobody {
		c.statement(s.other, predicate)
	}
}

// node returns the index of a subject.
func (c *collector) node(iri []byte) int {
	if c.nodes == nil {
		c.nodes, c.lastNode = map[string]int{}, nobody
	}
	if c.lastNode == nobody || c.subjects[c.lastNode].IRI != string(iri) {
		c.lastNode = c.add(c.nodes, iri, false)
	}
	return c.lastNode
}

func (c *collector) graph(iri []byte) {
	if c.graphs == nil {
		c.graphs = map[string]int{}
	}
	c.add(c.graphs, iri, true)
}

func (c *collector) add(index map[string]int, iri []byte, graph bool) int {
	if i, ok := index[string(iri)]; ok {
		return i
	}
	if c.room -= len(iri); c.room < 0 {
		return nobody
	}
	s := Subject{IRI: string(iri), Graph: graph, Global: !graph && isDocument(iri)}
	i := len(c.subjects)
	c.subjects = append(c.subjects, s)
	index[s.IRI] = i
	if i == sampleSize && c.read != nil {
		c.prepare()
	}
	return i
}

// sampleSize is how many subjects tell how many there will be.
const sampleSize = 1000

// prepare makes room for as many subjects as the rest of the body will have when it is
// like what has been read of it: to let the map grow meanwhile takes as long again.
func (c *collector) prepare() {
	expected := len(c.subjects) * c.size / max(*c.read, 1)
	nodes := make(map[string]int, expected)
	maps.Copy(nodes, c.nodes)
	c.nodes, c.subjects = nodes, slices.Grow(c.subjects, expected)
}

// isDocument tells whether CM-Well could take the subject for the document
// itself. Its reader resolves <> to its working directory, a file: IRI that
// anyone may write out.
func isDocument(iri []byte) bool {
	const scheme = "file:"
	return len(iri) == 0 || len(iri) >= len(scheme) && bytes.EqualFold(iri[:len(scheme)], []byte(scheme))
}

// statement notes that a subject is given a predicate.
func (c *collector) statement(node int, predicate []byte) {
	if node == nobody {
		c.blank = true
		return
	}
	if c.lastVerb == nil || !bytes.Equal(predicate, c.lastVerb) {
		c.lastVerb, c.lastOrder = append(c.lastVerb[:0], predicate...), orderOf(predicate)
	}
	if c.lastOrder.system {
		s := &c.subjects[node]
		s.System, s.Tree, s.Link = true, s.Tree || c.lastOrder.tree, s.Link || c.lastOrder.link
	}
}

// systemNamespace ends CM-Well's own <cmwell://meta/sys#>, and <http://host/meta/sys#>
// which CM-Well takes for the same, whatever the host and the scheme.
const systemNamespace = "/meta/sys#"

func orderOf(predicate []byte) order {
	at := bytes.LastIndex(predicate, []byte(systemNamespace))
	if at < 0 {
		return order{}
	}
	switch string(predicate[at+len(systemNamespace):]) {
	case "markDelete", "fullDelete", "markReplace":
		return order{system: true, tree: true}
	case "linkTo", "linkType":
		return order{system: true, link: true}
	}
	return order{system: true}
}

// roomFor is what the subjects of a body may take: more than prefixes that are
// meant to be read ever need.
func roomFor(body []byte) int { return 64<<10 + 8*len(body) }

func (c *collector) found() Found { return Found{Subjects: c.subjects, Blank: c.blank} }
