package rdf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// said is what a body writes, in a form that a table can hold: the subjects in
// their order, a graph behind "graph ", the marks behind the IRI.
func said(found Found) string {
	var out []string
	for _, s := range found.Subjects {
		word := "<" + s.IRI + ">"
		if s.Graph {
			word = "graph " + word
		}
		for _, mark := range []struct {
			name string
			set  bool
		}{{"system", s.System}, {"tree", s.Tree}, {"link", s.Link}, {"global", s.Global}} {
			if mark.set {
				word += " " + mark.name
			}
		}
		out = append(out, word)
	}
	if found.Blank {
		out = append(out, "blank")
	}
	return strings.Join(out, ", ")
}

// reading is a row of a table: what a body says, or why it is refused. The
// words are compared as said has them, or as the beginning of the error's end.
type reading struct {
	about  string
	body   string
	want   string
	reason error
}

func (r reading) check(t *testing.T, f Format, o Options) {
	t.Helper()
	found, err := Subjects(f, []byte(r.body), o)
	if r.reason != nil {
		if !errors.Is(err, r.reason) || !strings.Contains(fmt.Sprint(err), r.want) {
			t.Errorf("%s: %v says %q, %v; want %v with %q", r.about, f, said(found), err, r.reason, r.want)
		}
		if len(found.Subjects) > 0 || found.Blank {
			t.Errorf("%s: with the error come subjects: %s", r.about, said(found))
		}
		return
	}
	if err != nil || said(found) != r.want {
		t.Errorf("%s: %v says %q, %v; want %q", r.about, f, said(found), err, r.want)
	}
}

