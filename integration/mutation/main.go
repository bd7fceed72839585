// Command mutation tells how many conditions of the packages that decide could be
// wrong without a test that says so. It negates every operand of a condition,
// deletes every operand of && and ||, and never takes every if and every case of a
// switch without a tag; one at a time. A mutant is caught when a test of its package
// fails, or of one that uses it most.
//
//	go run ./integration/mutation [-survivors file] [-again] [packages]
//
// It fails when less than 95 of a hundred are caught, and when one survives that is
// not argued in the file of survivors.
//
// All mutants of a package are compiled into one test binary, in which an environment
// variable chooses one of them: a mutant then costs no compilation, and of the tests
// only those run that reach it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path"
	"strings"
)

var (
	file   = flag.String("survivors", "integration/mutation/survivors.txt", "the mutants that survive, and why")
	again  = flag.Bool("again", false, "try only those that are in the file of survivors")
	sample = flag.Int("sample", 1, "try only one of so many mutants")
	jobs   = flag.Int("jobs", 2, "test binaries that run at once")
)

// decide are the packages in which a wrong condition is a hole.
var decide = []string{"./internal/permission", "./internal/gate", "./internal/token", "./internal/bcrypt", "./internal/login"}

// enough is how many of a hundred mutants must be caught.
const enough = 95

func main() {
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = decide
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, packages)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, packages []string) error {
	argued, err := readSurvivors(*file)
	if err != nil {
		return err
	}
	only := map[string]string{}
	if *again {
		only = argued
	}
	all, caught, open := 0, 0, 0
	for _, pkg := range packages {
		tried, err := try(ctx, pkg, only)
		if err != nil {
			return fmt.Errorf("%s: %w", pkg, err)
		}
		survived := 0
		for _, m := range tried {
			if m.survives {
				survived++
			}
		}
		fmt.Printf("%-24s %4d mutants, %4d caught, %3d survive\n", strings.TrimPrefix(pkg, "./"), len(tried), len(tried)-survived, survived)
		for _, m := range tried {
			if !m.survives {
				continue
			}
			why := argued[m.String()]
			if why == "" {
				open++
				why = "not argued"
			}
			fmt.Printf("\t%s line %d: %s\n\t\t%s\n", path.Base(m.file), m.line, m, why)
		}
		all, caught = all+len(tried), caught+len(tried)-survived
	}
	fmt.Printf("%d mutants, %d caught (%.1f %%), %d survive, %d of these not argued\n", all, caught, 100*float64(caught)/float64(max(all, 1)), all-caught, open)
	if caught*100 < all*enough && !*again || open > 0 || all == 0 {
		return fmt.Errorf("at least %d %% are to be caught, and the others argued in %s", enough, *file)
	}
	return nil
}

// readSurvivors reads mutants in the form that they are printed in, each with its
// argument in the lines below, behind a tab.
func readSurvivors(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	argued, mutant := map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch why, argument := strings.CutPrefix(line, "\t"); {
		case line == "" || line[0] == '#':
		case argument && mutant == "":
			return nil, fmt.Errorf("%s: an argument without a mutant: %s", name, why)
		case argument:
			argued[mutant] = strings.TrimSpace(argued[mutant] + " " + why)
		default:
			mutant = line
		}
	}
	return argued, nil
}
