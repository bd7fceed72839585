package rdf

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

var jsonldReadings = []reading{
	{about: "nothing", body: `{}`},
	{about: "an empty array", body: ` [ ] `},
	{about: "a node", body: `{"@id":"http://h/a","http://p":"x"}`, want: "<http://h/a>"},
	{about: "several nodes", body: `[{"@id":"http://h/a","http://p":1},{"@id":"http://h/b","http://p":true}]`, want: "<http://h/a>, <http://h/b>"},
	{about: "a node without a name", body: `{"http://p":"x"}`, want: "blank"},
	{about: "a blank node", body: `{"@id":"_:x","http://p":"x"}`, want: "blank"},
	{about: "a node of which nothing is said, in a graph", body: `{"@id":"http://h/g","@graph":[{"@id":"http://h/a"}]}`, want: "graph <http://h/g>"},
	{about: "a node that is a reference", body: `{"@id":"http://h/a","http://p":{"@id":"http://h/b"}}`, want: "<http://h/a>"},
	{about: "a node as an object of which more is said", body: `{"@id":"http://h/a","http://p":{"@id":"http://h/b","http://p":"x"}}`, want: "<http://h/a>, <http://h/b>"},
	{about: "a type", body: `{"@id":"http://h/a","@type":"http://h/t"}`, want: "<http://h/a>"},
	{about: "nodes deep in lists and sets", body: `{"@id":"http://h/a","http://p":{"@list":[{"@list":[{"@id":"http://h/b","http://p":1}]}]},"http://q":{"@set":[{"@id":"http://h/c","http://p":1}]}}`, want: "<http://h/a>, <http://h/b>, <http://h/c>, blank"},
	{about: "an aliased name", body: `{"@context":{"id":"@id"},"id":"http://h/a","http://p":"x"}`, want: "<http://h/a>"},
	{about: "an alias of an alias", body: `{"@context":{"id":"@id","key":"id"},"key":"http://h/a","http://p":"x"}`, want: "<http://h/a>"},
	{about: "a prefix", body: `{"@context":{"ex":"http://h/meta/"},"@id":"ex:auth","ex:p":"x"}`, want: "<http://h/meta/auth>"},
	{about: "a prefix that is redefined within", body: `{"@context":{"ex":"http://h/"},"@id":"ex:a","ex:p":{"@context":{"ex":"http://h/meta/"},"@id":"ex:auth","ex:p":1}}`, want: "<http://h/a>, <http://h/meta/auth>"},
	{about: "a base", body: `{"@context":{"@base":"http://h/meta/"},"@id":"auth","http://p":"x"}`, want: "<http://h/meta/auth>"},
	{about: "a base that is redefined within", body: `{"@context":{"@base":"http://h/a/"},"@id":"x","http://p":{"@context":{"@base":"http://h/b/"},"@id":"y","http://p":1}}`, want: "<http://h/a/x>, <http://h/b/y>"},
	{about: "the base itself", body: `{"@context":{"@base":"http://h/meta/"},"@id":"","http://p":"x"}`, want: "<http://h/meta/>"},
	{about: "the document itself", body: `{"@id":"","cmwell://meta/sys#replaceGraph":{"@id":"http://h/g"}}`, want: "<> system global"},
	{about: "the reverse of a property", body: `{"@id":"http://h/a","@reverse":{"http://p":{"@id":"http://h/b"}}}`, want: "<http://h/b>"},
	{about: "a term for the reverse", body: `{"@context":{"of":{"@reverse":"cmwell://meta/sys#fullDelete"}},"@id":"http://h/a","of":[{"@id":"http://h/b"},{"@id":"http://h/c"}]}`, want: "<http://h/b> system tree, <http://h/c> system tree"},
	{about: "graphs in graphs", body: `{"@id":"http://h/g","@graph":[{"@id":"http://h/g2","http://p":1,"@graph":{"@id":"http://h/a","http://p":1}}]}`, want: "graph <http://h/g>, <http://h/g2>, graph <http://h/g2>, <http://h/a>"},
	{about: "nodes that are included", body: `{"@id":"http://h/a","http://p":1,"@included":[{"@id":"http://h/b","http://p":1}]}`, want: "<http://h/a>, <http://h/b>"},
	{about: "nested properties", body: `{"@id":"http://h/a","@nest":{"http://p":{"@id":"http://h/b","http://p":1}}}`, want: "<http://h/a>, <http://h/b>"},
	{about: "names that are keys", body: `{"@context":{"p":{"@id":"http://p","@container":"@id"}},"@id":"http://h/a","p":{"http://h/b":{"http://p":1}}}`, want: "<http://h/a>, <http://h/b>"},
	{about: "graphs that are keys", body: `{"@context":{"p":{"@id":"http://p","@container":["@graph","@id"]}},"@id":"http://h/a","p":{"http://h/g":{"@id":"http://h/b","http://p":1}}}`, want: "<http://h/a>, graph <http://h/g>, <http://h/b>"},
	{about: "a JSON literal", body: `{"@id":"http://h/a","http://p":{"@type":"@json","@value":{"@id":"http://h/b","http://p":1}}}`, want: "<http://h/a>"},
	{about: "a node in a literal", body: `{"@id":"http://h/a","http://p":"{\"@id\":\"http://h/b\",\"http://p\":1}"}`, want: "<http://h/a>"},
	{about: "escaped letters", body: `{"\u0040id":"http://h/\u006d\u0065ta","http://p":1}`, want: "<http://h/meta>"},
	{about: "dot segments in both readings", body: `{"@id":"http://h/a/../meta","cmwell://meta/sys#fullDelete":"true"}`, want: "<http://h/a/../meta> system tree, <http://h/meta> system tree"},
	{about: "a vocabulary that is CM-Well's", body: `{"@context":{"@vocab":"cmwell://meta/sys#"},"@id":"http://h/a","markReplace":{"@id":"http://f"}}`, want: "<http://h/a> system tree"},
	{about: "numbers of any size", body: `{"@id":"http://h/a","http://p":[1e999,-0,1E-400,123456789012345678901234567890]}`, want: "<http://h/a>"},
	{about: "a term that means nothing", body: `{"@context":{"gone":null},"@id":"http://h/a","http://p":1,"gone":{"@id":"http://h/b","http://p":1}}`, want: "<http://h/a>"},
	{about: "a prefix by a definition that only JSON-LD 1.0 takes for one", body: `{"@context":{"ex":{"@id":"http://h/meta/"}},"@id":"ex:auth","http://p":1}`, want: "some readers take it for a prefix", reason: ErrUnsupported},
	{about: "a prefix that does not end like one", body: `{"@context":{"ex":"http://h/meta"},"@id":"ex:/auth","http://p":1}`, want: "some readers take it for a prefix", reason: ErrUnsupported},
	{about: "an IRI by whose scheme a term is called", body: `{"@context":{"http":"http://h/meta/"},"@id":"http://h/a","http://p":1}`, want: "some readers take it for a prefix", reason: ErrUnsupported},
	{about: "a remote context", body: `{"@context":"http://127.0.0.1:1/c","@id":"http://h/a","http://p":1}`, want: "not fetched", reason: ErrUnsupported},
	{about: "a remote context in an array", body: `{"@context":[{},["//h/c"]],"@id":"http://h/a","http://p":1}`, want: "not fetched", reason: ErrUnsupported},
	{about: "a context that is imported", body: `{"@context":{"@import":"http://h/c"},"@id":"http://h/a","http://p":1}`, want: `"@import"`, reason: ErrUnsupported},
	{about: "a context of a term", body: `{"@context":{"p":{"@id":"http://p","@context":{"id":"@id"}}},"@id":"http://h/a","p":{"id":"http://h/b","http://p":1}}`, want: "within the definition", reason: ErrUnsupported},
	{about: "a word that looks like a keyword", body: `{"@context":{"@vocab":"http://v/"},"@id":"http://h/a","@hidden":{"@id":"http://h/b","http://p":1}}`, want: "no keyword", reason: ErrUnsupported},
	{about: "an alias of such a word", body: `{"@context":{"x":"@hidden"},"@id":"http://h/a","x":1}`, want: "no keyword", reason: ErrUnsupported},
	{about: "a relative IRI", body: `{"@id":"a","http://p":1}`, want: "relative", reason: ErrUnsupported},
	{about: "a relative base", body: `{"@context":{"@base":"a/"},"@id":"a","http://p":1}`, want: "the base", reason: ErrUnsupported},
	{about: "dot segments against a base", body: `{"@context":{"@base":"http://h/a/"},"@id":"../meta","http://p":1}`, want: "not the same for all readers", reason: ErrUnsupported},
	{about: "a scheme without an authority against a base", body: `{"@context":{"@base":"http://h/a/"},"@id":"http:meta","http://p":1}`, want: "take it for a relative one", reason: ErrUnsupported},
	{about: "a byte order mark", body: "\uFEFF{}", want: "byte order mark", reason: ErrUnsupported},
	{about: "UTF-16", body: "{\x00}\x00", want: "NUL", reason: ErrUnsupported},
	{about: "too many contexts", body: `{"@context":[` + strings.Repeat(`{"a":"http://h/"},`, 4000) + `{}]}`, want: "too many contexts", reason: ErrUnsupported},
	{about: "too deep", body: strings.Repeat("[", 201) + strings.Repeat("]", 201), want: "too deep", reason: ErrUnsupported},

	{about: "a key that comes twice", body: `{"@id":"http://h/a","@id":"http://h/b","http://p":1}`, want: "duplicate", reason: ErrSyntax},
	{about: "a key that comes twice, once escaped, deep inside", body: `{"@id":"http://h/a","http://p":{"@id":"http://h/b","\u0040id":"http://h/c","http://p":1}}`, want: "duplicate", reason: ErrSyntax},
	{about: "a key that comes twice in a context", body: `{"@context":{"ex":"http://a/","ex":"http://b/"},"@id":"ex:x","http://p":1}`, want: "duplicate", reason: ErrSyntax},
	{about: "two aliases of one keyword", body: `{"@context":{"id":"@id"},"id":"http://h/a","@id":"http://h/b","http://p":1}`, want: "colliding keywords", reason: ErrSyntax},
	{about: "a second value", body: `{"@id":"http://h/a","http://p":1} {"@id":"http://h/b","http://p":1}`, want: "more follows", reason: ErrSyntax},
	{about: "a body that is a string", body: `"http://127.0.0.1:1/c"`, want: "neither a JSON object nor an array", reason: ErrSyntax},
	{about: "an empty body", body: ``, want: "neither", reason: ErrSyntax},
	{about: "a comment", body: `{"@id":"http://h/a" /* x */}`, want: "invalid character", reason: ErrSyntax},
	{about: "a name that is no string", body: `{"@id":{"@id":"http://h/a"},"http://p":1}`, want: "@id", reason: ErrSyntax},
	{about: "half a surrogate pair", body: `{"@id":"http://h/\ud800","http://p":1}`, want: "surrogate", reason: ErrSyntax},
	{about: "a space in an IRI", body: `{"@id":"http://h/a b","http://p":1}`, want: "' ' may not be in an IRI", reason: ErrSyntax},
	{about: "a bracket in an IRI", body: `{"@id":"http://h/a\u003e","http://p":1}`, want: "'>' may not be in an IRI", reason: ErrSyntax},
	{about: "an escaped byte order mark in an IRI", body: `{"@id":"http://h/\ufeffa","http://p":1}`, want: "may not be in an IRI", reason: ErrSyntax},
	{about: "a cyclic context", body: `{"@context":{"a":"b:x","b":"a:x"},"@id":"http://h/a"}`, want: "on themselves", reason: ErrUnsupported},
	{about: "terms on terms on terms", body: `{"@context":{"a":"b:1","b":"c:2","c":"d:3","d":"e:4","e":"http://h/"},"@id":"a:x","http://p":1}`, want: "more than 4 deep", reason: ErrUnsupported},
	{about: "terms on terms", body: `{"@context":{"a":"b:1/","b":"c:2/","c":"http://h/"},"@id":"a:x","http://p":1}`, want: "<http://h/2/1/x>"},
	{about: "a prefix that makes much of little", body: `{"@context":{"p":"http://h/` + strings.Repeat("a", 2000) + `/"},"@graph":[` + strings.Repeat(`{"p:a":"p:b"},`, 4000) + `{}]}`, want: "make too much of it", reason: ErrUnsupported},
}

