package login

import (
	"context"
	"errors"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
)

// ErrUnguarded says: the failed logins or the used nonces are out of reach, and
// without them no login is decided.
var ErrUnguarded = errors.New("login: failed logins and used nonces are out of reach")

// Limiter decides who may try a password. guard.Throttle is one.
type Limiter interface {
	// Begin asks whether this client may try to log in as this user, whether there
	// is such a user or not. Without an error, the attempt uses up a failure until
	// its end is told. guard.ErrThrottled refuses it; any other error means that it
	// is not known, and then nobody may try.
	Begin(ctx context.Context, user, client string) (guard.Attempt, error)
}

// NonceCounts remember which counts of a nonce have been used. guard.Replays do.
type NonceCounts interface {
	// Use tells whether the count is used for the first time, of a nonce that can
	// be answered for so long. With an error it is not known.
	Use(ctx context.Context, nonce string, count uint64, life time.Duration) (bool, error)
}
