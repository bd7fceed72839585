package integration

import (
	"encoding/json"
	"go/ast"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/caddymodule"
)

// firstWords are what stands first in the rows of a chapter's tables, in backticks.
func firstWords(t *testing.T, page, heading string) (words []string) {
	t.Helper()
	for _, row := range tables(chapter(t, page, heading)) {
		words = append(words, ticked(row[0])...)
	}
	return words
}

// accepted are the words that the error of a Caddyfile lists.
func listed(t *testing.T, directive string) []string {
	t.Helper()
	said := adapted("localhost {\n\tcmwell_auth {\n\t\t" + directive + "\n\t}\n}\n")
	_, list, _ := strings.Cut(said, `"nonsense" found; `)
	list, _, found := strings.Cut(list, " are accepted")
	if !found {
		t.Fatalf("%s: %s", directive, said)
	}
	return strings.Split(list, ", ")
}

// jsonNames are those of the fields of a struct.
func jsonNames(of any) (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
		if tag, has := field.Tag.Lookup("json"); has && field.IsExported() {
			name, _, _ := strings.Cut(tag, ",")
			names = append(names, name)
		}
	}
	return names
}

// grammars are the tables of the reference, with what accepts the words in them.
func grammars(t *testing.T) []grammar {
	t.Helper()
	return []grammar{
		{"## The directive", listed(t, "nonsense"), caddymodule.Handler{}, []string{"max_expiry"}, "caddymodule/settings.go"},
		{"## Users in Redis", listed(t, "users redis redis://a {\nnonsense 1\n}"), caddymodule.RedisUsers{}, []string{"url", "tls_key"}, "caddymodule/redis_settings.go"},
		{"## Users in the store", listed(t, "users infotons http://a {\nnonsense 1\n}"), caddymodule.InfotonUsers{}, []string{"url"}, "caddymodule/infotons_values.go"},
	}
}

type grammar struct {
	chapter string
	words   []string
	fields  any
	// only stands in JSON only, and in a sentence of the chapter.
	only []string
	// file has the defaults.
	file string
}

func TestTheReferenceHasEveryWordOfTheGrammarAndItsNameInJSON(t *testing.T) {
	for _, g := range grammars(t) {
		words := firstWords(t, "reference.md", g.chapter)
		wantSame(t, g.chapter, g.words, words)
		wantSame(t, g.chapter+" in JSON", jsonNames(g.fields), append(words, g.only...))
		for _, name := range g.only {
			if text := chapter(t, "reference.md", g.chapter); !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, `"`+name+`"`) {
				t.Errorf("%s: nothing is said of %s in JSON", g.chapter, name)
			}
		}
	}
	text := documents(t)["../docs/reference.md"]
	for _, part := range []any{caddymodule.KeySource{}, caddymodule.TokenSource{}, caddymodule.Protection{}, caddymodule.RedisSentinel{}, caddymodule.FileUsers{}} {
		for _, name := range jsonNames(part) {
			if !strings.Contains(text, `"`+name+`"`) {
				t.Errorf("docs/reference.md does not name %s of %T", name, part)
			}
		}
	}
}

// The defaults are what the code takes for a value that is not there.
func TestTheReferenceHasEveryDefault(t *testing.T) {
	for _, g := range grammars(t) {
		standard := map[string]string{}
		syntax(t, g.file, func(n ast.Node) {
			call, ok := n.(*ast.CallExpr)
			if !ok || callee(call.Fun) != "value" || len(call.Args) < 4 {
				return
			}
			name, isName := literal(call.Args[1])
			if value, ok := literal(call.Args[3]); ok && isName {
				standard[name] = value
			}
		})
		if len(standard) < 5 {
			t.Errorf("%s: only the defaults %v are found", g.file, standard)
		}
		for _, row := range tables(chapter(t, "reference.md", g.chapter)) {
			for _, name := range ticked(row[0]) {
				shown, wanted := strings.Join(ticked(row[2]), " "), standard[name]
				if name == "expiry" {
					wanted += " max " + standard["max_expiry"]
				}
				switch {
				case wanted != "" && shown != wanted && shown != "header X-CM-WELL-TOKEN2 header X-CM-WELL-TOKEN":
					t.Errorf("%s: the default of %s is %q, and the page says %q", g.chapter, name, wanted, row[2])
				case wanted == "" && shown != "" && !slices.Contains(notInAValue, name):
					t.Errorf("%s: the page has the default %q for %s, and the code none", g.chapter, row[2], name)
				}
			}
		}
	}
}

// notInAValue have their default in the code of what they configure.
var notInAValue = []string{"signing_key", "token_from", "users", "user", "username"}

// What the grammar names is on the page, and what the page names is accepted.
func TestTheReferenceHasTheValuesOfEveryWord(t *testing.T) {
	plain := regexp.MustCompile(`^[\w/.-]+$`)
	for _, row := range tables(chapter(t, "reference.md", "## The directive")) {
		name := ticked(row[0])[0]
		said := adapted("localhost {\n\tcmwell_auth {\n\t\t" + name + " a b c d e f\n\t}\n}\n")
		_, usage, _ := strings.Cut(said, "; "+name+" ")
		usage, _, _ = strings.Cut(usage, " is accepted, at")
		for word := range strings.FieldsFuncSeq(usage, func(r rune) bool { return strings.ContainsRune(" |[]…", r) }) {
			if !strings.HasPrefix(word, "<") && !strings.Contains(row[1], word) {
				t.Errorf("%s: %s is accepted, and the page has %s", name, word, row[1])
			}
		}
		if name == "login_limit" || strings.Contains(row[1], "like `") || strings.Contains(row[1], "matchers") {
			continue
		}
		for _, word := range ticked(row[1]) {
			if said := adapted("localhost {\n\tcmwell_auth {\n\t\t" + name + " " + word + "\n\t}\n}\n"); plain.MatchString(word) && strings.HasPrefix(said, "error: ") {
				t.Errorf("%s: the page has %s, and %s", name, word, said)
			}
		}
	}
}

