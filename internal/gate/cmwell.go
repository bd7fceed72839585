package gate

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// call is a row of CM-Well's service paths. The first row that fits decides.
type call struct {
	methods []string // none for any
	path    string   // exact, or a prefix when it ends in *
	demand  Demand
	// bare: without a query it is a mere read.
	bare bool
}

var (
	gets     = []string{"GET", "HEAD", "OPTIONS"}
	posts    = []string{"POST", "PUT"}
	onlyPost = []string{"POST"}
	getsPost = []string{"GET", "HEAD", "OPTIONS", "POST"}
)

// calls are CM-Well's paths that are no infotons, from its routes. Those that
// change the system, or show what no path permission covers, need Admin; those
// whose targets are not in the URL ask for everything.
var calls = []call{
	{methods: gets, path: "/_track/*", demand: read},
	{methods: gets, path: "/_types-cache", demand: read},
	{methods: gets, path: "/_ns-cache", demand: admin, bare: true},
	{methods: gets, path: "/_services-cache", demand: admin, bare: true},
	{methods: gets, path: "/_timeout", demand: read},
	{methods: getsPost, path: "/_null", demand: read},
	{methods: gets, path: "/health*", demand: read},
	{methods: gets, path: "/sys123/*", demand: read},
	{methods: gets, path: "/_in", demand: read},
	{methods: gets, path: "/_out", demand: read},
	{methods: gets, path: "/_cmd", demand: read},
	{methods: gets, path: "/_sp", demand: read},
	{methods: gets, path: "/_sparql", demand: read},
	{methods: gets, path: "/_iterate", demand: readAll},
	{methods: gets, path: "/_consume", demand: readAll},
	{methods: gets, path: "/_bulk-consume", demand: readAll},
	{methods: gets, path: "/ws/*", demand: readAll},

	{methods: posts, path: "/_out", demand: readAll},
	{methods: onlyPost, path: "/_sparql", demand: readAll},
	{methods: onlyPost, path: "/_ssparql", demand: readAll},
	{methods: onlyPost, path: "/_in", demand: writeAll},
	{methods: onlyPost, path: "/_ow", demand: writeAll.with(permission.Overwrite)},

	// The store runs what these name by itself and without a token.
	{path: "/_sp", demand: admin},
	{path: "/_sp/*", demand: admin},
	{path: "/_cmd", demand: admin},
	{path: "/_cas/*", demand: admin},
	{path: "/_es/*", demand: admin},
	{path: "/_kafka/*", demand: admin},
	{path: "/_hcn", demand: admin},
	{path: "/_ll", demand: admin},
	{path: "/_traffic", demand: admin},
	{path: "/_backpressure", demand: admin},
	{path: "/_stp/*", demand: admin},
	{path: "/_cssh", demand: admin},
	{path: "/_csshx", demand: admin},
	{path: "/monitor/*", demand: admin},
	{path: "/proc", demand: admin},
	{path: "/proc/*", demand: admin},
	{path: "/zz", demand: admin},
	{path: "/zz/*", demand: admin},

	{path: "/_*", demand: writeAll},
}

// ops are the values of op on a GET, in lower case: CM-Well folds it there.
var ops = map[string]Demand{
	"": read, "read": read, "x-info": read, "x-verify": read,
	"search": readTree, "aggregate": readTree, "stats": readTree,
	"create-iterator": readTree, "create-consumer": readTree,
	"stream": readTree, "mstream": readTree, "sstream": readTree, "qstream": readTree,
	// What these go on with is in a position or a name, not in the path.
	"next-chunk": readAll, "consume": readAll, "bulk-consume": readAll, "pull": readAll,
	"subscribe": admin, "unsubscribe": admin,
	"x-fix":     write.with(permission.Overwrite),
	"purge-all": write, "purge-history": write, "purge-last": write, "rollback": write,
}

// byCall is the profile CMWell.
func byCall(method, path string, q query, h http.Header) Demand {
	d := callDemand(method, path, q, h)
	if len(h["X-Compile-To"]) > 0 {
		d = d.and(admin) // runs a compiler on stored content
	}
	if !q.plain {
		// Which op the store reads from such a query, nobody can say.
		d = d.and(writeTree)
	}
	if d.writes() && (q.has("priority") || !q.plain && q.mentions("priority")) {
		d = d.with(permission.PriorityWrite)
	}
	return d
}

func callDemand(method, path string, q query, h http.Header) Demand {
	for _, c := range calls {
		if !c.fits(method, path) {
			continue
		}
		if c.bare && len(q.pairs) == 0 {
			return read
		}
		return c.demand
	}
	hidden := strings.HasPrefix(path, "/ii/") || path == "/ii" // an infoton by its uuid, at an unknown path
	var d Demand
	switch method {
	case "GET", "HEAD", "OPTIONS":
		d = getDemand(q)
	case "POST", "PUT":
		d = write
		if formSearch(q, h) {
			d = readTree
		}
	case "DELETE":
		d = writeTree
		if q.get("recursive") == "false" {
			d = write
		}
	default:
		d = writeTree
	}
	if hidden {
		d.Everywhere, d.Tree = true, true
	}
	return d
}

func (c call) fits(method, path string) bool {
	if c.methods != nil && !slices.Contains(c.methods, method) {
		return false
	}
	prefix, wild := strings.CutSuffix(c.path, "*")
	return path == c.path || wild && strings.HasPrefix(path, prefix)
}

func getDemand(q query) Demand {
	op := strings.ToLower(q.get("op"))
	d, known := ops[op]
	if !known || op == "" && q.has("op") {
		return writeTree
	}
	for _, p := range q.pairs {
		switch p.key {
		case "xg", "yg":
			d = d.and(readAll) // follows links to other paths
		case "recursive", "with-descendants":
			d = d.and(readTree)
		}
	}
	return d
}

// formSearch tells whether CM-Well takes the POST for a search: by the form's
// content type and an op that must be in lower case here.
func formSearch(q query, h http.Header) bool {
	types := h["Content-Type"]
	if len(types) != 1 || !q.plain {
		return false
	}
	media, _, err := mime.ParseMediaType(types[0])
	op := q.get("op")
	return err == nil && media == "application/x-www-form-urlencoded" && (op == "search" || op == "create-consumer")
}
