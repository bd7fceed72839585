package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// blockRow is one line of the block of a store of users.
type blockRow[S any] struct {
	usage       string
	least, most int
	set         func(*S, []string) error
}

// textRow is a line with one value, which is checked when it is read.
func textRow[S, T any](usage string, field func(*S) *string, parse func(string) (T, error)) blockRow[S] {
	return blockRow[S]{usage, 1, 1, func(s *S, args []string) error {
		*field(s) = args[0]
		return checkNow(args[0], parse)
	}}
}

// readStore reads the word of a store, its one URL, and its block, in which each
// line stands at most once.
func readStore[S, T any](d *caddyfile.Dispenser, store *S, url *string, parseURL func(string) (T, error), rows map[string]blockRow[S]) error {
	d.Next()
	kind := d.Val()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("%s found after users %s; one URL is accepted", arguments(len(args)), kind)
	}
	*url = args[0]
	if err := checkNow(*url, parseURL); err != nil {
		return d.Errf("users %s: %v", kind, err)
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		row, known := rows[name]
		if !known {
			return d.Errf("users %s: %q found; %s are accepted", kind, name, strings.Join(slices.Sorted(maps.Keys(rows)), ", "))
		}
		if seen[name] {
			return d.Errf("users %s: %s found a second time; it is accepted once", kind, name)
		}
		seen[name] = true
		args := d.RemainingArgs()
		if len(args) < row.least || len(args) > row.most {
			return d.Errf("users %s: %s found after %s; %s %s is accepted", kind, arguments(len(args)), name, name, row.usage)
		}
		if err := row.set(store, args); err != nil {
			return d.Errf("users %s: %s: %v", kind, name, err)
		}
		if d.NextBlock(d.Nesting()) {
			return d.Errf("users %s: a block found after %s; %s %s is accepted", kind, name, name, row.usage)
		}
	}
	return nil
}
