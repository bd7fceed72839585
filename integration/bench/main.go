// Command bench measures what the front door costs: the requests of a store
// through it, and through the same Caddy without it; the same for what other
// proxies offer, where they are installed; and what a flood of logins with wrong
// passwords does to the reads of everybody else. It prints tables, and exits 0
// only when all of it was measured. docs/performance.md says how to read them.
//
// The load, the servers and what is behind them share one machine, over
// loopback. Each has a process of its own; the load is this one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// plan is what a run is told.
type plan struct {
	caddy        string // a binary, or empty to build one
	seconds      int
	rounds       int
	connections  int
	floodSeconds int
	logins       int
	patience     time.Duration
	redis        bool
	write        string // a page, or empty
	upstream     bool
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
	flag.IntVar(&p.seconds, "seconds", 2, "how long each measurement of the cost lasts")
	flag.IntVar(&p.rounds, "rounds", 9, "how often everything is measured, but for the flood; 0 leaves it out")
	flag.IntVar(&p.connections, "connections", 32, "how many connections ask at once")
	flag.IntVar(&p.floodSeconds, "flood-seconds", 10, "how long each measurement of the flood lasts; 0 leaves it out")
	flag.IntVar(&p.logins, "logins", 200, "how many connections log in during the flood")
	flag.BoolVar(&p.redis, "redis", installed("redis-server"), "measure 1,000,000 users in a Redis too: by default, where redis-server is on the PATH")
	flag.StringVar(&p.write, "write", "", "the `page` whose tables are replaced")
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
	if p.seconds < 1 || p.rounds < 0 || p.connections < 1 || p.logins < 1 || p.floodSeconds < 0 || flag.NArg() > 0 {
		return errors.New("seconds, connections and logins are at least 1, rounds and flood-seconds at least 0, and there are no arguments")
	}
	if p.write != "" { // a page that cannot be written is found out before an hour of measuring
		if _, err := rewritten(p.write, ""); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.longest())
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
	report := opening(p)
	var failures []error
	for _, part := range p.parts() {
		text, err := part(ctx, dir)
		report += text
		failures = append(failures, err)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", context.Cause(ctx))
		}
	}
	fmt.Print(report)
	if err := errors.Join(failures...); err != nil || p.write == "" {
		return err
	}
	page, err := rewritten(p.write, report)
	if err != nil {
		return err
	}
	return os.WriteFile(p.write, page, 0o644) //nolint:gosec // it is a page for everybody
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// parts are what is measured, one after the other. Each has servers of its own,
// so that none is measured while those of another take memory.
func (p plan) parts() []func(ctx context.Context, dir string) (string, error) {
	var parts []func(context.Context, string) (string, error)
	if p.rounds > 0 {
		parts = append(parts, p.costs, p.equalisedCosts, p.peers)
	}
	if p.floodSeconds > 0 {
		parts = append(parts, p.flood)
	}
	return parts
}

// longest is how long all of it may take. Only servers that do not answer take as
// long.
func (p plan) longest() time.Duration {
	const parts, mostRows, floods = 4, 16, 8 * turns
	each := time.Duration(p.seconds*turnsEach)*(getGoing+turn) + grace
	flood := warmUp + time.Duration(p.floodSeconds)*time.Second + grace
	return parts*setUpTime + time.Duration(parts*mostRows*p.rounds)*each + floods*flood
}

// build compiles Caddy with the front door, of the module that the working
// directory is in.
func build(ctx context.Context, binary string) error {
	output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/cm-well/cmwell-auth/cmd/caddy").CombinedOutput() //nolint:gosec // no shell is involved
	if err != nil {
		return fmt.Errorf("building Caddy: %w\n%s", err, output)
	}
	return nil
}
