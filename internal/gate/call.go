package gate

import (
	"net/http"
	"slices"
	"strings"
)

// call is a row of a profile: which requests it speaks of, and what those ask
// for. What a row leaves out, it does not look at.
type call struct {
	methods []string // none for every method, known or not
	path    string   // exact, or a prefix when it ends in *
	op      string   // the value of op in lower case, or noOp
	// query is what else the row asks of the query: nothing that a request without
	// one could fulfil.
	query condition
	// unplain rows are for queries alone that readers split differently.
	unplain bool
	// header must be there, in net/http's spelling. asksMore knows it.
	header string
	when   fieldsCondition
	demand Demand
}

// noOp is for requests that do not speak of an op at all.
const noOp = "(none)"

// question is a request as the rows look at it: with one of the methods that it
// could run as, and one reading of its path.
type question struct {
	method, path string
	query        query
	header       http.Header
	// askNoMore: asksMore is false of every field; where nobody looked, this is false.
	askNoMore bool

	// op is that of the query in lower case, hasOp that there is one, once sought.
	op            string
	hasOp, sought bool
}

// operation looks for the op once, however many rows ask. CM-Well folds its case; no store
// folds what is not ASCII to it.
func (q *question) operation() (op string, there bool) {
	if !q.sought {
		q.op, q.hasOp, q.sought = strings.ToLower(q.query.get("op")), q.query.has("op"), true
	}
	return q.op, q.hasOp
}

// everyday tells that nothing but the method and the path say what the request asks for.
func (q *question) everyday() bool { return q.askNoMore && q.query.none() }

func (c *call) fits(q *question) bool {
	return (c.methods == nil || slices.Contains(c.methods, q.method)) && c.at(q.path) && c.suits(q)
}

// at tells whether the row speaks of the path.
func (c *call) at(path string) bool {
	if c.path == everyPath {
		return true // as all paths begin with a slash
	}
	if last := len(c.path) - 1; c.path[last] == '*' {
		return strings.HasPrefix(path, c.path[:last])
	}
	return path == c.path
}

// suits tells whether the rest of the request is what the row speaks of.
func (c *call) suits(q *question) bool {
	if c.unplain && q.query.plain {
		return false
	}
	if c.op != "" {
		if op, there := q.operation(); there == (c.op == noOp) || there && op != c.op {
			return false
		}
	}
	return c.query.holds(&q.query) && (c.header == "" || len(q.header[c.header]) > 0) && c.when.holds(q.header)
}

// special tells that the row fits no everyday request.
func (c *call) special() bool {
	return c.op != "" && c.op != noOp || c.query != condition{} || c.unplain || c.header != ""
}
