// Command attackreport runs all that proves the attacks of package attacks to
// fail, and says of each by its number over which protocols its rows were tried,
// which tests hold, or why there is nothing to try:
//
//	P-01  pass  h1 4, h2c 4, h2 4, h3 4; TestNoRequestOfAnnsReachesBeyondHerPaths
//
// It exits 0 only when every attack has one or the other, and nothing failed or
// was left out. It is run where the module is.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cm-well/cmwell-auth/integration/attacks"
)

// rowsTest tries the rows: its subtests are a protocol, and in it a row whose name
// begins with the attack's number.
const rowsTest = "TestEveryAttackRowOverEveryProtocol"

// always are tests that hold the list of attacks together.
var always = []string{rowsTest, "TestEveryAttackHasItsProof", "TestEveryProofOfAnAttackExists"}

var protocols = []string{"h1", "h2c", "h2", "h3"}

func main() {
	r := newReport()
	err := r.run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if failed := r.write(os.Stdout, attacks.All); failed > 0 || err != nil {
		fmt.Fprint(os.Stderr, r.wrong.String())
		os.Exit(1)
	}
}

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// place is one protocol, and the number of an attack.
type place struct{ protocol, id string }

// tally counts the rows of a place.
type tally struct {
	passed  int
	failed  []string
	reasons []string // why rows are not applicable
}

// report is what came of the tests.
type report struct {
	passed, failed map[string]bool // tests, by name
	rows           map[place]*tally
	took           map[string]time.Duration
	reasons        map[string]string // of rows that are under way
	said           map[string]string // by tests and packages that are under way
	wrong          strings.Builder   // what failed tests and the compiler said
}

func newReport() *report {
	return &report{passed: map[string]bool{}, failed: map[string]bool{}, rows: map[place]*tally{}, took: map[string]time.Duration{}, reasons: map[string]string{}, said: map[string]string{}}
}

// run starts `go test -json`, with the arguments before the packages: of those that
// prove something, each test once. go vet has been asked by make lint.
func (r *report) run(ctx context.Context, args []string) error {
	names := slices.Clone(always)
	for _, a := range attacks.All {
		names = append(names, a.Tests...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	packages, err := packagesOf(os.DirFS("."), names)
	if err != nil {
		return err
	}
	pattern := "^(" + strings.Join(names, "|") + ")$"
	all := slices.Concat([]string{"test", "-json", "-count=1", "-vet=off", "-run", pattern}, args, packages)
	cmd := exec.CommandContext(ctx, "go", all...) //nolint:gosec // the caller's own arguments
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return errors.Join(r.read(events), cmd.Wait())
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// packagesOf are the module's folders that have a test with one of the names.
func packagesOf(module fs.FS, names []string) (packages []string, err error) {
	err = fs.WalkDir(module, ".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(module, file)
		if slices.ContainsFunc(testFunction.FindAllSubmatch(text, -1), func(found [][]byte) bool { return slices.Contains(names, string(found[1])) }) {
			packages = append(packages, "./"+path.Dir(file))
		}
		return err
	})
	slices.Sort(packages)
	return slices.Compact(packages), err
}

// read takes in events up to the end.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		if e.Test == "" {
			r.takePackage(e)
		} else {
			r.take(e)
		}
	}
	return lines.Err()
}

// takePackage: where a package is not compiled, or ends by itself, no test tells why.
func (r *report) takePackage(e event) {
	switch e.Action {
	case "build-output":
		r.wrong.WriteString(e.Output)
	case "output":
		r.said[e.Package] += e.Output
	case "fail":
		r.wrong.WriteString(r.said[e.Package])
	}
}

func (r *report) take(e event) {
	const notApplicable = "not applicable: "
	parts := strings.SplitN(e.Test, "/", 3)
	if at := strings.Index(e.Output, notApplicable); e.Action == "output" && at >= 0 {
		r.reasons[e.Test] = strings.TrimSpace(e.Output[at+len(notApplicable):])
	}
	r.said[e.Test] += e.Output
	if e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
		return
	}
	if e.Action != "pass" {
		r.wrong.WriteString(r.said[e.Test])
	}
	delete(r.said, e.Test)
	if len(parts) == 1 {
		r.took[e.Test] += time.Duration(e.Elapsed * float64(time.Second))
	}
	switch {
	case len(parts) == 1 && e.Action == "pass":
		r.passed[e.Test] = true
	case len(parts) == 1:
		r.failed[e.Test] = true // what is left out proves nothing
	case len(parts) == 3 && parts[0] == rowsTest:
		id, _, _ := strings.Cut(parts[2], "_")
		at := r.at(place{parts[1], id})
		if reason, there := r.reasons[e.Test]; e.Action != "pass" {
			at.failed = append(at.failed, parts[2])
		} else if there {
			at.reasons = append(at.reasons, reason)
		} else {
			at.passed++
		}
		delete(r.reasons, e.Test)
	}
}

func (r *report) at(p place) *tally {
	if r.rows[p] == nil {
		r.rows[p] = &tally{}
	}
	return r.rows[p]
}

// write says what came of each attack, and returns how many are not proved to fail.
func (r *report) write(to io.Writer, all []attacks.Attack) int {
	counts := map[string]int{}
	for _, a := range all {
		verdict, why := r.verdict(a)
		counts[verdict]++
		fmt.Fprintf(to, "%s  %s%s\n", a.ID, verdict, why)
	}
	for _, name := range always[1:] {
		if !r.passed[name] {
			counts["FAIL"]++
			fmt.Fprintf(to, "FAIL  %s\n", name)
		}
	}
	fmt.Fprint(to, r.longest())
	fmt.Fprintf(to, "%d attacks: %d pass, %d not applicable, %d fail\n", len(all), counts["pass"], counts["not applicable"], counts["FAIL"])
	return counts["FAIL"]
}

// longest is a line about the tests that took the most time; none when all were quick.
func (r *report) longest() string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(r.took)), func(name string) bool { return r.took[name] < time.Second })
	if len(names) == 0 {
		return ""
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(r.took[b], r.took[a]) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %v", name, r.took[name].Round(time.Second))
	}
	return "longest: " + strings.Join(names[:min(len(names), 5)], ", ") + "\n"
}

// verdict is a word about an attack, and what it rests on.
func (r *report) verdict(a attacks.Attack) (verdict, why string) {
	if a.None != "" {
		return "not applicable", ": " + a.None
	}
	var tried, not, failed []string
	reason := ""
	for _, protocol := range protocols {
		at := r.at(place{protocol, a.ID})
		switch {
		case at.passed > 0:
			tried = append(tried, fmt.Sprintf("%s %d", protocol, at.passed))
		case len(at.reasons) > 0:
			not, reason = append(not, protocol), at.reasons[0]
		}
		for _, row := range at.failed {
			failed = append(failed, protocol+" "+row)
		}
	}
	var held []string
	for _, name := range a.Tests {
		if r.passed[name] && !r.failed[name] {
			held = append(held, name)
		} else {
			failed = append(failed, name)
		}
	}
	if len(failed) > 0 || len(tried)+len(held) == 0 {
		return "FAIL", "  " + strings.Join(failed, ", ")
	}
	said := []string{}
	if len(tried) > 0 {
		said = append(said, strings.Join(tried, ", "))
	}
	if len(not) > 0 {
		said = append(said, strings.Join(not, ", ")+" not applicable: "+reason)
	}
	if len(held) > 0 {
		said = append(said, strings.Join(held, ", "))
	}
	return "pass", "  " + strings.Join(said, "; ")
}
