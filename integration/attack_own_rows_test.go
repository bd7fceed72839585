package integration

import (
	"slices"
	"strings"
)

// inFields is a request as HTTP/2 and HTTP/3 have it.
func inFields(line string, more ...string) []string {
	method, target, _ := strings.Cut(line, " ")
	return append([]string{":method: " + method, ":scheme: {scheme}", ":authority: door", ":path: " + target}, more...)
}

// pseudo is such a request with one of these fields in place of its own, or more.
func pseudo(line string, fields ...string) []string {
	all := inFields(line)
	for _, f := range fields {
		name, _, _ := strings.Cut(f[1:], ":")
		i := slices.IndexFunc(all, func(own string) bool { return strings.HasPrefix(own, ":"+name+":") })
		if i < 0 {
			all = append(all, f)
		} else {
			all[i] = f
		}
	}
	return all
}

// ownRows are attacks that were thought of here.
var ownRows = []attackRow{
	{id: "N-01 marks for dashes in the identity", door: "cm", send: plainly("GET /tests/x", "X!CM!Well!User: adm", "X~CM|Well^User: adm", "X+CM'Well`User: adm"), want: one(200), saw: saw("GET /tests/x as nobody"), lacks: ": adm"},
	{id: "N-01 marks for dashes in the identity, beside a token", door: "cm", send: plainly("PUT /tests/x", byAnn, "X!CM!Well!User: adm"), want: one(200), saw: saw("PUT /tests/x as ann"), lacks: ": adm"},
	{id: "N-01 marks for dashes in a token", door: "dev", send: plainly("PUT /x", "X*CM*WELL*TOKEN: {unsigned}"), want: one(200), saw: saw("PUT /x as nobody"), lacks: "TOKEN"},
	{id: "N-01 marks for dashes in another method", door: "web", send: plainly("GET /tests/x", "X~HTTP~Method~Override: DELETE"), want: one(401)},
	{id: "N-01 marks for dashes in another path", door: "cm", send: plainly("GET /tests/x", "X!Original!URL: /meta/auth/users/root"), want: one(200), saw: saw("GET /tests/x as nobody"), lacks: "/meta/auth"},

	{id: "N-02 BIND makes a name for what is denied", door: "web", send: string(requestWith("<D:bind xmlns:D='DAV:'><D:segment>x</D:segment><D:href>/tests/secret/s</D:href></D:bind>", "BIND /tests/full/", byAnn, "Content-Type: application/xml")), want: one(403)},
	{id: "N-02 REBIND moves what is denied", door: "web", send: plainly("REBIND /tests/full/", byAnn), want: one(403)},
	{id: "N-02 bind in lower case", door: "web", send: plainly("bind /tests/full/", byAnn), want: one(403)},
	{id: "N-02 BIND in a header", door: "web", send: plainly("PUT /tests/full/x", byAnn, "X-HTTP-Method-Override: BIND"), want: one(403)},
	{id: "N-02 MERGE takes from anywhere", door: "web", send: plainly("MERGE /tests/full/", byAnn), want: one(403)},
	{id: "N-02 LINK names anything in a header", door: "web", send: plainly("LINK /tests/full/x", byAnn, "Link: </tests/secret/s>; rel=copy"), want: one(403)},
	{id: "N-02 BIND by who may write all", door: "web", send: plainly("BIND /tests/full/", byAdm), want: one(200), saw: saw("BIND /tests/full/ as adm")},

	{id: "N-03 another method in a form", door: "web", send: string(requestWith("_method=DELETE", "POST /tests", byAnn, aForm)), want: one(403)},
	{id: "N-03 another method in a form of parts", door: "web", send: string(requestWith("--x\r\nContent-Disposition: form-data; name=_method\r\n\r\nDELETE\r\n--x--\r\n", "POST /tests", byAnn, "Content-Type: Multipart/FORM-data; boundary=x")), want: one(403)},
	{id: "N-03 another method in a body without a type", door: "web", send: string(requestWith("_method=DELETE", "POST /tests", byAnn)), want: one(403)},
	{id: "N-03 a form below which nothing is denied", door: "web", send: string(requestWith("a=b", "POST /tests/x", byAnn, aForm)), want: one(200), saw: saw("POST /tests/x as ann"), keeps: "\r\n\r\na=b"},
	{id: "N-03 no form", door: "web", send: string(requestWith("{}", "POST /tests", byAnn, "Content-Type: application/json")), want: one(200), saw: saw("POST /tests as ann")},

	{id: "N-04 an unsigned bearer behind a tab", door: "bearer", send: plainly("GET /tests/x", "Authorization: Bearer\t{unsigned}"), want: one(401)},
	{id: "N-04 a bearer behind a tab beside another token", door: "bearer", send: plainly("GET /tests/x", byAnn, "Authorization: Bearer \t{adm}"), want: one(401)},
	{id: "N-04 a bearer behind tabs", door: "bearer", send: plainly("PUT /tests/x", "Authorization: bearer\t {ann}"), want: one(200), saw: saw("PUT /tests/x as ann")},

	{id: "N-05 a shorter body than announced", door: "cm", breaks: true, frames: inFields("PUT /tests/x", "x-cm-well-token: {ann}", "content-length: 5"), body: "ab", want: one(400)},
	{id: "N-05 a longer body than announced", door: "cm", breaks: true, frames: inFields("PUT /tests/x", "x-cm-well-token: {ann}", "content-length: 1"), body: "ab", want: one(400), saw: saw("PUT /tests/x as ann")}, // or of it what was announced
	{id: "N-05 a body beside a length of zero", door: "cm", breaks: true, frames: inFields("GET /tests/x", "x-cm-well-token: {ann}", "content-length: 0"), body: "ab" + hidden, want: one(200), saw: saw("GET /tests/x as ann"), lacks: "ab|PUT /meta"},
	{id: "N-05 a length and no body", door: "cm", breaks: true, frames: inFields("PUT /tests/x", "x-cm-well-token: {ann}", "content-length: 5"), want: one(400)},
	{id: "N-05 a length with a sign", door: "cm", frames: inFields("PUT /tests/x", "x-cm-well-token: {ann}", "content-length: +2"), body: "ab", want: one(400)},
	{id: "N-05 a list of lengths, twice", door: "cm", frames: inFields("PUT /tests/x", "x-cm-well-token: {ann}", "content-length: 2", "content-length: 2, 2"), body: "ab", want: one(400)},

	{id: "N-06 two paths", door: "dev", frames: append(inFields("GET /tests/x"), ":path: /meta/auth/users/root"), want: one(400)},
	{id: "N-06 a path behind a field", door: "dev", frames: []string{":method: GET", ":scheme: {scheme}", ":authority: door", "a: b", ":path: /meta/auth/users/root"}, want: one(400)},
	{id: "N-06 a field with a colon that nobody knows", door: "dev", frames: append(inFields("GET /tests/x"), ":user: adm"), want: one(400)},
	{id: "N-06 the status of an answer", door: "dev", frames: append(inFields("GET /tests/x"), ":status: 200"), want: one(400)},
	{id: "N-06 an empty path", door: "dev", frames: pseudo("GET /", ":path: "), want: one(400)},
	{id: "N-06 a path without a slash", door: "dev", frames: pseudo("GET /", ":path: meta/auth/users/root"), want: one(400)},
	{id: "N-06 a space in a path", door: "dev", frames: pseudo("GET /", ":path: /tests/x HTTP/1.1"), want: one(400)},
	{id: "N-06 a request in a path", door: "dev", frames: pseudo("GET /", ":path: /x HTTP/1.1\r\nX-CM-Well-User: adm\r\n\r\n"), want: one(400)},
	{id: "N-06 a path with a host", door: "dev", frames: pseudo("GET /", ":path: http://evil/tests/x"), want: one(400)},
	{id: "N-06 letters beyond ASCII in a path", door: "dev", frames: pseudo("GET /", ":path: /\uff4deta/auth/users/root"), want: one(400)},
	{id: "N-06 a fragment in a path", door: "dev", frames: pseudo("GET /", ":path: /tests/x#/../meta/auth"), want: one(400)},
	{id: "N-06 a request in a method", door: "dev", frames: pseudo("GET /x", ":method: GET /meta/auth HTTP/1.1\r\nA: b"), want: one(400)},
	{id: "N-06 a space in a method", door: "dev", frames: pseudo("GET /x", ":method: GET /meta/auth"), want: one(400)},
	{id: "N-06 an empty method", door: "dev", frames: pseudo("GET /x", ":method: "), want: one(400)},

	{id: "N-07 Host beside another authority", door: "cm", frames: inFields("PUT /tests/x", "x-cm-well-token: {ann}", "host: evil"), want: one(400)},
	{id: "N-07 a user in the authority", door: "cm", frames: pseudo("GET /_login", ":authority: ann:x@door"), want: one(400)},
	{id: "N-07 a path in the authority", door: "cm", frames: pseudo("PUT /tests/x", ":authority: door/meta/auth"), want: one(400)},
	{id: "N-07 a line break in the authority", door: "cm", frames: pseudo("GET /tests/x", ":authority: door\r\nX-CM-Well-User: adm"), want: one(400)},
	{id: "N-07 no authority", door: "cm", frames: []string{":method: PUT", ":scheme: {scheme}", ":path: /tests/x"}, want: one(400)},

	{id: "N-08 a name in capitals", door: "dev", frames: inFields("GET /x", "X-CM-Well-User: adm"), want: one(400)},
	{id: "N-08 a name with a space", door: "dev", frames: inFields("GET /x", "x-cm-well-user : adm"), want: one(400)},
	{id: "N-08 a name with a line break", door: "dev", frames: inFields("GET /x", "a\r\nx-cm-well-user: adm"), want: one(400)},
	{id: "N-08 a value with a line break", door: "dev", frames: inFields("GET /x", "a: b\r\nX-CM-Well-User: adm"), want: one(400)},
	{id: "N-08 a value with a line feed", door: "dev", frames: inFields("GET /x", "a: b\nX-CM-Well-User: adm"), want: one(400)},
	{id: "N-08 a value with NUL", door: "dev", frames: inFields("GET /x", "a: b\x00c"), want: one(400)},

	{id: "N-09 an identity in a trailer", door: "dev", frames: inFields("PUT /x"), body: "a", trailer: []string{"x-cm-well-user: adm"}, want: one(200), saw: saw("PUT /x as nobody"), lacks: "adm"},
	{id: "N-09 a token in a trailer", door: "cm", frames: inFields("PUT /tests/x"), body: "a", trailer: []string{"x-cm-well-token: {ann}"}, want: one(401)},
	{id: "N-09 another path in a trailer", door: "dev", breaks: true, frames: inFields("PUT /x"), body: "a", trailer: []string{":path: /meta/auth/users/root"}, want: one(400)},
	{id: "N-09 a length in a trailer", door: "dev", breaks: true, frames: inFields("GET /x"), body: "a", trailer: []string{"content-length: 5"}, want: one(200), saw: saw("GET /x as nobody"), lacks: "Content-Length: 5"},

	{id: "N-10 two tokens in crumbs of a cookie", door: "cookie", frames: inFields("PUT /tests/x", "cookie: X-CM-WELL-TOKEN={ann}", "cookie: X-CM-WELL-TOKEN={adm}"), want: one(401)},
	{id: "N-10 a token among crumbs", door: "cookie", frames: inFields("PUT /tests/x", "cookie: a=b", "cookie: X-CM-WELL-TOKEN={ann}", "cookie: c=d"), want: one(200), saw: saw("PUT /tests/x as ann"), keeps: "Cookie: a=b; c=d\r\n"},
	{id: "N-10 a token cut into crumbs", door: "cookie", frames: inFields("PUT /tests/x", "cookie: X-CM-WELL-TOKEN=ey", "cookie: {ann}"), want: one(401)},

	{id: "N-11 a websocket by CONNECT", door: "cm", frames: append(inFields("CONNECT /ws/_out", "x-cm-well-token: {adm}"), ":protocol: websocket"), want: one(400)},
	{id: "N-11 a websocket by CONNECT, in order", door: "cm", frames: append([]string{":protocol: websocket"}, inFields("CONNECT /ws/_out", "x-cm-well-token: {adm}")...), want: one(405)},
	{id: "N-11 a protocol without CONNECT", door: "dev", frames: append([]string{":protocol: websocket"}, inFields("GET /ws/_out")...), want: one(400)},

	{id: "N-12 TE of HTTP/1.1", door: "dev", frames: inFields("PUT /x", "te: chunked"), body: "0\r\n\r\n" + hidden, want: one(400)},
	{id: "N-12 chunks in frames", door: "dev", frames: inFields("PUT /x", "transfer-encoding: chunked"), body: "0\r\n\r\n" + hidden, want: one(400)},
	{id: "N-12 an upgrade in frames", door: "dev", frames: inFields("GET /x", "connection: upgrade", "upgrade: h2c"), want: one(400)},

	{id: "N-13 two spaces in the first line", door: "dev", only: lineEnds, send: "GET  /meta/auth/users/root HTTP/1.1\r\nHost: door\r\n\r\n", want: one(400)},
	{id: "N-13 a tab in the first line", door: "dev", only: lineEnds, send: "GET\t/tests/x HTTP/1.1\r\nHost: door\r\n\r\n", want: one(400)},
	{id: "N-13 two versions", door: "dev", only: lineEnds, send: "GET /tests/x HTTP/1.1 HTTP/1.1\r\nHost: door\r\n\r\n", want: one(400)},
	{id: "N-13 a version that nobody knows", door: "dev", only: lineEnds, send: "GET /tests/x HTTP/3.7\r\nHost: door\r\n\r\n", want: one(505)},
	{id: "N-13 a field before the host", door: "dev", only: lineEnds, send: "GET /tests/x HTTP/1.1\r\n Host: door\r\nX: y\r\n\r\n", want: one(400)},

	{id: "N-15 a chunk's size beyond all numbers", door: "cm", only: codings, send: plainly("POST /tests/x", "Transfer-Encoding: chunked") + "FFFFFFFFFFFFFFFF1\r\na\r\n0\r\n\r\n" + hidden, want: one(401)},
	{id: "N-15 a line feed in a chunk's extension", door: "cm", only: codings, send: plainly("POST /tests/x", "Transfer-Encoding: chunked") + "1;a=\nb\r\nx\r\n0\r\n\r\n" + hidden, want: one(401)},
	{id: "N-15 chunks in HTTP/1.0", door: "cm", only: oldVersion, send: "POST /tests/x HTTP/1.0\r\nHost: door\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden, want: []int{401, 401}},
	{id: "N-15 a chunk in a request for judging", door: "cm", only: codings, send: plainly("POST /_in?format=ntriples", byAnn, "Transfer-Encoding: chunked") + "x\r\n\r\n0\r\n\r\n", want: one(400)},

	{id: "N-16 two content types of a search", door: "cm", send: plainly("POST /tests/x?op=search", aForm, "Content-Type: text/plain"), want: one(401)},
	{id: "N-16 two content types in one line", door: "cm", send: plainly("POST /tests/x?op=search", aForm+", text/plain"), want: one(401)},
	{id: "N-16 a read by PUT of what is denied", door: "cm", send: string(requestWith("/tests/secret/x", "PUT /_out", byAnn)), want: one(403)},
	{id: "N-16 a bulk write by PUT", door: "cm", send: string(requestWith(statement("cmwell://tests/a"), "PUT /_in?format=ntriples", byAnn)), want: one(403)},
	{id: "N-16 a bulk write by another method in a header", door: "cm", send: string(requestWith(statement("cmwell://other/a"), "GET /_in?format=ntriples", byAnn, "X-HTTP-Method-Override: POST")), want: one(403)},
	{id: "N-16 a bulk write in two types", door: "cm", send: bulkWrite("format=turtle", statement("cmwell://tests/a"), byAnn, "Content-Type: text/turtle", "Content-Type: application/n-quads"), want: one(415)},

	{id: "N-16 a bulk write under another spelling", door: "cm", send: string(requestWith(statement("cmwell://tests/a"), "POST /%5fin?format=ntriples", byAnn)), want: one(403)},
	{id: "N-16 a bulk write under a slash at the end", door: "cm", send: string(requestWith(statement("cmwell://tests/a"), "POST /_in/?format=ntriples", byAnn)), want: one(403)},

	{id: "N-17 a destination behind a user", door: "web", send: plainly("MOVE /tests/x", byAnn, "Destination: http://door@evil/other/x"), want: one(403)},
	{id: "N-17 a destination without a host", door: "web", send: plainly("MOVE /tests/x", byAnn, "Destination: //evil/other/x"), want: one(403)},
	{id: "N-17 a destination of many readings", door: "web", send: plainly("COPY /tests/x", byAnn, "Destination: /tests/..%2fother/x"), want: one(403)},
	{id: "N-17 a destination behind backslashes", door: "web", send: plainly("COPY /tests/x", byAnn, `Destination: /tests/..%5cother%5cx`), want: one(403)},

	{id: "N-18 a script of another site", door: "cookie", send: plainly("GET /tests/x?format=json&callback=f", "Cookie: X-CM-WELL-TOKEN={ann}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: script"), want: one(403)},
	{id: "N-18 a script of another site, by an old browser", door: "cookie", send: plainly("GET /tests/x?callback=f", "Cookie: X-CM-WELL-TOKEN={ann}", "Origin: https://evil"), want: one(403)},
	{id: "N-18 a websocket of another site", door: "cookie", send: plainly("GET /ws/_out", aWebsocket+"13", "Cookie: X-CM-WELL-TOKEN={adm}", "Origin: https://evil"), want: one(403)},
	{id: "N-18 a link on another site", door: "cookie", send: plainly("GET /tests/x", "Cookie: X-CM-WELL-TOKEN={ann}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"), want: one(200), saw: saw("GET /tests/x as ann")},

	{id: "N-19 a list with a carriage return alone", door: "cm", send: string(requestWith("/tests/a\r/tests/b", "POST /_out", byAnn)), want: one(403)},
	{id: "N-19 a list with a line separator", door: "cm", send: string(requestWith("/tests/a\u2028/tests/b", "POST /_out", byAnn)), want: one(403)},
	{id: "N-19 a list that everybody reads alike", door: "cm", send: string(requestWith("/tests/a\r\n/tests/b\n", "POST /_out", byAnn)), want: one(200), saw: saw("POST /_out as ann")},
}
