package gate

import (
	"slices"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

var (
	gets      = []string{"GET", "HEAD", "OPTIONS"} // CM-Well answers HEAD by running GET
	posts     = []string{"POST", "PUT"}
	onlyPost  = []string{"POST"}
	getsPost  = []string{"GET", "HEAD", "OPTIONS", "POST"}
	deletions = []string{"DELETE"}
)

// cmwell is CM-Well's whole interface. Its service paths come first, then what
// is done to infotons at their own paths. What reads is listed; everything else
// writes. What changes the system, or shows what no path permission covers,
// needs Admin; where the targets are not in the URL, everything is asked for.
var cmwell = newTable(cmwellCalls, slices.Concat(cmwellAdditions, mentioned(cmwellCalls)))

var cmwellCalls = []call{
	{methods: gets, path: "/_track/*", demand: read},
	{methods: gets, path: "/_types-cache", demand: read},
	{methods: gets, path: "/_ns-cache", query: anyPair, demand: admin},
	{methods: gets, path: "/_ns-cache", demand: read},
	{methods: gets, path: "/_services-cache", query: anyPair, demand: admin},
	{methods: gets, path: "/_services-cache", demand: read},
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

	{methods: posts, path: "/_out", demand: readAll.to(Lines)},
	{methods: onlyPost, path: "/_sparql", demand: readAll},
	{methods: onlyPost, path: "/_ssparql", demand: readAll},
	{methods: onlyPost, path: "/_in", demand: writeAll.to(Subjects)},
	{methods: onlyPost, path: "/_ow", demand: writeAll.with(permission.Overwrite).to(Subjects)},

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

	// Infotons by GET. An op that is not listed may be a new way to write.
	{methods: gets, path: everyPath, op: noOp, demand: read},
	{methods: gets, path: everyPath, op: "read", demand: read},
	{methods: gets, path: everyPath, op: "x-info", demand: read},
	{methods: gets, path: everyPath, op: "x-verify", demand: read},
	{methods: gets, path: everyPath, op: "search", demand: readTree},
	{methods: gets, path: everyPath, op: "aggregate", demand: readTree},
	{methods: gets, path: everyPath, op: "stats", demand: readTree},
	{methods: gets, path: everyPath, op: "create-iterator", demand: readTree},
	{methods: gets, path: everyPath, op: "create-consumer", demand: readTree},
	{methods: gets, path: everyPath, op: "stream", demand: readTree},
	{methods: gets, path: everyPath, op: "mstream", demand: readTree},
	{methods: gets, path: everyPath, op: "sstream", demand: readTree},
	{methods: gets, path: everyPath, op: "qstream", demand: readTree},
	// What these go on with is in a position or a name, not in the path.
	{methods: gets, path: everyPath, op: "next-chunk", demand: readAll},
	{methods: gets, path: everyPath, op: "consume", demand: readAll},
	{methods: gets, path: everyPath, op: "bulk-consume", demand: readAll},
	{methods: gets, path: everyPath, op: "pull", demand: readAll},
	{methods: gets, path: everyPath, op: "subscribe", demand: admin},
	{methods: gets, path: everyPath, op: "unsubscribe", demand: admin},
	{methods: gets, path: everyPath, op: "x-fix", demand: write.with(permission.Overwrite)},
	{methods: gets, path: everyPath, op: "purge-all", demand: write},
	{methods: gets, path: everyPath, op: "purge-history", demand: write},
	{methods: gets, path: everyPath, op: "purge-last", demand: write},
	{methods: gets, path: everyPath, op: "rollback", demand: write},
	{methods: gets, path: everyPath, demand: writeTree},

	// Infotons by POST, PUT and DELETE.
	{methods: posts, path: everyPath, query: search, when: isForm, demand: readTree},
	{methods: posts, path: everyPath, demand: write},
	{methods: deletions, path: everyPath, query: notRecursive, demand: write},

	{path: everyPath, demand: writeTree},
}

var cmwellAdditions = []call{
	// Links are followed to other paths, children are shown.
	{methods: gets, path: everyPath, query: having("xg"), demand: readAll},
	{methods: gets, path: everyPath, query: having("yg"), demand: readAll},
	{methods: gets, path: everyPath, query: having("recursive"), demand: readTree},
	{methods: gets, path: everyPath, query: having("with-descendants"), demand: readTree},
	// An infoton by its uuid, at a path that nobody here knows.
	{path: "/ii", demand: Demand{Tree: true, Everywhere: true}},
	{path: "/ii/*", demand: Demand{Tree: true, Everywhere: true}},
	// Runs a compiler on stored content.
	{path: everyPath, header: "X-Compile-To", demand: admin},
	// Which op the store reads from such a query, nobody can say.
	{path: everyPath, unplain: true, demand: writeTree},
}

// mentioned are additions to calls with an op: a query that is not plain asks for
// what each op asks for that some reader could find in it.
func mentioned(calls []call) (more []call) {
	for _, c := range calls {
		if c.op == "" || c.op == noOp {
			continue
		}
		more = append(more, call{
			methods: c.methods, path: c.path, demand: c.demand, unplain: true,
			query: condition{mentioning, c.op},
		})
	}
	return more
}

// prioritized tells whether a write is to overtake the queue.
func prioritized(q *query) bool {
	return q.has("priority") || !q.plain && q.mentions("priority")
}
