// Command attackreport runs all that proves the attacks of package attacks to
// fail, and says of each by its number over which protocols its rows were tried,
// which tests hold, or why there is nothing to try:
//
//	P-01  pass  h1 4, h2c 4, h2 4, h3 4; TestNoRequestOfAnnsReachesBeyondHerPaths
//
// It exits 0 only when every attack has one or the other, and nothing failed or
// was left out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

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
type event struct{ Action, Test, Output string }

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
	reasons        map[string]string // of rows that are under way
	said           map[string]string // by tests that are under way
	wrong          strings.Builder   // what failed tests said
}

func newReport() *report {
	return &report{passed: map[string]bool{}, failed: map[string]bool{}, rows: map[place]*tally{}, reasons: map[string]string{}, said: map[string]string{}}
}

// run starts `go test -json`, with the arguments before the packages.
func (r *report) run(ctx context.Context, args []string) error {
	names := slices.Clone(always)
	for _, a := range attacks.All {
		names = append(names, a.Tests...)
	}
	slices.Sort(names)
	pattern := "^(" + strings.Join(slices.Compact(names), "|") + ")$"
	all := slices.Concat([]string{"test", "-json", "-count=1", "-run", pattern}, args, []string{"./..."})
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

// read takes in events up to the end.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Test != "" {
			r.take(e)
		}
	}
	return lines.Err()
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
	fmt.Fprintf(to, "%d attacks: %d pass, %d not applicable, %d fail\n", len(all), counts["pass"], counts["not applicable"], counts["FAIL"])
	return counts["FAIL"]
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
