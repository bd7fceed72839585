package rdf

import (
	"fmt"
	"strings"
	"testing"
)

// rdfRoot wraps nodes in rdf:RDF, with the prefix p for properties.
func rdfRoot(inside string) string {
	return `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:p="http://p/" xmlns:sys="cmwell://meta/sys#" xml:base="http://h/doc">` + inside + `</rdf:RDF>`
}

var rdfXMLReadings = []reading{
	{about: "no node", body: rdfRoot("\n <!-- <rdf:Description rdf:about='b'/> --> \n")},
	{about: "a node", body: rdfRoot(`<rdf:Description rdf:about="http://h/a"><p:q>x</p:q></rdf:Description>`), want: "<http://h/a>"},
	{about: "an attribute that is a statement", body: rdfRoot(`<rdf:Description rdf:about="a" p:q="x"/>`), want: "<http://h/a>"},
	{about: "a typed node", body: rdfRoot(`<p:T rdf:about="a"/>`), want: "<http://h/a>"},
	{about: "a node without a name", body: rdfRoot(`<p:T/>`), want: "blank"},
	{about: "a node with a label", body: rdfRoot(`<p:T rdf:nodeID="a.b-c_1"/>`), want: "blank"},
	{about: "an rdf:ID", body: rdfRoot(`<p:T rdf:ID="a"/>`), want: "<http://h/doc#a>"},
	{about: "an empty rdf:about is the base", body: rdfRoot(`<p:T rdf:about=""/>`), want: "<http://h/doc>"},
	{about: "an xml:base of a node", body: rdfRoot(`<p:T xml:base="http://o/x/" rdf:about="y"><p:q><p:T rdf:about="z"/></p:q></p:T><p:T rdf:about="y"/>`), want: "<http://o/x/y>, <http://o/x/z>, <http://h/y>"},
	{about: "an xml:base behind the name it is for", body: rdfRoot(`<p:T rdf:about="y" xml:base="http://o/x/#fragment"/>`), want: "<http://o/x/y>"},
	{about: "a relative xml:base", body: rdfRoot(`<p:T xml:base="meta/auth/"><p:q><p:T xml:base="users/x" rdf:about="root"/></p:q></p:T>`), want: "<http://h/meta/auth/users/root>, blank"},
	{about: "an xml:base of a property", body: rdfRoot(`<p:T rdf:about="a"><p:q xml:base="http://o/" rdf:ID="s"><p:T rdf:about="b"/></p:q></p:T>`), want: "<http://h/a>, <http://o/#s>, <http://o/b>"},
	{about: "nodes in nodes", body: rdfRoot(`<p:T rdf:about="a"><p:q><p:T rdf:about="b"><p:q> <p:T rdf:about="c"/> </p:q></p:T></p:q></p:T>`), want: "<http://h/a>, <http://h/b>, <http://h/c>"},
	{about: "an object", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:resource="b"/></p:T>`), want: "<http://h/a>"},
	{about: "an object of which more is said", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:resource="b" sys:fullDelete="true"/></p:T>`), want: "<http://h/a>, <http://h/b> system tree"},
	{about: "a blank object of which more is said", body: rdfRoot(`<p:T rdf:about="a"><p:q p:r="x"/><p:q rdf:nodeID="n" p:r="x"></p:q></p:T>`), want: "<http://h/a>, blank"},
	{about: "a type as an attribute of a property", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:resource="b" rdf:type="http://t"> </p:q></p:T>`), want: "<http://h/a>, <http://h/b>"},
	{about: "a statement that is named", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:ID="s">x</p:q><p:q rdf:ID="r" rdf:resource="b"/></p:T>`), want: "<http://h/a>, <http://h/doc#s>, <http://h/doc#r>"},
	{about: "a literal with a datatype", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:datatype="http://t" xml:lang="en">1 &lt; 2</p:q></p:T>`), want: "<http://h/a>"},
	{about: "markup that is a literal", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:parseType="Literal">x <p:T rdf:about="b"><y xmlns="">z</y></p:T></p:q></p:T>`), want: "<http://h/a>"},
	{about: "a resource of which properties are said", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:parseType="Resource"><p:r><p:T rdf:about="b"/></p:r></p:q></p:T>`), want: "<http://h/a>, <http://h/b>, blank"},
	{about: "a collection", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:parseType="Collection"><p:T rdf:about="b"/><rdf:Description rdf:about="c"/></p:q></p:T>`), want: "<http://h/a>, <http://h/b>, <http://h/c>, blank"},
	{about: "an empty collection", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:parseType="Collection"/></p:T>`), want: "<http://h/a>"},
	{about: "members", body: rdfRoot(`<rdf:Bag rdf:about="a"><rdf:li rdf:resource="b"/><rdf:_2>x</rdf:_2></rdf:Bag>`), want: "<http://h/a>"},
	{about: "a node in CDATA", body: rdfRoot(`<p:T rdf:about="a"><p:q><![CDATA[<p:T rdf:about="b"/>]]></p:q></p:T>`), want: "<http://h/a>"},
	{about: "a node in a comment", body: rdfRoot(`<p:T rdf:about="a"><p:q>x<!-- <p:T rdf:about="b"/> -->y</p:q></p:T>`), want: "<http://h/a>"},
	{about: "character references", body: rdfRoot(`<p:T rdf:about="http://h/&#x6d;eta/&#97;&amp;b"/>`), want: "<http://h/meta/a&b>"},
	{about: "prefixes that are redefined", body: rdfRoot(`<p:T xmlns:q="cmwell://meta/sys#" rdf:about="a"><q:markDelete xmlns:q="http://q/">x</q:markDelete><q:markDelete>x</q:markDelete></p:T>`), want: "<http://h/a> system tree"},
	{about: "the RDF namespace by another prefix, and by none", body: `<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Description xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" r:about="http://h/a" r:value="x"/></RDF>`, want: "<http://h/a>"},
	{about: "a node alone", body: `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<p:T xmlns:p="http://p/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="http://h/a"/>` + "\n<!-- end -->", want: "<http://h/a>"},
	{about: "a byte order mark and a declaration", body: "\uFEFF<?xml version='1.0' encoding='utf-8' standalone='yes'?>" + rdfRoot(`<p:T rdf:about="a"/>`), want: "<http://h/a>"},
	{about: "dot segments in both readings", body: rdfRoot(`<p:T rdf:about="a/../meta" sys:type="x"/>`), want: "<http://h/meta> system, <http://h/a/../meta> system"},
	{about: "the document itself", body: strings.Replace(rdfRoot(`<rdf:Description rdf:about=""><sys:replaceGraph rdf:resource="http://h/g"/></rdf:Description>`), ` xml:base="http://h/doc"`, "", 1), want: "<> system global"},

	{about: "a document type", body: `<!DOCTYPE rdf:RDF [<!ENTITY e "http://h/meta">]>` + rdfRoot(`<p:T rdf:about="&e;"/>`), want: "document type", reason: ErrUnsupported},
	{about: "an external document type", body: `<!DOCTYPE r SYSTEM "http://127.0.0.1:1/d">` + rdfRoot(``), want: "document type", reason: ErrUnsupported},
	{about: "a processing instruction", body: rdfRoot(`<?x y?>`), want: "processing instructions", reason: ErrUnsupported},
	{about: "a declaration that is not the first", body: "\n" + `<?xml version="1.0"?>` + rdfRoot(``), want: "processing instructions", reason: ErrUnsupported},
	{about: "another encoding", body: `<?xml version="1.0" encoding="utf-16"?>` + rdfRoot(``), want: "XML declaration", reason: ErrUnsupported},
	{about: "an encoding behind one that is none", body: `<?xml version="1.0" x='encoding="utf-8"' encoding="utf-7"?>` + rdfRoot(``), want: "XML declaration", reason: ErrUnsupported},
	{about: "UTF-16", body: "\xfe\xff\x00<\x00a", want: "not UTF-8", reason: ErrUnsupported},
	{about: "a relative IRI without a base", body: `<p:T xmlns:p="http://p/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="a"/>`, want: "no base", reason: ErrUnsupported},
	{about: "rdf:bagID", body: rdfRoot(`<p:T rdf:about="a" rdf:bagID="b"/>`), want: "rdf:bagID", reason: ErrUnsupported},
	{about: "rdf:aboutEach", body: rdfRoot(`<p:T rdf:aboutEach="#b"/>`), want: "rdf:aboutEach", reason: ErrUnsupported},
	{about: "an annotation of RDF 1.2", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:annotation="http://h/b">x</p:q></p:T>`), want: "rdf:annotation", reason: ErrUnsupported},
	{about: "an unknown parse type", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:parseType="daml:collection"><p:T rdf:about="b"/></p:q></p:T>`), want: "parse type", reason: ErrUnsupported},
	{about: "an attribute without a namespace", body: rdfRoot(`<rdf:Description about="a" p:q="x"/>`), want: "no namespace", reason: ErrUnsupported},
	{about: "a node without a namespace", body: `<html><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></html>`, want: "no namespace", reason: ErrUnsupported},
	{about: "prefixes of XML itself", body: rdfRoot(`<p:T xmlns:xmlx="http://x/" rdf:about="a"/>`), want: "prefixes of XML", reason: ErrUnsupported},
	{about: "dot segments in a base", body: rdfRoot(`<p:T xml:base="../x" rdf:about="a"/>`), want: "dot segments", reason: ErrUnsupported},
	{about: "a base that makes much of little", body: rdfRoot(`<p:T xml:base="http://h/` + strings.Repeat("a", 2000) + `/"><p:q rdf:parseType="Collection">` + manyNodes(1000) + `</p:q></p:T>`), want: "make too much of it", reason: ErrUnsupported},
	{about: "a namespace that is too long", body: rdfRoot(`<p:T xmlns:q="http://h/` + strings.Repeat("a", 2048) + `"/>`), want: "longer than 2048", reason: ErrUnsupported},
	{about: "too deep", body: rdfRoot(strings.Repeat(`<p:q>`, 201)), want: "too deep", reason: ErrUnsupported},
	{about: "too many attributes", body: rdfRoot(`<p:T` + strings.Repeat(` p:a="x"`, 300) + `/>`), want: "more than 256", reason: ErrUnsupported},

	{about: "an unknown entity", body: rdfRoot(`<p:T rdf:about="&e;"/>`), want: "invalid character entity", reason: ErrSyntax},
	{about: "a prefix that is not declared", body: rdfRoot(`<x:T rdf:about="a"/>`), want: `the prefix "x" is not declared`, reason: ErrSyntax},
	{about: "a prefix that is undeclared", body: rdfRoot(`<p:T xmlns:p="" rdf:about="a"/>`), want: "no namespace", reason: ErrSyntax},
	{about: "an attribute twice", body: rdfRoot(`<p:T rdf:about="a" rdf:about="b"/>`), want: "comes twice", reason: ErrSyntax},
	{about: "a base twice", body: rdfRoot(`<p:T xml:base="http://a/" xml:base="http://b/" rdf:about="a"/>`), want: "comes twice", reason: ErrSyntax},
	{about: "a prefix twice", body: rdfRoot(`<p:T xmlns:q="http://a/" xmlns:q="http://b/" q:p="x" rdf:about="a"/>`), want: "comes twice", reason: ErrSyntax},
	{about: "an attribute twice by two prefixes", body: rdfRoot(`<p:T xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="a" r:about="b"/>`), want: "comes twice", reason: ErrSyntax},
	{about: "two names of a node", body: rdfRoot(`<p:T rdf:about="a" rdf:ID="b"/>`), want: "rdf:about and rdf:ID", reason: ErrSyntax},
	{about: "an rdf:ID that is no name", body: rdfRoot(`<p:T rdf:ID="a/b"/>`), want: "no XML name", reason: ErrSyntax},
	{about: "an rdf:nodeID that is no name", body: rdfRoot(`<p:T rdf:nodeID="1"/>`), want: "no XML name", reason: ErrSyntax},
	{about: "a space in an IRI", body: rdfRoot(`<p:T rdf:about="http://h/a&#32;b"/>`), want: "' ' may not be in an IRI", reason: ErrSyntax},
	{about: "a byte order mark in an IRI", body: rdfRoot(`<p:T rdf:about="http://h/&#xFEFF;a"/>`), want: "may not be in an IRI", reason: ErrSyntax},
	{about: "a line end in an IRI", body: rdfRoot("<p:T rdf:about=\"http://h/\na\"/>"), want: "may not be in an IRI", reason: ErrSyntax},
	{about: "rdf:li as a node", body: rdfRoot(`<rdf:li rdf:about="a"/>`), want: "no node", reason: ErrSyntax},
	{about: "rdf:RDF in a node", body: rdfRoot(`<p:T rdf:about="a"><rdf:RDF/></p:T>`), want: "no property", reason: ErrSyntax},
	{about: "rdf:Description as a property", body: rdfRoot(`<p:T rdf:about="a"><rdf:Description rdf:about="b"/></p:T>`), want: "no property", reason: ErrSyntax},
	{about: "text between nodes", body: rdfRoot(`x`), want: "text where only elements", reason: ErrSyntax},
	{about: "text between properties", body: rdfRoot(`<p:T rdf:about="a">x<p:q/></p:T>`), want: "text where only elements", reason: ErrSyntax},
	{about: "text and a node", body: rdfRoot(`<p:T rdf:about="a"><p:q>x<p:T rdf:about="b"/></p:q></p:T>`), want: "one object", reason: ErrSyntax},
	{about: "two nodes as an object", body: rdfRoot(`<p:T rdf:about="a"><p:q><p:T rdf:about="b"/><p:T rdf:about="c"/></p:q></p:T>`), want: "one object", reason: ErrSyntax},
	{about: "a resource with a node inside", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:resource="b"><p:T rdf:about="c"/></p:q></p:T>`), want: "nothing inside", reason: ErrSyntax},
	{about: "a resource and a label", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:resource="b" rdf:nodeID="c"/></p:T>`), want: "only one of", reason: ErrSyntax},
	{about: "a parse type and a resource", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:parseType="Literal" rdf:resource="b"/></p:T>`), want: "rdf:ID alone", reason: ErrSyntax},
	{about: "a datatype with an element", body: rdfRoot(`<p:T rdf:about="a"><p:q rdf:datatype="http://t"><p:T rdf:about="b"/></p:q></p:T>`), want: "no elements inside", reason: ErrSyntax},
	{about: "attributes of rdf:RDF", body: `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="http://h/a"/>`, want: "rdf:RDF has no attributes", reason: ErrSyntax},
	{about: "tags that do not match", body: rdfRoot(`<p:T rdf:about="a"></p:U>`), want: "end tag", reason: ErrSyntax},
	{about: "a second root", body: rdfRoot(``) + rdfRoot(`<p:T rdf:about="a"/>`), want: "more follows", reason: ErrSyntax},
	{about: "no end", body: `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`, want: "not complete", reason: ErrSyntax},
	{about: "no document", body: ` `, want: "not complete", reason: ErrSyntax},
	{about: "a colon too many", body: rdfRoot(`<p:T:U rdf:about="a"/>`), want: "line 1", reason: ErrSyntax},
	{about: "no quotes", body: rdfRoot(`<p:T rdf:about=a />`), want: "line 1", reason: ErrSyntax},
}

func TestRDFXMLIsRead(t *testing.T) {
	for _, r := range rdfXMLReadings {
		r.check(t, RDFXML, Options{})
	}
}

func manyNodes(count int) string {
	var nodes strings.Builder
	for i := range count {
		fmt.Fprintf(&nodes, `<p:T rdf:about="%d"/>`, i)
	}
	return nodes.String()
}
