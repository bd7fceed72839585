package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the texts that people read.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, name := range append(names, "../README.md", "../CONTRIBUTING.md", "../SECURITY.md", "../CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

var fenced = regexp.MustCompile("(?ms)^```caddyfile(?: \\S+)?\n(.*?)^```$")

func TestEveryCaddyfileInTheDocumentsAdapts(t *testing.T) {
	found := 0
	for name, text := range documents(t) {
		for _, block := range fenced.FindAllStringSubmatch(text, -1) {
			found++
			if got := adapted(block[1]); strings.HasPrefix(got, "error: ") {
				t.Errorf("%s: %s\n%s", name, got, block[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d Caddyfiles found in the documents", found)
	}
	example, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	if got := adapted(string(example)); strings.HasPrefix(got, "error: ") {
		t.Errorf("Caddyfile.example: %s", got)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	heading = regexp.MustCompile("(?m)^#+ (.*)$")
	unheard = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

func TestEveryLinkInTheDocumentsLeadsSomewhere(t *testing.T) {
	texts := documents(t)
	for name, text := range texts {
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			target := name
			if l[1] != "" {
				target = filepath.Join(filepath.Dir(name), l[1])
			}
			if _, err := os.Stat(target); err != nil || l[2] != "" && !slices.Contains(anchors(texts[target]), l[2]) {
				t.Errorf("%s: %s%s leads nowhere", name, l[1], l[2])
			}
		}
	}
}

// inTree is a file or a folder of the project, in backticks; <name> and … stand for any.
var inTree = regexp.MustCompile("`((?:caddymodule|cmd|integration|internal|docs|packaging|\\.ci)/[^` ]+)`")

func TestEveryFileThatADocumentNamesIsThere(t *testing.T) {
	found := 0
	for name, text := range documents(t) {
		for _, named := range inTree.FindAllStringSubmatch(text, -1) {
			found++
			pattern := strings.NewReplacer("<name>", "*", "…", "*").Replace(named[1])
			if there, err := filepath.Glob(filepath.Join("..", pattern)); err != nil || len(there) == 0 {
				t.Errorf("%s names %s, which is not there", name, named[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d names found in the documents", found)
	}
}

// anchors are the headings of a document, as links name them.
func anchors(text string) []string {
	var all []string
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		all = append(all, "#"+strings.ReplaceAll(unheard.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return all
}

// The reference names everything that the directive accepts.
func TestTheReferenceNamesEverySubdirective(t *testing.T) {
	text := documents(t)["../docs/reference.md"]
	said := adapted("localhost {\n\tcmwell_auth {\n\t\tnonsense\n\t}\n}\n")
	_, list, _ := strings.Cut(said, `"nonsense" found; `)
	list, _, _ = strings.Cut(list, " are accepted")
	names := strings.Split(list, ", ")
	if len(names) < 16 {
		t.Fatalf("only %d subdirectives in: %s", len(names), said)
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/reference.md does not name %s", name)
		}
	}
}
