package gate

import "slices"

// table is a profile. Of the calls, the first that fits decides; each of the
// additions that fits then asks for more.
type table struct {
	calls     []call
	additions []call
	aisles    []aisle // one for each method that a row names
	other     aisle
}

// aisle holds the rows that requests with one method can fit. Everyday requests
// have shelves of their own, and those with a plain query too: most requests are such,
// and most rows are not for them.
type aisle struct {
	method               string
	all, plain, everyday shelves
}

// shelves are the rows that requests of one kind can fit. Where the path tells
// nothing, and no row has more to ask, all of those ask for the same: usual.
type shelves struct {
	calls, additions shelf
	usual            Demand
	settled          bool // there is a usual
}

// shelf holds rows in the table's order, those for every path apart from those
// for certain paths: most requests are for the former. The first letter of a path tells
// which of the latter it can be for.
type shelf struct {
	drawer  [256]uint8 // of each letter, in certain; the first one is empty
	certain [][]call
	every   []call
}

// everyPath is the path of rows for every path.
const everyPath = "/*"

// newTable sorts rows onto shelves. The last call must fit every request.
func newTable(calls, additions []call) *table {
	t := &table{calls: calls, additions: additions}
	t.other = t.aisle("")
	for _, c := range calls {
		for _, method := range c.methods {
			if !slices.ContainsFunc(t.aisles, func(a aisle) bool { return a.method == method }) {
				t.aisles = append(t.aisles, t.aisle(method))
			}
		}
	}
	return t
}

func (t *table) aisle(method string) aisle {
	with := func(leftOut func(*call) bool) shelves {
		return shelves{calls: shelve(t.calls, method, leftOut), additions: shelve(t.additions, method, leftOut)}
	}
	a := aisle{
		method:   method,
		all:      with(func(*call) bool { return false }),
		plain:    with(func(c *call) bool { return c.unplain }),
		everyday: with((*call).special),
	}
	e := &a.everyday
	if first := e.calls.every[0]; first.when == anyFields && len(e.additions.every) == 0 {
		e.usual, e.settled = first.demand, true
	}
	return a
}

func shelve(rows []call, method string, leftOut func(*call) bool) shelf {
	s := shelf{certain: make([][]call, 1)}
	for _, c := range rows {
		switch {
		case c.methods != nil && !slices.Contains(c.methods, method), leftOut(&c):
		case c.path == everyPath:
			s.every = append(s.every, c)
		default:
			at := &s.drawer[c.path[1]]
			if *at == 0 {
				s.certain = append(s.certain, nil)
				*at = uint8(len(s.certain) - 1)
			}
			s.certain[*at] = append(s.certain[*at], c)
		}
	}
	return s
}

// about are the rows of the shelf for certain paths, if one of them can be this.
func (s *shelf) about(path string) []call {
	if len(path) > 1 {
		return s.certain[s.drawer[path[1]]]
	}
	return nil
}

// demand is what the request asks for by this table.
func (t *table) demand(d *Demand, q *question) {
	s := t.shelves(q)
	if s.settled && len(s.calls.about(q.path)) == 0 && len(s.additions.about(q.path)) == 0 {
		*d = s.usual
		return
	}
	*d = s.calls.first(q)
	for _, rows := range [][]call{s.additions.about(q.path), s.additions.every} {
		for i := range rows {
			if c := &rows[i]; c.at(q.path) && c.suits(q) {
				*d = d.and(c.demand)
			}
		}
	}
}

// shelves are where the rows are that the request can fit.
func (t *table) shelves(q *question) *shelves {
	at := &t.other
	for i := range t.aisles {
		if t.aisles[i].method == q.method {
			at = &t.aisles[i]
			break
		}
	}
	switch {
	case q.everyday():
		return &at.everyday
	case q.query.plain:
		return &at.plain
	}
	return &at.all
}

// first is the demand of the first row that fits.
func (s *shelf) first(q *question) Demand {
	for _, rows := range [][]call{s.about(q.path), s.every} {
		for i := range rows {
			if c := &rows[i]; c.at(q.path) && c.suits(q) {
				return c.demand
			}
		}
	}
	return writeAll // no table is without a last row; a table that were would refuse
}
