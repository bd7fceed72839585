// Package guard remembers of logins what slows down guessing and refuses
// replays: failed attempts, and nonce counts that were used. What is here keeps
// it in the memory of one process. A store that many front doors share may keep
// it for all of them, by the same rules; package guardtest is their contract.
package guard

import (
	"errors"
	"fmt"
	"time"
)

// ErrThrottled says: after too many failed logins, no password is looked at for
// a while. A ThrottledError around it says for how long.
var ErrThrottled = errors.New("guard: too many failed logins")

// ThrottledError wraps ErrThrottled.
type ThrottledError struct {
	// RetryAfter is in whole seconds, at least one.
	RetryAfter time.Duration
}

// Throttled refuses a login for so long, rounded up to whole seconds.
func Throttled(wait time.Duration) *ThrottledError {
	return &ThrottledError{RetryAfter: max(time.Second, (wait + time.Second - 1).Truncate(time.Second))}
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%v, wait %s", ErrThrottled, e.RetryAfter)
}

// Unwrap is ErrThrottled.
func (e *ThrottledError) Unwrap() error { return ErrThrottled }

// Limit is how many failed logins one user and client are allowed. Failures
// count together until Window passes without one and without a block.
type Limit struct {
	Failures int
	Window   time.Duration
}

// DefaultLimit holds until another is set.
var DefaultLimit = Limit{Failures: 10, Window: 15 * time.Minute}

const (
	// UsualFor is how long a client stays usual after a successful login.
	UsualFor = 30 * 24 * time.Hour
	// MaxUsual is how many usual clients are kept for one user, the latest.
	MaxUsual = 16
	// ceiling is how many limits all strangers together may use up on one user.
	ceiling = 10
	// doublings is how often a block can double before it is the longest.
	doublings = 6
	// underWay is how long an attempt may take before its end is no more waited for.
	underWay = 2 * time.Minute
)

// AtLeastOne is the limit with no less than one failure and one second.
func (l Limit) AtLeastOne() Limit {
	return Limit{Failures: max(l.Failures, 1), Window: max(l.Window, time.Second)}
}

// OfStrangers is the limit of all strangers together on one user.
func (l Limit) OfStrangers() Limit { return Limit{Failures: ceiling * l.Failures, Window: l.Window} }

// UnderWay is how long an attempt uses up a failure when its end is never told.
func (l Limit) UnderWay() time.Duration { return min(underWay, l.Window) }

// Blocks are how long nobody may try after the failure that reaches the limit,
// after the next one, and so on; after more failures the last holds.
func (l Limit) Blocks() []time.Duration {
	all := make([]time.Duration, doublings+1)
	for i := range all {
		all[i] = l.block(l.Failures + i)
	}
	return all
}

// block is how long nobody may try after so many failures: a fifteenth of the
// window, doubled by each failure more, at most four windows.
func (l Limit) block(failures int) time.Duration {
	over := failures - l.Failures
	switch {
	case over < 0:
		return 0
	case over >= doublings: // 64 fifteenths are more than four; a shift without end would overflow
		return 4 * l.Window
	}
	return min(max(l.Window/15, time.Second)<<over, 4*l.Window)
}
