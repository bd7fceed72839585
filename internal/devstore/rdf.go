package devstore

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/piprate/json-gold/ld"
)

// The two formats of statements, by CM-Well's names.
const (
	ntriples = "ntriples"
	nquads   = "nquads"
)

// A field whose name is not an IRI has its predicate in CM-Well's namespace
// for names without one. Predicates of the system namespace are orders to
// CM-Well or facts about an infoton, and never fields.
const (
	noNamespace     = "cmwell://meta/nn#"
	systemNamespace = "cmwell://meta/sys#"
)

// illegalInIRI are the ASCII characters that the grammar of N-Triples bars
// from an IRI, next to the control characters and the space.
const illegalInIRI = "<>\"{}|^`\\\x7f"

var iriScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.`)

// statement is one triple or quad, in the store's own terms.
type statement struct {
	path, scheme, field string
	value               value
}

// parseStatements reads all of the body or refuses all of it. Host is the store's
// own name, as the request has it.
func parseStatements(format string, body []byte, host string) ([]statement, error) {
	if !utf8.Valid(body) {
		return nil, badRequest("the body is not valid UTF-8")
	}
	dataset, err := ld.ParseNQuadsFrom(withoutComments(body))
	if err != nil {
		return nil, badRequest("%v", err)
	}
	var statements []statement
	for _, graph := range slices.Sorted(maps.Keys(dataset.Graphs)) {
		named := graph != "@default"
		if named && format == ntriples {
			return nil, badRequest("format=%s has no graphs, but the body names %s; use format=%s", ntriples, graph, nquads)
		}
		for _, quad := range dataset.Graphs[graph] {
			st, err := newStatement(quad, host)
			if err != nil {
				return nil, err
			}
			if named {
				if !isIRI(graph) && !strings.HasPrefix(graph, "_:") {
					return nil, badRequest("the graph <%s> is not an absolute IRI", graph)
				}
				st.value.Graph = graph
			}
			statements = append(statements, st)
		}
	}
	return statements, nil
}

// withoutComments blanks the comment lines, which the parser does not know,
// and keeps their line ends so that its messages name the right line.
func withoutComments(body []byte) []byte {
	lines := bytes.SplitAfter(body, []byte("\n"))
	for i, line := range lines {
		if bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#")) {
			lines[i] = []byte("\n")
		}
	}
	return bytes.Join(lines, nil)
}

func newStatement(quad *ld.Quad, host string) (statement, error) {
	if !ld.IsIRI(quad.Subject) {
		return statement{}, badRequest("the subject %s is a blank node; an infoton needs a path", quad.Subject.GetValue())
	}
	path, scheme, err := pathOfIRI(quad.Subject.GetValue(), host)
	if err != nil {
		return statement{}, err
	}
	field, err := fieldOfPredicate(quad.Predicate.GetValue())
	if err != nil {
		return statement{}, err
	}
	v, err := valueOfNode(quad.Object)
	if err != nil {
		return statement{}, err
	}
	return statement{path: path, scheme: scheme, field: field, value: v}, nil
}

// pathOfIRI gives the path under which the subject of a statement is kept. It
// is decoded once, as the path of a request is, so that both name the same. An
// IRI below the store's own host is one of its paths, as in CM-Well; what is below
// others is kept below their names.
func pathOfIRI(iri, host string) (path, scheme string, err error) {
	scheme, rest, _ := strings.Cut(iri, "://")
	scheme = strings.ToLower(scheme)
	if authority, own, _ := strings.Cut(rest, "/"); own != "" && host != "" && strings.HasPrefix(scheme, "http") && strings.EqualFold(authority, host) {
		scheme, rest = "cmwell", own
	}
	if scheme != "cmwell" && scheme != "http" && scheme != "https" {
		return "", "", badRequest("the subject <%s> begins with none of cmwell://, http:// and https://", iri)
	}
	if rest == "" || rest[0] == '/' {
		return "", "", badRequest("the subject <%s> has nothing between its scheme and its first slash", iri)
	}
	decoded, err := url.PathUnescape(rest)
	if err != nil {
		return "", "", badRequest("the subject <%s> is badly escaped: %v", iri, err)
	}
	path, err = infotonPath("/" + decoded)
	if err != nil {
		return "", "", fmt.Errorf("the subject <%s>: %w", iri, err)
	}
	return path, scheme, nil
}

func (inf *infoton) iri() string {
	scheme := inf.Scheme
	if scheme == "" {
		scheme = "cmwell"
		if first, _, _ := strings.Cut(inf.Path[1:], "/"); strings.Contains(first, ".") {
			scheme = "http"
		}
	}
	return scheme + ":/" + escapeIRI(inf.Path)
}

func fieldOfPredicate(iri string) (string, error) {
	if strings.HasPrefix(iri, systemNamespace) {
		return "", badRequest("the development store does not carry out <%s>", iri)
	}
	if name, ok := strings.CutPrefix(iri, noNamespace); ok {
		field, err := url.PathUnescape(name)
		if err != nil || field == "" {
			return "", badRequest("the predicate <%s> names no field", iri)
		}
		return field, nil
	}
	if !isIRI(iri) {
		return "", badRequest("the predicate <%s> is not an absolute IRI", iri)
	}
	return iri, nil
}

func predicateOf(field string) string {
	if isIRI(field) {
		return field
	}
	return noNamespace + escapeIRI(field)
}

func isIRI(text string) bool {
	return iriScheme.MatchString(text) && !strings.ContainsFunc(text, barredFromIRI)
}

func barredFromIRI(r rune) bool {
	return r <= ' ' || strings.ContainsRune(illegalInIRI, r)
}

// escapeIRI keeps a stored text from ending the IRI it is written into.
func escapeIRI(text string) string {
	var out strings.Builder
	for _, r := range text {
		if barredFromIRI(r) || r == '%' {
			fmt.Fprintf(&out, "%%%02X", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func valueOfNode(node ld.Node) (value, error) {
	if literal, ok := node.(ld.Literal); ok {
		v := value{Text: literal.Value, Datatype: literal.Datatype, Language: literal.Language}
		if v.Datatype == ld.XSDString || v.Datatype == ld.RDFLangString {
			v.Datatype = ""
		}
		if v.Datatype != "" && !isIRI(v.Datatype) {
			return value{}, badRequest("the datatype <%s> is not an absolute IRI", v.Datatype)
		}
		return v, nil
	}
	if ld.IsBlankNode(node) {
		return value{Text: node.GetValue(), Kind: blankValue}, nil
	}
	if !isIRI(node.GetValue()) {
		return value{}, badRequest("the object <%s> is not an absolute IRI", node.GetValue())
	}
	return value{Text: node.GetValue(), Kind: iriValue}, nil
}

func (v value) node() ld.Node {
	switch {
	case v.Kind == iriValue:
		return ld.NewIRI(v.Text)
	case v.Kind == blankValue:
		return ld.NewBlankNode(v.Text)
	case v.Language != "":
		return ld.NewLiteral(v.Text, ld.RDFLangString, v.Language)
	default:
		return ld.NewLiteral(v.Text, v.Datatype, "")
	}
}

// writeStatements writes the fields of an infoton, one line for each value,
// always in the same order. N-Triples leave the graphs out.
func (inf *infoton) writeStatements(w io.Writer, format string) error {
	var serializer ld.NQuadRDFSerializer
	subject := ld.NewIRI(inf.iri())
	for _, field := range slices.Sorted(maps.Keys(inf.Fields)) {
		values := slices.Clone(inf.Fields[field])
		if format == ntriples {
			for i := range values {
				values[i].Graph = ""
			}
			values = mergeValues(nil, values)
		}
		for _, v := range values {
			graph := v.Graph
			if graph == "" {
				graph = "@default"
			}
			quad := ld.NewQuad(subject, ld.NewIRI(predicateOf(field)), v.node(), graph)
			one := &ld.RDFDataset{Graphs: map[string][]*ld.Quad{graph: {quad}}}
			if err := serializer.SerializeTo(w, one); err != nil {
				return fmt.Errorf("devstore: writing %s as %s: %w", inf.Path, format, err)
			}
		}
	}
	return nil
}
