package integration

import (
	"slices"
	"strings"
)

// bulkWrite is a bulk write.
func bulkWrite(query, body string, headers ...string) string {
	return string(requestWith(body, "POST /_in?"+query, headers...))
}

// triple is a bulk write of ann's with one subject, in N-Triples.
func triple(subject string) string { return bulkWrite("format=ntriples", statement(subject), byAnn) }

// rdfXML is a document in RDF/XML.
func rdfXML(attributes, body string) string {
	return `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x/" ` + attributes + ">" + body + "</rdf:RDF>"
}

// inBulk is what the store sees of a bulk write of ann's that passes.
func inBulk(query string) []string { return saw("POST /_in?" + query + " as ann") }

// bodyRows are about CM-Well's calls, and about what a body writes or reads.
var bodyRows = slices.Concat([]attackRow{
	{id: "W-02 a denied subject behind an allowed one", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a")+statement("cmwell://tests/secret/b"), byAnn), want: one(403)},
	{id: "W-02 a subject outside", door: "cm", send: triple("cmwell://meta/auth/users/ann"), want: one(403)},
	{id: "W-02 subjects that are allowed", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a")+statement("http://door/tests/b"), byAnn), want: one(200), saw: inBulk("format=ntriples"), keeps: statement("http://door/tests/b")},
	{id: "W-02 without a token", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a")), want: one(401)},
	{id: "W-03 encoded letters", door: "cm", send: triple("http://door/tests/%73ecret/b"), want: one(403)},
	{id: "W-03 another scheme and host", door: "cm", send: triple("https://h/tests/a"), want: one(403)},
	{id: "W-03 doubled slash", door: "cm", send: triple("http://door//meta/auth/x"), want: one(403)},
	{id: "W-03 a user before the host", door: "cm", send: triple("http://x@door/tests/a"), want: one(403)},
	{id: "W-03 a port behind the host", door: "cm", send: triple("http://door:80/tests/a"), want: one(403)},
	{id: "W-03 dot segments", door: "cm", send: triple("http://door/tests/../meta/auth/x"), want: one(403)},
	{id: "W-03 a host in capitals", door: "cm", send: triple("http://DOOR/tests/a"), want: one(403)},
	{id: "W-03 a slash at the end", door: "cm", send: triple("http://door/tests/secret/"), want: one(403)},
	{id: "W-03 a path for a host", door: "cm", send: triple("cmwell:///tests/a"), want: one(403)},
	{id: "W-04 escapes of letters", door: "cm", send: triple(`http://door/\u006deta/auth/users/root`), want: one(403)},
	{id: "W-04 long escapes of letters", door: "cm", send: triple(`cmwell://\U0000006deta/auth/users/root`), want: one(403)},
	{id: "W-05 a subject in a literal", door: "cm", send: bulkWrite("format=ntriples", `<cmwell://tests/a> <http://x/p> "<cmwell://meta/auth/x> <http://x/p> <http://x/o> ." .`+"\n", byAnn), want: one(200), saw: inBulk("format=ntriples")},
	{id: "W-05 a line that ends by CR alone", door: "cm", send: bulkWrite("format=ntriples", strings.ReplaceAll(statement("cmwell://tests/a")+statement("cmwell://other/b"), "\n", "\r"), byAnn), want: one(403)},
	{id: "W-05 a comment that ends by CR alone", door: "cm", send: bulkWrite("format=ntriples", "# x\r"+statement("cmwell://other/b"), byAnn), want: one(403)},
	{id: "W-05 byte order mark", door: "cm", send: bulkWrite("format=ntriples", "\ufeff"+statement("cmwell://tests/a"), byAnn), want: one(403)},
	{id: "W-05 UTF-16", door: "cm", send: bulkWrite("format=ntriples", strings.Join(strings.Split(statement("cmwell://tests/a"), ""), "\x00"), byAnn), want: one(403)},
	{id: "W-06 an alias of @id", door: "cm", send: bulkWrite("format=jsonld", `{"@context":{"id":"@id"},"id":"cmwell://meta/auth/x","http://x/p":1}`, byAnn), want: one(403)},
	{id: "W-06 @reverse", door: "cm", send: bulkWrite("format=jsonld", `{"@id":"cmwell://tests/a","@reverse":{"http://x/p":{"@id":"cmwell://other/b"}}}`, byAnn), want: one(403)},
	{id: "W-06 @graph", door: "cm", send: bulkWrite("format=jsonld", `{"@id":"cmwell://tests/a","@graph":[{"@id":"cmwell://other/b","http://x/p":1}]}`, byAnn), want: one(403)},
	{id: "W-06 @included", door: "cm", send: bulkWrite("format=jsonld", `{"@id":"cmwell://tests/a","http://x/p":1,"@included":[{"@id":"cmwell://other/b","http://x/p":1}]}`, byAnn), want: one(403)},
	{id: "W-06 @nest", door: "cm", send: bulkWrite("format=jsonld", `{"@context":{"n":"@nest"},"@id":"cmwell://tests/a","n":{"http://x/p":{"@id":"cmwell://other/b","http://x/q":1}}}`, byAnn), want: one(403)},
	{id: "W-06 @base", door: "cm", send: bulkWrite("format=jsonld", `{"@context":{"@base":"cmwell://other/"},"@id":"b","http://x/p":1}`, byAnn), want: one(403)},
	{id: "W-06 a list of nodes", door: "cm", send: bulkWrite("format=jsonld", `{"@id":"cmwell://tests/a","http://x/p":{"@list":[{"@id":"cmwell://other/b","http://x/q":1}]}}`, byAnn), want: one(403)},
	{id: "W-07 a context elsewhere", door: "cm", send: bulkWrite("format=jsonld", `{"@context":"http://169.254.169.254/","@id":"cmwell://tests/a","http://x/p":1}`, byAnn), want: one(403)},
	{id: "W-08 @base of Turtle", door: "cm", send: bulkWrite("format=turtle", "@base <http://door/meta/auth/users/> .\n<root> <http://x/p> 1 .\n", byAnn), want: one(403)},
	{id: "W-08 BASE of SPARQL", door: "cm", send: bulkWrite("format=turtle", "BASE <http://door/meta/auth/users/>\n<root> <http://x/p> 1 .\n", byAnn), want: one(403)},
	{id: "W-08 xml:base", door: "cm", send: bulkWrite("format=rdfxml", rdfXML(`xml:base="http://door/meta/auth/users/"`, `<rdf:Description rdf:about="root" x:p="y"/>`), byAnn), want: one(403)},
	{id: "W-08 rdf:ID", door: "cm", send: bulkWrite("format=rdfxml", rdfXML(`xml:base="http://door/other"`, `<rdf:Description rdf:ID="b" x:p="y"/>`), byAnn), want: one(403)},
	{id: "W-08 entities of XML", door: "cm", send: bulkWrite("format=rdfxml", `<!DOCTYPE a [<!ENTITY s "cmwell://other/b">]>`+rdfXML("", `<rdf:Description rdf:about="&s;" x:p="y"/>`), byAnn), want: one(403)},
	{id: "W-09 a format and another type", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://other/b"), byAnn, "Content-Type: text/turtle"), want: one(415)},
	{id: "W-09 a format that nobody knows", door: "cm", send: bulkWrite("format=zzz", statement("cmwell://tests/a"), byAnn, "Content-Type: application/n-triples"), want: one(415)},
	{id: "W-09 a format twice", door: "cm", send: bulkWrite("format=ntriples&format=jsonld", statement("cmwell://tests/a"), byAnn), want: one(403)},
	{id: "W-10 jsonw", door: "cm", send: bulkWrite("format=jsonw", `{"type":"ObjectInfoton","system":{"path":"/tests/a","path":"//meta/auth/users/x"}}`, byAnn), want: one(415)},
	{id: "W-11 brotli", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a"), byAnn, "Content-Encoding: br"), want: one(403)},
	{id: "W-11 compressed twice", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a"), byAnn, "Content-Encoding: deflate,gzip"), want: one(403)},
	{id: "W-11 compressed on two lines", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a"), byAnn, "Content-Encoding: identity", "Content-Encoding: gzip"), want: one(403)},
	{id: "W-11 gzip that is none", door: "cm", send: bulkWrite("format=ntriples", statement("cmwell://tests/a"), byAnn, "Content-Encoding: gzip"), want: one(400)},
	{id: "W-14 fullDelete", door: "cm", send: bulkWrite("format=ntriples", "<cmwell://tests> <cmwell://meta/sys#fullDelete> \"true\" .\n", byAnn), want: one(403)},
	{id: "W-14 markDelete in the part that is denied", door: "cm", send: bulkWrite("format=ntriples", "<cmwell://tests/secret/x> <cmwell://meta/sys#markDelete> _:b .\n", byAnn), want: one(403)},
	{id: "W-15 a time of last change", door: "cm", send: bulkWrite("format=ntriples", "<cmwell://tests/a> <cmwell://meta/sys#lastModified> \"2001-01-01T00:00:00Z\" .\n", byAnn), want: one(200), saw: inBulk("format=ntriples")},
	{id: "W-15 overwriting", door: "cm", send: string(requestWith(statement("cmwell://tests/a"), "POST /_ow?format=ntriples", byAnn)), want: one(403)},
	{id: "W-21 a list of what is protected", door: "cm", send: string(requestWith("/meta/auth/users/root", "POST /_out", byCal)), want: one(403)},
	{id: "W-21 a search below what one may not read", door: "cm", send: plainly("GET /tests?op=search&recursive&with-data", byAnn), want: one(403)},
	{id: "W-21 a graph of everything", door: "cm", send: string(requestWith("SELECT * { ?s ?p ?o }", "POST /_sparql", byAnn)), want: one(403)},
	{id: "W-21 what links lead to", door: "cm", send: plainly("GET /tests/x?yg=%3Cp", byAnn), want: one(403)},
	{id: "W-21 a position to go on from", door: "cm", send: plainly("GET /_consume?position=x", byAnn), want: one(403)},
	{id: "W-21 an iterator to go on with", door: "cm", send: plainly("GET /_iterate?iterator-id=x", byAnn), want: one(403)},
	{id: "W-22 a forward link", door: "cm", send: string(requestWith("/tests/secret/x", "POST /tests/l", byAnn, "X-CM-WELL-TYPE: LN", "X-CM-WELL-LINK-TYPE: 2")), want: one(200), saw: saw("POST /tests/l as ann")},
	{id: "W-23 rules that rewrite paths", door: "cm", send: plainly("PUT /meta/services/x", byAnn), want: one(403)},
	{id: "W-23 code", door: "cm", send: plainly("PUT /meta/lib/x.jar", byAnn), want: one(403)},
	{id: "W-23 a page", door: "cm", send: plainly("PUT /meta/app/x.html", byAnn), want: one(403)},
	{id: "W-23 agents", door: "cm", send: plainly("PUT /meta/sys/agents/x", byAnn), want: one(403)},
	{id: "W-25 a namespace", door: "dev", send: plainly("PUT /meta/ns/x"), want: one(401)},
	{id: "W-25 the page of all", door: "dev", send: plainly("PUT /meta/app/main/index.html"), want: one(401)},
	{id: "W-25 code", door: "dev", send: plainly("PUT /meta/lib/x.jar"), want: one(401)},
	{id: "W-25 data centres, as in CM-Well", door: "dev", send: plainly("PUT /meta/sys/dc/x"), want: one(200), saw: saw("PUT /meta/sys/dc/x as nobody")},
	{id: "W-26 a list with what is denied", door: "cm", send: string(requestWith("/tests/a\n/tests/secret/x", "POST /_out", byAnn)), want: one(403)},
	{id: "W-26 a list with CRLF", door: "cm", send: string(requestWith("/tests/a\r\n/tests/secret/x\r\n", "POST /_out", byAnn)), want: one(403)},
	{id: "W-26 a list in JSON", door: "cm", send: string(requestWith(`{"type":"InfotonPaths","paths":["/tests/secret/x"]}`, "POST /_out?format=json", byAnn, "Content-Type: application/json")), want: one(403)},
	{id: "W-26 a list with a uuid", door: "cm", send: string(requestWith("/ii/0123", "POST /_out", byAnn)), want: one(403)},
	{id: "W-26 a list by another scheme", door: "cm", send: string(requestWith("cmwell://tests/secret/x", "POST /_out", byAnn)), want: one(403)},
	{id: "W-27 the document of nobody", door: "cm", send: plainly("GET /meta/auth/users/", byCal), want: one(403)},
	{id: "W-27 the document of nobody, by nobody", door: "cm", send: plainly("GET /meta/auth/users/"), want: one(401)},
},
	onlyAdmin("W-17", "POST /_cmd?op=init", "GET /zz/k?op=put", "GET /_hcn", "GET /_ll?lvl=x", "GET /_traffic?tf=1", "GET /_backpressure?pbp=block", "GET /_stp/a?enabled=false", "GET /monitor/start", "GET /_ns-cache?invalidate-all", "GET /_services-cache?op=refresh"),
	onlyAdmin("W-19", "POST /_sp", "POST /_sp/a"),
	onlyAdmin("W-20", "GET /tests?op=subscribe&method=push&callback=http://127.0.0.1:2019/stop", "GET /tests?op=subscribe&method=push&callback=http://localhost:9000/_in?format=ntriples"),
	onlyAdmin("W-21", "GET /_cas/meta/auth/users/root", "GET /_es/0123", "GET /_kafka/persist_topic/0", "GET /proc/requests.md", "GET /monitor/requests/eA=="),
	onlyAdmin("W-24", "GET /tests/f.scala | X-Compile-To: js"),
)

// onlyAdmin are rows of calls that neither nobody nor ann may make.
func onlyAdmin(id string, lines ...string) []attackRow {
	var rows []attackRow
	for _, said := range lines {
		line, header, more := strings.Cut(said, " | ")
		headers := []string{}
		if more {
			headers = append(headers, header)
		}
		rows = append(rows,
			attackRow{id: id + " " + line + " by nobody", door: "cm", send: plainly(line, headers...), want: one(401)},
			attackRow{id: id + " " + line + " by ann", door: "cm", send: plainly(line, append(slices.Clip(headers), byAnn)...), want: one(403)},
			attackRow{id: id + " " + line + " by adm", door: "cm", send: plainly(line, append(slices.Clip(headers), byAdm)...), want: one(200), saw: saw(line + " as adm")})
	}
	return rows
}
