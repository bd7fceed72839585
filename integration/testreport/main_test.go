package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file in testdata is a run of the tests, in three parts set apart by
// dashes: how it was called and how `go test` ended, the events that `go test`
// sent, and what the report must say of them.
func TestReportOfEachRunInTestdata(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("found no runs in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(string(content), "----------\n")
			if len(parts) != 3 {
				t.Fatalf("%s has %d parts, want 3", file, len(parts))
			}
			if got := replay(t, parts[0], parts[1]); got != parts[2] {
				t.Errorf("the report says\n%s\nwant\n%s", got, parts[2])
			}
		})
	}
}

// replay is what the report says of a run, and with which status it exits.
func replay(t *testing.T, called, events string) string {
	t.Helper()
	var out bytes.Buffer
	r := report{out: &out, strict: strings.Contains(called, "CI=true")}
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatalf("reading the events: %v", err)
	}
	var ended error
	if strings.Contains(called, "exit status 1") {
		ended = errors.New("exit status 1")
	}
	if r.end(ended) {
		return out.String() + "exits 0\n"
	}
	return out.String() + "exits 1\n"
}

func TestFailureOfGoTestItselfIsNotLost(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "go.mod", "module example.org/door\n")
	write(t, "door_test.go", "package door\n\nimport \"testing\"\n\nfunc TestOpens(*testing.T) {}\n")

	if said, ok := run(t, "."); !ok {
		t.Errorf("a package whose test passes fails the run:\n%s", said)
	}
	if said, ok := run(t, ".", "./nowhere"); ok {
		t.Errorf("a package that does not exist passes:\n%s", said)
	}
	if said, ok := run(t, "-nosuchflag"); ok {
		t.Errorf("a flag that does not exist passes:\n%s", said)
	}

	write(t, "door_test.go", "package door\n\nimport \"testing\"\n\nfunc TestOpens(t *testing.T) { t.Error(\"it sticks\") }\n")
	said, ok := run(t, ".")
	if ok {
		t.Errorf("a failing test passes:\n%s", said)
	}
	if !strings.Contains(said, "it sticks") || !strings.HasSuffix(said, "\n0 passed, 1 failed, 0 skipped\n") {
		t.Errorf("the report on a failing test does not say why, or does not close with the count:\n%s", said)
	}
}

func TestEveryTestOfAPackageApartRunsOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "go.mod", "module example.org/door\n")
	write(t, "lock_test.go", "package door\n\nimport \"testing\"\n\nfunc TestLocks(*testing.T) {}\n")
	for _, dir := range []string{"hinge", "empty"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "empty/empty.go", "package empty\n")
	write(t, "hinge/hinge_test.go", `package hinge

import "testing"

func TestTurns(t *testing.T)       { t.Run("left", func(*testing.T) {}) }
func TestTurnsBack(*testing.T)     {}
func TestIsOiled(t *testing.T)     { t.Error("it squeaks") }
func FuzzScrews(f *testing.F)      { f.Fuzz(func(*testing.T, int) {}) }
func BenchmarkHinge(*testing.B)    {}
`)
	for _, row := range []struct{ apart, closing string }{
		{"-apart=1:./hinge", "\n5 passed, 1 failed, 0 skipped\n"},
		{"-apart=3:./hinge", "\n5 passed, 1 failed, 0 skipped\n"},
		{"-apart=9:./hinge", "\n5 passed, 1 failed, 0 skipped\n"},
		{"-apart=2:./empty", "empty has no tests\n0 passed, 1 failed, 0 skipped\n"},
		{"-apart=2:./nowhere", "0 passed, 1 failed, 0 skipped\n"},
		{"-apart=./hinge", "-apart=./hinge found; -apart=n:package is accepted\n0 passed, 1 failed, 0 skipped\n"},
		{"-apart=0:./hinge", "0 passed, 1 failed, 0 skipped\n"},
	} {
		said, ok := run(t, row.apart, "-count=1", ".")
		if ok || !strings.HasSuffix("\n"+said, row.closing) {
			t.Errorf("%s: ends well: %v, and says\n%s\nwant at its end%s", row.apart, ok, said, row.closing)
		}
	}
}

// run reports on a real `go test` in the working directory.
func run(t *testing.T, args ...string) (said string, ok bool) {
	t.Helper()
	var out bytes.Buffer
	r := report{out: &out}
	ok = r.run(t.Context(), args)
	return out.String(), ok
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
