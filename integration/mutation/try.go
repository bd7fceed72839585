package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// battery is a package's tests with all mutants in them.
type battery struct {
	dir, binary string
	tests       []test
}

// test is one of the package, with the mutants that it reaches.
type test struct {
	name  string
	took  time.Duration
	reach map[int]bool
}

// besides are packages whose tests count too for mutants that a package's own do not
// catch: those that use it most.
var besides = map[string][]string{
	"./internal/permission": {"./internal/account", "./internal/gate"},
	"./internal/token":      {"./internal/keyring"},
	"./internal/login":      {"./internal/admin"},
}

// try returns the mutants of a package with what became of them: of those that are
// in only, where there are any.
func try(ctx context.Context, pkg string, only map[string]string) ([]*mutant, error) {
	work, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	mutants, err := plan(ctx, pkg, work)
	if err != nil {
		return nil, err
	}
	tried := map[int]*mutant{}
	for n := 1; n <= len(mutants); n += *sample {
		if len(only) > 0 && only[mutants[n-1].String()] == "" {
			continue
		}
		tried[n] = mutants[n-1]
		tried[n].survives = true
	}
	for _, tests := range append([]string{pkg}, besides[pkg]...) {
		b, err := build(ctx, tests, work)
		if err == nil {
			err = b.survey(ctx, work)
		}
		if err != nil {
			return nil, fmt.Errorf("tests of %s: %w", tests, err)
		}
		b.all(ctx, tried)
	}
	return slices.SortedFunc(maps.Values(tried), func(a, b *mutant) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	}), ctx.Err()
}

// all tries those mutants that survive so far.
func (b *battery) all(ctx context.Context, mutants map[int]*mutant) {
	numbers := make(chan int)
	var together sync.WaitGroup
	for range *jobs {
		together.Go(func() {
			for n := range numbers {
				mutants[n].survives = !b.catches(ctx, n)
			}
		})
	}
	for n, m := range mutants {
		if m.survives {
			numbers <- n
		}
	}
	close(numbers)
	together.Wait()
}

// listed is what go list says of a package.
type listed struct {
	Dir, Name string
	GoFiles   []string
}

func list(ctx context.Context, pkg string) (found listed, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,Name,GoFiles", pkg).Output() //nolint:gosec // a package's name
	if err != nil {
		return listed{}, fmt.Errorf("go list %s: %w", pkg, err)
	}
	return found, json.Unmarshal(out, &found)
}

// plan writes the package's files with the mutants in them, and which files they
// are to stand for.
func plan(ctx context.Context, pkg, work string) (mutants []*mutant, err error) {
	found, err := list(ctx, pkg)
	if err != nil {
		return nil, err
	}
	overlay := map[string]string{}
	put := func(name string, text []byte) error {
		overlay[name] = filepath.Join(work, filepath.Base(name))
		return os.WriteFile(overlay[name], text, 0o600)
	}
	for _, file := range found.GoFiles {
		name := filepath.Join(found.Dir, file)
		text, err := mutate(name, &mutants)
		if err == nil {
			err = put(name, text)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := put(filepath.Join(found.Dir, "zz_mutants.go"), choice(found.Name, len(mutants))); err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, err
	}
	return mutants, os.WriteFile(filepath.Join(work, "overlay.json"), text, 0o600)
}

// build compiles the tests of a package, which need not be that of the mutants.
func build(ctx context.Context, tests, work string) (*battery, error) {
	found, err := list(ctx, tests)
	if err != nil {
		return nil, err
	}
	b := &battery{dir: found.Dir, binary: filepath.Join(work, found.Name+".test")}
	compile := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", filepath.Join(work, "overlay.json"), "-o", b.binary, tests) //nolint:gosec // as above
	if out, err := compile.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the mutants do not compile: %w\n%s", err, out)
	}
	return b, nil
}

// survey runs each test by itself, without a mutant.
func (b *battery) survey(ctx context.Context, work string) error {
	out, err := b.command(ctx, 0, "-test.list", "^(Test|Fuzz|Example)").Output()
	if err != nil {
		return fmt.Errorf("listing the tests: %w", err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		reached := filepath.Join(work, "reached")
		if err := os.WriteFile(reached, nil, 0o600); err != nil {
			return err
		}
		run := b.command(ctx, 0, "-test.run", "^"+name+"$")
		run.Env = append(run.Env, "MUTANTS_REACHED="+reached)
		began := time.Now()
		if out, err := run.CombinedOutput(); err != nil {
			return fmt.Errorf("%s fails without a mutant: %w\n%s", name, err, out)
		}
		t := test{name: name, took: time.Since(began), reach: map[int]bool{}}
		lines, err := os.ReadFile(reached)
		if err != nil {
			return err
		}
		for line := range bytes.FieldsSeq(lines) {
			n, err := strconv.Atoi(string(line))
			if err != nil {
				return err
			}
			t.reach[n] = true
		}
		b.tests = append(b.tests, t)
	}
	slices.SortFunc(b.tests, func(x, y test) int { return int(x.took - y.took) })
	return nil
}

// quick are tests that are run together, before the others.
const quick = 300 * time.Millisecond

// catches tells whether a test fails with the mutant. One that does not come to its
// end has failed too.
func (b *battery) catches(ctx context.Context, n int) bool {
	var first []string
	var later [][]string
	for _, t := range b.tests {
		switch {
		case !t.reach[n]:
		case t.took < quick:
			first = append(first, t.name)
		default:
			later = append(later, []string{t.name})
		}
	}
	if len(first) > 0 {
		later = append([][]string{first}, later...)
	}
	for _, names := range later {
		run := b.command(ctx, n, "-test.failfast", "-test.timeout", "60s", "-test.run", "^("+strings.Join(names, "|")+")$")
		if run.Run() != nil {
			return true
		}
	}
	return false
}

// command runs the tests where they expect to be. A mutant that takes all memory
// is ended before the machine is.
func (b *battery) command(ctx context.Context, mutant int, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "sh", append([]string{"-c", `ulimit -v 8000000; exec "$0" "$@"`, b.binary}, args...)...) //nolint:gosec // our own
	c.Dir = b.dir
	c.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(mutant))
	return c
}
