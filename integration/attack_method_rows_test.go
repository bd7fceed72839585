package integration

const aWebsocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: "

// methodRows are about methods, upgrades, and headers that pretend another
// method, path or caller.
var methodRows = []attackRow{
	{id: "M-02 unknown method", door: "cm", send: plainly("FOO /tests/x"), want: one(401)},
	{id: "M-02 unknown method, by method", door: "web", send: plainly("FOO /tests/x"), want: one(401)},
	{id: "M-02 PATCH", door: "web", send: plainly("PATCH /tests/x"), want: one(401)},
	{id: "M-02 LINK", door: "cm", send: plainly("LINK /tests/x"), want: one(401)},
	{id: "M-02 MKCOL", door: "web", send: plainly("MKCOL /tests/x"), want: one(401)},
	{id: "M-02 an unknown method may do anything below", door: "web", send: plainly("FOO /tests", byAnn), want: one(403)},
	{id: "M-02 PROPFIND reads", door: "web", send: plainly("PROPFIND /tests/x", "Depth: 1"), want: one(200), saw: saw("PROPFIND /tests/x as nobody")},
	{id: "M-02 PROPFIND is no read of CM-Well's", door: "cm", send: plainly("PROPFIND /tests/x", "Depth: 0"), want: one(401)},
	{id: "M-03 get in lower case", door: "cm", send: plainly("get /meta/auth/users/root"), want: one(401)},
	{id: "M-03 get in lower case, by method", door: "web", send: plainly("get /tests/x"), want: one(401)},
	{id: "M-03 post in lower case", door: "cm", send: plainly("post /x"), want: one(401)},
	{id: "M-03 no method at all", door: "cm", send: plainly("GE@T /tests/x"), want: one(400)},
	{id: "M-05 OPTIONS reads", door: "cm", send: plainly("OPTIONS /tests/x"), want: one(200), saw: saw("OPTIONS /tests/x as nobody")},
	{id: "M-05 OPTIONS of the server", door: "cm", send: plainly("OPTIONS *"), want: one(200), inHTTP3: 400},
	{id: "M-06 preflight", door: "cm", send: plainly("OPTIONS /tests/x", "Origin: https://app", "Access-Control-Request-Method: PUT"), want: one(200), saw: saw("OPTIONS /tests/x as nobody"), keeps: "\r\nOrigin: https://app\r\n"},
	{id: "M-06 preflight of a protected path", door: "cm", send: plainly("OPTIONS /meta/ns/x", "Origin: https://app", "Access-Control-Request-Method: PUT"), want: one(200), saw: saw("OPTIONS /meta/ns/x as nobody")},
	{id: "M-06 preflight of what the door serves", door: "cm", send: plainly("OPTIONS /meta/auth/users/x", "Origin: https://app", "Access-Control-Request-Method: PUT"), want: one(204)},
	{id: "M-06 what follows a preflight", door: "cm", send: plainly("PUT /tests/x", "Origin: https://app", "Access-Control-Request-Method: PUT"), want: one(401)},
	{id: "M-07 OPTIONS with a writing op", door: "cm", send: plainly("OPTIONS /tests/x?op=purge-all"), want: one(401)},
	{id: "M-07 preflight with a writing op", door: "cm", send: plainly("OPTIONS /tests/x?op=purge-all", "Origin: https://app", "Access-Control-Request-Method: GET"), want: one(401)},
	{id: "M-08 TRACE", door: "cm", send: plainly("TRACE /tests/x", byAnn), want: one(405)},
	{id: "M-08 TRACE, development", door: "dev", send: plainly("TRACE /tests/x"), want: one(405)},
	{id: "M-09 CONNECT to a host", door: "dev", send: "CONNECT store:80 HTTP/1.1\r\nHost: store:80\r\nX-CM-WELL-TOKEN: {adm}\r\n\r\n", want: one(405)},
	{id: "M-09 CONNECT to a path", door: "cm", send: plainly("CONNECT /x", byAdm), want: one(405)},
	{id: "M-11 websocket that returns any infoton", door: "cm", send: plainly("GET /ws/_out?format=json", aWebsocket+"13", byAnn), want: one(403)},
	{id: "M-06 preflight that asks to be a GET", door: "cm", send: plainly("OPTIONS /meta/auth/users/x", "Origin: http://app", "Access-Control-Request-Method: PUT", "X-HTTP-Method-Override: GET"), want: one(401)},
	{id: "W-21 protected document with what it links to", door: "cm", send: plainly("GET /meta/auth/users/root?xg=2"), want: one(401)},
	{id: "W-21 protected document in development", door: "dev", send: plainly("GET /meta/auth/users/root?xg=2"), want: one(401)},
	{id: "W-21 protected folder by SEARCH", door: "web", send: plainly("SEARCH /meta/auth/users/"), want: one(401)},
	{id: "M-11 websocket by nobody", door: "cm", send: plainly("GET /tests/x", aWebsocket+"13"), want: one(401)},
	{id: "M-11 websocket by nobody, by the method", door: "web", send: plainly("GET /tests/x", aWebsocket+"13"), want: one(401)},
	{id: "M-11 websocket in development", door: "dev", send: plainly("GET /x", aWebsocket+"13"), want: one(401)},
	{id: "M-11 websocket by whoever may write all", door: "cm", send: plainly("GET /tests/x", aWebsocket+"13", byAdm), want: one(200), saw: saw("GET /tests/x as adm"), keeps: "Upgrade: websocket"},
	{id: "M-13 upgrade that the store refuses", door: "cm", send: plainly("GET /tests/x", aWebsocket+"777", byAdm) + plainly("PUT /tests/x"), want: []int{426, 401}, saw: saw("GET /tests/x as adm")},
	{id: "M-14 upgrade that the store ignores", door: "cm", send: plainly("GET /tests/x", aWebsocket+"13", byAdm) + plainly("PUT /meta/auth/users/x"), want: []int{200, 401}, saw: saw("GET /tests/x as adm")},
	{id: "M-15 upgrade to h2c", door: "cm", send: plainly("GET /tests/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), want: one(200), saw: saw("GET /tests/x as nobody"), lacks: "Upgrade|HTTP2-Settings"},
	{id: "M-15 upgrade to TLS", door: "web", send: plainly("GET /tests/x", "Connection: Upgrade", "Upgrade: TLS/1.0, HTTP/1.1"), want: one(200), saw: saw("GET /tests/x as nobody"), lacks: "Upgrade"},
	{id: "M-15 upgrade to a list with a websocket", door: "web", send: plainly("GET /tests/x", "Connection: Upgrade", "Upgrade: websocket, h2c"), want: one(200), saw: saw("GET /tests/x as nobody"), lacks: "Upgrade"},
	{id: "M-02 SEARCH reads what its body names", door: "web", send: plainly("SEARCH /tests/full/", byAnn, "Content-Length: 0"), want: one(403)},
	{id: "M-02 REPORT reads what its body names", door: "web", send: plainly("REPORT /tests/full/", byAnn, "Content-Length: 0"), want: one(403)},
	{id: "M-02 QUERY by who reads all", door: "web", send: plainly("QUERY /tests/x", byAdm, "Content-Length: 0"), want: one(200), saw: saw("QUERY /tests/x as adm")},
	{id: "M-21 method override", door: "cm", send: plainly("GET /tests/x", "X-HTTP-Method-Override: DELETE"), want: one(401)},
	{id: "M-21 method override, by method", door: "web", send: plainly("GET /tests/x", "X-HTTP-Method-Override: DELETE"), want: one(401)},
	{id: "M-21 X-Method-Override", door: "web", send: plainly("GET /tests/x", "X-Method-Override: put"), want: one(401)},
	{id: "M-21 X-HTTP-Method", door: "cm", send: plainly("GET /tests/x", "x-http-method: PUT"), want: one(401)},
	{id: "M-21 _method", door: "web", send: plainly("GET /tests/x?_method=DELETE"), want: one(401)},
	{id: "M-21 _method, encoded", door: "cm", send: plainly("GET /tests/x?%5fmethod=DELETE"), want: one(401)},
	{id: "M-21 a weaker override weakens nothing", door: "web", send: plainly("DELETE /tests/x", "X-HTTP-Method-Override: GET"), want: one(401)},
	{id: "M-21 override by whoever may", door: "web", send: plainly("POST /tests/x", byAnn, "X-HTTP-Method-Override: PUT"), want: one(200), saw: saw("POST /tests/x as ann")},
	{id: "M-21 two overrides", door: "web", send: plainly("GET /tests/x", "X-HTTP-Method-Override: GET", "X-HTTP-Method-Override: DELETE"), want: one(401)},
	{id: "M-21 overrides with a comma", door: "web", send: plainly("GET /tests/x", "X-HTTP-Method-Override: GET, DELETE"), want: one(401)},
	{id: "M-21 _method behind a semicolon", door: "web", send: plainly("GET /tests/x?a;_method=DELETE"), want: one(401)},
	{id: "M-22 X-Original-URL", door: "cm", send: plainly("GET /tests/x", "X-Original-URL: /meta/auth/users/root"), want: one(200), saw: saw("GET /tests/x as nobody"), lacks: "X-Original-URL|/meta/auth"},
	{id: "M-22 X-Rewrite-URL", door: "cm", send: plainly("GET /tests/x", "x-rewrite-url: /meta/auth/users/root", byAnn), want: one(200), saw: saw("GET /tests/x as ann"), lacks: "X-Rewrite-URL|/meta/auth"},
	{id: "M-23 X-Forwarded-Uri", door: "cm", send: plainly("GET /meta/auth/users/root", "X-Forwarded-Uri: /tests/x", "X-Forwarded-Method: GET"), want: one(401)},
	{id: "M-23 X-Forwarded-Method", door: "cm", send: plainly("PUT /tests/x", "X-Forwarded-Uri: /tests/x", "X-Forwarded-Method: GET"), want: one(401)},
	{id: "M-24 health checker", door: "cm", send: plainly("PUT /tests/secret/x", "User-Agent: kube-probe/1.30"), want: one(401)},
	{id: "M-24 another health checker", door: "cm", send: plainly("GET /meta/auth/users/root", "User-Agent: GoogleHC/1.0"), want: one(401)},
}

// hidden is a request that one reader takes for a body and another for a request.
const hidden = "PUT /meta/auth/users/x HTTP/1.1\r\nHost: door\r\nContent-Length: 0\r\n\r\n"

const (
	codings    = "only HTTP/1.1 has transfer codings"
	lineEnds   = "only HTTP/1.1 has lines"
	oldVersion = "it is HTTP/1.0"
)

// framingRows are about where a request ends.
var framingRows = []attackRow{
	{id: "M-16 length and chunks", door: "cm", send: plainly("POST /tests/x", byAnn, "Content-Length: 83", "Transfer-Encoding: chunked") + "0\r\n\r\n" + hidden, want: []int{200, 401}, saw: saw("POST /tests/x as ann"), lacks: "Content-Length: 83"},
	{id: "M-16 length and chunks without a token", door: "cm", send: plainly("POST /tests/x", "Content-Length: 83", "Transfer-Encoding: chunked") + "0\r\n\r\n" + hidden, want: []int{401, 401}},
	{id: "M-17 xchunked", door: "cm", only: codings, send: plainly("POST /tests/x", byAnn, "Transfer-Encoding: xchunked") + "0\r\n\r\n" + hidden, want: one(501)},
	{id: "M-17 chunked twice", door: "cm", only: codings, send: plainly("POST /tests/x", byAnn, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n" + hidden, want: one(501)},
	{id: "M-17 chunked and identity", door: "cm", only: codings, send: plainly("POST /tests/x", byAnn, "Transfer-Encoding: chunked, identity") + "0\r\n\r\n" + hidden, want: one(501)},
	{id: "M-17 chunked after a vertical tab", door: "cm", only: codings, send: plainly("POST /tests/x", byAnn, "Transfer-Encoding: \vchunked") + "0\r\n\r\n" + hidden, want: one(400)},
	{id: "M-18 two lengths", door: "cm", send: plainly("POST /tests/x", byAnn, "Content-Length: 1", "Content-Length: 2") + "ab", want: one(400)},
	{id: "M-18 two lengths in a list", door: "cm", send: plainly("POST /tests/x", byAnn, "Content-Length: 1, 2") + "ab", want: one(400)},
	{id: "M-18 signed length", door: "cm", send: plainly("POST /tests/x", byAnn, "Content-Length: +2") + "ab", want: one(400)},
	{id: "M-18 negative length", door: "cm", send: plainly("POST /tests/x", byAnn, "Content-Length: -1"), want: one(400)},
	{id: "M-18 a length that is no number", door: "cm", send: plainly("POST /tests/x", byAnn, "Content-Length: 0x2") + "ab", want: one(400)},
	{id: "M-19 bare line feeds end the header", door: "cm", only: lineEnds, send: "PUT /tests/x HTTP/1.1\nHost: door\nContent-Length: 0\n\n", want: one(401)},
	{id: "M-19 bare line feed after a chunk's size", door: "cm", only: lineEnds, send: plainly("POST /tests/x", "Transfer-Encoding: chunked") + "1\na\r\n0\r\n\r\n" + hidden, want: one(401)},
	{id: "M-20 body of a GET", door: "cm", send: plainly("GET /tests/x?op=read", "Content-Length: 3") + "abc", want: one(200), saw: saw("GET /tests/x?op=read as nobody"), keeps: "Content-Length: 3"},
	{id: "M-19 bare line feed after the last chunk", door: "cm", only: lineEnds, send: plainly("POST /tests/x", byAnn, "Transfer-Encoding: chunked") + "1\r\na\r\n0\n\r\n" + hidden, want: []int{502, 401}, saw: saw("POST /tests/x as ann")},
	{id: "M-19 chunk extensions", door: "cm", only: lineEnds, send: plainly("POST /tests/x", byAnn, "Transfer-Encoding: chunked") + "1;a=b\r\nx\r\n0\r\n\r\n", want: one(200), saw: saw("POST /tests/x as ann"), lacks: "a=b"},
	{id: "N-14 a request behind another, in one packet", door: "cm", send: plainly("PUT /tests/x", byAnn) + plainly("PUT /tests/y"), want: []int{200, 401}, saw: saw("PUT /tests/x as ann")},
	{id: "N-14 a token does not outlive its request", door: "cm", send: plainly("GET /tests/x", byAnn) + plainly("GET /tests/y"), want: []int{200, 200}, saw: saw("GET /tests/x as ann", "GET /tests/y as nobody")},
	{id: "N-14 a request in a body that is refused", door: "cm", send: string(requestWith(hidden, "POST /tests/x")), want: one(401)},
}
