package rdf

import (
	"fmt"
	"strings"
	"testing"
)

// turtleReadings hold for Turtle, for TriG and for N3.
var turtleReadings = []reading{
	{about: "an empty body", body: " \n# nothing\n"},
	{about: "one statement", body: `<http://h/a> <http://p> <http://o> .`, want: "<http://h/a>"},
	{about: "no white space", body: `<http://h/a><http://p><http://o>,"x";a<http://t>.`, want: "<http://h/a>"},
	{about: "all line ends", body: "<http://h/a>\r<http://p>\n1\r\n.\t<http://h/b> a 1.", want: "<http://h/a>, <http://h/b>"},
	{about: "comments anywhere", body: "<http://h/a> # <http://h/x>\n<http://p> # \"\n\"#\"# '''\r\n.#", want: "<http://h/a>"},
	{about: "predicates and objects", body: `<http://h/a> <http://p> 1, 2 ; <http://q> 3 ;; ; a <http://t> ; .`, want: "<http://h/a>"},
	{about: "prefixes", body: `@prefix p: <http://h/> . PREFIX q:<http://h/q/> prefix : <http://h/e/> p:a p:b q:c . q:d p:b :c . :f a :t . : a p: .`, want: "<http://h/a>, <http://h/q/d>, <http://h/e/f>, <http://h/e/>"},
	{about: "a prefix that is redefined", body: `@prefix p: <http://h/> . p:a a p:t . @prefix p: <http://h/meta/> . p:auth a p:t .`, want: "<http://h/a>, <http://h/meta/auth>"},
	{about: "a prefix of an escaped IRI", body: `@prefix p: <http://h/\u006deta/> . p:auth a p:t .`, want: "<http://h/meta/auth>"},
	{about: "prefixes called like words", body: `@prefix a: <http://h/a/> . @prefix true: <http://h/t/> . @prefix prefix: <http://h/p/> . a:x a:y true . true:x a a:t . prefix:x a a:t .`, want: "<http://h/a/x>, <http://h/t/x>, <http://h/p/x>"},
	{about: "prefixes with dots, dashes and letters of any kind", body: `@prefix a.b-c: <http://h/1/> . @prefix é: <http://h/2/> . a.b-c:x a é:t . é:y a é:t .`, want: "<http://h/1/x>, <http://h/2/y>"},
	{about: "local names", body: `@prefix p: <http://h/> . p:1a a 1 . p:a.b a 1 . p:a:b a 1 . p:%41 a 1 . p:_x a 1 . p:a-b a 1 . p:é a 1 . p::a a 1 .`, want: "<http://h/1a>, <http://h/a.b>, <http://h/a:b>, <http://h/%41>, <http://h/_x>, <http://h/a-b>, <http://h/é>, <http://h/:a>"},
	{about: "escapes in local names", body: `@prefix p: <http://h/> . p:a\/b a 1 . p:\~\.\-\!\$\&\'\(\)\*\+\,\;\=\/\?\#\@\%\_ a 1 .`, want: "<http://h/a/b>, <http://h/~.-!$&'()*+,;=/?#@%_>"},
	{about: "dots that end a statement and dots that do not", body: `@prefix p: <http://h/> . p:a.b a p:t.p:t. p:c\. a p:t. p:d a 1.p:e a 1.5.p:f a 1.e5.p:g a _:b.c.<http://h/h> a true.`, want: "<http://h/a.b>, <http://h/c.>, <http://h/d>, <http://h/e>, <http://h/f>, <http://h/g>, <http://h/h>"},
	{about: "dots that climb", body: `@prefix p: <http://h/a/> . p:\.\.\/meta <cmwell://meta/sys#fullDelete> "true" .`, want: "<http://h/meta> system tree, <http://h/a/../meta> system tree"},
	{about: "dots of an absolute IRI", body: `<http://h/a/./\u002e\u002e/meta> a 1 .`, want: "<http://h/meta>, <http://h/a/./../meta>"},
	{about: "dots that only look like it", body: `<http://h/.a/..b/c./...> a 1 .`, want: "<http://h/.a/..b/c./...>"},
	{about: "a base", body: `@base <http://h/meta/auth> . <users/x> a 1 . <#x> a 1 . <?q> a 1 . </r> a 1 . <//o/x> a 1 . <> a 1 .`, want: "<http://h/meta/users/x>, <http://h/meta/auth#x>, <http://h/meta/auth?q>, <http://h/r>, <http://o/x>, <http://h/meta/auth>"},
	{about: "a base that is redefined, once against itself", body: `BASE <http://h/a/> <x> a 1 . base <b/c/> <y> a 1 . @base <http://o/> . <z> a 1 .`, want: "<http://h/a/x>, <http://h/a/b/c/y>, <http://o/z>"},
	{about: "a prefix that is relative to the base", body: `@base <http://h/a/> . @prefix p: <b/> . @base <http://o/> . p:x a 1 .`, want: "<http://h/a/b/x>"},
	{about: "a base that climbs", body: `@base <http://h/a/b/> . <../../meta> a 1 . <./x> a 1 .`, want: "<http://h/meta>, <http://h/a/b/../../meta>, <http://h/a/b/x>, <http://h/a/b/./x>"},
	{about: "an IRI of another scheme, and one with a colon", body: `@base <http://h/a/> . <urn:x> a 1 . <./b:c> a 1 .`, want: "<urn:x>, <http://h/a/b:c>, <http://h/a/./b:c>"},
	{about: "predicates of CM-Well, relative and by a prefix", body: `@base <cmwell://meta/x> . @prefix s: <http://any/meta/sys#> . <http://h/a> <sys#fullDelete> true . <http://h/b> s:markReplace <*> . <http://h/c> s:type 1 .`, want: "<http://h/a> system tree, <http://h/b> system tree, <http://h/c> system"},
	{about: "a mark that comes late", body: `<http://h/a> a 1 . <http://h/b> a 1 . <http://h/a> a 2 ; <cmwell://meta/sys#markDelete> [ <http://p> 1 ] .`, want: "<http://h/a> system tree, <http://h/b>, blank"},
	{about: "the document itself", body: `<> <cmwell://meta/sys#replaceGraph> <http://h/g> .`, want: "<> system global"},
	{about: "blank nodes", body: `_:a a _:b . [] a 1 . [ a 1 ] . [ a 1 ] a 2 . [a[a[]]].`, want: "blank"},
	{about: "subjects next to blank nodes", body: `<http://h/a> a [ a 1 ; <http://p> ( <http://h/x> [ a 1 ] ) ] , () . <http://h/b> a 1 .`, want: "<http://h/a>, <http://h/b>, blank"},
	{about: "lists", body: `( 1 "2" <http://h/x> ( ) ) a 1 . () a 1 .`, want: "<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>, blank"},
	{about: "numbers and booleans", body: `<http://h/a> a 1, -1, +1, 1.5, -.5, .5e1, 1e5, 1.E+5, 1.0e-5, true, false.`, want: "<http://h/a>"},
	{about: "strings", body: `<http://h/a> a "", '', "'", '"', "\"", '\'', "\\", "a"@en, 'b'@en-GB-x1, "c"^^<t>, 'd'^^<http://t> .`, want: "<http://h/a>"},
	{about: "long strings", body: `<http://h/a> a """""", '''''', """a"b""c\"""", '''a'b''c''', """
> . <http://h/x> a 1 . '''
""", """\""""@en, '''\''''^^<t> .`, want: "<http://h/a>"},
	{about: "a statement in a long string, and one behind it", body: `<http://h/a> a """ " . <http://h/x> a 1 . # """ . <http://h/b> a 1 . # """`, want: "<http://h/a>, <http://h/b>"},
	{about: "two bodies in a row", body: "@prefix p: <http://h/> .\np:a a 1 .\n@prefix p: <http://o/> .\np:a a 1 .\n", want: "<http://h/a>, <http://o/a>"},

	{about: "a relative IRI without a base", body: `<a> a 1 .`, want: "no base", reason: ErrUnsupported},
	{about: "a prefix that is relative without a base", body: `@prefix : <#> . :a a 1 .`, want: "no base", reason: ErrUnsupported},
	{about: "a relative predicate without a base", body: `<http://h/a> <p> 1 .`, want: "no base", reason: ErrUnsupported},
	{about: "an IRI that only looks absolute", body: `@base <http://h/a/> . <1a:b> a 1 .`, want: "a colon in its first segment", reason: ErrUnsupported},
	{about: "an IRI of the base's scheme without an authority", body: `@base <http://h/a/> . <HTTP:b> a 1 .`, want: "take it for a relative one", reason: ErrUnsupported},
	{about: "a relative IRI and a base without an authority", body: `@base <urn:a:b> . <c> a 1 .`, want: "no authority", reason: ErrUnsupported},
	{about: "a relative IRI and a base with an empty authority", body: `@base <http:///b> . <c> a 1 .`, want: "no authority", reason: ErrUnsupported},
	{about: "dot segments in a base", body: `@base <http://h/a/../b> . <c> a 1 .`, want: "dot segments", reason: ErrUnsupported},
	{about: "a comment that ends in CR", body: "<http://h/a> a 1 . # x\r<http://h/b> a 1 .\n", want: "CR without LF", reason: ErrUnsupported},
	{about: "a byte order mark", body: "\uFEFF<http://h/a> a 1 .", want: "byte order mark", reason: ErrUnsupported},
	{about: "UTF-16", body: "<\x00h\x00", want: "NUL", reason: ErrUnsupported},
	{about: "quoted triples", body: `<http://h/a> a <<<http://h/b> a 1>> .`, want: "RDF-star", reason: ErrUnsupported},
	{about: "a prefix that is too long", body: "@prefix p: <http://h/" + strings.Repeat("a", 2048) + "> .", want: "longer than 2048", reason: ErrUnsupported},
	{about: "bases that grow", body: "@base <http://h/> . " + strings.Repeat("@base <"+strings.Repeat("a", 500)+"/> . ", 5), want: "longer than 2048", reason: ErrUnsupported},
	{about: "a prefix that makes much of little", body: "@prefix p: <http://h/" + strings.Repeat("a", 2000) + "/> .\n" + manyNames(1000), want: "make too much of it", reason: ErrUnsupported},
	{about: "too deep", body: "<http://h/a> a " + strings.Repeat("[ a ", 201), want: "too deep", reason: ErrUnsupported},
	{about: "lists too deep", body: strings.Repeat("(", 100000), want: "too deep", reason: ErrUnsupported},
}

