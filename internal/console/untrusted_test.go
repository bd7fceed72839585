package console

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"
)

// Whoever asks is shown the page or one of its parts, and nothing with an op in it.
func FuzzFind(f *testing.F) {
	for _, raw := range []string{"", "asset=app.js", "asset=../page.go", "asset=a&asset=b", "op=whoami", "%6fp", "a;op=x", "asset=app.js&op"} {
		f.Add(http.MethodGet, raw, "text/html;q=0.9, */*")
	}
	f.Add(http.MethodPost, "", "text/html")
	f.Add(http.MethodHead, "", "text/html;q=0, TEXT/HTML;q=\"1")
	p, err := New(Settings{AuthPath: "/_auth", TokenHeader: "X-CM-WELL-TOKEN"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, raw, accept string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: "/_auth", RawQuery: raw}, Header: http.Header{"Accept": {accept}}}
		found, ok := p.Find(r)
		if !ok {
			if found.Body != nil || found.Type != "" {
				t.Fatalf("%s ?%s, %q: %q is shown with no", method, raw, accept, found.Type)
			}
			return
		}
		query, err := url.ParseQuery(raw)
		if err != nil || query.Has("op") || method != http.MethodGet && method != http.MethodHead || found.Type == "" || bytes.Contains(found.Body, []byte(nonce)) {
			t.Fatalf("%s ?%s, %q is taken for %q", method, raw, accept, found.Type)
		}
		if (found.Policy == "") != query.Has("asset") {
			t.Fatalf("?%s has the policy %q", raw, found.Policy)
		}
	})
}
