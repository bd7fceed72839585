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

// and joins two demands to one that asks for both.
func (d Demand) and(e Demand) Demand {
	return Demand{
		Level: max(d.Level, e.Level), Tree: d.Tree || e.Tree,
		Everywhere: d.Everywhere || e.Everywhere, Operation: d.Operation | e.Operation,
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

// asks is what a request wants in all: at its path, and for WebDAV's COPY and
// MOVE also at the path in Destination.
func (p Profile) asks(r *http.Request, path permission.Path, q query) ([]ask, error) {
	demand := Demand{}
	for _, method := range append(overrides(r.Header, q), r.Method) {
		for i := range path.Len() {
			demand = demand.and(p.classify(method, path.Reading(i), q, r.Header))
		}
	}
	if upgrades(r.Header) {
		demand = demand.and(writeAll) // what is said through a tunnel, nobody judges
	}
	asks := []ask{{path, demand}}
	if there := r.Header["Destination"]; len(there) > 0 {
		to, err := destination(there)
		if err != nil {
			return nil, err
		}
		asks = append(asks, ask{to, writeTree})
	}
	return asks, nil
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

func overrides(h http.Header, q query) []string {
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

func (p Profile) classify(method, path string, q query, h http.Header) Demand {
	if p == HTTP {
		return byMethod(method, h)
	}
	return byCall(method, path, q, h)
}

// upgrades tells whether the request asks for a websocket (RFC 6455, section
// 4.1). Every other protocol is taken out of it: see Prepare.
func upgrades(h http.Header) bool {
	values := h["Upgrade"]
	return len(values) == 1 && strings.EqualFold(strings.TrimSpace(values[0]), "websocket")
}

// httpMethods is the profile HTTP. What is not here writes, and at worst a tree.
// The bodies of REPORT, SEARCH and QUERY can name any path.
var httpMethods = map[string]Demand{
	"GET": read, "HEAD": read, "OPTIONS": read,
	"PROPFIND": readTree, "REPORT": readAll, "SEARCH": readAll, "QUERY": readAll,
	"POST": write, "PUT": write, "PATCH": write, "MKCOL": write, "PROPPATCH": write, "UNLOCK": write,
}

func byMethod(method string, h http.Header) Demand {
	d, known := httpMethods[method]
	switch {
	case !known:
		return writeTree
	case method == "PROPFIND" && len(h["Depth"]) == 1 && h["Depth"][0] == "0":
		return read
	}
	return d
}
