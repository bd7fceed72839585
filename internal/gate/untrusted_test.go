package gate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// received is a request as net/http reads it from a connection, or nil where it
// reads none.
func received(method, target, header string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: store\r\n" + header + "\r\n\r\n")))
	if err != nil {
		return nil
	}
	return r
}

// Cookies, queries, Authorization, Connection and Upgrade: whatever they say, the
// store finds no token in them that was not verified, nor another identity.
func FuzzWhatTheStoreIsSent(f *testing.F) {
	jwt := "eyJh.eyJz.c2ln"
	for _, seed := range [][3]string{
		{"GET", "/x?token=" + jwt + "&y=1", "Cookie: a=b; X-CM-WELL-TOKEN=" + jwt + ", x-cm-well-token2=\"" + jwt + "\""},
		{"GET", "/x?%74oken=" + jwt, "X_CM_Well_User: root\r\nConnection: close, X-CM-Well-User\r\nX.Cm.Well.Token: " + jwt},
		{"GET", "/x", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"},
		{"GET", "/x", "Upgrade: websocket\r\nConnection: upgrade\r\nAuthorization: Bearer " + jwt},
		{"GET", "/x", "Cookie: =;,\"\r\nCookie: X-CM-WELL-TOKEN"},
	} {
		f.Add(seed[0], seed[1], seed[2], uint8(0))
		f.Add(seed[0], seed[1], seed[2], uint8(3))
	}
	f.Fuzz(func(t *testing.T, method, target, header string, with uint8) {
		r := received(method, target, header)
		if r == nil {
			return
		}
		k := newKeeper(t, with&2 != 0, CMWell, NewSource(InHeader, TokenHeader2), NewSource(InHeader, TokenHeader),
			NewSource(InBearer, ""), NewSource(InCookie, "cm"), NewSource(InQuery, "token"))
		verified := tokenFor(t, k, "ann")
		if with&1 != 0 {
			r.Header.Set(TokenHeader, verified)
		}
		path := r.URL.EscapedPath()
		pass, err := k.Check(r)
		if err != nil {
			// Whoever sent it on by mistake would send it on as nobody's.
			if k.Prepare(r, &pass); pass != (Pass{Access: pass.Access}) || r.Header.Get(k.IdentityHeader) != "" || len(r.Header[TokenHeader]) != 0 {
				t.Fatalf("%v comes with %+v, and would go on with %q", err, pass, r.Header)
			}
			return
		}
		k.Prepare(r, &pass)
		if r.URL.EscapedPath() != path || r.RequestURI != r.URL.RequestURI() {
			t.Fatalf("%q goes on as %q, %q", target, r.URL, r.RequestURI)
		}
		for name, values := range r.Header {
			sent := ""
			if pass.User != "" {
				sent = map[string]string{"X-Cm-Well-User": pass.User, TokenHeader: verified, TokenHeader2: verified}[name]
			}
			if k.reserved(name) && (len(values) != 1 || values[0] != sent) || among(rewriting, name) || tunnels(r.Header, name) {
				t.Fatalf("the store is sent %s: %q for the user %q", name, values, pass.User)
			}
		}
		hidden := cookies(r.Header["Cookie"], TokenHeader)
		for _, c := range r.Cookies() { // net/http's own reading
			if strings.EqualFold(c.Name, TokenHeader) || strings.EqualFold(c.Name, TokenHeader2) || c.Name == "cm" {
				hidden = append(hidden, c.Value)
			}
		}
		for key, values := range r.URL.Query() {
			if strings.EqualFold(key, "token") && slices.ContainsFunc(values, tokenShaped) {
				hidden = append(hidden, values...)
			}
		}
		for _, value := range bearer(r.Header["Authorization"]) {
			if value != verified {
				hidden = append(hidden, value)
			}
		}
		if len(hidden) > 0 {
			t.Fatalf("%q %q: the store finds the tokens %q", target, header, hidden)
		}
		for _, option := range strings.Split(strings.Join(r.Header["Connection"], ","), ",") {
			if name := strings.TrimSpace(option); name != "" && (k.reserved(name) || among(depended, name)) {
				t.Fatalf("the proxy is told to drop %s", name)
			}
		}
	})
}

// A list of paths as /_out takes it: what a reader of lines finds is judged.
func FuzzListsOfPaths(f *testing.F) {
	for _, text := range []string{"/a\n/b\r\n/c\r", "  /a \n\n", "http://store/a\ncmwell://b", "/ii/x", "/a%2fb", "/a\vb", "/a\u2028/b", "/a\u0085/b"} {
		f.Add(text, "store")
	}
	f.Fuzz(func(t *testing.T, text, host string) {
		var found targets
		if err := found.listed(text, host); err != nil {
			if !errors.Is(err, ErrUnjudged) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		lines := bufio.NewScanner(strings.NewReader(text))
		for lines.Scan() {
			line := strings.TrimSpace(lines.Text())
			if !strings.HasPrefix(line, "/") {
				continue
			}
			judged := slices.ContainsFunc(found.list, func(target target) bool {
				for i := range target.path.Len() {
					if r := target.path.Reading(i); r == line || r+"/" == line {
						return true
					}
				}
				return false
			})
			if !judged {
				t.Fatalf("%q: the line %q is not judged, but %v", text, line, found.list)
			}
		}
	})
}

// The Destination of a COPY: whatever host it names, its path is judged.
func FuzzDestination(f *testing.F) {
	for _, value := range []string{"/b", "http://store/b%20c", "http://store", "//b/c", "mailto:x", "/b?x", "/b#c", "http://u@h:1/a/../b", "/%2e%2e/b", "\\b"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		path, err := destination([]string{value})
		if err != nil {
			if !errors.Is(err, ErrDestination) || path.Len() > 0 {
				t.Fatalf("%q: %v beside %v", value, path, err)
			}
			return
		}
		u, err := url.Parse(value)
		if err != nil {
			t.Fatalf("%q is taken, and net/url says %v", value, err)
		}
		for i := range path.Len() {
			if r := path.Reading(i); r == u.Path || r+"/" == u.Path {
				return
			}
		}
		t.Fatalf("%q is judged as %v, and its path is %q", value, path, u.Path)
	})
}

// A compressed body: what is judged is what it holds, whole, and never much more
// than the limit.
func FuzzCompressedBodies(f *testing.F) {
	f.Add([]byte(gzipped(f, "<http://store/a> <http://p> 1 .")), "gzip")
	f.Add([]byte(gzipped(f, strings.Repeat("a", 5000))), "x-gzip")
	f.Add([]byte(gzipped(f, "a")+gzipped(f, "b")), "GZIP")
	f.Add([]byte("plain"), "identity")
	f.Add([]byte("plain"), "br")
	f.Fuzz(func(t *testing.T, raw []byte, encoding string) {
		const limit = 1 << 10
		r := &http.Request{Header: http.Header{"Content-Encoding": {encoding}}, Body: io.NopCloser(bytes.NewReader(raw)), ContentLength: int64(len(raw))}
		body, err := wholeBody(r, limit)
		if err != nil && (body != nil && !errors.Is(err, ErrBulkSize) || !refuses(bodyRefusal(err))) {
			t.Fatalf("%v, with %d bytes", err, len(body))
		}
		if err == nil && len(body) > limit {
			t.Fatalf("%d bytes are judged; %d may be", len(body), limit)
		}
		again, errAgain := io.ReadAll(r.Body)
		if errAgain != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%q goes on as %q, %v", raw, again, errAgain)
		}
	})
}

