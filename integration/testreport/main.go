// Command testreport runs `go test -json` with the arguments it is given and
// says what came of it: a line for each package, everything a failing test
// printed, a line for each skipped test with its reason, which tests took long,
// and last the line
//
//	N passed, N failed, N skipped
//
// with subtests counted too. It exits 0 only when a test ran and nothing failed,
// a build included. With CI set, a skipped test fails the run, and so does a
// package that has tests and ran none.
//
// With -apart=n:package before the arguments, the tests of that package, which is
// then not among them, run too: in n processes at once, each with every nth test.
// That is for tests that mostly wait.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
)

func main() {
	if r := (report{out: os.Stdout, strict: os.Getenv("CI") != ""}); !r.run(context.Background(), os.Args[1:]) {
		os.Exit(1)
	}
}

// frame is a line that the testing package puts around what a test says.
var frame = regexp.MustCompile(`(?m)^ *(===|---) .*`)

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // in seconds, at its end
}

// long is how many seconds a test takes that is worth a line.
const long = 20

// pack is a package whose tests are under way.
type pack struct {
	said        map[string][]byte // by each test not yet ended; "" is the package itself
	failing     []byte            // said by the tests that failed
	ran, failed int
}

// report counts results and writes them to out as they come.
type report struct {
	out    io.Writer
	strict bool // leaving out is a failure

	sync.Mutex                              // several `go test` may run at once
	passed, failed, skipped, silent int     // silent are packages that ran none of their tests
	slow                            []event // ends of tests that took long
}

// stream is what one `go test` says.
type stream struct {
	*report
	packs map[string]*pack
}

// run starts `go test -json`, once for each part, and reports whether all is well.
func (r *report) run(ctx context.Context, args []string) bool {
	runs, err := parts(ctx, args)
	ends := make([]error, len(runs))
	var all sync.WaitGroup
	for i, run := range runs {
		all.Go(func() { ends[i] = r.test(ctx, run) })
	}
	all.Wait()
	return r.end(errors.Join(append(ends, err)...))
}

// test runs one `go test -json` to its end.
func (r *report) test(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...) //nolint:gosec // the caller's own arguments
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		err = errors.Join(r.read(events), cmd.Wait())
	}
	return err
}

// read takes in events up to the end; a line that is none is passed on.
func (r *report) read(events io.Reader) error {
	s := stream{r, map[string]*pack{}}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		s.line(lines.Bytes())
	}
	s.Lock()
	defer s.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.packs)) {
		s.endPackage(name, true) // it was cut short
	}
	return lines.Err()
}

func (s *stream) line(line []byte) {
	s.Lock()
	defer s.Unlock()
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(s.out, "%s\n", line)
	} else if e.Package != "" {
		s.take(e)
	} else {
		fmt.Fprint(s.out, e.Output) // a build
	}
}

func (s *stream) take(e event) {
	p := s.packs[e.Package]
	if p == nil {
		p = &pack{said: map[string][]byte{}}
		s.packs[e.Package] = p
	}
	p.said[e.Test] = append(p.said[e.Test], e.Output...)
	switch ended := e.Action == "pass" || e.Action == "fail" || e.Action == "skip"; {
	case !ended:
		return
	case e.Test == "":
		s.endPackage(e.Package, e.Action == "fail")
		return
	case e.Action == "pass":
		s.passed++
	case e.Action == "fail":
		p.failed++
		p.failing = append(p.failing, p.said[e.Test]...)
	default:
		s.skipped++
		reason := strings.Fields(frame.ReplaceAllString(string(p.said[e.Test]), ""))
		fmt.Fprintf(s.out, "left out: %s in %s: %s\n", e.Test, e.Package, strings.Join(reason, " "))
	}
	if e.Elapsed >= long && !strings.Contains(e.Test, "/") {
		s.slow = append(s.slow, e)
	}
	p.ran++
	delete(p.said, e.Test)
}

// endPackage writes what is worth knowing of a package. A failed one counts at
// least one failure: its build, its TestMain, or the tests that never ended.
func (s *stream) endPackage(name string, failed bool) {
	p := s.packs[name]
	delete(s.packs, name)
	said := string(p.said[""])
	delete(p.said, "")
	if failed {
		s.failed += max(p.failed+len(p.said), 1)
		for _, test := range slices.Sorted(maps.Keys(p.said)) {
			p.failing = append(p.failing, p.said[test]...)
		}
		fmt.Fprint(s.out, string(p.failing), said)
	} else if at := strings.LastIndex(said, "ok  \t"); at >= 0 {
		fmt.Fprint(s.out, said[at:])
		if p.ran == 0 {
			s.silent++
			fmt.Fprintf(s.out, "left out: %s has tests and ran none\n", name)
		}
	}
}

// end writes the closing line and reports whether all is well.
func (r *report) end(err error) bool {
	if err != nil && r.failed == 0 {
		r.failed++
		fmt.Fprintf(r.out, "go test: %v\n", err)
	}
	if r.passed+r.failed == 0 {
		fmt.Fprintln(r.out, "no test ran")
	}
	slices.SortStableFunc(r.slow, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	for _, e := range r.slow {
		fmt.Fprintf(r.out, "took %.0f s: %s in %s\n", e.Elapsed, e.Test, e.Package)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.passed > 0 && r.failed == 0 && (!r.strict || r.skipped+r.silent == 0)
}
