package caddymodule

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// matchers are sets of Caddy's request matchers.
type matchers caddyhttp.MatcherSets

// any tells whether one of the sets matches a request; nil when there is no set.
func (m matchers) any() func(*http.Request) (bool, error) {
	if len(m) == 0 {
		return nil
	}
	return caddyhttp.MatcherSets(m).AnyMatchWithError
}

// provisionMatchers loads the matchers of read and write.
func (h *Handler) provisionMatchers(ctx caddy.Context) error {
	var err error
	if h.reads, err = h.loadMatchers(ctx, "read", "ReadRaw", h.ReadRaw); err != nil {
		return err
	}
	h.writes, err = h.loadMatchers(ctx, "write", "WriteRaw", h.WriteRaw)
	return err
}

func (h *Handler) loadMatchers(ctx caddy.Context, name, field string, raw caddyhttp.RawMatcherSets) (matchers, error) {
	for _, set := range raw {
		if len(set) == 0 {
			return nil, fmt.Errorf("%s: %w", name, errNoMatchers)
		}
	}
	loaded, err := ctx.LoadModule(h, field)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var sets caddyhttp.MatcherSets
	if err := sets.FromInterface(loaded); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return matchers(sets), nil
}

// errNoMatchers: a set without matchers would match every request.
var errNoMatchers = errors.New("no matcher found; at least one of Caddy's request matchers is accepted")

// matcherRow is a subdirective that holds request matchers, as Caddy's "not" does.
func matcherRow(field func(*Handler) *caddyhttp.RawMatcherSets) subdirective {
	return subdirective{repeatable: true, parse: func(h *Handler, d *caddyfile.Dispenser) error {
		name := d.Val()
		set, err := caddyhttp.ParseCaddyfileNestedMatcherSet(d)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(set) == 0 {
			return d.Errf("%s: %v", name, errNoMatchers)
		}
		*field(h) = append(*field(h), set)
		return nil
	}}
}
