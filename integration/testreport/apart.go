package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// aTest is the name of what `go test` runs unasked.
var aTest = regexp.MustCompile(`^(Test|Fuzz|Example)\w*$`)

// parts are the arguments of each `go test` that runs: one, and with -apart as
// many more as that says.
func parts(ctx context.Context, args []string) ([][]string, error) {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-apart=") {
		return [][]string{args}, nil
	}
	number, pkg, _ := strings.Cut(strings.TrimPrefix(args[0], "-apart="), ":")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || pkg == "" {
		return nil, fmt.Errorf("%s found; -apart=n:package is accepted", args[0])
	}
	runs := [][]string{args[1:]}
	var flags []string
	for _, arg := range args[1:] {
		if !strings.HasPrefix(arg, "-") {
			break
		}
		flags = append(flags, arg)
	}
	list := slices.Concat([]string{"test", "-list=."}, flags, []string{pkg})
	out, err := exec.CommandContext(ctx, "go", list...).Output() //nolint:gosec // the caller's own arguments
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w\n%s", pkg, err, out)
	}
	tests := make([][]string, n)
	found := 0
	for name := range strings.Lines(string(out)) {
		if name = strings.TrimSpace(name); aTest.MatchString(name) {
			tests[found%n] = append(tests[found%n], name)
			found++
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("%s has no tests", pkg)
	}
	for _, some := range tests[:min(n, found)] {
		only := "-run=^(" + strings.Join(some, "|") + ")$"
		runs = append(runs, slices.Concat(flags, []string{only, pkg}))
	}
	return runs, nil
}
