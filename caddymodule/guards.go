package caddymodule

import (
	"context"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// SharedGuards is what a Store offers besides, when several front doors have it in
// common: then a guess or a replay at one of them counts at all. Without it, each
// process counts for itself.
type SharedGuards interface {
	// Limits count failed logins.
	Limits() LoginLimits
	// Nonces remember used counts of Digest's nonces.
	Nonces() login.NonceCounts
}

// LoginLimits slow down guessing, by the rules of guard.Throttle.
type LoginLimits interface {
	login.Limiter
	// SetLimit is called when a configuration starts.
	SetLimit(guard.Limit)
	// Blocked lists who is refused now, the worst first, at most guard.MaxBlocks.
	Blocked(context.Context) ([]guard.Block, error)
	// Release forgets the failures of a user and a client, or, when the client is
	// empty, those of all strangers together. It tells whether there were any.
	Release(ctx context.Context, user, client string) (bool, error)
}

// guards are the defences of the login that outlive a reload.
type guards struct {
	limits    LoginLimits
	nonces    login.NonceCounts
	passwords *account.Passwords
}

// What bounds the memory of the guards, in entries.
const (
	throttleEntries = 100_000
	replayEntries   = 100_000
)

// shareGuards finds the counts that belong to a set of users, and the places
// for hashing, of which the process has one set: it has one set of processors.
func (h *Handler) shareGuards(usersIdentity string) (guards, *login.Hashing, error) {
	g, err := share(h, poolKey{"guards", usersIdentity}, func() (guards, error) {
		return guards{
			limits:    guard.NewThrottle(throttleEntries, time.Now),
			nonces:    guard.NewReplays(replayEntries, time.Now),
			passwords: &account.Passwords{Scheme: h.settings.passwordHash},
		}, nil
	})
	if err != nil {
		return guards{}, nil, err
	}
	hashing, err := share(h, poolKey{"hashing", ""}, func() (*login.Hashing, error) {
		return login.NewHashing(h.settings.workers, h.settings.queue), nil
	})
	return g, hashing, err
}

// of the store are the guards that it offers, and for the rest those at hand.
func (g guards) of(store Store) guards {
	if shared, ok := store.(SharedGuards); ok {
		g.limits, g.nonces = shared.Limits(), shared.Nonces()
	}
	return g
}
