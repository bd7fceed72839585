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
	when    func(question) bool
	demand  Demand
}

// noOp is for requests that do not speak of an op at all.
const noOp = "(none)"

// question is a request as the rows look at it: with one of the methods that it
// could run as, and one reading of its path.
type question struct {
	method, path string
	query        query
	header       http.Header
}

func (c *call) fits(q *question) bool {
	if c.methods != nil && !slices.Contains(c.methods, q.method) {
		return false
	}
	prefix, wild := strings.CutSuffix(c.path, "*")
	if q.path != c.path && (!wild || !strings.HasPrefix(q.path, prefix)) {
		return false
	}
	switch c.op {
	case "":
	case noOp:
		if q.query.has("op") {
			return false
		}
	default:
		// CM-Well folds the case of op; no store folds what is not ASCII to it.
		if !q.query.has("op") || strings.ToLower(q.query.get("op")) != c.op {
			return false
		}
	}
	return c.when == nil || c.when(*q)
}

// table is a profile. Of the calls, the first that fits decides; each of the
// additions that fits then asks for more.
type table struct {
	calls     []call
	additions []call
	byMethod  map[string]shelf
	other     shelf // for methods that no row names
}

// shelf holds the rows for one method, in the table's order, those for every
// path apart from those for certain paths: most requests are for the former,
// and the first letter of their path tells.
type shelf struct {
	letters [256]bool
	certain []call
	every   []call
}

// newTable sorts rows onto shelves. The last call must fit every request.
func newTable(calls, additions []call) *table {
	t := &table{calls: calls, additions: additions, byMethod: map[string]shelf{}, other: shelve(calls, "")}
	for _, c := range calls {
		for _, method := range c.methods {
			if _, there := t.byMethod[method]; !there {
				t.byMethod[method] = shelve(calls, method)
			}
		}
	}
	return t
}

func shelve(calls []call, method string) shelf {
	var s shelf
	for _, c := range calls {
		switch {
		case c.methods != nil && !slices.Contains(c.methods, method):
		case c.path == everyPath:
			s.every = append(s.every, c)
		default:
			s.certain = append(s.certain, c)
			s.letters[c.path[1]] = true
		}
	}
	return s
}

// everyPath is the path of rows for every path.
const everyPath = "/*"

// demand is what the request asks for by this table.
func (t *table) demand(q *question) Demand {
	d := t.first(q)
	for i := range t.additions {
		if c := &t.additions[i]; c.fits(q) {
			d = d.and(c.demand)
		}
	}
	return d
}

func (t *table) first(q *question) Demand {
	s, known := t.byMethod[q.method]
	if !known {
		s = t.other
	}
	if len(q.path) > 1 && s.letters[q.path[1]] {
		for i := range s.certain {
			if s.certain[i].fits(q) {
				return s.certain[i].demand
			}
		}
	}
	for i := range s.every {
		if s.every[i].fits(q) {
			return s.every[i].demand
		}
	}
	return writeAll // no table is without a last row; a table that were would refuse
}
