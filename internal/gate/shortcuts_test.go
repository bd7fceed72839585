package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Most requests are spared the questions that only few need be asked. These tests
// are about what would be if such a question were spared to one of the few.

func askNoMore(h http.Header) bool { return !new(Keeper).look(h).asksMore }

// asTheTableSays is the demand by the rows alone, in their order.
func asTheTableSays(rows *table, q *question) Demand {
	d := rows.calls[slices.IndexFunc(rows.calls, func(c call) bool { return c.fits(q) })].demand
	for _, c := range rows.additions {
		if c.fits(q) {
			d = d.and(c.demand)
		}
	}
	return d
}

func TestTheShelvesAnswerAsTheTableDoes(t *testing.T) {
	queries := []string{"", "op", "op=read", "op=search", "op=SEARCH", "op=purge-all", "op=x", "recursive", "recursive=false", "xg=1", "a;b", "&", "priority"}
	headers := []http.Header{{}, {"X-Compile-To": {"js"}}, {"Content-Type": {"application/x-www-form-urlencoded"}}, {"Depth": {"0"}}}
	for _, rows := range []*table{cmwell, byMethod} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "PROPFIND", "SEARCH", "get", ""} {
			for _, c := range append(slices.Clone(rows.calls), call{path: "/"}, call{path: "/a"}, call{path: "/_"}, call{path: "/h"}, call{path: "/ii/x"}, call{path: "/ix"}) {
				for _, raw := range queries {
					for _, h := range headers {
						q := exampleOf(c)
						q.method, q.query, q.header, q.askNoMore = method, parseQuery(raw), h, askNoMore(h)
						var got Demand
						rows.demand(&got, &q)
						if want := asTheTableSays(rows, &q); got != want {
							t.Errorf("%s %s?%s %v: %+v, the table says %+v", method, q.path, raw, h, got, want)
						}
					}
				}
			}
		}
	}
}

func FuzzTheShelves(f *testing.F) {
	f.Add("GET", "/ii/x", "op=search", "X-Compile-To", "x")
	f.Add("POST", "/a", "", "Content-Type", "application/x-www-form-urlencoded")
	f.Add("PROPFIND", "/", "a;b", "Depth", "0")
	f.Fuzz(func(t *testing.T, method, path, raw, name, value string) {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path // as every reading begins
		}
		h := http.Header{name: {value}}
		for _, rows := range []*table{cmwell, byMethod} {
			q := question{method: method, path: path, query: parseQuery(raw), header: h, askNoMore: askNoMore(h)}
			var got Demand
			rows.demand(&got, &q)
			if want := asTheTableSays(rows, &q); got != want {
				t.Errorf("%q %q?%q %q: %+v, the table says %+v", method, path, raw, h, got, want)
			}
		}
	})
}

// A row that is left off the shelves of everyday requests must fit none of them.
func TestWhatIsSpecialIsOfNoEverydayRequest(t *testing.T) {
	for _, c := range slices.Concat(cmwell.calls, cmwell.additions, byMethod.calls) {
		if q := parseQuery(""); c.query != (condition{}) && c.query.holds(&q) {
			t.Errorf("%s: a request without a query fulfils what the row asks of it", c.path)
		}
		if c.header != "" && (askNoMore(http.Header{c.header: nil}) || http.CanonicalHeaderKey(c.header) != c.header) {
			t.Errorf("%s: a header %s is overlooked", c.path, c.header)
		}
	}
}

func FuzzHeadersThatAskForMore(f *testing.F) {
	for _, name := range append([]string{"Upgrade", "Destination", "X_http-method.OVERRIDE", "Content-Type", "upgrade"}, overrideHeaders...) {
		f.Add(name, "websocket")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		h := http.Header{"Accept": {"*/*"}, name: {value}}
		if askNoMore(h) && (len(overrides(h, new(query))) > 0 || upgrades(h) || len(h["Destination"]) > 0) {
			t.Errorf("%q: %q is overlooked", name, value)
		}
	})
}

func FuzzPathsThatBeginDifferently(f *testing.F) {
	f.Add("/_login", "/_LOGIN")
	f.Add("/kelvin", "/\u212aelvin")
	f.Add("/@x", "/`x")
	f.Add("/", "/a")
	f.Fuzz(func(t *testing.T, a, b string) {
		if beginDifferently(a, b) && strings.EqualFold(a, b) {
			t.Errorf("%q and %q are one path in two spellings", a, b)
		}
	})
}

func FuzzSentAsReceived(f *testing.F) {
	for _, s := range []string{"/a?b", "/a?", "/a", "*", "", "http://h/a", "/a%3f", "/a?b#c"} {
		f.Add(s, s, "", "")
		f.Add(s, "/a", s, "b")
	}
	f.Fuzz(func(t *testing.T, target, path, raw, query string) {
		r := &http.Request{RequestURI: target, URL: &url.URL{Path: path, RawPath: raw, RawQuery: query}}
		escaped := r.URL.EscapedPath()
		sent, rest, _ := strings.Cut(target, "?")
		want := strings.HasPrefix(sent, "/") && sent == escaped && rest == query &&
			!strings.ContainsFunc(rest, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' })
		if got := sentAsReceived(r, escaped); got != want {
			t.Errorf("%q as %#v: %v, want %v", target, r.URL, got, want)
		}
	})
}

func FuzzMethods(f *testing.F) {
	for _, s := range []string{"GET", "CONNECT", "TRACE", "get", "", "GE(T"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, method string) {
		if got, want := isMethod(method), isToken(method) && method != http.MethodConnect && method != http.MethodTrace; got != want {
			t.Errorf("%q: %v, want %v", method, got, want)
		}
	})
}