func TestJSONLDIsRead(t *testing.T) {
	for _, r := range jsonldReadings {
		r.check(t, JSONLD, Options{})
	}
}

func TestARelativeIRIOfJSONLDIsResolvedAgainstTheBaseThatIsGiven(t *testing.T) {
	reading{"the base of the options", `{"@id":"auth","http://p":1}`, "<http://h/meta/auth>", nil}.check(t, JSONLD, Options{Base: "http://h/meta/x"})
	reading{"no base", `{"@context":{"@base":null},"@id":"auth","http://p":1}`, "relative", ErrUnsupported}.check(t, JSONLD, Options{Base: "http://h/meta/x"})
}

func TestTheExpansionItselfFetchesNothing(t *testing.T) {
	for _, document := range []any{"http://127.0.0.1:1/c", map[string]any{"@context": "http://127.0.0.1:1/c"}} {
		if expanded, err := expand(document, ""); err == nil || expanded != nil || !strings.Contains(err.Error(), "not fetched") {
			t.Errorf("%v becomes %v, %v; want that contexts are not fetched", document, expanded, err)
		}
	}
}

func TestNoContextIsFetched(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	called := make(chan string, 1)
	go func() {
		if connection, err := listener.Accept(); err == nil {
			called <- connection.RemoteAddr().String()
			connection.Close()
		}
		close(called)
	}()
	address := "http://" + listener.Addr().String() + "/context"
	for _, body := range []string{
		`{"@context":"` + address + `"}`,
		`{"@context":["` + address + `"]}`,
		`{"@context":{"@import":"` + address + `"}}`,
		`{"@context":{"@version":1.1,"t":{"@id":"http://p","@context":"` + address + `"}},"t":{}}`,
		`{"http://p":{"@context":"` + address + `"}}`,
		`"` + address + `"`,
		`["` + address + `"]`,
		`{"@id":"` + address + `","http://p":1}`,
		`{"@context":{"@base":"` + address + `"},"@id":"","http://p":1}`,
	} {
		for _, base := range []string{"", address} {
			if _, err := Subjects(JSONLD, []byte(body), Options{Base: base}); err != nil && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrSyntax) {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
	listener.Close()
	if from, ok := <-called; ok {
		t.Errorf("a connection came from %s", from)
	}
}

func TestAContextForEachOfManyNodesIsNoTrouble(t *testing.T) {
	var body, want []string
	for i := range 500 {
		context := []string{`"ex":"http://example.org/vocabulary/"`}
		for j := range 30 {
			context = append(context, fmt.Sprintf(`"term%d":{"@id":"ex:term%d","@type":"@id"}`, j, j))
		}
		body = append(body, fmt.Sprintf(`{"@context":{%s},"@id":"http://h/%04d","term1":"http://h/x"}`, strings.Join(context, ","), i))
		want = append(want, fmt.Sprintf("<http://h/%04d>", i))
	}
	reading{"500 nodes", "[" + strings.Join(body, ",") + "]", strings.Join(want, ", "), nil}.check(t, JSONLD, Options{})
}
