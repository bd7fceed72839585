package devstore

import (
	"net/http"
	"strings"
	"testing"
)

func TestStatementsComeOutAsTheyWentIn(t *testing.T) {
	tests := map[string]struct{ format, path, in, out string }{
		"a plain text":         {"ntriples", "/h.test/a", `<http://h.test/a> <http://p.test/n> "x" .`, ""},
		"a secure address":     {"ntriples", "/h.test/a", `<https://h.test/a> <http://p.test/n> "x" .`, ""},
		"a path of CM-Well":    {"ntriples", "/a/b", `<cmwell://a/b> <http://p.test/n> "x" .`, ""},
		"a language":           {"ntriples", "/a", `<cmwell://a> <http://p.test/n> "x"@en-GB .`, ""},
		"a datatype":           {"ntriples", "/a", `<cmwell://a> <http://p.test/n> "1"^^<http://www.w3.org/2001/XMLSchema#int> .`, ""},
		"another datatype":     {"ntriples", "/a", `<cmwell://a> <http://p.test/n> "1"^^<http://t.test/own> .`, ""},
		"a reference":          {"ntriples", "/a", `<cmwell://a> <http://p.test/n> <http://h.test/b?x=1#y> .`, ""},
		"a blank node":         {"ntriples", "/a", `<cmwell://a> <http://p.test/n> _:b1 .`, ""},
		"escapes":              {"ntriples", "/a", `<cmwell://a> <http://p.test/n> "a\"b\\c\nd\te" .`, ""},
		"a letter escaped":     {"ntriples", "/a", `<cmwell://a> <http://p.test/n> "\u00e9" .`, `<cmwell://a> <http://p.test/n> "é" .`},
		"a plain field name":   {"ntriples", "/a", `<cmwell://a> <cmwell://meta/nn#my%20name> "x" .`, ""},
		"an escaped subject":   {"ntriples", "/h.test/a b%", `<http://h.test/a%20b%25> <http://p.test/n> "x" .`, ""},
		"the store's own host": {"ntriples", "/a/b", `<http://STORE.test/a/b> <http://p.test/n> "x" .`, `<cmwell://a/b> <http://p.test/n> "x" .`},
		"another port":         {"ntriples", "/store.test:81/a", `<http://store.test:81/a> <http://p.test/n> "x" .`, ""},
		"a part of a page":     {"ntriples", "/h.test/a#b", `<http://h.test/a#b> <http://p.test/n> "x" .`, ""},
		"a graph":              {"nquads", "/a", `<cmwell://a> <http://p.test/n> "x" <http://g.test/1> .`, ""},
		"no graph":             {"nquads", "/a", `<cmwell://a> <http://p.test/n> "x" .`, ""},
		"comments and gaps": {"ntriples", "/a", "# one\r\n\n  # two\n<cmwell://a> <http://p.test/n> \"x\" . # three",
			`<cmwell://a> <http://p.test/n> "x" .`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			w := ask(s, "POST", "/_in?format="+test.format, test.in)
			wantStatus(t, w, http.StatusOK)
			wantBody(t, w, `{"success":true}`+"\n")
			want := test.out
			if want == "" {
				want = test.in
			}
			wantBody(t, ask(s, "POST", "/_out?format="+test.format, test.path), want+"\n")
		})
	}
}

func TestTheGraphIsLeftOutOfNTriples(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/_in?format=nquads", strings.Join([]string{
		`<cmwell://a> <http://p.test/n> "x" <http://g.test/2> .`,
		`<cmwell://a> <http://p.test/n> "x" <http://g.test/1> .`,
		`<cmwell://a> <http://p.test/n> "x" .`,
	}, "\n"))
	wantBody(t, ask(s, "GET", "/a?format=ntriples", ""), "<cmwell://a> <http://p.test/n> \"x\" .\n")
	wantBody(t, ask(s, "GET", "/a?format=nquads", ""), `<cmwell://a> <http://p.test/n> "x" .
<cmwell://a> <http://p.test/n> "x" <http://g.test/1> .
<cmwell://a> <http://p.test/n> "x" <http://g.test/2> .
`)
}

func TestStatementsAddToWhatIsThere(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/a", `{"http://p.test/n":"x","plain":"y"}`, "X-CM-WELL-TYPE: OBJ")
	must(t, s, "POST", "/f", "bytes", "X-CM-WELL-TYPE: FILE")
	must(t, s, "POST", "/_in?format=ntriples", `<cmwell://a> <http://p.test/n> "x" .
<cmwell://a> <http://p.test/n> "z" .
<cmwell://a> <cmwell://meta/nn#plain> "w" .
<cmwell://f> <http://p.test/n> "x" .
`, "X-CM-Well-User: bulk")
	wantBody(t, ask(s, "GET", "/a", ""), `{"type":"ObjectInfoton","system":{"path":"/a","parent":"/",`+
		`"lastModified":"2026-03-04T12:00:00.500Z","lastModifiedBy":"bulk"},"fields":{"http://p.test/n":["x","z"],"plain":["y","w"]}}`+"\n")
	wantBody(t, ask(s, "GET", "/f", ""), "bytes")
	wantBody(t, ask(s, "GET", "/f?format=text", ""), "/f\n  http://p.test/n: x\n")
}

