package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// row is what one server does with one kind of request, and what was measured of
// it, round by round.
type row struct {
	request     string
	server      string
	address     string
	pid         int
	asked       exchange
	connections int
	bare        *row // the bare proxy that was asked for the same; nil for itself
	rounds      []figures
}

// running is a server that answers, with the token of its user with few rules
// where it has one.
type running struct {
	name    string
	address string
	pid     int
	token   string
}

// rowsOf are of servers that are all asked for the same. The first is the bare proxy that the
// others are compared with.
func rowsOf(request string, connections int, asked exchange, servers ...running) []*row {
	var rows []*row
	for i, server := range servers {
		r := &row{request: request, server: server.name, address: server.address, pid: server.pid, asked: asked, connections: connections}
		if rows = append(rows, r); i > 0 {
			r.bare = rows[0]
		}
	}
	return rows
}

// refusedRows ask for what the bare proxy passes on and the other refuses.
func refusedRows(connections int, asked exchange, proxy, checked running) []*row {
	checked.name += ": refused"
	rows := rowsOf("write, invalid token", connections, asked, proxy, checked)
	rows[1].asked = refused(asked)
	return rows
}

// measureRows takes turns: in each round every row is measured once, in every
// other round from the last to the first, so that what gets slower or busier
// meanwhile is not always the same row's loss.
func (p plan) measureRows(ctx context.Context, rows []*row) error {
	for round := range p.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d: %d measurements\n", round+1, p.rounds, len(rows))
		inTurn := slices.Clone(rows)
		if round%2 == 1 {
			slices.Reverse(inTurn)
		}
		for _, r := range inTurn {
			seen, err := p.measure(ctx, r)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", r.request, r.server, err)
			}
			r.rounds = append(r.rounds, seen)
		}
	}
	return nil
}

// measure is one window of one row.
func (p plan) measure(ctx context.Context, r *row) (figures, error) {
	w := windowAfter(time.Now(), shortWarmUp, p.seconds)
	used := make(chan spent, 1)
	go func() { used <- spentWithin(ctx, r.pid, w) }()
	seen := askAtOnce(ctx, r.address, r.asked, w, r.connections)
	processor := <-used
	if ctx.Err() != nil {
		return figures{}, ctx.Err()
	}
	if processor.err != nil {
		return figures{}, processor.err
	}
	if err := seen.check(r.server, false); err != nil {
		return figures{}, err
	}
	summed := seen.figures()
	summed.processor = processor.time / time.Duration(seen.answered)
	return summed, nil
}

// spent is processor time.
type spent struct {
	time time.Duration
	err  error
}

// spentWithin is what a process uses from the begin of the window to its end.
func spentWithin(ctx context.Context, pid int, w window) spent {
	pause(ctx, time.Until(w.from))
	before, err := processorTime(pid)
	if err != nil {
		return spent{err: err}
	}
	pause(ctx, time.Until(w.until))
	after, err := processorTime(pid)
	return spent{after - before, err}
}
