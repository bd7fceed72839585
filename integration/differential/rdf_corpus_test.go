package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// rdfWriter writes RDF by chance, but by the grammar. What it writes is odd on
// purpose: texts that look like statements, names that are redefined, escapes
// where none are needed.
type rdfWriter struct {
	*rand.Rand
	out      strings.Builder
	prefixes []string
	base     bool
	depth    int
}

func (w *rdfWriter) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w *rdfWriter) write(parts ...string) {
	for _, part := range parts {
		w.out.WriteString(part)
	}
}

// gap is white space that must be there, or a comment.
func (w *rdfWriter) gap() {
	w.write(w.pick(" ", " ", " ", "\t", "\n", "\r\n", "\r", "  ", " # <http://h/hidden> <http://p> 1 .\n", "\n#\"\"\"\r\n", "\n#\n"))
}

var rdfTexts = []string{
	"", "x", "a.b", "# no comment", "<http://h/hidden> <http://p> 1 .", `\"`, `\\`, `\\\"`, `\u0022`, `\U0001F600`, "é", "日本", "'", ";", "@prefix p: <http://h/hidden/> .", "^^", "} {", `\n\t\r\b\f\"`,
}

func (w *rdfWriter) literal() {
	text := rdfTexts[w.IntN(len(rdfTexts))]
	switch w.IntN(6) {
	case 0, 1:
		w.write(`"`, text, `"`)
	case 2:
		w.write("'", strings.ReplaceAll(text, "'", `\'`), "'")
	case 3:
		w.write(`"""`, text, w.pick("", "\n", "\r\n", `"`+"\n", `""`+" ", "'''"), text, `"""`)
	case 4:
		w.write("'''", strings.ReplaceAll(text, "'", `\'`), w.pick("", "\n", `"""`, "'\n", "''x"), "'''")
	case 5:
		w.write(w.pick("1", "-1", "+0", "1.5", ".5", "-.5", "1e5", "1.e5", "1.5E-3", ".5e+1", "true", "false", "007"))
		return
	}
	switch w.IntN(6) {
	case 0:
		w.write(w.pick("@en", "@en-GB", "@de-1996"))
	case 1:
		w.write("^^")
		w.iri()
	}
}

// iri writes an IRI in one of its forms.
func (w *rdfWriter) iri() {
	host := w.pick("http://h/", "http://h.example/a/", "https://h:9000/", "cmwell://", "http://cm-well/", "urn:x:")
	switch n := w.IntN(10); {
	case n < 4:
		w.write("<", host, w.name(), ">")
	case n == 4:
		w.write("<", host, w.pick(`\u006deta`, `\U0000006Deta/a`, `a\u002fb`, "%6deta", "%2e%2e/x", "é", `\u00e9`, "a#b", "a?b=c&d", "日"), ">")
	case n == 5 && w.base:
		w.write("<", w.pick("", "x", "x/y", "#f", "?q", "/r", "//o.example/r", "./s", "../t", "x/../y", "a:b"), ">")
	case n > 5 && len(w.prefixes) > 0:
		w.prefixed()
	default:
		w.write("<", host, w.name(), w.name(), ">")
	}
}

func (w *rdfWriter) name() string {
	return w.pick("a", "b", "tests/a", "tests/secret/b", "meta/auth", "x_y", "a.b", "1", "a-1", "")
}

func (w *rdfWriter) prefixed() {
	w.write(w.prefixes[w.IntN(len(w.prefixes))], ":", w.pick("a", "b", "", "a.b", "1", "a:b", `a\/b`, `\.\.\/x`, "%2e", `a\#b`, "é", "_x", "a-b", `\-a`, ":", "a..b", `x\.`))
}

func (w *rdfWriter) blank() { w.write("_:", w.pick("a", "b1", "x.y", "é", "0", "_", "a-b")) }

func (w *rdfWriter) object() {
	w.depth++
	defer func() { w.depth-- }()
	switch n := w.IntN(12); {
	case n < 3 || w.depth > 4:
		w.iri()
	case n < 8:
		w.literal()
	case n == 8:
		w.blank()
	case n == 9:
		w.list()
	default:
		w.propertyList()
	}
}

func (w *rdfWriter) list() {
	w.write("(")
	for range w.IntN(3) {
		w.gap()
		w.object()
	}
	w.gap()
	w.write(")")
}

func (w *rdfWriter) propertyList() {
	w.write("[")
	if w.IntN(4) > 0 {
		w.gap()
		w.predicates()
	}
	w.gap()
	w.write("]")
}

