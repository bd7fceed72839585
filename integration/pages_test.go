package integration

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the tests of pages in docs/ read them with.

// chapter is the part of a page below a heading.
func chapter(t *testing.T, page, heading string) string {
	t.Helper()
	level := regexp.MustCompile(`^#+`).FindString(heading)
	_, text, found := strings.Cut(documents(t)["../docs/"+page], "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/%s has no chapter %s", page, heading)
	}
	text, _, _ = strings.Cut(text, "\n"+level+" ")
	return text
}

// tables are the rows of the tables in a text, without their headings.
func tables(text string) (rows [][]string) {
	heading := true
	for line := range strings.Lines(text) {
		switch {
		case !strings.HasPrefix(line, "|"):
			heading = true
		case strings.HasPrefix(line, "|---"):
			heading = false
		case !heading:
			cells := strings.Split(strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00"), "|")
			for i := range cells {
				cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "|")
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

var tick = regexp.MustCompile("`([^`]+)`")

// ticked is what stands in backticks.
func ticked(text string) (words []string) {
	for _, found := range tick.FindAllStringSubmatch(text, -1) {
		words = append(words, found[1])
	}
	return words
}

// wantSame compares what the code has with what a page says.
func wantSame(t *testing.T, what string, code, page []string) {
	t.Helper()
	if len(code) == 0 || len(page) == 0 {
		t.Errorf("%s: %d found in the code, %d on the page", what, len(code), len(page))
	}
	for _, c := range set(code) {
		if !slices.Contains(page, c) {
			t.Errorf("%s: the page does not name %s", what, c)
		}
	}
	for _, p := range set(page) {
		if !slices.Contains(code, p) {
			t.Errorf("%s: the page names %s, which is not there", what, p)
		}
	}
}

func set(words []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(words)))
}

// syntax visits every node of the Go files of a pattern, tests left out.
func syntax(t *testing.T, pattern string, visit func(ast.Node)) {
	t.Helper()
	files, err := filepath.Glob("../" + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if n != nil {
				visit(n)
			}
			return true
		})
	}
}

// texts are the string literals in the code that fit.
func texts(t *testing.T, pattern string, fits *regexp.Regexp) []string {
	t.Helper()
	found := map[string]bool{}
	syntax(t, pattern, func(n ast.Node) {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && fits.MatchString(text) {
				found[text] = true
			}
		}
	})
	return slices.Sorted(maps.Keys(found))
}
