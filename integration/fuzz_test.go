package integration

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// strangers is what strangers send, or what others keep for the door, and the fuzz
// targets of what reads it.
var strangers = []struct{ what, targets string }{
	{"a path, in all its readings", "permission.FuzzParsePath permission.FuzzReadURL permission.FuzzReadings permission.FuzzTheShortCutsReadAsTheLongWay"},
	{"the entries of a long list", "permission.FuzzIndex"},
	{"a raw query", "gate.FuzzParseQuery"},
	{"a request target, as it came and as it goes on", "gate.FuzzSentAsReceived"},
	{"a method, and headers that are another one", "gate.FuzzMethods gate.FuzzHeadersThatAskForMore gate.FuzzTheShelves"},
	{"cookies, bearers, tokens in a query, Connection, Upgrade", "gate.FuzzWhatTheStoreIsSent"},
	{"a spelling of the door's own paths", "gate.FuzzPathsThatBeginDifferently"},
	{"Destination", "gate.FuzzDestination"},
	{"a body of /_in: its format, its compression, its subjects", "gate.FuzzFormatOfABody gate.FuzzCompressedBodies gate.FuzzTargets gate.FuzzTargetsOfSimpleReaders gate.FuzzNoBodyReachesUsers"},
	{"a body of /_out", "gate.FuzzListsOfPaths"},
	{"N-Triples and N-Quads", "rdf.FuzzLines"},
	{"Turtle, TriG and N3", "rdf.FuzzTurtle"},
	{"JSON-LD", "rdf.FuzzJSONLD"},
	{"RDF/XML", "rdf.FuzzRDFXML"},
	{"a token", "token.FuzzVerify token.FuzzVerifyAgainstGolangJWT token.FuzzScanHeader token.FuzzScanClaims token.FuzzInspect"},
	{"a key in PEM", "token.FuzzParsePrivate"},
	{"the managed keys, in shared storage", "keyring.FuzzParse"},
	{"Authorization", "login.FuzzBasic login.FuzzDigest login.FuzzParseParams"},
	{"exp", "login.FuzzParseExpiry"},
	{"a password, and the hash of a document", "bcrypt.FuzzMatch"},
	{"a JSON login", "login.FuzzReadStrings"},
	{"where a client is", "login.FuzzFromThisMachine guard.FuzzThrottle"},
	{"a change of a password", "admin.FuzzBodiesOfAPasswordChange"},
	{"calls of /meta/auth", "admin.FuzzDocumentsAskedForByAUser"},
	{"a call of the page at auth_path", "console.FuzzFind"},
	{"calls of the admin API", "admin.FuzzQuestions admin.FuzzConditions"},
	{"documents of users and roles", "account.FuzzParseUser account.FuzzParseRole account.FuzzRedact account.FuzzArgon2id splice.FuzzMembers"},
	{"the users file", "file.FuzzParse file.FuzzPut file.FuzzSplice"},
	{"answers of Redis, and what it keeps", "wire.FuzzNoAnswerEndsTheDriver redis.FuzzWhatRedisKeeps"},
	{"answers of a store that has the users", "infotons.FuzzFileIn infotons.FuzzAnswersOfTheStore"},
	{"answers of a running server's admin API", "remote.FuzzAnswersOfAServer"},
	{"what is written into a log", "redact.FuzzNoTokenIsLeft redact.FuzzTheRestIsLeft"},
	{"what the development store is sent", "devstore.FuzzWhatIsUploaded"},
}

// decoders turn bytes into something else. Who imports one reads what others wrote.
var decoders = []string{
	"compress/gzip", "crypto/x509", "encoding/base64", "encoding/hex", "encoding/json", "encoding/pem", "encoding/xml", "mime", "net/url",
	"github.com/go-json-experiment/json", "github.com/go-json-experiment/json/jsontext",
}

// trusted are packages that use a decoder, but never for what strangers send.
var trusted = map[string]string{
	"caddymodule":      "reads the operator's configuration; requests are read by what it calls",
	"internal/command": "reads what the operator types",
}

// fuzzTargets are those of a package, by the package's path.
func fuzzTargets(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, file := range parseFiles(t, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		for _, d := range file.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
				found[path.Dir(file.name)] = append(found[path.Dir(file.name)], f.Name.Name)
			}
		}
	}
	return found
}

func TestWhatStrangersSendIsFuzzed(t *testing.T) {
	there := map[string]bool{}
	for pkg, targets := range fuzzTargets(t) {
		for _, target := range targets {
			there[path.Base(pkg)+"."+target] = true
		}
	}
	for _, row := range strangers {
		for target := range strings.FieldsSeq(row.targets) {
			if !there[target] {
				t.Errorf("%s: there is no target %s", row.what, target)
			}
			delete(there, target)
		}
	}
	for target := range there {
		t.Errorf("%s stands in no row: what does it read?", target)
	}
}

func TestAPackageThatDecodesHasAFuzzTarget(t *testing.T) {
	targets := fuzzTargets(t)
	for _, file := range parseSources(t) {
		pkg := path.Dir(file.name)
		if len(targets[pkg]) > 0 || trusted[pkg] != "" || strings.HasPrefix(pkg, "integration/") {
			continue
		}
		for _, name := range importsOf(file.syntax) {
			if slices.Contains(decoders, name) {
				t.Errorf("%s imports %s and the package has no fuzz target", file.name, name)
			}
		}
	}
}

// What is committed is where the next run begins, and each `go test` runs it.
func TestEachFuzzTargetHasACorpus(t *testing.T) {
	for pkg, targets := range fuzzTargets(t) {
		for _, target := range targets {
			if inputs, err := filepath.Glob(filepath.Join("..", pkg, "testdata", "fuzz", target, "*")); err != nil || len(inputs) == 0 {
				t.Errorf("%s: %s has no inputs in testdata/fuzz/%s", pkg, target, target)
			}
		}
		corpora, err := os.ReadDir(filepath.Join("..", pkg, "testdata", "fuzz"))
		if err != nil {
			continue
		}
		for _, corpus := range corpora {
			if !slices.Contains(targets, corpus.Name()) {
				t.Errorf("%s: testdata/fuzz/%s belongs to no target", pkg, corpus.Name())
			}
		}
	}
}