var linesOfBoth = []reading{
	{about: "an empty body", body: ""},
	{about: "a comment alone", body: "# <http://h/a> <http://p> <http://o> .\n"},
	{about: "one statement", body: "<http://h/a> <http://p> <http://o> .\n", want: "<http://h/a>"},
	{about: "no line end at the end", body: "<http://h/a> <http://p> <http://o> .", want: "<http://h/a>"},
	{about: "no white space at all", body: `<http://h/a><http://p>"o".`, want: "<http://h/a>"},
	{about: "tabs and spaces", body: "\t <http://h/a>\t<http://p>  \"o\"\t. \t\n", want: "<http://h/a>"},
	{about: "line ends of three kinds, and empty lines", body: "<http://h/a> <http://p> \"1\" .\r\n\n<http://h/b> <http://p> \"1\" .\r<http://h/c> <http://p> \"1\" .", want: "<http://h/a>, <http://h/b>, <http://h/c>"},
	{about: "a comment behind a statement", body: "<http://h/a> <http://p> \"1\" . # <http://h/b> <http://p> \"1\" .\n<http://h/c> <http://p> \"1\" .", want: "<http://h/a>, <http://h/c>"},
	{about: "a comment that ends in CRLF", body: "# x\r\n<http://h/a> <http://p> \"1\" .", want: "<http://h/a>"},
	{about: "a subject that comes again", body: "<http://h/a> <http://p> \"1\" .\n<http://h/b> <http://p> \"1\" .\n<http://h/a> <http://p> \"2\" .", want: "<http://h/a>, <http://h/b>"},
	{about: "blank nodes", body: "_:a <http://p> _:b.c .\n_:1 <http://p> _:é·.\n", want: "blank"},
	{about: "a dot at the end of a label", body: "<http://h/a> <http://p> _:b.", want: "<http://h/a>"},
	{about: "literals", body: `<http://h/a> <http://p> "" .
<http://h/a> <http://p> "\t\b\n\r\f\"\'\\ \u00e9\U0001F600" .
<http://h/a> <http://p> "x"@en-GB-1 .
<http://h/a> <http://p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .`, want: "<http://h/a>"},
	{about: "letters beyond ASCII", body: "<http://h/é/日本> <http://p> \"ü\" .", want: "<http://h/é/日本>"},
	{about: "an escaped letter", body: `<http://h/\u006deta/\U00000061uth> <http://p> "x" .`, want: "<http://h/meta/auth>"},
	{about: "escaped dots", body: `<http://h/a/\u002e\u002E/b> <http://p> "x" .`, want: "<http://h/a/../b>"},
	{about: "percent-encoding is left alone", body: `<http://h/a/%2e%2e/%6deta> <http://p> "x" .`, want: "<http://h/a/%2e%2e/%6deta>"},
	{about: "an IRI in a literal", body: `<http://h/a> <http://p> "> <http://h/b> <http://p> <http://h/c> ." .`, want: "<http://h/a>"},
	{about: "a hash in an IRI and in a literal", body: `<http://h/a#b> <http://p#q> "# x" .`, want: "<http://h/a#b>"},
	{about: "CM-Well's own scheme", body: `<cmwell://meta/auth> <http://p> "x" .`, want: "<cmwell://meta/auth>"},
	{about: "the document itself", body: `<> <cmwell://meta/sys#replaceGraph> <http://h/g> .`, want: "<> system global"},
	{about: "what CM-Well takes for the document", body: `<FILE:///opt/cmwell/> <cmwell://meta/sys#replaceGraph> <http://h/g> .`, want: "<FILE:///opt/cmwell/> system global"},
	{about: "all fields", body: `<http://h/a> <cmwell://meta/sys#markReplace> <*> .`, want: "<http://h/a> system tree"},
	{about: "a tree that is deleted", body: "<http://h/a> <http://p> \"x\" .\n<http://h/b> <http://p> \"x\" .\n<http://h/a> <http://anyhost/meta/sys#fullDelete> \"true\" .", want: "<http://h/a> system tree, <http://h/b>"},
	{about: "a mark that another does not take away", body: "<http://h/a> <cmwell://meta/sys#fullDelete> \"x\" .\n<http://h/a> <cmwell://meta/sys#type> \"x\" .", want: "<http://h/a> system tree"},
	{about: "values that are deleted", body: `<http://h/a> <cmwell://meta/sys#markDelete> _:x .`, want: "<http://h/a> system tree"},
	{about: "a link", body: "<http://h/a> <cmwell://meta/sys#linkTo> <http://h/b> .\n<http://h/c> <http://x/meta/sys#linkType> \"2\" .\n<http://h/d> <http://x/linkTo> \"2\" .", want: "<http://h/a> system link, <http://h/c> system link, <http://h/d>"},
	{about: "a system field", body: `<http://h/a> <https://x:9000/meta/sys#lastModified> "x" .`, want: "<http://h/a> system"},
	{about: "an escaped system field", body: `<http://h/a> <cmwell://meta/sys\u0023full\u0044elete> "x" .`, want: "<http://h/a> system tree"},
	{about: "fields without a namespace are no system fields", body: `<http://h/a> <cmwell://meta/nn#fullDelete> "x" .`, want: "<http://h/a>"},

	{about: "a comment that ends in CR", body: "# x\r<http://h/a> <http://p> \"1\" .\n", want: "line 1, column 4: a comment ends in a CR", reason: ErrUnsupported},
	{about: "a last comment that ends in CR", body: "# x\r", want: "column 4", reason: ErrUnsupported},
	{about: "a byte order mark", body: "\uFEFF<http://h/a> <http://p> \"1\" .", want: "byte order mark", reason: ErrUnsupported},
	{about: "a byte order mark inside", body: "<http://h/a> <http://p> \"1\" .\n\uFEFF<http://h/b> <http://p> \"1\" .", want: "line 2, column 1", reason: ErrUnsupported},
	{about: "UTF-16 with its mark", body: "\xff\xfe<\x00h\x00>\x00", want: "not UTF-8", reason: ErrUnsupported},
	{about: "UTF-16 without its mark", body: "<\x00h\x00>\x00", want: "NUL", reason: ErrUnsupported},
	{about: "bytes that are no text", body: "<http://h/\xc3> <http://p> \"1\" .", want: "column 11: the body is not UTF-8", reason: ErrUnsupported},
	{about: "an overlong slash", body: "<http://h/\xc0\xaf> <http://p> \"1\" .", want: "not UTF-8", reason: ErrUnsupported},
	{about: "a NUL in a literal", body: "<http://h/a> <http://p> \"\x00\" .", want: "NUL", reason: ErrUnsupported},
	{about: "quoted triples", body: `<< <http://h/a> <http://p> "x" >> <http://p> "x" .`, want: "RDF-star", reason: ErrUnsupported},

	{about: "two statements on a line", body: `<http://h/a> <http://p> "1" . <http://h/b> <http://p> "1" .`, want: "one statement", reason: ErrSyntax},
	{about: "a statement over two lines", body: "<http://h/a> <http://p>\n\"1\" .", want: "line 1, column 24: an object is", reason: ErrSyntax},
	{about: "a comment within a statement", body: "<http://h/a> # x\n <http://p> \"1\" .", want: "a predicate is", reason: ErrSyntax},
	{about: "no dot", body: "<http://h/a> <http://p> \"1\"", want: "the end of the body", reason: ErrSyntax},
	{about: "a relative subject", body: `<a> <http://p> "1" .`, want: "line 1, column 1: the subject <a> is not an absolute IRI", reason: ErrSyntax},
	{about: "a subject without a scheme", body: `<//h/a> <http://p> "1" .`, want: "absolute", reason: ErrSyntax},
	{about: "a relative predicate", body: `<http://h/a> <p> "1" .`, want: "the predicate <p>", reason: ErrSyntax},
	{about: "a relative datatype", body: `<http://h/a> <http://p> "1"^^<t> .`, want: "the datatype <t>", reason: ErrSyntax},
	{about: "a literal as a subject", body: `"a" <http://p> "1" .`, want: "a subject is", reason: ErrSyntax},
	{about: "a blank node as a predicate", body: `<http://h/a> _:p "1" .`, want: "a predicate is", reason: ErrSyntax},
	{about: "a prefix", body: `@prefix a: <http://h/> .`, want: "a subject is", reason: ErrSyntax},
	{about: "a prefixed name", body: `<http://h/a> <http://p> a:b .`, want: "an object is", reason: ErrSyntax},
	{about: "single quotes", body: `<http://h/a> <http://p> '1' .`, want: "an object is", reason: ErrSyntax},
	{about: "three quotes", body: `<http://h/a> <http://p> """1""" .`, want: "a statement ends", reason: ErrSyntax},
	{about: "a string over two lines", body: "<http://h/a> <http://p> \"1\n\" .", want: "line end", reason: ErrSyntax},
	{about: "a string with a CR", body: "<http://h/a> <http://p> \"1\r\" .", want: "line end", reason: ErrSyntax},
	{about: "a string that is not closed", body: `<http://h/a> <http://p> "1 .`, want: "not closed", reason: ErrSyntax},
	{about: "an escaped quote at the end", body: `<http://h/a> <http://p> "1\" .`, want: "not closed", reason: ErrSyntax},
	{about: "an unknown escape", body: `<http://h/a> <http://p> "\x41" .`, want: "no escape", reason: ErrSyntax},
	{about: "an escape that is cut short", body: `<http://h/a> <http://p> "\u00`, want: "cut short", reason: ErrSyntax},
	{about: "an escape of other digits", body: `<http://h/\u00g0> <http://p> "1" .`, want: "4 hexadecimal digits", reason: ErrSyntax},
	{about: "a surrogate", body: `<http://h/\ud800> <http://p> "1" .`, want: "U+D800 is no character", reason: ErrSyntax},
	{about: "an escape beyond Unicode", body: `<http://h/\UFFFFFFFF> <http://p> "1" .`, want: "no character", reason: ErrSyntax},
	{about: "a string escape in an IRI", body: `<http://h/\n> <http://p> "1" .`, want: "escapes here", reason: ErrSyntax},
	{about: "a space in an IRI", body: `<http://h/a b> <http://p> "1" .`, want: "' ' may not be in an IRI", reason: ErrSyntax},
	{about: "an escaped space in an IRI", body: `<http://h/a\u0020b> <http://p> "1" .`, want: "not even escaped", reason: ErrSyntax},
	{about: "an escaped bracket in an IRI", body: `<http://h/a\u003E> <http://p> "1" .`, want: "not even escaped", reason: ErrSyntax},
	{about: "an escaped backslash in an IRI", body: `<http://h/a\u005Cb> <http://p> "1" .`, want: "not even escaped", reason: ErrSyntax},
	{about: "an escaped NUL in an IRI", body: `<http://h/\u0000> <http://p> "1" .`, want: "not even escaped", reason: ErrSyntax},
	{about: "braces in an IRI", body: `<http://h/{a}> <http://p> "1" .`, want: "may not be in an IRI", reason: ErrSyntax},
	{about: "an IRI over two lines", body: "<http://h/\na> <http://p> \"1\" .", want: "may not be in an IRI", reason: ErrSyntax},
	{about: "an IRI that is not closed", body: `<http://h/`, want: "not closed", reason: ErrSyntax},
	{about: "a scheme alone", body: `<http:> <http://p> "1" .`, want: "absolute", reason: ErrSyntax},
	{about: "a language tag without letters", body: `<http://h/a> <http://p> "1"@1 .`, want: "language tag", reason: ErrSyntax},
	{about: "a language tag that ends in a dash", body: `<http://h/a> <http://p> "1"@en- .`, want: "language tag", reason: ErrSyntax},
	{about: "a direction", body: `<http://h/a> <http://p> "1"@en--ltr .`, want: "language tag", reason: ErrSyntax},
	{about: "a space before a language", body: `<http://h/a> <http://p> "1" @en .`, want: "a statement ends", reason: ErrSyntax},
	{about: "one caret", body: `<http://h/a> <http://p> "1"^<http://t> .`, want: "^^<IRI>", reason: ErrSyntax},
	{about: "a blank node without a label", body: `_: <http://p> "1" .`, want: "needs a label", reason: ErrSyntax},
	{about: "a label that begins with a dash", body: `_:-a <http://p> "1" .`, want: "needs a label", reason: ErrSyntax},
	{about: "a colon in a label", body: `_:a:b <http://p> "1" .`, want: "colon in the label", reason: ErrSyntax},
}

