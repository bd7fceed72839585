package integration

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// speaking are the functions that make messages of a format.
var speaking = map[string]bool{
	"errors.New": true, "fmt.Errorf": true, "d.Errf": true, "disp.Errf": true, "misuse": true, "unjudged": true,
	"r.fail": true, "fail": true, "answer": true, "answerJSON": true, "bad": true,
}

// silent are messages that no file in messages/ shows, by how they begin or by the file
// or folder that they are in, below the reason.
var silent = map[string][]string{
	"it is for the log and the admin API, which tell the operator in full what the client is told as 503; the store's own tests show it": {
		"internal/store/redis/", "internal/store/infotons/", "gate: looking up user", "gate: matching", "looking up the user: ", "checking a nonce: ",
		"signing: ", "storing better hashes for", "keys or users are still being made", "managed keys: no answer", "managed keys: locking",
		"looking up user root: ", "login: failed logins and used nonces are out of reach", "making a key for",
	},
	"it is about one place in a body, of which there are as many as RDF has rules; internal/rdf and the corpus of differential/rdf_corpus_test.go show it": {
		"internal/rdf/", "internal/gate/subjects.go",
	},
	"it says which part of a token is wrong; a client gets CM-Well's one sentence, and the tests of internal/token show it": {
		"internal/token/parse.go", "internal/token/header.go", "%w: its first two parts",
	},
	"the development store is for trying out, and internal/devstore shows it": {
		"internal/devstore/", "%s: the file %q: %w", "%s: the store is no longer in use", "%s: the pool of open stores", "%s: closing %s",
	},
	"it is a fault of ours, or of a module that is not ours, which no configuration and no request makes": {
		"internal/bcrypt/", "app ", "what is shared as", "metrics: ", "cmwell_redact: %T", "users: module %T", "users file: what is shared", "users infotons: what is shared",
		"users redis: what is shared", "account: bcrypt cost", "account: %s found; users and roles have documents", "users file: %s found",
		"gate: keeper is not set up", "account: a document is not one JSON object and cannot be shown", "account: field ", "field %s: a %T",
		"this hash does not tell its state", "this hash has its state in another form", "state of a hash", "writing a private key", "%w: a name without a key", "%w: no private key",
		"%w: no PKCS #8", "%w: a public key", "%w: two keys have the name", "%w: a key that cannot sign", "%w: a secret found;", "keyring: no keys yet",
		"login: no credentials of this scheme", "remote: the server's answer is not understood", "no level found; read, write or both",
	},
	"it takes a flood, a replay, an unusual moment or a large body, which the tests of that make": {
		"Content-Length is not accepted", "gate: Content-Length", "Too many bodies are being judged", "gate: too many bodies", "Too many logins are waiting", "login: too many logins are waiting",
		"Logins cannot be counted", "cmwell_auth: early data", "this is not accepted as early data", "cmwell_auth: the connection to the store failed",
		"the user was changed at the same time", "login: the user has changed meanwhile", "%w: the nonce is stale",
		"%w: the default password of root is accepted", "keyring: too many keys", "%w: %d of %s found, at most", "admin: the document is too large",
		"%w: at most %d bytes are read", "%w: the body ends too early", "%w: a form of at most", "login: the body is larger", "%w: it ends early",
		"%w: it ends too early", "%w: what is compressed in it", "%w: more than %d parameters", "users cannot be changed here", "account: users cannot be changed here",
		"%w: user %s: another password needs a rev above", "%w: user %s has rev %d, and a new user", "account: user %s has rev %d",
		"%w: it is a symbolic link", "another process has held its lock", "it was edited at the same time", "there are no users in it any more",
		"the change is not accepted", "%w: the file would have", "%s has %d bytes; at most", "%w: %s %s is there twice", "%w: key %d lacks", "%w: the newest key",
	},
	"it takes several front doors in one server, or none; admin_api_test.go shows it": {
		"admin: several front doors", "%w are running, and users says which", "admin: no front door is running", "%w: no configuration has been loaded", "%w: the configuration has no cmwell_auth",
		"the server says nothing of its front doors", "the server has several front doors",
	},
	"it takes a terminal, an interrupt, or stores that are in use meanwhile; terminal_test.go and the package's own tests show it": {
		"the two passwords differ", "reading %s: ", "interrupted", "the stores still differ", "listing %s", "migrate: ", "role %s: a role has no roles",
		"export: %s is no file", "export: %s is larger",
	},
}

