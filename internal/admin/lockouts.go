package admin

import (
	"context"
	"errors"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/guard"
)

// Limits are what closes users to clients after failed logins.
type Limits interface {
	// Blocked lists who is refused now, the worst first, at most guard.MaxBlocks.
	Blocked(context.Context) ([]guard.Block, error)
	// Release forgets the failures of a user and a client, or, when the client is
	// empty, those of all strangers together. It tells whether there were any.
	Release(ctx context.Context, user, client string) (bool, error)
}

// Lockout is a user closed to a client after failed logins.
type Lockout struct {
	// User is empty for names that no user has: a password may have been typed there.
	User string `json:"user"`
	// Client is an address, or the /64 of one; empty when the user is closed to all
	// strangers.
	Client   string    `json:"client"`
	Failures int       `json:"failures"`
	Until    time.Time `json:"until"`
}

// Lockouts lists who is refused now, the worst first, at most guard.MaxBlocks.
func (o *Operator) Lockouts(ctx context.Context) ([]Lockout, error) {
	blocks, err := o.Limits.Blocked(ctx)
	if err != nil {
		return nil, err
	}
	all := []Lockout{}
	for _, b := range blocks {
		if b.User != "" {
			_, err := o.Users.User(ctx, b.User)
			if errors.Is(err, account.ErrNotExist) {
				b.User = ""
			} else if err != nil {
				return nil, err
			}
		}
		all = append(all, Lockout{b.User, b.Client, b.Failures, b.Until.UTC()})
	}
	return all, nil
}

// Release opens a user to a client again, or, when the client is empty, to all that
// Lockouts lists and to strangers. It returns how many lock-outs there were; none is
// ErrNotFound.
func (o *Operator) Release(ctx context.Context, name, client string) (int, error) {
	if err := (place{account.Users, name}).check(); err != nil {
		return 0, err
	}
	clients, strangers := []string{client}, false
	if client == "" {
		blocks, err := o.Limits.Blocked(ctx)
		if err != nil {
			return 0, err
		}
		clients = nil
		for _, b := range blocks {
			switch {
			case b.User != name:
			case b.Client == "":
				strangers = true
			default:
				clients = append(clients, b.Client)
			}
		}
		clients = append(clients, "")
	}
	released := 0
	for _, c := range clients {
		found, err := o.Limits.Release(ctx, name, c)
		if err != nil {
			return 0, err
		}
		// Failures of strangers that are too few yet are forgotten too, and no lock-out.
		if found && (c != "" || strangers || released == 0) {
			released++
		}
	}
	if released == 0 {
		return 0, notFound("user " + name + " is closed to nobody")
	}
	return released, nil
}
