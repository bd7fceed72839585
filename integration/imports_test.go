package integration

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const thisModule = "github.com/cm-well/cmwell-auth"

// arrow says what a package may import besides the standard library. A name
// that ends in "/..." stands for itself and everything below.
type arrow struct {
	pkg     string   // a path in this module; "internal/store/*" is any store without a row of its own
	inside  []string // paths in this module
	outside []string // packages of others
}

const (
	strictJSON = "github.com/go-json-experiment/json/..."
	anyCaddy   = "github.com/caddyserver/caddy/v2/..."
	semaphores = "golang.org/x/sync/semaphore"
	flights    = "golang.org/x/sync/singleflight"
)

// arrows is the plan of the house. Tokens, permissions and accounts know
// neither HTTP nor Caddy; login and gate act on them and never on each other;
// a store knows accounts and its own driver, and one that front doors share the
// rules of guard; Caddy stays in the shell.
var arrows = []arrow{
	{pkg: "internal/permission"},
	{pkg: "internal/token", outside: []string{"github.com/golang-jwt/jwt/v5", "filippo.io/edwards25519", strictJSON}},
	{pkg: "internal/keyring", inside: []string{"internal/token"}, outside: []string{strictJSON}},
	{pkg: "internal/bcrypt"},
	{pkg: "internal/account", inside: []string{"internal/bcrypt", "internal/permission", "internal/account/splice"}, outside: []string{"golang.org/x/crypto/...", strictJSON}},
	{pkg: "internal/account/splice", outside: []string{strictJSON}},
	{pkg: "internal/account/accounttest", inside: []string{"internal/account", "internal/permission"}},
	{pkg: "internal/guard", inside: []string{"internal/account"}},
	{pkg: "internal/guard/guardtest", inside: []string{"internal/guard"}},
	{pkg: "internal/login", inside: []string{"internal/account", "internal/guard", "internal/token"}, outside: []string{strictJSON}},
	{pkg: "internal/gate", inside: []string{"internal/account", "internal/permission", "internal/token", "internal/rdf"}, outside: []string{semaphores}},
	{pkg: "internal/rdf", outside: []string{"github.com/piprate/json-gold/...", strictJSON}},
	{pkg: "internal/remote", inside: []string{"internal/account", "internal/admin", "internal/keyring"}},
	{pkg: "internal/migrate", inside: []string{"internal/account"}},
	{pkg: "internal/command", inside: []string{"internal/account", "internal/admin", "internal/keyring", "internal/login", "internal/migrate", "internal/permission", "internal/remote", "internal/store/...", "internal/token"}, outside: []string{
		"github.com/spf13/cobra", "golang.org/x/term"}},
	{pkg: "internal/admin", inside: []string{"internal/account", "internal/guard", "internal/permission", "internal/token"}},
	// A store with a driver gets a row of its own, which names the driver.
	{pkg: "internal/store/*", inside: []string{"internal/account", "internal/permission"}},
	{pkg: "internal/store/redis", inside: []string{"internal/account", "internal/account/splice", "internal/guard", "internal/permission", "internal/store/redis/wire"}, outside: []string{"github.com/redis/rueidis"}},
	{pkg: "internal/store/file", inside: []string{"internal/account", "internal/account/splice", "internal/permission"}, outside: []string{
		strictJSON, "github.com/fsnotify/fsnotify", "github.com/gofrs/flock", "golang.org/x/sys/unix"}},
	{pkg: "internal/store/redis/wire"},
	{pkg: "internal/store/redis/redistest"},
	{pkg: "internal/store/infotons", inside: []string{"internal/account"}, outside: []string{strictJSON, flights}},
	{pkg: "internal/console"},
	{pkg: "internal/redact"},
	{pkg: "internal/devstore", outside: []string{"go.etcd.io/bbolt", "github.com/piprate/json-gold/...", strictJSON}},
	{pkg: "caddymodule", inside: []string{"internal/..."}, outside: []string{
		anyCaddy, "github.com/caddyserver/certmagic", "go.uber.org/zap/...", "github.com/prometheus/client_golang/...", "golang.org/x/net/http/httpguts", "golang.org/x/term", "github.com/dustin/go-humanize", semaphores, "github.com/spf13/cobra", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/trace"}},
	{pkg: "cmd/caddy", inside: []string{"caddymodule"}, outside: []string{anyCaddy}},
	{pkg: "integration", inside: []string{"caddymodule", "internal/...", "integration/attacks", "integration/chaos", "integration/session"}, outside: []string{anyCaddy, "github.com/icholy/digest", "github.com/creack/pty"}},
	{pkg: "integration/afternoon", inside: []string{"integration/session"}},
	{pkg: "integration/attackreport", inside: []string{"integration/attacks"}},
	{pkg: "integration/attacks"},
	{pkg: "integration/bench", outside: []string{"golang.org/x/crypto/bcrypt", "golang.org/x/sys/unix"}},
	{pkg: "integration/chaos"},
	{pkg: "integration/mutation"},
	{pkg: "integration/session"},
	{pkg: "integration/testreport"},
	{pkg: "integration/timing", inside: []string{"internal/account", "internal/guard", "internal/login", "internal/token"}},
	{pkg: "integration/writer", inside: []string{"internal/account", "internal/store/file"}, outside: []string{strictJSON}},
}

// answerWriters are where an answer is written: the rest of the house decides in
// values, and leaves the writing to these.
var answerWriters = []string{
	"caddymodule/handler.go", "caddymodule/admin.go", "caddymodule/console.go", "caddymodule/devstore.go",
	"internal/admin/", "internal/devstore/", "integration/bench/upstream.go", "integration/chaos/store.go",
}

func TestEveryPackageImportsOnlyWhatItsRowAllows(t *testing.T) {
	imports := map[string][]string{}
	for _, file := range parseSources(t) {
		pkg := path.Dir(file.name)
		imports[pkg] = append(imports[pkg], importsOf(file.syntax)...)
	}
	if len(imports) == 0 {
		t.Fatal("found no packages to check")
	}
	for _, complaint := range againstTheArrows(imports) {
		t.Error(complaint)
	}
}

func TestAnImportThatNoRowAllowsIsFound(t *testing.T) {
	for _, violation := range []struct{ pkg, imported, complaint string }{
		{"internal/permission", "golang.org/x/text/unicode/norm", "internal/permission imports golang.org/x/text/unicode/norm, but may import nothing but the standard library"},
		{"internal/permission", thisModule + "/internal/account", "internal/permission imports internal/account, but may import nothing but the standard library"},
		{"internal/login", thisModule + "/internal/gate", "internal/login imports internal/gate, but may import only internal/account, internal/guard, internal/token, " + strictJSON},
		{"internal/gate", thisModule + "/internal/login", "internal/gate imports internal/login, but may import only internal/account, internal/permission, internal/token, internal/rdf, " + semaphores},
		{"internal/store/new", thisModule + "/internal/store/file", "internal/store/new imports internal/store/file, but may import only internal/account, internal/permission"},
		{"internal/admin", "github.com/caddyserver/caddy/v2", "internal/admin imports github.com/caddyserver/caddy/v2, but may import only internal/account, internal/guard, internal/permission, internal/token"},
		{"internal/gate", thisModule + "/caddymodule", "internal/gate imports caddymodule, but may import only internal/account, internal/permission, internal/token, internal/rdf, " + semaphores},
		{"internal/token", "github.com/golang-jwt/jwt/v5/request", "internal/token imports github.com/golang-jwt/jwt/v5/request, but may import only github.com/golang-jwt/jwt/v5, filippo.io/edwards25519, " + strictJSON},
		{"cmd/caddy", "github.com/caddyserver/certmagic", "cmd/caddy imports github.com/caddyserver/certmagic, but may import only caddymodule, " + anyCaddy},
		{"internal/cellar", "fmt", "internal/cellar is not in the table of arrows: add a row that says what it may import"},
		{"tools", "fmt", "tools is not in the table of arrows: add a row that says what it may import"},
	} {
		got := againstTheArrows(map[string][]string{violation.pkg: {"fmt", violation.imported, "net/http"}})
		if want := []string{violation.complaint}; !slices.Equal(got, want) {
			t.Errorf("of %s importing %s, the check says %q, want %q", violation.pkg, violation.imported, got, want)
		}
	}
}

func TestAnImportThatItsRowAllowsIsFine(t *testing.T) {
	for pkg, imported := range map[string]string{
		"internal/permission": "net/url",
		"internal/token":      "github.com/go-json-experiment/json/jsontext",
		"internal/account":    "golang.org/x/crypto/bcrypt",
		"internal/gate":       thisModule + "/internal/rdf",
		"internal/store/new":  thisModule + "/internal/account",
		"internal/store/file": "github.com/go-json-experiment/json",
		"caddymodule":         "github.com/caddyserver/caddy/v2/modules/caddyhttp",
		"cmd/caddy":           thisModule + "/caddymodule",
	} {
		if got := againstTheArrows(map[string][]string{pkg: {imported}}); len(got) > 0 {
			t.Errorf("of %s importing %s, the check says %q, want nothing", pkg, imported, got)
		}
	}
}

func TestOnlyTheShellAndTheTwoServersWriteAnswers(t *testing.T) {
	for _, file := range parseSources(t) {
		mayWrite := slices.ContainsFunc(answerWriters, func(w string) bool { return strings.HasPrefix(file.name, w) })
		if mentionsResponseWriter(file.syntax) && !mayWrite {
			t.Errorf("%s mentions http.ResponseWriter, but answers are written only in %s", file.name, strings.Join(answerWriters, ", "))
		}
	}
}

func TestAResponseWriterIsFoundUnderAnyNameOfItsPackage(t *testing.T) {
	for source, want := range map[string]bool{
		"package a; import \"net/http\"; func f(w http.ResponseWriter) {}":     true,
		"package a; import web \"net/http\"; func f(w web.ResponseWriter) {}":  true,
		"package a; import . \"net/http\"; func f(w ResponseWriter) {}":        true,
		"package a; import \"net/http\"; func f(r *http.Request) {}":           false,
		"package a; import \"net/http\" // not http.ResponseWriter\nvar _ int": false,
	} {
		syntax, err := parser.ParseFile(gotoken.NewFileSet(), "a.go", source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := mentionsResponseWriter(syntax); got != want {
			t.Errorf("in %q, http.ResponseWriter found: %v, want %v", source, got, want)
		}
	}
}

// againstTheArrows returns a sentence for each import that breaks a rule, and
// for each package of which the table says nothing.
func againstTheArrows(imports map[string][]string) []string {
	var complaints []string
	for pkg, imported := range imports {
		row, ok := rowOf(pkg)
		if !ok {
			complaints = append(complaints, pkg+" is not in the table of arrows: add a row that says what it may import")
			continue
		}
		accepted := "only " + strings.Join(slices.Concat(row.inside, row.outside), ", ")
		if len(row.inside)+len(row.outside) == 0 {
			accepted = "nothing but the standard library"
		}
		for _, name := range imported {
			local, inside := strings.CutPrefix(name, thisModule+"/")
			if inside && !isCovered(local, row.inside) || !inside && !isStandard(name) && !isCovered(name, row.outside) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s, but may import %s", pkg, local, accepted))
			}
		}
	}
	slices.Sort(complaints)
	return slices.Compact(complaints)
}

func rowOf(pkg string) (arrow, bool) {
	for _, name := range []string{pkg, path.Dir(pkg) + "/*"} {
		if i := slices.IndexFunc(arrows, func(a arrow) bool { return a.pkg == name }); i >= 0 {
			return arrows[i], true
		}
	}
	return arrow{}, false
}

func isCovered(name string, accepted []string) bool {
	return slices.ContainsFunc(accepted, func(a string) bool {
		top, below := strings.CutSuffix(a, "/...")
		return name == top || below && strings.HasPrefix(name, top+"/")
	})
}

// isStandard tells by the first element of the path, which has a dot only when
// the package comes from elsewhere.
func isStandard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

func importsOf(file *ast.File) []string {
	var names []string
	for _, spec := range file.Imports {
		names = append(names, strings.Trim(spec.Path.Value, "`\""))
	}
	return names
}

func mentionsResponseWriter(file *ast.File) (found bool) {
	name := ""
	for _, spec := range file.Imports {
		if spec.Path.Value == `"net/http"` {
			name = "http"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			of, ok := n.X.(*ast.Ident)
			found = found || ok && name != "" && of.Name == name && n.Sel.Name == "ResponseWriter"
		case *ast.Ident:
			found = found || name == "." && n.Name == "ResponseWriter"
		}
		return true
	})
	return found
}

// sourceFile is a Go file, by its path from the top of the repository.
type sourceFile struct {
	name   string
	syntax *ast.File
}

// parseSources reads the files that are no tests.
func parseSources(t *testing.T) []sourceFile {
	t.Helper()
	return parseFiles(t, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
}

// parseFiles reads the Go files themselves, whatever their build tags say.
func parseFiles(t *testing.T, wanted func(name string) bool) []sourceFile {
	t.Helper()
	var sources []sourceFile
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := entry.Name(); entry.IsDir() {
			if base != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || !wanted(name) {
			return nil
		}
		syntax, err := parser.ParseFile(gotoken.NewFileSet(), filepath.Join("..", name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		sources = append(sources, sourceFile{name, syntax})
		return nil
	})
	if err != nil {
		t.Fatalf("reading the source: %v", err)
	}
	return sources
}
