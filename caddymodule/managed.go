package caddymodule

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/keyring"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// provisionManagedKeys reads the keys in Caddy's storage and follows them. What is
// missing there is made at the start.
func (h *Handler) provisionManagedKeys(ctx caddy.Context, app *StartApp, config token.Config) error {
	storage := ctx.Storage()
	// By instance: a storage module may close with its configuration, and what reads
	// it must not outlive it.
	ring, err := share(h, poolKey{"keys", fmt.Sprintf("%T %[1]p", storage)}, func() (*keyring.Ring, error) {
		return keyring.New(storage, time.Now, reportKeys), nil
	})
	if err != nil {
		return err
	}
	if err := ring.Load(ctx); err != nil {
		return err
	}
	if err := config.CheckAccepted(); err != nil {
		return err
	}
	a, life := config.Algorithm, h.settings.maxExpiry
	h.managed = ring
	h.keys.Refresh = ring.Refresh
	h.unfollow = append(h.unfollow, ring.Follow(a, func(set keyring.Set) {
		managed := config
		managed.Signing, managed.Accept = set.Signing, slices.Concat(set.Accept, config.Accept)
		managed.Derive, managed.FormerDerive = set.Derive, set.FormerDerive
		if err := h.keys.Use(managed); err != nil {
			h.logger.Error("the managed keys cannot be used", zap.Error(err))
		}
	}))
	complete := func(ctx context.Context) error {
		if err := ring.Ensure(ctx, a, life); err != nil {
			return err
		}
		ring.Start()
		return nil
	}
	if ring.Has(a) {
		app.atStart(complete)
	} else {
		h.beforeServing(app, complete)
	}
	return nil
}

// keyHealth adds what there is to say of keys.
func (h *Handler) keyHealth(health *admin.Health) {
	if since := h.keySince(); !since.IsZero() {
		health.KeySince = since.UTC()
	}
	if h.keyTrouble() != nil && health.Trouble == "" {
		health.Trouble = "the managed keys cannot be read; those last known stay in use, see the log"
	}
}

// keySince is from when the key signs that signs now: a managed one tells, and of one
// in a file it is when that was last written. It is zero where neither is known.
func (h *Handler) keySince() time.Time {
	if h.managed == nil {
		return h.keyWritten
	}
	for _, key := range h.managed.List() {
		if key.Algorithm == h.settings.algorithm && key.State == keyring.Signing {
			return key.SignsFrom
		}
	}
	return time.Time{}
}

// keyTrouble is why the managed keys cannot be read again; nil when they can, or are
// configured.
func (h *Handler) keyTrouble() error {
	if h.managed == nil {
		return nil
	}
	_, trouble := h.managed.State()
	return trouble
}

// reportKeys logs in the configuration that is running: the ring may outlive the
// one that made it.
func reportKeys(sentence string, err error) {
	if err != nil {
		runningLogger().Error(sentence, zap.Error(err))
		return
	}
	runningLogger().Info(sentence)
}

// runningLogger is the front door's, in the configuration that is running.
func runningLogger() *zap.Logger { return caddy.ActiveContext().Logger(new(Handler)) }

// managedRings are the keys of every storage that a front door of this process
// has its keys in.
func managedRings() (all []*keyring.Ring) {
	pool.Range(func(_, value any) bool {
		if shared, ok := value.(kept[*keyring.Ring]); ok {
			all = append(all, shared.value)
		}
		return true
	})
	return all
}