func refuses(err error) bool {
	_, ok := errors.AsType[*Refusal](err)
	return ok
}

// The format of a bulk write: never one that another part of the request denies.
func FuzzFormatOfABody(f *testing.F) {
	f.Add("format=ntriples", "", "")
	f.Add("format=turtle", "text/turtle; charset=utf-8", "*/*")
	f.Add("", "application/n-quads", "text/plain")
	f.Add("format=a&format=b", "application/ld+json;x=\"", "")
	f.Fuzz(func(t *testing.T, raw, media, accept string) {
		r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: "/_in", RawQuery: raw}, Header: http.Header{}}
		for name, value := range map[string]string{"Content-Type": media, "Accept": accept} {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		format, err := bulkKeeper(t, false).format(r)
		if err != nil {
			if format != 0 || !refuses(bodyRefusal(err)) {
				t.Fatalf("%v beside %v", err, format)
			}
			return
		}
		if byType, errType := rdf.FormatOf(media); media != "" && errType == nil && byType != 0 && byType != format {
			t.Fatalf("%q with %q is judged as %v", raw, media, format)
		}
		if values, errQuery := url.ParseQuery(raw); errQuery == nil && values.Has("format") {
			if named, errNamed := rdf.ParseFormat(values.Get("format")); errNamed != nil || named != format {
				t.Fatalf("%q is judged as %v", raw, format)
			}
		}
	})
}
