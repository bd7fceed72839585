package devstore

import (
	"strings"
	"testing"
)

// The development store reads paths, fields and statements.
func FuzzWhatIsUploaded(f *testing.F) {
	f.Add("/a//b/", []byte(`{"name":["Ann",1,true]}`), "store")
	f.Add("/a/../b", []byte("<http://store/a> <cmwell://meta/nn#x> \"y\" .\n# no\n"), "store")
	f.Add("/_in", []byte("<cmwell://a/%2e%2e/b> <http://p/x> <http://o> <http://g> ."), "")
	f.Fuzz(func(t *testing.T, raw string, body []byte, host string) {
		if path, err := cleanPath(raw); err == nil {
			if again, err := cleanPath(path); err != nil || again != path || strings.Contains(path, "//") {
				t.Fatalf("%q becomes %q, and that %q, %v", raw, path, again, err)
			}
		}
		if fields, err := parseFields(body); err != nil && fields != nil {
			t.Fatalf("%q: %v beside %v", body, fields, err)
		}
		statements, err := parseStatements(nquads, body, host)
		for _, s := range statements {
			if path, bad := infotonPath(s.path); err != nil || bad != nil || path != s.path || s.field == "" {
				t.Fatalf("%q speaks of %q, %v", body, s.path, err)
			}
		}
	})
}
