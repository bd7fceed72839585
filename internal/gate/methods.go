package gate

import (
	"net/http"
	"strings"
)

// byMethod is the profile HTTP: RFC 9110, section 9.2.1, and WebDAV's methods,
// RFC 4918. What is not here writes, and may name any path in its body or its
// header, as BIND, REBIND, LINK, MERGE and UPDATE do. The bodies of REPORT, SEARCH
// and QUERY can name any path, too.
var byMethod = newTable([]call{
	{methods: []string{"GET", "HEAD", "OPTIONS"}, path: everyPath, demand: read},
	{methods: []string{"PROPFIND"}, path: everyPath, when: depthZero, demand: read},
	{methods: []string{"PROPFIND"}, path: everyPath, demand: readTree},
	{methods: []string{"REPORT", "SEARCH", "QUERY"}, path: everyPath, demand: readAll},
	{methods: onlyPost, path: everyPath, when: maySayMethod, demand: writeTree},
	{methods: []string{"POST", "PUT", "PATCH", "MKCOL", "PROPPATCH", "UNLOCK"}, path: everyPath, demand: write},
	{methods: []string{"DELETE", "COPY", "MOVE", "LOCK"}, path: everyPath, demand: writeTree},
	{path: everyPath, demand: writeAll},
}, nil)

// maySayMethod tells whether a framework could read the body as a form, and in
// it a field _method by which a POST runs as DELETE. Some take a body without a
// type for a form.
func maySayMethod(h http.Header) bool {
	types := h["Content-Type"]
	return len(types) != 1 || types[0] == "" || strings.Contains(strings.ToLower(types[0]), "form")
}

// depthZero is RFC 4918, section 10.2.
func depthZero(h http.Header) bool {
	depth := h["Depth"]
	return len(depth) == 1 && depth[0] == "0"
}