// turtleErrors are errors of Turtle, and of TriG; in N3 some are something else.
var turtleErrors = []reading{
	{about: "no dot at the end", body: `<http://h/a> a 1`, want: "ends in a dot, got the end of the body"},
	{about: "no dot between", body: `<http://h/a> a 1 <http://h/b> a 1 .`, want: "line 1, column 18: a statement ends in a dot"},
	{about: "no object", body: `<http://h/a> a .`, want: "begins no term"},
	{about: "no predicate", body: `<http://h/a> .`, want: "an IRI or a blank node is needed"},
	{about: "a semicolon first", body: `<http://h/a> ; a 1 .`, want: "an IRI or a blank node is needed"},
	{about: "a comma last", body: `<http://h/a> a 1, .`, want: "begins no term"},
	{about: "a blank node with nothing", body: `[] .`, want: "needed"},
	{about: "brackets that are not closed", body: `[ a 1 .`, want: "a ] is needed"},
	{about: "a list that is not closed", body: `(1 2`, want: "needed"},
	{about: "a literal as a subject", body: `"a" a 1 .`, want: "an IRI or a blank node is needed"},
	{about: "a number as a subject", body: `1 a 1 .`, want: "needed"},
	{about: "true as a subject", body: `true a 1 .`, want: `"true" is no term`},
	{about: "a as a subject", body: `a a 1 .`, want: `"a" is no term`},
	{about: "a as an object", body: `<http://h/a> a a .`, want: `"a" is no term`},
	{about: "TRUE", body: `<http://h/a> a TRUE .`, want: `"TRUE" is no term`},
	{about: "a blank node as a predicate", body: `<http://h/a> _:p 1 .`, want: "not a blank node"},
	{about: "a colon behind a label", body: `@prefix : <http://h/> . _:a:b 1 .`, want: "colon in the label"},
	{about: "an unknown prefix", body: `p:a a 1 .`, want: `the prefix "p" is not declared`},
	{about: "an unknown prefix of an object", body: `<http://h/a> a p:b .`, want: "not declared"},
	{about: "an unknown prefix of a datatype", body: `<http://h/a> a "1"^^p:b .`, want: "not declared"},
	{about: "a prefix of another case", body: `@prefix p: <http://h/> . P:a a 1 .`, want: "not declared"},
	{about: "an unknown directive", body: `@PREFIX p: <http://h/> .`, want: "@prefix and @base"},
	{about: "@prefix without a dot", body: `@prefix p: <http://h/> <http://h/a> a 1 .`, want: "ends in a dot"},
	{about: "PREFIX with a dot", body: `PREFIX p: <http://h/> . p:a a 1 .`, want: "needed, got '.'"},
	{about: "a prefix without a colon", body: `@prefix p <http://h/> .`, want: "ends in a colon"},
	{about: "a prefix that begins with a dash", body: `@prefix -p: <http://h/> .`, want: "ends in a colon"},
	{about: "a prefix for a prefixed name", body: `@prefix p: <http://h/> . @prefix q: p:a .`, want: "an <IRI> is needed"},
	{about: "percent without digits", body: `@prefix p: <http://h/> . p:%4 a 1 .`, want: "hexadecimal"},
	{about: "an escape of a letter", body: `@prefix p: <http://h/> . p:\u0061 a 1 .`, want: "no escape of a name"},
	{about: "a dash first", body: `@prefix p: <http://h/> . p:-a a 1 .`, want: "needed, got '-'"},
	{about: "a space in an IRI", body: `<http://h/a b> a 1 .`, want: "may not be in an IRI"},
	{about: "an escaped space in an IRI", body: `<http://h/\u0020> a 1 .`, want: "not even escaped"},
	{about: "an escaped bracket in a prefix", body: `@prefix p: <http://h/\u003e> .`, want: "not even escaped"},
	{about: "four quotes at the end", body: `<http://h/a> a """x"""" .`, want: "ends in a dot"},
	{about: "a long string that is not closed", body: `<http://h/a> a """x"" .`, want: "not closed"},
	{about: "a long string that ends in an escaped quote", body: `<http://h/a> a """x\""" .`, want: "not closed"},
	{about: "a string over two lines", body: "<http://h/a> a 'x\n' .", want: "line end"},
	{about: "a space before a datatype", body: `<http://h/a> a "1" ^^<http://t> .`, want: "ends in a dot"},
	{about: "a space before a language", body: `<http://h/a> a "1" @en .`, want: "ends in a dot"},
	{about: "a language in two", body: `<http://h/a> a "1"@en_GB .`, want: "language tag"},
	{about: "a number with two dots", body: `<http://h/a> a 1.5.5 .`, want: "needed"},
	{about: "an exponent without digits", body: `<http://h/a> a 1e .`, want: "ends in a dot"},
	{about: "a sign alone", body: `<http://h/a> a + .`, want: "begins no term"},
	{about: "an annotation", body: `<http://h/a> a 1 {| a 2 |} .`, want: "ends in a dot"},
}

