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

// lineUp are the servers that are compared.
type lineUp struct {
	// proxy is Caddy without the front door. The others are compared with it: again shows what
	// is noise, fields what is not the check, and passwords what Caddy's own check costs.
	proxy, again, fields, passwords running
	door                            running
	// The same with sites that send a small body together with its header.
	proxyBuffers, doorBuffers running
	crowds                    []running // front doors with more rules or users
}

// rows starts all servers, and says what is asked of which.
func (c caddies) rows(ctx context.Context) ([]*row, error) {
	var l lineUp
	var failure error
	start := func(name string, configure configuration) running {
		if failure != nil {
			return running{}
		}
		var r running
		r, failure = c.start(ctx, name, configure)
		return r
	}
	bare := func(l layout) (setUp, error) { return bareProxy(l), nil }
	file := func(size int) configuration {
		return func(l layout) (setUp, error) { return door(l, crowd{size}) }
	}
	l.proxy = start("bare Caddy", bare)
	l.again = start("bare Caddy again", bare)
	l.fields = start("bare Caddy, the same fields", func(l layout) (setUp, error) { return fields(l), nil })
	l.passwords = start("Caddy with `basic_auth`, cached", basicAuth)
	l.proxyBuffers = start("bare Caddy, `request_buffers`", buffering(bare))
	l.door = start("cmwell_auth, 10 users, 10 rules", file(10))
	l.doorBuffers = start("cmwell_auth, `request_buffers`", buffering(file(10)))
	l.crowds = []running{l.door, start("cmwell_auth, 100,000 users", file(crowded))}
	if c.redis {
		l.crowds = append(l.crowds, start("cmwell_auth, 1,000,000 users in Redis", c.redisDoor(ctx)))
	}
	if failure != nil {
		return nil, failure
	}
	rules := &l.crowds[0] // the same door, with the token of another user
	rules.name = "cmwell_auth, 1,000 rules"
	rules.token, failure = token(ctx, rules.address, manyRules)
	return c.rowsFor(l), failure
}

// rowsFor has the bare proxy first in each kind of request.
func (p plan) rowsFor(l lineUp) []*row {
	writers := append([]running{l.proxy, l.again, l.fields, l.passwords, l.proxyBuffers, l.door, l.doorBuffers}, l.crowds...)
	writes := rowsOf("authenticated write", p.connections, write(l.door.token), writers...)
	for i, one := range writers {
		switch {
		case one.token != "": // each front door takes its own tokens alone
			writes[i].asked = write(one.token)
		case one.name == l.passwords.name:
			writes[i].asked = writeWithPassword()
		}
	}
	return slices.Concat(
		rowsOf("anonymous read", p.connections, aRead, l.proxy, l.again, l.door),
		writes,
		refusedRows(p.connections, write(forged(l.door.token)), l.proxy, l.door),
		rowsOf("bulk write of 1 MB", bulkConnections, bulk(l.door.token), l.proxy, l.again, l.door),
	)
}
