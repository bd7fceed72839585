package integration

import (
	"os"
	"path/filepath"
	"regexp"
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

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

func TestEveryLinkInTheDocumentsLeadsSomewhere(t *testing.T) {
	for name, text := range documents(t) {
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), l[1])); err != nil {
				t.Errorf("%s: %s leads nowhere", name, l[1])
			}
		}
	}
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
