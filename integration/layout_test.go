package integration

import (
	"bytes"
	"errors"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// topLevel is all that lies at the top of the repository, besides dotfiles.
var topLevel = []string{
	"caddymodule", "cmd", "integration", "internal", "docs", "packaging",
	"Caddyfile.example", "xcaddy.sh", "Makefile", "go.mod", "go.sum",
	"README.md", "LICENSE", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md",
}

// vagueNames say nothing of what is inside.
var vagueNames = []string{"util", "utils", "helper", "helpers", "common", "manager", "managers"}

const longestFile = 300

func TestTopOfTheRepositoryHoldsOnlyWhatIsListed(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		top, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(topLevel, top) {
			t.Errorf("%s lies at the top of the repository, where only these and dotfiles belong: %s", top, strings.Join(topLevel, " "))
		}
	}
}

func TestNoPackageOrDirectoryHasANameThatSaysNothing(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		for _, dir := range strings.Split(path.Dir(file), "/") {
			if slices.Contains(vagueNames, dir) {
				t.Errorf("%s lies in a directory named %s: name it after what it holds", file, dir)
			}
		}
		if name := packageClause(t, file); slices.Contains(vagueNames, strings.TrimSuffix(name, "_test")) {
			t.Errorf("%s is of a package named %s: name it after what it holds", file, name)
		}
	}
}

func TestNoGoFileIsTooLongToRead(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")); lines > longestFile {
			t.Errorf("%s has %d lines, over %d: split it by what it is about", file, lines, longestFile)
		}
	}
}

func packageClause(t *testing.T, file string) string {
	t.Helper()
	if path.Ext(file) != ".go" {
		return ""
	}
	syntax, err := parser.ParseFile(gotoken.NewFileSet(), "../"+file, nil, parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	return syntax.Name.Name
}

// repositoryFiles asks git for the files of the repository: those it tracks
// and those it would, ignored and deleted ones left out.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	git := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = ".."
	list, err := git.Output()
	if err != nil {
		t.Fatalf("git, asked for the files of the repository: %v", err)
	}
	files := slices.DeleteFunc(strings.Split(string(list), "\x00"), func(file string) bool {
		_, err := os.Lstat("../" + file)
		return file == "" || errors.Is(err, fs.ErrNotExist)
	})
	if len(files) == 0 {
		t.Fatal("git ls-files names no file")
	}
	return files
}
