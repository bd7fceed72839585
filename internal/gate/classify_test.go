package gate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// demandOf is what a line "METHOD target [| name: value …]" asks for, in words.
func demandOf(p Profile, line string) string {
	parts := strings.Split(line, " | ")
	method, target, _ := strings.Cut(parts[0], " ")
	path, raw, _ := strings.Cut(target, "?")
	h := http.Header{}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, ": ")
		h.Add(name, value)
	}
	judged, err := permission.ParsePath(path)
	if err != nil {
		return err.Error()
	}
	asks := asks{list: [2]ask{{path: judged}}}
	if err := p.asks(&asks, &question{method: method, query: parseQuery(raw), header: h}); err != nil {
		return err.Error()
	}
	var words []string
	for i := range asks.all() {
		words = append(words, asks.list[i].words())
	}
	return strings.Join(words, ", ")
}

func (a *ask) words() string {
	var words []string
	if a.Level != 0 {
		words = append(words, a.Level.String())
		if a.Tree {
			words = append(words, "all")
		}
		words = append(words, a.where().String())
	}
	if a.Operation != 0 {
		words = append(words, "as "+a.Operation.String())
	}
	return strings.Join(words, " ")
}

// BIND makes a second name, in a path that one may write, of what its body names;
// REBIND moves it there. MERGE, UPDATE and LINK name their sources likewise.
func TestAMethodThatIsNotKnownMayNameAnyPath(t *testing.T) {
	for _, method := range []string{"BIND", "REBIND", "UNBIND", "LINK", "UNLINK", "MERGE", "UPDATE", "VERSION-CONTROL", "MKREDIRECTREF", "ACL", "bind", "PURGE"} {
		if got := demandOf(HTTP, method+" /tests/full/"); got != "write all /" {
			t.Errorf("%s: %s", method, got)
		}
	}
}

