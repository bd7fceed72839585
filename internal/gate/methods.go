package gate

import "net/http"

// byMethod is the profile HTTP: RFC 9110, section 9.2.1, and WebDAV's methods,
// RFC 4918. What is not here writes, and at worst a tree. The bodies of REPORT,
// SEARCH and QUERY can name any path.
var byMethod = newTable([]call{
	{methods: []string{"GET", "HEAD", "OPTIONS"}, path: everyPath, demand: read},
	{methods: []string{"PROPFIND"}, path: everyPath, when: depthZero, demand: read},
	{methods: []string{"PROPFIND"}, path: everyPath, demand: readTree},
	{methods: []string{"REPORT", "SEARCH", "QUERY"}, path: everyPath, demand: readAll},
	{methods: []string{"POST", "PUT", "PATCH", "MKCOL", "PROPPATCH", "UNLOCK"}, path: everyPath, demand: write},
	{path: everyPath, demand: writeTree},
}, nil)

// depthZero is RFC 4918, section 10.2.
func depthZero(h http.Header) bool {
	depth := h["Depth"]
	return len(depth) == 1 && depth[0] == "0"
}
