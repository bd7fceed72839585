package login

import (
	"context"
	"errors"
	"sync"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// flights make one attempt of identical ones: an application that starts its
// workers all at once guesses nothing, and must not be throttled for it. The
// zero flights are ready for use.
type flights struct {
	mu    sync.Mutex
	under map[fingerprint]*flight
}

// flight is an attempt that is under way.
type flight struct {
	done chan struct{}
	// user and err may be read when done is closed.
	user account.User
	err  error
}

// do runs check, or waits for what the identical check under way finds. When
// that one ends because its client went away, the next in line checks anew.
func (f *flights) do(ctx context.Context, same fingerprint, check func() (account.User, error)) (account.User, error) {
	for {
		found, mine := f.join(same)
		if mine {
			found.user, found.err = check()
			f.land(same, found)
			return found.user, found.err
		}
		select {
		case <-found.done:
			if !errors.Is(found.err, context.Canceled) && !errors.Is(found.err, context.DeadlineExceeded) {
				return found.user, found.err
			}
		case <-ctx.Done():
			return account.User{}, ctx.Err()
		}
	}
}

func (f *flights) join(same fingerprint) (found *flight, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if found = f.under[same]; found != nil {
		return found, false
	}
	if f.under == nil {
		f.under = map[fingerprint]*flight{}
	}
	found = &flight{done: make(chan struct{})}
	f.under[same] = found
	return found, true
}

func (f *flights) land(same fingerprint, landed *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.under, same)
	close(landed.done)
}
