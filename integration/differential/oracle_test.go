package differential

import (
	"slices"
	"strings"
)

// This file is the other half of the comparison: what a request means to a store
// that reads this path and this query, and whether the user may do that, written
// from docs/permissions.md. It shares no line with the front door.

// reading is a request as one reader has it.
type reading struct {
	method, path string
	query        [][2]string
	form         bool // the body is a form
}

// want is what it does.
type want struct {
	write, tree bool
	path        string
	operation   bool // needs one that no user here has
}

// rule is an entry; all are recursive here.
type rule struct {
	id     string
	plus   bool
	levels string
}

// people are the users of the test. Nobody has no token, and no operations has
// anybody.
var people = map[string][]rule{
	"nobody": nil,
	"ann":    {{"/", true, "r"}, {"/tests", true, "rw"}, {"/tests/secret", false, "rw"}},
	"most":   {{"/", true, "rw"}, {"/tests/secret", false, "rw"}, {"/meta/auth", false, "w"}},
}

var (
	readOps  = strings.Fields("read x-info x-verify")
	treeOps  = strings.Fields("search aggregate stats create-iterator create-consumer stream mstream sstream qstream")
	allOps   = strings.Fields("next-chunk consume bulk-consume pull")
	writeOps = strings.Fields("purge-all purge-history purge-last rollback")
)

// wants is what the request does to a CM-Well, or, with http, to any other store.
// Of a key that stands twice some stores take the first, and some the last.
func (r reading) wants(http bool) []want {
	if http {
		switch r.method {
		case "GET", "HEAD", "OPTIONS":
			return []want{{path: r.path}}
		case "PUT", "POST", "PATCH", "MKCOL":
			return []want{{write: true, path: r.path}}
		}
		return []want{{write: true, tree: true, path: r.path}}
	}
	first := r.wantsWith(func(values []string) string { return values[0] })
	last := r.wantsWith(func(values []string) string { return values[len(values)-1] })
	return append(first, last...)
}

func (r reading) values(key string) (values []string) {
	for _, pair := range r.query {
		if pair[0] == key {
			values = append(values, pair[1])
		}
	}
	return values
}

func (r reading) has(key string) bool { return len(r.values(key)) > 0 }

func (r reading) wantsWith(which func([]string) string) (all []want) {
	get := func(key string) string {
		if values := r.values(key); len(values) > 0 {
			return which(values)
		}
		return ""
	}
	service := strings.HasPrefix(r.path, "/_") || slices.ContainsFunc([]string{"/ii", "/zz", "/proc", "/monitor"}, func(s string) bool {
		return r.path == s || strings.HasPrefix(r.path, s+"/")
	})
	op := strings.ToLower(get("op"))
	switch r.method {
	case "GET", "HEAD", "OPTIONS":
		switch {
		case service:
			return nil // help texts and caches read, others need Admin: not this test's question
		case !r.has("op"), slices.Contains(readOps, op):
			all = append(all, want{path: r.path, tree: r.has("recursive") || r.has("with-descendants")})
		case slices.Contains(treeOps, op):
			all = append(all, want{path: r.path, tree: true})
		case slices.Contains(allOps, op):
			all = append(all, want{path: "/", tree: true})
		case slices.Contains(writeOps, op):
			all = append(all, want{path: r.path, write: true})
		default:
			all = append(all, want{path: r.path, write: true, tree: true, operation: op == "x-fix" || op == "subscribe" || op == "unsubscribe"})
		}
		if r.has("xg") || r.has("yg") {
			all = append(all, want{path: "/", tree: true})
		}
	case "POST", "PUT":
		switch op := get("op"); {
		case r.form && (op == "search" || op == "create-consumer"):
			all = append(all, want{path: r.path, tree: true})
		case service:
			return nil
		default:
			all = append(all, want{path: r.path, write: true, operation: r.has("priority")})
		}
	case "DELETE":
		all = append(all, want{path: r.path, write: true, tree: get("recursive") != "false", operation: r.has("priority")})
	default:
		all = append(all, want{path: r.path, write: true, tree: true})
	}
	return all
}

// complaint says why the user may not do it, or nothing.
func (r reading) complaint(who string, http bool) string {
	if strings.EqualFold(strings.TrimSuffix(r.path, "/"), "/_login") {
		return "is the login of the store"
	}
	for _, pair := range r.query {
		if !http && strings.EqualFold(pair[0], "token") && strings.HasPrefix(pair[1], "ey") && strings.Count(pair[1], ".") >= 2 {
			return "has a token that nobody verified"
		}
		if strings.EqualFold(pair[0], "_method") && !strings.EqualFold(pair[1], r.method) {
			other := r
			other.method = strings.ToUpper(pair[1])
			other.query = slices.DeleteFunc(slices.Clone(r.query), func(p [2]string) bool { return p == pair })
			if why := other.complaint(who, http); why != "" {
				return why
			}
		}
	}
	for _, w := range r.wants(http) {
		if why := w.complaint(who); why != "" {
			return why
		}
	}
	return ""
}

func (w want) complaint(who string) string {
	auth := within(w.path, "/meta/auth") || w.write && w.tree && within("/meta/auth", w.path)
	switch {
	case w.operation:
		return "needs an operation"
	case auth && w.write:
		return "writes a user's document at " + w.path
	case who == "nobody" && w.write:
		return "writes " + w.path + " without a token"
	case who == "nobody" && auth:
		return "reads a protected path, " + w.path
	case who == "nobody":
		return ""
	}
	level := "r"
	if w.write {
		level = "w"
	}
	plus := false
	for _, e := range people[who] {
		if !strings.Contains(e.levels, level) {
			continue
		}
		covers := within(w.path, e.id)
		if !e.plus && (covers || w.tree && within(e.id, w.path)) {
			return level + " " + w.path + " is denied by " + e.id
		}
		plus = plus || e.plus && covers
	}
	if !plus {
		return level + " " + w.path + " is not allowed"
	}
	return ""
}

// within tells whether a path is the other one or below it, by whole segments.
func within(path, above string) bool {
	return above == "/" || strings.HasPrefix(strings.TrimSuffix(path, "/")+"/", above+"/")
}
