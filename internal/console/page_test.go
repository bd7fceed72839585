package console

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func page(t *testing.T, authPath string) *Page {
	t.Helper()
	p, err := New(Settings{AuthPath: authPath, TokenHeader: "X-Cm-Well-Token"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func request(method, target string, accept ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header["Accept"] = accept
	return r
}

func TestThePageIsForWhoAsksForHTMLAndNamesNoOp(t *testing.T) {
	p := page(t, "/_auth")
	for _, row := range []struct {
		method, target, accept string
		want                   bool
	}{
		{"GET", "/_auth", "text/html", true},
		{"HEAD", "/_auth", "text/html", true},
		{"GET", "/_auth", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
		{"GET", "/_auth", "application/json, Text/HTML; q=0.5", true},
		{"GET", "/_auth?", "text/html", true},
		{"GET", "/_auth?other=x", "text/html", true},
		{"GET", "/_auth", "", false},
		{"GET", "/_auth", "*/*", false},
		{"GET", "/_auth", "text/*", false},
		{"GET", "/_auth", "application/json", false},
		{"GET", "/_auth", "text/html;q=0", false},
		{"GET", "/_auth", "text/html;q=0.000, */*", false},
		{"GET", "/_auth", "text/htmlx", false},
		{"GET", "/_auth?op=health", "text/html", false},
		{"GET", "/_auth?op=", "text/html", false},
		{"GET", "/_auth?op", "text/html", false},
		{"GET", "/_auth?%6fp=health", "text/html", false},
		{"GET", "/_auth?a=%zz", "text/html", false},
		{"GET", "/_auth?a;b", "text/html", false},
		{"POST", "/_auth", "text/html", false},
		{"PUT", "/_auth", "text/html", false},
	} {
		found, got := p.Find(request(row.method, row.target, row.accept))
		if got != row.want || got && (found.Type != "text/html; charset=utf-8" || found.Policy == "") {
			t.Errorf("%s %s with Accept %q: got %v %q, want %v", row.method, row.target, row.accept, got, found.Type, row.want)
		}
	}
}

func TestAssetsAreFoundByNameAndNothingElseIs(t *testing.T) {
	p := page(t, "/_auth")
	for target, want := range map[string]string{
		"/_auth?asset=main.js":                 "text/javascript; charset=utf-8",
		"/_auth?asset=frame.css":               "text/css; charset=utf-8",
		"/_auth?asset=door.svg":                "image/svg+xml",
		"/_auth?asset=console.html":            "",
		"/_auth?asset=":                        "",
		"/_auth?asset=../page.go":              "",
		"/_auth?asset=assets/main.js":          "",
		"/_auth?asset=main.js&asset=dom.js":    "",
		"/_auth?asset=main.js&op=whoami":       "",
		"/_auth?asset=nothing.js&asset=dom.js": "",
	} {
		if got, _ := p.Find(request("GET", target, "text/html")); got.Type != want {
			t.Errorf("%s: got %q, want %q", target, got.Type, want)
		}
	}
}

var (
	imported = regexp.MustCompile(`from '([^']*)'`)
	named    = regexp.MustCompile(`\?asset=([^"']+)["']`)
)

func TestEverythingThatThePageNamesIsThereAndNothingIsElsewhere(t *testing.T) {
	for authPath, here := range map[string]string{"/_auth": "_auth", "/a/b/it's": "it%27s"} {
		p := page(t, authPath)
		found, _ := p.Find(request("GET", "/_auth", "text/html"))
		texts := []string{string(found.Body)}
		for name, asset := range p.assets {
			texts = append(texts, string(asset.Body))
			for _, module := range imported.FindAllStringSubmatch(string(asset.Body), -1) {
				if !strings.HasPrefix(module[1], "./"+here+"?asset=") {
					t.Errorf("%s imports %s", name, module[1])
				}
			}
		}
		for _, text := range texts {
			for _, asset := range named.FindAllStringSubmatch(text, -1) {
				if _, known := p.assets[asset[1]]; !known {
					t.Errorf("%s is named and not there", asset[1])
				}
			}
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "://") { // a name, which nobody fetches
				t.Errorf("a resource of somebody else is named in %s", text)
			}
		}
	}
}

// TestThePolicyHasAnotherNonceEachTime, and the page has the same.
func TestThePolicyHasAnotherNonceEachTime(t *testing.T) {
	p := page(t, "/_auth")
	nonces := map[string]bool{}
	for range 3 {
		found, _ := p.Find(request("GET", "/_auth", "text/html"))
		in := regexp.MustCompile(`script-src 'nonce-([A-Z2-7]{26})';`).FindStringSubmatch(found.Policy)
		if in == nil || nonces[in[1]] {
			t.Fatalf("the policy is %s", found.Policy)
		}
		nonces[in[1]] = true
		if body := string(found.Body); strings.Count(body, `nonce="`+in[1]+`"`) != 5 || strings.Contains(body, "{{") {
			t.Errorf("the page is %s", body)
		}
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(found.Policy, part) {
				t.Errorf("the policy lacks %s", part)
			}
		}
	}
}

// TestNothingReadsTextAsHTMLOrCode looks for what Trusted Types would refuse in the
// browsers that have them, and others would do.
func TestNothingReadsTextAsHTMLOrCode(t *testing.T) {
	dangerous := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc|javascript:|localStorage|sessionStorage|document\.cookie|style="`)
	modules := 0
	err := fs.WalkDir(embedded, "assets", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) == "" {
			return err
		}
		content, err := embedded.ReadFile(name)
		if found := dangerous.Find(content); found != nil {
			t.Errorf("%s has %s", name, found)
		}
		if path.Ext(name) == ".js" {
			modules++
			if n := strings.Count(string(content), "\n"); n > 250 {
				t.Errorf("%s has %d lines", name, n)
			}
		}
		return err
	})
	if err != nil || modules < 15 {
		t.Errorf("found %d modules, %v", modules, err)
	}
}
