package caddymodule

import (
	"context"

	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(new(StartApp)) }

const startAppID = "cmwell_auth"

// StartApp does what must happen once when a configuration starts serving, and
// must not happen when it is only validated: making the first key, the first
// user, and notes in Caddy's storage. It has no configuration of its own.
type StartApp struct {
	ctx   context.Context
	todo  []func(context.Context) error
	doors []*Handler // of this configuration, for the admin API
	// warned are the logs that were warned of.
	warned []string
}

// CaddyModule names the module.
func (*StartApp) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: startAppID, New: func() caddy.Module { return new(StartApp) }}
}

// Provision remembers the life of the configuration.
func (a *StartApp) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	return nil
}

// atStart has f called when the configuration starts. An error of f keeps the
// configuration from being used.
func (a *StartApp) atStart(f func(context.Context) error) { a.todo = append(a.todo, f) }

// Start does what was asked for.
func (a *StartApp) Start() error {
	for _, f := range a.todo {
		if err := f(a.ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop has nothing to undo.
func (*StartApp) Stop() error { return nil }

// beforeServing has f called when the configuration starts. Caddy starts its
// parts in no certain order, so until f is done requests wait, and are answered 503
// when it takes too long.
func (h *Handler) beforeServing(app *StartApp, f func(context.Context) error) {
	h.pending.Add(1)
	app.atStart(func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		if h.pending.Add(-1) == 0 {
			close(h.ready)
		}
		return nil
	})
}

// Interface guards.
var (
	_ caddy.App         = (*StartApp)(nil)
	_ caddy.Provisioner = (*StartApp)(nil)
)
