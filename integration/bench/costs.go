package main

import (
	"context"
	"fmt"
	"slices"
)

// crowded is how many users the larger file has.
const crowded = 100_000

// equalised has Go's collector run when the heap is full, and not when it has
// doubled. A server that merely holds more memory doubles it more rarely, which
// would count for it.
var equalised = []string{"GOGC=off", "GOMEMLIMIT=400MiB"}

// costs measures requests through the front door, and without it.
func (p plan) costs(ctx context.Context, dir string) (string, error) {
	rows, err := p.compare(ctx, dir, nil)
	if err != nil {
		return "", err
	}
	absent := ""
	if !p.redis {
		absent = "\n1,000,000 users in Redis are left out: that takes a redis-server.\n"
	}
	return section("The front door, as it is", rows) + absent + fleet(rows), nil
}

func (p plan) equalisedCosts(ctx context.Context, dir string) (string, error) {
	rows, err := p.compare(ctx, dir, equalised)
	if err != nil {
		return "", err
	}
	return section("The front door, with the same collector for all (`GOGC=off GOMEMLIMIT=400MiB`)", rows), nil
}

func (p plan) compare(ctx context.Context, dir string, environ []string) ([]*row, error) {
	s, err := startServers(ctx, dir)
	defer s.end()
	if err != nil {
		return nil, err
	}
	start := caddies{plan: p, servers: s, environ: environ}
	rows, err := start.rows(ctx)
	if err != nil {
		return nil, err
	}
	return rows, p.measureRows(ctx, rows)
}

// caddies starts one Caddy after the other in the same environment.
type caddies struct {
	plan
	*servers
	environ []string
}

func (c caddies) start(ctx context.Context, name string, configure configuration) (running, error) {
	at, err := c.place(ctx)
	if err != nil {
		return running{}, err
	}
	it, err := configure(at)
	if err != nil {
		return running{}, err
	}
	it.environ = c.environ
	process, err := c.startCaddy(ctx, c.caddy, it)
	if err != nil {
		return running{}, fmt.Errorf("starting %s: %w", name, err)
	}
	r := running{name: name, address: it.address, pid: process.command.Process.Pid}
	if it.loginPath != "" {
		r.token, err = token(ctx, it.address, knownName)
	}
	return r, err
}

// configuration makes a server's, given where it is.
type configuration func(layout) (setUp, error)

// rows starts all servers, and says what is asked of which.
func (c caddies) rows(ctx context.Context) ([]*row, error) {
	type named struct {
		name      string
		configure configuration
	}
	bare := func(l layout) (setUp, error) { return bareProxy(l), nil }
	same := func(l layout) (setUp, error) { return fields(l), nil }
	file := func(size int) configuration {
		return func(l layout) (setUp, error) { return door(l, crowd{size}) }
	}
	all := []named{
		{"bare Caddy", bare},
		{"bare Caddy again", bare},
		{"bare Caddy, the same fields", same},
		{"cmwell_auth, 10 users, 10 rules", file(10)},
		{"cmwell_auth, 100,000 users", file(crowded)},
	}
	if c.redis {
		all = append(all, named{"cmwell_auth, 1,000,000 users in Redis", c.redisDoor(ctx)})
	}
	var started []running
	for _, one := range all {
		r, err := c.start(ctx, one.name, one.configure)
		if err != nil {
			return nil, err
		}
		started = append(started, r)
	}
	ruled, err := token(ctx, started[3].address, manyRules)
	if err != nil {
		return nil, err
	}
	return c.rowsFor(started, ruled), nil
}

// rowsFor has the bare proxy first in each kind of request: the others are
// compared with it. The second bare proxy shows what is noise, and the third what is not
// the check.
func (p plan) rowsFor(started []running, ruled string) []*row {
	proxy, again, fields, door := started[0], started[1], started[2], started[3]
	thousand := door
	thousand.name, thousand.token = "cmwell_auth, 1,000 rules", ruled
	crowds := append([]running{door, thousand}, started[4:]...)

	writes := rowsOf("authenticated write", p.connections, write(door.token), append([]running{proxy, again, fields}, crowds...)...)
	for i, one := range crowds { // each front door takes its own tokens alone
		writes[3+i].asked = write(one.token)
	}
	return slices.Concat(
		rowsOf("anonymous read", p.connections, aRead, proxy, again, door),
		writes,
		refusedRows(p.connections, write(forged(door.token)), proxy, door),
		rowsOf("bulk write of 1 MB", bulkConnections, bulk(door.token), proxy, again, door),
	)
}