// Many frameworks run a form's POST as what a field _method in it says, DELETE for
// example, which is about all that is below.
func TestAFormMaySayAnotherMethod(t *testing.T) {
	for line, want := range map[string]string{
		"POST /a": "write all /a",
		"POST /a | Content-Type: application/x-www-form-urlencoded":                "write all /a",
		"POST /a | Content-Type: Application/X-WWW-FORM-urlencoded; charset=utf-8": "write all /a",
		"POST /a | Content-Type: multipart/form-data; boundary=x":                  "write all /a",
		"POST /a | Content-Type: text/plain | Content-Type: multipart/form-data":   "write all /a",
		"POST /a | Content-Type: application/x-www-form-urlencoded, text/plain":    "write all /a",
		"POST /a | Content-Type: ":                                 "write all /a",
		"POST /a | Content-Type: application/json":                 "write /a",
		"PUT /a | Content-Type: application/x-www-form-urlencoded": "write /a",
	} {
		if got := demandOf(HTTP, line); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestTheProfileHTTPGoesByTheMethod(t *testing.T) {
	for line, want := range map[string]string{
		"GET /a":                              "read /a",
		"HEAD /a":                             "read /a",
		"OPTIONS /a":                          "read /a",
		"PROPFIND /a":                         "read all /a",
		"PROPFIND /a | Depth: 0":              "read /a",
		"REPORT /a":                           "read all /",
		"SEARCH /a":                           "read all /",
		"QUERY /a":                            "read all /",
		"POST /a | Content-Type: text/turtle": "write /a",
		"PUT /a":                              "write /a",
		"PATCH /a":                            "write /a",
		"MKCOL /a":                            "write /a",
		"DELETE /a":                           "write all /a",
		"LOCK /a":                             "write all /a",
		"FOO /a":                              "write all /",
		"get /a":                              "write all /",
		"COPY /a":                             "write all /a",
		"GET /a?op=purge-all":                 "read /a",
		"GET /a | Connection: Upgrade | Upgrade: websocket": "write all /",
		"GET /a | Connection: Upgrade | Upgrade: h2c":       "read /a",
		"GET /a;x?b;c": "read /a;x",
		"MOVE /a | Destination: http://store/b%20c":   "write all /a, write all /b c",
		"COPY /a | Destination: /b":                   "write all /a, write all /b",
		"GET /a | Destination: /b":                    "read /a, write all /b",
		"COPY /a | Destination: /b | Destination: /c": ErrDestination.Error(),
		"COPY /a | Destination: /b?x":                 ErrDestination.Error(),
		"COPY /a | Destination: mailto:x":             ErrDestination.Error(),
		"COPY /a | Destination: ":                     ErrDestination.Error(),
		"COPY /a | Destination: http://store":         ErrDestination.Error(),
		"COPY /a | Destination: /b%00":                ErrDestination.Error(),
		"GET /a | X-HTTP-Method-Override: DELETE":     "write all /a",
		"GET /a | X_HTTP_Method_Override: DELETE":     "write all /a",
		"GET /a | X-Method-Override: put":             "write /a",
		"GET /a | X-HTTP-Method:  PATCH":              "write /a",
		"DELETE /a | X-HTTP-Method-Override: GET":     "write all /a",
		"GET /a?_method=DELETE":                       "write all /a",
		"GET /a?x;_METHOD=delete":                     "write all /a",
		"GET /a?shipping_method=x":                    "read /a",
		"GET /a | X-HTTP-Method-Override: GET":        "read /a",
	} {
		if got := demandOf(HTTP, line); got != want {
			t.Errorf("%s\n  asks for %s\n  not      %s", line, got, want)
		}
	}
}

func TestTheProfileCMWellKnowsItsCalls(t *testing.T) {
	form := " | Content-Type: application/x-www-form-urlencoded; charset=utf-8"
	for line, want := range map[string]string{
		"GET /a":                                     "read /a",
		"HEAD /a?op=read":                            "read /a",
		"GET /a?format=json&length=5":                "read /a",
		"GET /a?op=search&qp=a::b":                   "read all /a",
		"GET /a?recursive":                           "read all /a",
		"GET /a?op=SEARCH":                           "read all /a",
		"GET /a?op=stream":                           "read all /a",
		"GET /a?op=x-info":                           "read /a",
		"GET /a?op=consume&position=x":               "read all /",
		"GET /a?xg=2":                                "read all /",
		"GET /a?op=purge-all":                        "write /a",
		"GET /a?op=PURGE-ALL":                        "write /a",
		"GET /a?%6fp=purge%2Dall":                    "write /a",
		"HEAD /a?op=purge-last":                      "write /a",
		"OPTIONS /a?op=rollback":                     "write /a",
		"GET /a?op=x-fix":                            "write /a as Overwrite",
		"GET /a?op=subscribe&method=push&callback=x": "as Admin",
		"GET /a?op=frobnicate":                       "write all /a",
		"GET /a?op=+purge-all":                       "write all /a",
		"GET /a?op=purge-all%20":                     "write all /a",
		"GET /a?op=":                                 "write all /a",
		"GET /a?op=read&op=purge-all":                "write all /a",
		"GET /a?op=read;op=purge-all":                "write all /a",
		"GET /a?x=1&&y=2":                            "write all /a",
		"GET /a?&x=1":                                "write all /a",
		"GET /a?=x":                                  "write all /a",
		"GET /a?x=%zz":                               "write all /a",
		"GET /a?OP=read":                             "write all /a",
		"GET /f.scala | X-Compile-To: js":            "read /f.scala as Admin",

		"POST /a":                          "write /a",
		"PUT /a":                           "write /a",
		"POST /a?priority":                 "write /a as PriorityWrite",
		"POST /a?a;priority":               "write all /a as PriorityWrite",
		"POST /a?op=search" + form:         "read all /a",
		"PUT /a?op=create-consumer" + form: "read all /a",
		"POST /a?op=SEARCH" + form:         "write /a",
		"POST /a?op=search":                "write /a",
		"POST /a?op=search | Content-Type: text/plain":                   "write /a",
		"POST /a?op=search" + form + " | Content-Type: application/json": "write /a",
		"POST /a?op=x&op=search" + form:                                  "write all /a",
		"POST /a?x=1" + form:                                             "write /a",
		"DELETE /a":                                                      "write all /a",
		"DELETE /a?recursive=false":                                      "write /a",
		"DELETE /a?recursive=FALSE":                                      "write all /a",
		"DELETE /a?recursive=false&recursive=true":                       "write all /a",
		"PATCH /a":    "write all /a",
		"PROPFIND /a": "write all /a",
		"get /a":      "write all /a",

		"POST /_in?format=ntriples":        "write all /",
		"PUT /_in?format=ntriples":         "write all /",
		"POST /_in?format=nquads&priority": "write all / as PriorityWrite",
		"POST /_ow?format=nquads":          "write all / as Overwrite",
		"POST /_cmd?op=init":               "as Admin",
		"POST /_out?format=nquads":         "read all /",
		"PUT /_out":                        "read all /",
		"POST /_sp":                        "as Admin",
		"POST /_sp/json":                   "as Admin",
		"POST /_sparql":                    "read all /",
		"GET /_in":                         "read /_in",
		"GET /_ll?lvl=debug":               "as Admin",
		"GET /_hcn?host=x":                 "as Admin",
		"GET /_cas/meta/auth/users/root":   "as Admin",
		"GET /_es/uuid":                    "as Admin",
		"GET /_kafka/persist_topic/0":      "as Admin",
		"GET /_stp/a?enabled=false":        "as Admin",
		"GET /monitor/start":               "as Admin",
		"GET /proc/requests.md":            "as Admin",
		"GET /zz/k?op=put&payload=x":       "as Admin",
		"POST /zz/k":                       "as Admin",
		"GET /_ns-cache":                   "read /_ns-cache",
		"GET /_ns-cache?invalidate-all":    "as Admin",
		"GET /_services-cache?op=refresh":  "as Admin",
		"GET /_auth?op=change-password":    "write all /",
		"GET /_iterate?iterator-id=x":      "read all /",
		"GET /ws/_out?format=json":         "read all /",
		"GET /health/gc":                   "read /health/gc",
		"GET /_unknown":                    "write all /",
		"POST /health":                     "write /health",
		"GET /ii/0123":                     "read all /",
		"GET /ii/0123?op=purge":            "write all /",
		"DELETE /ii/0123":                  "write all /",
		"GET //_ll?lvl=debug":              "read //_ll as Admin", // one reading is an infoton, the other a switch
		"GET /%5Fll":                       "as Admin",
	} {
		if got := demandOf(CMWell, line); got != want {
			t.Errorf("%s\n  asks for %s\n  not      %s", line, got, want)
		}
	}
}

// Java's URI.getQuery decodes a query before anybody can split it.
func TestAnEscapedSeparatorHidesNoOp(t *testing.T) {
	for line, want := range map[string]string{
		"GET /a?x=1%26op=purge-all":                    "write all /a",
		"GET /a?x=1%26op%3Dpurge-all":                  "write all /a",
		"GET /a?op%3Dpurge-all":                        "write all /a",
		"GET /a?x=1%3Bop%3Dpurge-all":                  "write all /a",
		"GET /a?op=read&x=1%26op%3Dpurge-all":          "write all /a",
		"GET /a?x=1%26xg":                              "write all /",
		"DELETE /a?recursive=false&x=%26recursive":     "write all /a",
		"GET /a?url=http%3A%2F%2Fx%2F%3Fy%3D1%26z%3D2": "read /a",
		"GET /a?qp=a%26b&format=json":                  "read /a",
	} {
		if got := demandOf(CMWell, line); got != want {
			t.Errorf("%s\n  asks for %s\n  not      %s", line, got, want)
		}
	}
	if got, want := demandOf(HTTP, "GET /a?x=1%26_method%3DDELETE"), "write all /a"; got != want {
		t.Errorf("an escaped _method asks for %s, not %s", got, want)
	}
}

// What is taken out of a query where it is plain, it must not keep where it is not.
func TestATokenBehindAnEscapedSeparatorIsRefused(t *testing.T) {
	k := newKeeper(t, false, CMWell)
	for _, raw := range []string{"token=eyJh.eyJz.c2ln&token%3DeyJh.eyJz.c2ln", "x=1%26token%3DeyJh.eyJz.c2ln", "token%3DeyJh.eyJz.c2ln"} {
		if got := verdict(t, k, send(t, k, "", "GET /a?"+raw)); got != ErrQuery.Error() {
			t.Errorf("%s: %s", raw, got)
		}
	}
}

// URLSearchParams takes "??op" for op, and the decoder of CM-Well's server "=op".
func TestMarksInFrontOfAKeyHideNoOp(t *testing.T) {
	for line, want := range map[string]string{
		"GET /a??op=purge-all":        "write all /a",
		"GET /a???recursive":          "write all /a",
		"GET /a?=op=purge-all":        "write all /a",
		"GET /a?x=1&==xg":             "write all /",
		"GET /a?url=http://x/?y=op=z": "read /a",
	} {
		if got := demandOf(CMWell, line); got != want {
			t.Errorf("%s\n  asks for %s\n  not      %s", line, got, want)
		}
	}
}

// Whoever may write a tree could have the store run x-fix, or subscribe, by giving
// op twice: it asked for no operation, and of the two some stores take the last.
func TestAQueryWithTwoReadingsAsksForWhatEitherDoes(t *testing.T) {
	for line, want := range map[string]string{
		"GET /a?op&op=x-fix":              "write all /a as Overwrite",
		"GET /a?op=x-fix&op=read":         "write all /a as Overwrite",
		"GET /a?a;op=subscribe":           "write all /a as Admin",
		"GET /a?op=read&OP=UNSUBSCRIBE":   "write all /a as Admin",
		"GET /a?op=read&op=consume":       "write all /",
		"GET /a?op=read&&op=next%2Dchunk": "write all /",
		"POST /a?op=x&op=x-fix":           "write all /a",
	} {
		if got := demandOf(CMWell, line); got != want {
			t.Errorf("%s\n  asks for %s\n  not      %s", line, got, want)
		}
	}
}

// exampleOf is a request that the row is for.
func exampleOf(c call) question {
	q := question{method: "FOO", path: strings.Replace(c.path, "*", "x", 1), query: query{plain: true}, header: http.Header{}}
	if c.methods != nil {
		q.method = c.methods[len(c.methods)-1]
	}
	if c.op != "" && c.op != noOp {
		q.query.pairs = []pair{{"op", c.op}}
	}
	return q
}

func TestEveryCallOfTheTablesIsReachable(t *testing.T) {
	for name, rows := range map[string][]call{"cmwell": cmwell.calls, "http": byMethod.calls} {
		for i, c := range rows {
			q := exampleOf(c)
			if c.op == "" && c.when == anyFields && c.query == (condition{}) {
				q.query.pairs = []pair{{"op", "an op of nobody"}}
			}
			for j, earlier := range rows[:i] {
				if earlier.when == anyFields && earlier.query == (condition{}) && earlier.fits(&q) {
					t.Errorf("%s: row %d (%s %s %s) is hidden by row %d (%s)", name, i, q.method, c.path, c.op, j, earlier.path)
				}
			}
		}
		if last := rows[len(rows)-1]; last.methods != nil || last.path != everyPath || last.op != "" || last.query != (condition{}) || last.header != "" || last.when != anyFields || !last.demand.writes() {
			t.Errorf("%s: the last row is not for everything, or lets it read", name)
		}
	}
}

// A query that is plain has one reading: net/url's.
func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"a=b&c", "op=read;op=x", "%6fp=x", "a&&b", "=x", "a#b", "op=1&OP=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := parseQuery(raw)
		if !q.plain {
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatalf("%q is plain here, and net/url says %v", raw, err)
		}
		for _, p := range q.pairs {
			if got := values[p.key]; len(got) == 0 || q.get(p.key) != got[0] {
				t.Fatalf("%q: %q is %q here, %q for net/url", raw, p.key, q.get(p.key), got)
			}
		}
		for _, key := range decisive {
			if len(values[key]) > 1 {
				t.Fatalf("%q is plain, with %s more than once", raw, key)
			}
		}
	})
}