func TestTheReferenceHasEveryReason(t *testing.T) {
	var code []string
	syntax(t, "caddymodule/outcome.go", func(n ast.Node) {
		row, ok := n.(*ast.CompositeLit)
		if !ok || len(row.Elts) < 3 {
			return
		}
		for i, e := range row.Elts {
			if pair, named := e.(*ast.KeyValueExpr); named && callee(pair.Key) == "reason" {
				e = pair.Value
			} else if i != 2 || named {
				continue
			}
			if text, ok := literal(e); ok {
				code = append(code, text)
			}
		}
	})
	var sentences string
	for _, row := range tables(chapter(t, "reference.md", "## Answers to other requests")) {
		sentences += row[2]
	}
	logs := chapter(t, "reference.md", "## Placeholders and logs")
	_, more, found := strings.Cut(logs, "The reason of a login that failed is one of ")
	if !found {
		t.Fatal("docs/reference.md does not list the reasons of a login that failed")
	}
	var page []string
	for _, word := range ticked(sentences + more) {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == "" && word != "callback" { // a parameter
			page = append(page, word)
		}
	}
	wantSame(t, "reasons", code, page)
}

func TestTheReferenceHasEveryPlaceholderEventAndEntry(t *testing.T) {
	placeholders := texts(t, "caddymodule/logging.go", regexp.MustCompile(`^http\.(auth|cmwell_auth)\.[\w.]+$`))
	var page []string
	for _, word := range firstWords(t, "reference.md", "## Placeholders and logs") {
		if strings.HasPrefix(word, "{") {
			page = append(page, strings.Trim(word, "{}"))
		}
	}
	wantSame(t, "placeholders", placeholders, page)

	var events, data []string
	syntax(t, "caddymodule/events.go", func(n ast.Node) {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if strings.HasPrefix(n.Names[0].Name, "event") && len(n.Values) == 1 {
				text, _ := literal(n.Values[0])
				events = append(events, text)
			}
		case *ast.CompositeLit:
			if _, isMap := n.Type.(*ast.MapType); isMap {
				for _, e := range n.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok {
						key, _ := literal(pair.Key)
						data = append(data, key)
					}
				}
			}
		case *ast.IndexExpr:
			if callee(n.X) == "data" {
				key, _ := literal(n.Index)
				data = append(data, key)
			}
		}
	})
	wantSame(t, "events", events, firstWords(t, "reference.md", "## Events and traces"))
	page = nil
	for _, row := range tables(chapter(t, "reference.md", "## Events and traces")) {
		page = append(page, ticked(row[1])...)
	}
	wantSame(t, "data of events", data, page)

	entries := []string{"refused", "would have refused"} // which of them, is a variable
	syntax(t, "caddymodule/*.go", func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Info" || s.Sel.Name == "Error") && strings.HasSuffix(dottedName(s.X), "audit") {
			if text, ok := literal(call.Args[0]); ok {
				entries = append(entries, text)
			}
		}
	})
	_, text, _ := strings.Cut(chapter(t, "reference.md", "## Placeholders and logs"), "| entry | fields |")
	text, _, _ = strings.Cut(text, "\n\n")
	page = nil
	for _, row := range tables("| entry | fields |" + text) {
		page = append(page, ticked(row[0])...)
	}
	wantSame(t, "entries of the audit log", entries, page)
}

func dottedName(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return dottedName(s.X) + "." + s.Sel.Name
	}
	return callee(e)
}

func TestTheReferenceHasEveryOperation(t *testing.T) {
	code := []string{"login"} // of the console, which is a login like any other
	syntax(t, "internal/admin/*.go", func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasSuffix(strings.ToLower(spec.Names[0].Name), "operations") {
			return
		}
		ast.Inspect(spec, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if text, ok := literal(n.Value); ok && callee(n.Key) == "name" {
					code = append(code, text)
				}
			case *ast.CallExpr:
				if text, ok := literal(n.Args[0]); ok {
					code = append(code, text)
				}
			}
			return true
		})
	})
	wantSame(t, "operations", code, firstWords(t, "reference.md", "## `/_auth`"))
}

// What health shows is what the reference shows of it.
func TestTheReferenceHasEveryFieldOfHealth(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor("signing_key managed"), doorOptions{store: store.address})
	var shown map[string]any
	if err := json.Unmarshal([]byte(d.ask(t, request("GET /_auth?op=health")).body), &shown); err != nil {
		t.Fatal(err)
	}
	for _, row := range tables(chapter(t, "reference.md", "## `/_auth`")) {
		if !slices.Contains(ticked(row[0]), "health") {
			continue
		}
		var page map[string]any
		if err := json.Unmarshal([]byte(ticked(row[2])[0]), &page); err != nil {
			t.Fatal(err)
		}
		for name := range shown {
			if _, found := page[name]; !found {
				t.Errorf("op=health has %s, and the reference not", name)
			}
		}
		for name := range page {
			if _, found := shown[name]; !found {
				t.Errorf("the reference has %s, and op=health not", name)
			}
		}
	}
}
