package keyring

import "time"

const (
	// stepAtMost is how far a clock may run between two looks at it.
	stepAtMost = time.Minute
	// steadyFor is how long a clock must have run so before it is believed.
	steadyFor = 10 * time.Minute
)

// steadiness watches a clock. What is dropped is gone for everybody and for
// good, so the clock of a machine that has just started, or was just set, does
// not decide that.
type steadiness struct{ last, since time.Time }

// observe is told the time at each look, and tells whether to believe it.
func (s *steadiness) observe(now time.Time) bool {
	now = now.Round(0) // as the wall has it
	if s.last.IsZero() || now.Before(s.last) || now.Sub(s.last) > stepAtMost {
		s.since = now
	}
	s.last = now
	return now.Sub(s.since) >= steadyFor
}