func TestTurtleIsRead(t *testing.T) {
	for _, r := range turtleReadings {
		for _, f := range []Format{Turtle, TriG, N3} {
			r.check(t, f, Options{})
		}
	}
}

func TestWhatIsNotTurtleIsRefused(t *testing.T) {
	for _, r := range turtleErrors {
		r.reason = ErrSyntax
		r.check(t, Turtle, Options{})
		r.check(t, TriG, Options{})
		if _, err := Subjects(N3, []byte(r.body), Options{}); err == nil {
			t.Errorf("%s: N3 accepts %q", r.about, r.body)
		}
	}
}

func TestGraphsAreReadInTriGOnly(t *testing.T) {
	for _, r := range []reading{
		{about: "the default graph", body: `{ <http://h/a> a 1 }`, want: "<http://h/a>"},
		{about: "graphs", body: `<http://h/g> { <http://h/a> a 1 . <http://h/b> a 1 . } GRAPH <http://h/k> { } graph<http://h/l>{<http://h/c> a 1}`, want: "graph <http://h/g>, <http://h/a>, <http://h/b>, graph <http://h/k>, graph <http://h/l>, <http://h/c>"},
		{about: "blank graphs", body: `_:g { [] a 1 } [] { } GRAPH _:h { } GRAPH [ ] { [ a 1 ] . ( 1 ) a 2 }`, want: "blank"},
		{about: "a graph by a prefix", body: `@prefix p: <http://h/> . p:g { p:a a p:b } p:b a p:c .`, want: "graph <http://h/g>, <http://h/a>, <http://h/b>"},
		{about: "a prefix called graph", body: `@prefix graph: <http://h/> . graph:g { graph:a a 1 }`, want: "graph <http://h/g>, <http://h/a>"},
		{about: "a graph against a base", body: `@base <http://h/a/> . <../g> { <b> a 1 }`, want: "graph <http://h/g>, graph <http://h/a/../g>, <http://h/a/b>"},
	} {
		r.check(t, TriG, Options{})
		for f, reason := range map[Format]error{Turtle: ErrSyntax, N3: ErrUnsupported} {
			if _, err := Subjects(f, []byte(r.body), Options{}); err == nil {
				t.Errorf("%s: %v accepts %q, want %v", r.about, f, r.body, reason)
			}
		}
	}
	for _, r := range []reading{
		{about: "a dot behind a graph", body: `<http://h/g> { } .`, want: "needed, got '.'", reason: ErrSyntax},
		{about: "a graph that is not closed", body: `<http://h/g> { <http://h/a> a 1 .`, want: "needed", reason: ErrSyntax},
		{about: "a graph in a graph", body: `<http://h/g> { <http://h/k> { } }`, want: "needed", reason: ErrSyntax},
		{about: "a directive in a graph", body: `<http://h/g> { @prefix p: <http://h/> . }`, want: "needed", reason: ErrSyntax},
		{about: "PREFIX in a graph", body: `<http://h/g> { PREFIX p: <http://h/> }`, want: "is no term", reason: ErrSyntax},
		{about: "GRAPH without a name", body: `GRAPH { }`, want: "needed", reason: ErrSyntax},
		{about: "GRAPH with properties for a name", body: `GRAPH [ a 1 ] { }`, want: "named by", reason: ErrSyntax},
		{about: "a list for a name", body: `( 1 ) { }`, want: "needed", reason: ErrSyntax},
		{about: "properties for a name", body: `[ a 1 ] { }`, want: "needed", reason: ErrSyntax},
		{about: "a graph as an object", body: `<http://h/a> a { } .`, want: "no object", reason: ErrSyntax},
		{about: "a relative name", body: `<g> { }`, want: "no base", reason: ErrUnsupported},
		{about: "an empty name", body: `<> { }`, want: "no base", reason: ErrUnsupported},
	} {
		r.check(t, TriG, Options{})
	}
}

