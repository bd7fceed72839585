// Command bench measures what a flood of logins with wrong passwords does to
// the reads of everybody else: through the front door, and through the same
// Caddy with its own basic_auth instead. It prints one table, and exits 0 only
// when all of it was measured.
//
// The load, the two servers and what is behind them share one machine, over
// loopback. Each has a process of its own; the load is this one.
//
// A login costs both servers one bcrypt comparison of cost 10. For that,
// basic_auth gets an account for every name that is tried, since for a name it
// does not know it hashes at cost 14; and it runs without the cache of hashes
// that it has when a Caddyfile sets it up, which would remember every wrong
// password of the flood. The front door knows one of the names.
//
// Each connection sends its next login as soon as the last is answered. A server
// that refuses logins at once is therefore sent very many, and answering them
// takes processors from the reads too; -patience leaves that out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// plan is what a run is told.
type plan struct {
	caddy    string // a binary, or empty to build one
	seconds  int
	rounds   int
	readers  int
	logins   int
	patience time.Duration
	upstream bool
}

const (
	warmUp = time.Second
	// grace is how long an answer is awaited after a measurement has ended: 200
	// logins that one slow processor has yet to hash take less.
	grace = time.Minute
	// setUpTime is for building, and for the servers to start.
	setUpTime = 10 * time.Minute
)

func main() {
	var p plan
	flag.StringVar(&p.caddy, "caddy", "", "the `binary` to measure; built from ./cmd/caddy when it is not given")
	flag.IntVar(&p.seconds, "seconds", 10, "how long each measurement lasts")
	flag.IntVar(&p.rounds, "rounds", 1, "how often everything is measured")
	flag.IntVar(&p.readers, "readers", 32, "how many connections read")
	flag.IntVar(&p.logins, "logins", 200, "how many connections log in")
	flag.DurationVar(&p.patience, "patience", 0, "how long a connection pauses after a login that was answered otherwise than with 401")
	flag.BoolVar(&p.upstream, "upstream", false, "serve what the others are in front of, until the standard input ends")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := p.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (p plan) run(ctx context.Context) error {
	if p.upstream {
		return serveUpstream(os.Stdin, os.Stdout)
	}
	if p.seconds < 1 || p.rounds < 1 || p.readers < 1 || p.logins < 1 || flag.NArg() > 0 {
		return errors.New("seconds, rounds, readers and logins are at least 1, and there are no arguments")
	}
	ctx, cancel := context.WithTimeout(ctx, setUpTime+time.Duration(4*p.rounds)*(warmUp+p.span()+grace))
	defer cancel()
	dir, err := os.MkdirTemp("", "cmwell-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if p.caddy == "" {
		p.caddy = filepath.Join(dir, "caddy")
		if err := build(ctx, p.caddy); err != nil {
			return err
		}
	}
	servers, err := startAll(ctx, p.caddy, dir)
	defer servers.end()
	if err != nil {
		return err
	}
	return p.measureAll(ctx, servers.targets, os.Stdout)
}

func (p plan) span() time.Duration { return time.Duration(p.seconds) * time.Second }

// build compiles Caddy with the front door, of the module that the working
// directory is in.
func build(ctx context.Context, binary string) error {
	output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/cm-well/cmwell-auth/cmd/caddy").CombinedOutput() //nolint:gosec // no shell is involved
	if err != nil {
		return fmt.Errorf("building Caddy: %w\n%s", err, output)
	}
	return nil
}

// measureAll takes turns: in each round every target is measured without the
// flood and then with it. The table is printed even when a part of it failed.
func (p plan) measureAll(ctx context.Context, targets []*target, out io.Writer) error {
	for round := range p.rounds {
		for _, t := range targets {
			for _, flooded := range []bool{false, true} {
				fmt.Fprintf(os.Stderr, "round %d of %d: %s, %s\n", round+1, p.rounds, t.name, phase(flooded))
				p.measure(ctx, t, flooded)
				if ctx.Err() != nil {
					return fmt.Errorf("interrupted: %w", context.Cause(ctx))
				}
			}
		}
	}
	var failures []error
	rows := [][]string{heading}
	for _, t := range targets {
		rows = append(rows, rowsOf(t)...)
		failures = append(failures, t.quiet.check(t.name, false), t.flooded.check(t.name, true))
	}
	fmt.Fprintf(out, "%d connections read; meanwhile %d log in with wrong passwords. %d s each, rounds: %d.\n\n%s\n%s\n",
		p.readers, p.logins, p.seconds, p.rounds, table(rows), machine(runtime.NumCPU()))
	return errors.Join(failures...)
}
