// Package console is the page at auth_path for the people behind the
// applications, and what the front door remembers for it. The page is made of
// plain modules and one style sheet, which are embedded as they are written.
package console

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
)

//go:embed assets
var embedded embed.FS

// Page is the console of one front door. Its modules and its style sheet are at
// auth_path too, under the parameter asset: no path of the store is taken for them.
type Page struct {
	html   []byte
	assets map[string]Answer
}

// Answer is what is shown to a browser.
type Answer struct {
	// Type is the Content-Type.
	Type string
	// Policy is the Content-Security-Policy; empty but for the page itself.
	Policy string
	Body   []byte
}

// Settings are what the page is told of its front door.
type Settings struct {
	// AuthPath is where it is served.
	AuthPath string
	// TokenHeader is the header that takes a token, or "Authorization" for a bearer;
	// empty when no header does.
	TokenHeader string
}

// types are those of the assets that are served as they are.
var types = map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

// nonce stands in the page for what only its own elements know.
const nonce = "{{nonce}}"

// New makes the page.
func New(s Settings) (*Page, error) {
	p := &Page{assets: map[string]Answer{}}
	err := fs.WalkDir(embedded, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		switch file := path.Base(name); path.Ext(file) {
		case ".html":
			p.html = []byte(strings.NewReplacer(
				"{{auth_path}}", html.EscapeString(s.AuthPath), "{{token_header}}", html.EscapeString(s.TokenHeader),
			).Replace(string(content)))
		case ".js":
			p.assets[file] = Answer{Type: "text/javascript; charset=utf-8", Body: linked(content, s.AuthPath)}
		default:
			p.assets[file] = Answer{Type: types[path.Ext(file)], Body: content}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	return p, nil
}

// linked has a module import the others from where they are served: a browser
// looks for them beside the path of this one, whose query it does not carry over.
func linked(module []byte, authPath string) []byte {
	here := (&url.URL{Path: path.Base(authPath)}).EscapedPath()
	here = strings.ReplaceAll(here, "'", "%27")
	return bytes.ReplaceAll(module, []byte(" from './"), []byte(" from './"+here+"?asset="))
}

// Find tells whether a request to auth_path is for the page or a part of it, and
// gives that. The page is for who asks for HTML by name and names no op.
func (p *Page) Find(r *http.Request) (Answer, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return Answer{}, false
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || query.Has("op") {
		return Answer{}, false
	}
	if names := query["asset"]; len(names) == 1 {
		found, known := p.assets[names[0]]
		return found, known
	} else if len(names) > 1 {
		return Answer{}, false
	}
	if !asksForHTML(r.Header["Accept"]) {
		return Answer{}, false
	}
	secret := rand.Text()
	return Answer{
		Type: "text/html; charset=utf-8", Policy: policy(secret),
		Body: bytes.ReplaceAll(p.html, []byte(nonce), []byte(secret)),
	}, true
}

// asksForHTML tells whether text/html is named: */* is what programs send.
func asksForHTML(accept []string) bool {
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if weight, weighed := parameters["q"]; err == nil && media == "text/html" && (!weighed || strings.Trim(weight, "0.") != "") {
			return true
		}
	}
	return false
}

// policy lets in the page's own elements only. 'self' would not do: the store
// behind is at the same origin, and holds what its users have put there. Nobody
// makes HTML or a script of a text (Trusted Types).
func policy(secret string) string {
	return strings.ReplaceAll("default-src 'none'; script-src 'nonce-{{nonce}}'; style-src 'nonce-{{nonce}}'; img-src 'self'; connect-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'", nonce, secret)
}
