package gate

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// Demand is what a request asks for, apart from where.
type Demand struct {
	// Level at the path; 0 when the request is about the system and no path.
	Level permission.Level
	// Tree: the path and everything below it.
	Tree bool
	// Everywhere: the targets are not in the URL, so the root stands for them.
	Everywhere bool
	// Operation that the user must have, in every environment.
	Operation permission.Operation
	// Body names the targets: who may not do it everywhere may do it to them.
	Body Body
}

// The demands of the tables.
var (
	read      = Demand{Level: permission.Read}
	readTree  = Demand{Level: permission.Read, Tree: true}
	readAll   = Demand{Level: permission.Read, Tree: true, Everywhere: true}
	write     = Demand{Level: permission.Write}
	writeTree = Demand{Level: permission.Write, Tree: true}
	writeAll  = Demand{Level: permission.Write, Tree: true, Everywhere: true}
	admin     = Demand{Operation: permission.Admin}
)

// with adds an operation.
func (d Demand) with(op permission.Operation) Demand {
	d.Operation |= op
	return d
}

// to says that the targets are in the body.
func (d Demand) to(b Body) Demand {
	d.Body = b
	return d
}

// and joins two demands to one that asks for both.
func (d Demand) and(e Demand) Demand {
	return Demand{
		Level: max(d.Level, e.Level), Tree: d.Tree || e.Tree,
		Everywhere: d.Everywhere || e.Everywhere, Operation: d.Operation | e.Operation, Body: d.Body.and(e.Body),
	}
}

// writes tells whether this is more than reading.
func (d Demand) writes() bool { return d.Level != permission.Read || d.Operation != 0 }

// Profile says how requests that read are told from those that write.
type Profile uint8

const (
	// CMWell knows CM-Well's own calls: reads by POST, writes by GET, and those
	// that change the system. What it does not know is a write.
	CMWell Profile = iota
	// HTTP goes by the method (RFC 9110, section 9.2.1, and WebDAV's, RFC 4918).
	HTTP
)

// ask is one demand at one path.
type ask struct {
	path permission.Path
	Demand
}

// asks are what a request wants in all: at its path, and for WebDAV's COPY and
// MOVE also at the path in Destination.
type asks struct {
	list [2]ask // an array, so that asking costs no allocation
	n    int
	// asSent: the request says in one way only what it wants, so that what the
	// operator declares about it holds for whoever reads it.
	asSent bool
}

func (a *asks) all() []ask { return a.list[:a.n] }

// write tells whether any ask wants more than to read.
func (a *asks) write() bool {
	return a.list[0].writes() || a.n > 1 && a.list[1].writes()
}

// asks fills in what a request wants at the path that is first in the list, and
// elsewhere.
func (p Profile) asks(a *asks, q *question) error {
	at := &a.list[0]
	a.n, a.asSent = 1, at.path.Len() == 1 && q.query.plain
	p.demand(&at.Demand, q, &at.path)
	if q.everyday() {
		return nil
	}
	for _, method := range overrides(q.header, &q.query) {
		a.asSent = false
		q.method = method
		var other Demand
		p.demand(&other, q, &at.path)
		at.Demand = at.and(other)
	}
	if upgrades(q.header) {
		a.asSent = false
		at.Demand = at.and(writeAll) // what is said through a tunnel, nobody judges
	}
	if there := q.header["Destination"]; len(there) > 0 {
		to, err := destination(there)
		if err != nil {
			return err
		}
		a.list[1], a.n, a.asSent = ask{to, writeTree}, 2, false
	}
	return nil
}

// demand joins what the request asks for in each reading of its path.
func (p Profile) demand(d *Demand, q *question, path *permission.Path) {
	rows := p.table()
	q.path = path.String()
	rows.demand(d, q)
	for i := 1; i < path.Len(); i++ {
		q.path = path.Reading(i)
		var other Demand
		rows.demand(&other, q)
		*d = d.and(other)
	}
	if p == CMWell && d.writes() && prioritized(&q.query) {
		*d = d.with(permission.PriorityWrite)
	}
}

func (p Profile) table() *table {
	if p == HTTP {
		return byMethod
	}
	return cmwell
}

// destination reads RFC 4918, section 10.3. Only its path counts: a store that
// ignores the host would write there.
func destination(values []string) (permission.Path, error) {
	if len(values) != 1 {
		return permission.Path{}, ErrDestination
	}
	u, err := url.Parse(values[0])
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return permission.Path{}, ErrDestination
	}
	path, err := permission.ParsePath(u.EscapedPath())
	if err != nil {
		return permission.Path{}, ErrDestination
	}
	return path, nil
}

// overrideHeaders let a request run as another method in some frameworks,
// whichever way they are spelled.
var overrideHeaders = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"}

func overrides(h http.Header, q *query) []string {
	var methods []string
	for name, values := range h {
		if !among(overrideHeaders, name) {
			continue
		}
		for _, value := range values {
			methods = append(methods, strings.ToUpper(strings.TrimSpace(value)))
		}
	}
	for _, pair := range q.pairs {
		if strings.EqualFold(pair.key, "_method") {
			methods = append(methods, strings.ToUpper(pair.value))
		}
	}
	return methods
}

// upgrades tells whether the request asks for a websocket (RFC 6455, section
// 4.1). Every other protocol is taken out of it: see Prepare.
func upgrades(h http.Header) bool {
	values := h["Upgrade"]
	return len(values) == 1 && strings.EqualFold(strings.TrimSpace(values[0]), "websocket")
}