func (w *rdfWriter) predicates() {
	for i := range 1 + w.IntN(2) {
		if i > 0 {
			w.write(w.pick(";", " ; ", ";;", " ;\n"))
		}
		switch w.IntN(8) {
		case 0:
			w.write("a")
		case 1:
			w.write("<", w.pick("cmwell://meta/sys#", "http://h/meta/sys#"), w.pick("fullDelete", "type"), ">")
		default:
			w.iri()
		}
		for i := range 1 + w.IntN(2) {
			if i > 0 {
				w.write(",")
			}
			w.gap()
			w.object()
		}
		w.gap()
	}
	w.write(w.pick("", "", ";", ";\n;"))
}

func (w *rdfWriter) statement() {
	switch w.IntN(10) {
	case 0:
		w.blank()
	case 1:
		w.list()
	case 2:
		w.write("[ <http://h/p> <http://h/o> ]")
	default:
		w.iri()
	}
	w.gap()
	w.predicates()
}

func (w *rdfWriter) directive() {
	prefix := w.pick("", "p", "q", "a", "x.y", "é", "true", "graph1")
	namespace := w.pick("http://h/", "http://h/tests/", "http://h/meta/auth#", "cmwell://", `http://h/\u006deta/`, "urn:n:")
	switch w.IntN(4) {
	case 0:
		w.write("@prefix ", prefix, ": <", namespace, "> .")
	case 1:
		w.write(w.pick("PREFIX", "prefix", "Prefix"), " ", prefix, ":<", namespace, ">")
	case 2:
		w.write("@base <http://h/", w.pick("", "base/", "base", "a/b/c", "a?q"), "> .")
		w.base = true
		return
	default:
		w.write(w.pick("BASE", "base"), "<http://o.example/", w.pick("", "base/", "x"), ">")
		w.base = true
		return
	}
	w.prefixes = append(w.prefixes, prefix)
}

func (w *rdfWriter) graph() {
	switch w.IntN(4) {
	case 0:
	case 1:
		w.write(w.pick("GRAPH ", "graph "))
		w.iri()
	case 2:
		w.blank()
	default:
		w.iri()
	}
	w.gap()
	w.write("{")
	for i := range w.IntN(3) {
		if i > 0 {
			w.write(".")
		}
		w.gap()
		w.statement()
	}
	w.gap()
	w.write("}")
}

// turtleByChance writes Turtle, or TriG.
func turtleByChance(r *rand.Rand, trig bool) string {
	w := rdfWriter{Rand: r}
	for range 1 + w.IntN(6) {
		switch n := w.IntN(6); {
		case n < 2:
			w.directive()
		case n == 2 && trig:
			w.graph()
		default:
			w.statement()
			w.write(".")
		}
		w.gap()
	}
	return w.out.String()
}

// linesByChance writes N-Triples, or N-Quads.
func linesByChance(r *rand.Rand, quads bool) string {
	w := rdfWriter{Rand: r}
	term := func() {
		w.write("<", w.pick("http://h/", "cmwell://", "https://h:9000/"), w.pick("a", "b/c", `\u006deta`, "%6d", "é", "a#b", "a/../b"), ">")
	}
	space := func() { w.write(w.pick(" ", "\t", "  ", "")) }
	for range 1 + w.IntN(5) {
		if w.IntN(5) == 0 {
			w.blank()
			w.write(" ")
		} else {
			term()
		}
		space()
		term()
		space()
		switch w.IntN(3) {
		case 0:
			term()
		case 1:
			w.blank()
			w.write(" ")
		default:
			fmt.Fprintf(&w.out, `"%s"%s`, rdfTexts[w.IntN(len(rdfTexts))], w.pick("", "@en", "@en-GB", "^^<http://t>"))
		}
		space()
		if quads && w.IntN(2) == 0 {
			term()
		}
		w.write(w.pick(".", " ."), w.pick("", " ", " # <http://h/hidden> <http://p> <http://o> ."), w.pick("\n", "\r\n", "\n\n"))
	}
	return w.out.String()
}

// rdfSpoilt changes a document in a few places, mostly so that it is none any more.
func rdfSpoilt(r *rand.Rand, body string) string {
	at := func() int { return r.IntN(len(body) + 1) }
	const odd = "<>\"'\\#.;,[](){}@^_:-\r\n\t =!|%a1/?é"
	for range 1 + r.IntN(3) {
		i, j := at(), at()
		switch r.IntN(4) {
		case 0:
			body = body[:i] + string([]rune(odd)[r.IntN(len([]rune(odd)))]) + body[i:]
		case 1:
			body = body[:i] + body[min(i+1, len(body)):]
		case 2:
			body = body[:min(i, j)] + body[max(i, j):]
		default:
			body = body[:i] + body[min(i, j):max(i, j)] + body[i:]
		}
	}
	return strings.ToValidUTF8(body, "")
}