func TestNTriplesAndNQuadsAreRead(t *testing.T) {
	for _, r := range linesOfBoth {
		r.check(t, NTriples, Options{})
		r.check(t, NQuads, Options{})
	}
}

func TestGraphsAreReadInNQuadsOnly(t *testing.T) {
	for _, r := range []reading{
		{about: "a graph", body: `<http://h/a> <http://p> "1" <http://h/g> .`, want: "<http://h/a>, graph <http://h/g>"},
		{about: "a graph that is a subject", body: "<http://h/a> <http://p> \"1\" <http://h/g> .\n<http://h/g> <http://p> \"1\" <http://h/g> .", want: "<http://h/a>, graph <http://h/g>, <http://h/g>"},
		{about: "an escaped graph", body: `<http://h/a> <http://p> "1"@en<http://h/\u0067>.`, want: "<http://h/a>, graph <http://h/g>"},
		{about: "a blank graph", body: `<http://h/a> <http://p> <http://o> _:g .`, want: "<http://h/a>"},
		{about: "all graphs", body: `<http://h/a> <cmwell://meta/sys#markReplace> <*> <*> .`, want: "<http://h/a> system tree, graph <*>"},
		{about: "a relative graph", body: `<http://h/a> <http://p> "1" <g> .`, want: "the graph <g>", reason: ErrSyntax},
		{about: "an empty graph", body: `<http://h/a> <http://p> "1" <> .`, want: "the graph <>", reason: ErrSyntax},
		{about: "a literal as a graph", body: `<http://h/a> <http://p> "1" "g" .`, want: "a statement ends", reason: ErrSyntax},
		{about: "two graphs", body: `<http://h/a> <http://p> "1" <http://h/g> <http://h/g> .`, want: "a statement ends", reason: ErrSyntax},
	} {
		r.check(t, NQuads, Options{})
		if r.reason == nil {
			reading{r.about, r.body, "a statement ends", ErrSyntax}.check(t, NTriples, Options{})
		}
	}
}
