package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
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

	lines []*line // stay open from one turn to the next
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

// Within a round, the rows of one request take short turns, so that a machine that
// gets slower or busier meanwhile does so for all of them.
const (
	turn      = 250 * time.Millisecond
	turnsEach = int(time.Second / turn) // in each second of a round
	getGoing  = 100 * time.Millisecond  // before a turn counts
)

// measureRows measures each row for so many seconds in each round. One request has
// all its rounds before the next: what a server is left with after megabytes to judge
// is not to be counted among its reads.
func (p plan) measureRows(ctx context.Context, rows []*row) error {
	for len(rows) > 0 {
		alike := rows
		if next := slices.IndexFunc(rows[1:], func(r *row) bool { return r.bare == nil }); next >= 0 {
			alike = rows[:next+1]
		}
		rows = rows[len(alike):]
		fmt.Fprintf(os.Stderr, "%s: %d rounds of %d measurements\n", alike[0].request, p.rounds, len(alike))
		var err error
		inTurn := make([]int, len(alike))
		for i := range inTurn {
			inTurn[i] = i
		}
		for round := 0; round < p.rounds && err == nil; round++ {
			err = p.measureRound(ctx, alike, inTurn)
		}
		for _, r := range alike {
			hangUp(r.lines)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// measureRound is one round of rows that are compared, in another order each time: which
// row comes before must not tell. It goes on with the order that the round before left.
func (p plan) measureRound(ctx context.Context, rows []*row, inTurn []int) error {
	sums := make([]sample, len(rows))
	for range p.seconds * turnsEach {
		for _, i := range inTurn {
			seen, err := rows[i].measure(ctx)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", rows[i].request, rows[i].server, err)
			}
			sums[i].join(seen, true)
		}
		reorder(inTurn)
	}
	for i, r := range rows {
		r.rounds = append(r.rounds, sums[i].figures())
	}
	return nil
}

// reorder shuffles who takes turns, so that nobody has two in a row: the second one would
// find everything warm.
func reorder(inTurn []int) {
	last := inTurn[len(inTurn)-1]
	rand.Shuffle(len(inTurn), func(i, j int) { inTurn[i], inTurn[j] = inTurn[j], inTurn[i] }) //nolint:gosec // no secret
	if end := len(inTurn) - 1; inTurn[0] == last {
		inTurn[0], inTurn[end] = inTurn[end], inTurn[0]
	}
}

// measure is one turn of one row.
func (r *row) measure(ctx context.Context) (sample, error) {
	if r.lines == nil {
		r.lines = linesTo(r.address, r.connections)
	}
	w := windowAfter(time.Now(), getGoing, turn)
	var answers atomic.Int64
	used := make(chan spent, 1)
	go func() { used <- spentWithin(ctx, r.pid, w, &answers) }()
	seen := askAtOnce(ctx, r.lines, r.asked, w, &answers)
	seen.spent = <-used
	if ctx.Err() != nil {
		return sample{}, ctx.Err()
	}
	if seen.spent.err != nil {
		return sample{}, seen.spent.err
	}
	return seen, seen.check(r.server, false)
}

// spent is processor time, and for how many requests.
type spent struct {
	time time.Duration
	on   int64
	err  error
}

// spentWithin is what a process uses from the begin of the window to its end. The
// answers are counted at the very moments at which its time is taken: on a busy
// machine those come late.
func spentWithin(ctx context.Context, pid int, w window, answers *atomic.Int64) spent {
	pause(ctx, time.Until(w.from))
	answered := answers.Load()
	before, err := processorTime(pid)
	if err != nil {
		return spent{err: err}
	}
	pause(ctx, time.Until(w.until))
	answered = answers.Load() - answered
	after, err := processorTime(pid)
	return spent{after - before, answered, err}
}
