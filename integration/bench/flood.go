package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// names is how many names are tried. There are enough of them that no name
	// uses up the failures that the front door may allow before it hashes no more.
	names = 4096
	// knownEvery: one login in so many is for the name that the front door knows.
	// They are few, since it may soon answer them without any hashing.
	knownEvery = 8
	// fewReaders leave processors unused, as a machine that is not overloaded does.
	fewReaders = 2
	// turns is how often each is measured without the flood and with it.
	turns = 3
)

// target is a server that is flooded, and what was seen of it.
type target struct {
	name      string
	address   string
	loginPath string
	tried     atomic.Int64 // logins that were sent

	quiet   sample
	flooded sample
}

// flood measures reads without and with a flood of logins, for the front door and
// for Caddy's own basic_auth.
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
func (p plan) flood(ctx context.Context, dir string) (string, error) {
	servers, targets, err := startFlooded(ctx, p.caddy, dir)
	defer servers.end()
	if err != nil {
		return "", err
	}
	text := "\n### Reads during a flood of logins\n"
	var failures []error
	for _, readers := range slices.Compact([]int{p.connections, min(p.connections, fewReaders)}) {
		rows, err := p.floodOf(ctx, targets, readers)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		failures = append(failures, err)
		text += fmt.Sprintf("\n%d connections read; meanwhile %d log in with wrong passwords. All take turns, %d of %d s each.\n\n%s",
			readers, p.logins, turns, p.floodSeconds, table(rows))
	}
	return text, errors.Join(failures...)
}

// floodOf measures so many readers, and forgets what was seen before.
func (p plan) floodOf(ctx context.Context, targets []*target, readers int) ([][]string, error) {
	p.connections = readers
	for _, t := range targets {
		t.quiet, t.flooded = sample{}, sample{}
	}
	for n := range turns * len(targets) {
		t := targets[n%len(targets)]
		for _, flooded := range []bool{false, true} {
			fmt.Fprintf(os.Stderr, "%s, %d readers, %s\n", t.name, readers, phase(flooded))
			p.measureFlood(ctx, t, flooded)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	var failures []error
	rows := [][]string{floodHeading}
	for _, t := range targets {
		rows = append(rows, floodRows(t)...)
		failures = append(failures, t.quiet.check(t.name+", "+phase(false), false), t.flooded.check(t.name+", "+phase(true), true))
	}
	return rows, errors.Join(failures...)
}

// stranger is the name in the nth login. The front door has to find them well-formed: it
// counts all others as one.
func stranger(n int64) string { return fmt.Sprintf("stranger-%04d", n%names) }

// logIn sends one login after the other on one connection, each with a password
// that was never sent before.
func (t *target) logIn(ctx context.Context, w window, patience time.Duration) sample {
	s := sample{logins: map[int]answers{}}
	l := line{address: t.address, deadline: w.deadline}
	defer l.hangUp()
	for time.Now().Before(w.until) && ctx.Err() == nil {
		got, err := l.ask(ctx, t.login(t.tried.Add(1)))
		s.logins[got.status] = answers{s.logins[got.status].count + 1, max(0, time.Since(w.until))}
		switch {
		case err != nil:
			pause(ctx, retryAfter)
		case got.status != 401 && patience > 0:
			pause(ctx, patience)
		}
	}
	return s
}

// login is the nth login.
func (t *target) login(n int64) []byte {
	name := stranger(n)
	if n%knownEvery == 0 {
		name = knownName
	}
	credentials := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:wrong password %d", name, n))
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic %s\r\n\r\n", t.loginPath, credentials)
}

// pause ends early when the context does.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
