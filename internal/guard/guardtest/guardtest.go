// Package guardtest is the contract of what guards logins, as tests: what slows
// down guessing and what refuses replays keeps it, wherever it is remembered.
package guardtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
)

// Limits count failed logins.
type Limits interface {
	Begin(ctx context.Context, user, client string) (guard.Attempt, error)
	SetLimit(guard.Limit)
	Blocked(context.Context) ([]guard.Block, error)
	Release(ctx context.Context, user, client string) (bool, error)
}

// Nonces remember used nonce counts.
type Nonces interface {
	Use(ctx context.Context, nonce string, count uint64, life time.Duration) (bool, error)
}

const home, away = "198.51.100.1", "203.0.113.9"

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// scene is limits whose time the test sets.
type scene struct {
	Limits
	time time.Time
}

// refused is how long the client would have to wait; nothing is counted.
func (s *scene) refused(t *testing.T, user, client string) time.Duration {
	t.Helper()
	a, err := s.Begin(t.Context(), user, client)
	if err == nil {
		end(t, a, guard.Abandoned)
		return 0
	}
	var throttled *guard.ThrottledError
	if !errors.Is(err, guard.ErrThrottled) || !errors.As(err, &throttled) || throttled.RetryAfter <= 0 || throttled.RetryAfter%time.Second != 0 {
		t.Fatal(err)
	}
	return throttled.RetryAfter
}

// fail guesses wrong until it is refused, at most n times.
func (s *scene) fail(t *testing.T, user, client string, n int) (done int) {
	t.Helper()
	for ; done < n; done++ {
		a, err := s.Begin(t.Context(), user, client)
		if errors.Is(err, guard.ErrThrottled) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		end(t, a, guard.Failed)
	}
	return done
}

// succeed logs ann in.
func (s *scene) succeed(t *testing.T, client string) {
	t.Helper()
	end(t, s.begin(t, "ann", client), guard.Succeeded)
}

func (s *scene) begin(t *testing.T, user, client string) guard.Attempt {
	t.Helper()
	a, err := s.Begin(t.Context(), user, client)
	if err != nil {
		t.Fatalf("%s from %s: %v", user, client, err)
	}
	return a
}

func end(t *testing.T, a guard.Attempt, came guard.Outcome) {
	t.Helper()
	if err := a.End(t.Context(), came); err != nil {
		t.Fatal(err)
	}
}

// all is more failures than any limit here allows.
const all = 1000