// site is a place in the code that makes a message.
type site struct{ file, format string }

// sites are those of the packages whose messages somebody can meet.
func sites(t *testing.T) []site {
	t.Helper()
	var all []site
	for _, pattern := range []string{"caddymodule/*.go", "internal/*/*.go", "internal/store/*/*.go", "internal/store/redis/wire/*.go"} {
		files, err := filepath.Glob("../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(filepath.Dir(file), "test") {
				continue
			}
			parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(file, "../")
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if speaking[callee(n.Fun)] {
						for _, arg := range n.Args {
							if text, ok := literal(arg); ok && strings.Contains(text, " ") && !strings.HasPrefix(text, "text/") {
								all = append(all, site{name, text})
							}
						}
					}
				case *ast.CompositeLit: // a row of outcome.go: its last field
					if name == "caddymodule/outcome.go" && len(n.Elts) == 4 {
						if text, ok := literal(n.Elts[3]); ok {
							all = append(all, site{name, text})
						}
					}
				}
				return true
			})
		}
	}
	return all
}

// callee is the name of what is called.
func callee(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}

// literal is a text that stands in the code, or the beginning of one that is put
// together there.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == gotoken.STRING
	case *ast.BinaryExpr:
		left, isLeft := literal(e.X)
		right, isRight := literal(e.Y)
		switch {
		case isLeft && isRight:
			return left + right, true
		case isLeft:
			return left + "%s", true
		case isRight:
			return "%s" + right, true
		}
	}
	return "", false
}

var (
	verb    = regexp.MustCompile(`%[-+# 0]*[0-9.*]*(\[\d+\])?[a-zA-Z%]`)
	ownName = regexp.MustCompile(`^(account|admin|cmwell_auth|export|gate|guard|keyring|login|migrate|permission|rdf|redis|remote|token): `)
)

// form matches what the format makes, in one line; nil when it has no words of its own.
func (s site) form() *regexp.Regexp {
	var parts []string
	words := 0
	for part := range strings.SplitSeq(verb.ReplaceAllString(ownName.ReplaceAllString(s.format, ""), "\x00"), "\x00") {
		words += len(strings.Trim(part, `:;,. ()"'{}[]-=/`))
		parts = append(parts, regexp.QuoteMeta(strings.TrimSpace(part)))
	}
	if words < 4 {
		return nil
	}
	return regexp.MustCompile(strings.Join(parts, ".*"))
}

// TestEveryMessageIsShown finds the messages in the code, and looks for each in messages/.
func TestEveryMessageIsShown(t *testing.T) {
	var shown strings.Builder
	for _, name := range []string{"caddyfile.golden", "configuration.golden", "refusals.golden", "command.golden"} {
		text := messages(t, name)
		shown.WriteString(text + strings.ReplaceAll(text, `\"`, `"`))
	}
	all := sites(t)
	if len(all) < 300 {
		t.Fatalf("only %d messages found", len(all))
	}
	used := map[string]bool{}
	for _, s := range all {
		form := s.form()
		if form == nil {
			continue
		}
		if form.MatchString(shown.String()) {
			continue
		}
		excused := false
		for _, begins := range silent {
			for _, begin := range begins {
				if strings.HasPrefix(s.format, begin) || strings.HasPrefix(s.file, begin) {
					excused, used[begin] = true, true
				}
			}
		}
		if !excused {
			t.Errorf("%s: %q is in no file of messages/", s.file, s.format)
		}
	}
	for why, begins := range silent {
		for _, begin := range begins {
			if !used[begin] {
				t.Errorf("%q is said not to be shown (%s), and is, or is not there", begin, why)
			}
		}
	}
}
