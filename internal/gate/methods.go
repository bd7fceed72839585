package gate

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