func TestN3BeyondTurtleIsNotGuessed(t *testing.T) {
	for _, body := range []string{
		`{ <http://h/a> a 1 } => { <http://h/b> a 1 } .`, `<http://h/a> => <http://h/b> .`, `<http://h/a> = <http://h/b> .`,
		`<http://h/a> <= <http://h/b> .`, `<http://h/a> a { <http://h/b> a 1 } .`, `@forAll <http://x> .`, `@forSome <http://x> .`, `@keywords a .`,
		`<http://h/a> is <http://p> of <http://h/b> .`, `<http://h/a> has <http://p> 1 .`, `<http://h/a>!<http://p> a 1 .`, `<http://h/a>^<http://p> a 1 .`,
		`?x a 1 .`, `"a" a 1 .`, `1 a 1 .`, `<http://h/a> <-<http://p> <http://h/b> .`, `<http://h/a> a <http://h/b>!<http://p> .`, `[ is <http://p> of <http://h/b> ] .`,
	} {
		reading{"beyond Turtle", body, "N3", ErrUnsupported}.check(t, N3, Options{})
	}
}

// manyNames are statements about as many names with the prefix p.
func manyNames(count int) string {
	var body strings.Builder
	for i := range count {
		fmt.Fprintf(&body, "p:%d a 1.\n", i)
	}
	return body.String()
}
