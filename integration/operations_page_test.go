package integration

import (
	"go/ast"
	gotoken "go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/command"
)

func TestTheOperationsPageHasEveryCallOfTheAdminAPI(t *testing.T) {
	var code []string
	for _, pattern := range texts(t, "caddymodule/admin_routes.go", regexp.MustCompile(`^[A-Z]+ /cmwell_auth/`)) {
		code = append(code, strings.NewReplacer("/cmwell_auth/", "", "{name}", "<name>").Replace(pattern))
	}
	var page []string
	for _, word := range firstWords(t, "operations.md", "## The admin API") {
		call, _, _ := strings.Cut(word, "?")
		page = append(page, call)
	}
	wantSame(t, "calls", code, page)
}

func TestTheOperationsPageHasEveryCommandAndExitCode(t *testing.T) {
	top := &cobra.Command{Use: "cmwell-auth"}
	command.Build(top, command.Surroundings{})
	var code []string
	for _, noun := range top.Commands() {
		if !noun.HasSubCommands() {
			code = append(code, noun.Name())
		}
		for _, verb := range noun.Commands() {
			code = append(code, noun.Name()+" "+verb.Name())
		}
	}
	var page, exits []string
	for _, row := range tables(chapter(t, "operations.md", "## Users, from the command line")) {
		if len(row[0]) == 1 {
			exits = append(exits, row[0])
			continue
		}
		noun := ""
		for _, word := range ticked(row[0]) {
			first, verb, two := strings.Cut(word, " ")
			switch {
			case two && !strings.ContainsAny(verb, "<["):
				noun = first
				page = append(page, word)
			case noun != "":
				page = append(page, noun+" "+word)
			default:
				page = append(page, first)
			}
		}
	}
	wantSame(t, "commands", code, without(page, "file:", "redis:", "rediss:", "infotons:", "export:"))

	var codes []string
	syntax(t, "internal/command/command.go", func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == gotoken.INT {
			codes = append(codes, lit.Value)
		}
	})
	wantSame(t, "exit codes", codes, exits)
}

// without leaves out what begins so: the places of migrate have a table there too.
func without(words []string, beginnings ...string) (left []string) {
	for _, word := range words {
		kept := true
		for _, beginning := range beginnings {
			kept = kept && !strings.HasPrefix(word, beginning)
		}
		if kept {
			left = append(left, word)
		}
	}
	return left
}

// Variables of the environment are those of the command line, and those that the
// configurations in the packages and the example take.
func TestTheDocumentsHaveEveryVariable(t *testing.T) {
	code := texts(t, "caddymodule/*.go", regexp.MustCompile(`^CMWELL_[A-Z_]+$`))
	variable := regexp.MustCompile(`\{\$(CMWELL_[A-Z_]+)`)
	files, err := filepath.Glob("../packaging/*/Caddyfile*")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d Caddyfiles in packaging: %v", len(files), err)
	}
	for _, file := range append(files, "../Caddyfile.example") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range variable.FindAllStringSubmatch(string(text), -1) {
			code = append(code, found[1])
		}
	}
	var page []string
	for name, text := range documents(t) {
		if name == "../CHANGELOG.md" || name == "../CONTRIBUTING.md" {
			continue
		}
		text = regexp.MustCompile(`\b(env |\{env\.|export )CMWELL_[A-Z_]+`).ReplaceAllString(text, "") // a name of the reader's own
		page = append(page, regexp.MustCompile(`\bCMWELL_[A-Z_]+\b`).FindAllString(text, -1)...)
	}
	wantSame(t, "variables", code, page)
}