func TestABulkThatCannotBeReadKeepsNothing(t *testing.T) {
	good := `<cmwell://a> <http://p.test/n> "x" .` + "\n"
	tests := map[string]struct{ query, body, says string }{
		"no format":             {"", good, "known are format=ntriples and format=nquads"},
		"an unknown format":     {"?format=turtle", good, "known are format=ntriples and format=nquads"},
		"an empty format":       {"?format=", good, "known are format=ntriples and format=nquads"},
		"a broken second line":  {"?format=ntriples", good + "# ok\nhello\n", "line: 3"},
		"no end":                {"?format=ntriples", good + `<cmwell://a> <http://p.test/n> "x"`, "incomplete"},
		"a graph in triples":    {"?format=ntriples", good + `<cmwell://a> <http://p.test/n> "x" <http://g.test/> .`, "use format=nquads"},
		"a blank subject":       {"?format=ntriples", good + `_:a <http://p.test/n> "x" .`, "blank node"},
		"another kind of name":  {"?format=ntriples", good + `<urn:x> <http://p.test/n> "x" .`, "cmwell://, http:// and https://"},
		"a subject with no end": {"?format=ntriples", good + `<http://> <http://p.test/n> "x" .`, "nothing between"},
		"a subject of no host":  {"?format=ntriples", good + `<http:///b> <http://p.test/n> "x" .`, "nothing between"},
		"a subject going up":    {"?format=ntriples", good + `<http://h.test/a/%2e%2e/b> <http://p.test/n> "x" .`, "dot segment"},
		"a service subject":     {"?format=ntriples", good + `<cmwell://_in/x> <http://p.test/n> "x" .`, "service path"},
		"a bad escape":          {"?format=ntriples", good + `<http://h.test/%zz> <http://p.test/n> "x" .`, "badly escaped"},
		"an order to CM-Well":   {"?format=ntriples", good + `<cmwell://a> <cmwell://meta/sys#markReplace> <http://p.test/n> .`, "does not carry out"},
		"a nameless field":      {"?format=ntriples", good + `<cmwell://a> <cmwell://meta/nn#> "x" .`, "names no field"},
		"a relative predicate":  {"?format=ntriples", good + `<cmwell://a> <n> "x" .`, "the predicate <n>"},
		"a relative object":     {"?format=ntriples", good + `<cmwell://a> <http://p.test/n> <x> .`, "the object <x>"},
		"a datatype breaking out": {"?format=ntriples", good + `<cmwell://a> <http://p.test/n> "x"^^<http://t.test/\u003E> .`,
			"the datatype"},
		"a graph breaking out": {"?format=nquads", good + `<cmwell://a> <http://p.test/n> "x" <http://t.test/\u003E> .`, "the graph"},
		"bad UTF-8":            {"?format=ntriples", good + "<cmwell://a> <http://p.test/n> \"\xff\" .", "UTF-8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			wantRefusal(t, ask(s, "POST", "/_in"+test.query, test.body), http.StatusBadRequest, test.says)
			wantMissing(t, s, "/a")
		})
	}
}

func TestAFieldNameCannotBreakOutOfItsLine(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/x%3E%20y", `{"a:> <http://evil.test/> .\n":"v"}`, "X-CM-WELL-TYPE: OBJ")
	wantBody(t, ask(s, "GET", "/x%3E%20y?format=ntriples", ""),
		`<cmwell://x%3E%20y> <cmwell://meta/nn#a:%3E%20%3Chttp://evil.test/%3E%20.%0A> "v" .`+"\n")
}

func TestOutGivesTheInfotonsOfItsList(t *testing.T) {
	s := newStore(t)
	must(t, s, "POST", "/a", `{"n":"x"}`, "X-CM-WELL-TYPE: OBJ")
	must(t, s, "POST", "/b", `{"n":"y"}`, "X-CM-WELL-TYPE: OBJ")
	list := "/b\r\n\n//a/\n/none\n/b\n/a%20\n"
	wantBody(t, ask(s, "PUT", "/_out?format=text", list), "/b\n  n: y\n/a\n  n: x\n")
	wantBody(t, ask(s, "POST", "/_out", list), `{"type":"RetrievablePaths","infotons":[`+
		`{"type":"ObjectInfoton","system":{"path":"/b","parent":"/","lastModified":"2026-03-04T12:00:00.500Z","lastModifiedBy":"anonymous"},"fields":{"n":["y"]}},`+
		`{"type":"ObjectInfoton","system":{"path":"/a","parent":"/","lastModified":"2026-03-04T12:00:00.500Z","lastModifiedBy":"anonymous"},"fields":{"n":["x"]}}],`+
		`"irretrievablePaths":["/none","/a%20"]}`+"\n")
	wantBody(t, ask(s, "POST", "/_out", ""), `{"type":"RetrievablePaths","infotons":[],"irretrievablePaths":[]}`+"\n")
}

func TestOutRefusesAListItCannotServe(t *testing.T) {
	tests := map[string]struct{ query, list, says string }{
		"an unknown format": {"?format=xml", "/a", "known are"},
		"no path":           {"", "a", "begins with a slash"},
		"an indented path":  {"", " /a", "begins with a slash"},
		"a dot segment":     {"", "/a/../b", "dot segment"},
		"a service path":    {"", "/_in", "service path"},
		"too many paths":    {"", "/x" + strings.Join(numbered(mostPaths+1), "\n/x"), "at most"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, ask(newStore(t), "POST", "/_out"+test.query, test.list), http.StatusBadRequest, test.says)
		})
	}
}
