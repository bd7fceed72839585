package guard

import (
	"math/rand/v2"
	"time"
)

// tally is what is known of one key: failed logins, and those under way that
// may fail yet.
type tally struct {
	failures, pending int
	// failed is when the last failure was, begun when the last login began.
	failed, begun time.Time
}

// until is the end of the block that the failures are worth. It is worked out
// anew each time, so that a changed limit holds for blocks already begun.
func (y *tally) until(l Limit) time.Time { return y.failed.Add(l.block(y.failures)) }

// lapse lets go of what does not count any more. An attempt whose end is never
// told is forgotten, and so blocks nobody for ever. The window of the failures
// runs from the end of a block: one longer than the window would else wipe out
// what it is for. What is of the future, since the clock was set back, is taken as
// of now: it would hold until the clock is there again.
func (y *tally) lapse(l Limit, now time.Time) {
	if y.failed.After(now) {
		y.failed = now
	}
	if y.begun.After(now) {
		y.begun = now
	}
	if now.Sub(y.begun) >= l.UnderWay() {
		y.pending = 0
	}
	if y.pending == 0 && now.Sub(y.until(l)) >= l.Window {
		y.failures = 0
	}
}

// end gives back what an attempt used up, and counts what came of it.
func (y *tally) end(came Outcome, now time.Time) {
	y.pending = max(y.pending-1, 0)
	switch came {
	case Succeeded:
		y.failures = 0
	case Failed:
		y.failures, y.failed = y.failures+1, now
	}
}

// tallies count under keys, all with the same limit.
type tallies[K comparable] struct {
	*ledger[K, *tally]
	limit Limit
}

func newTallies[K comparable](room int, now func() time.Time) *tallies[K] {
	s := &tallies[K]{}
	s.ledger = newLedger[K](room, func(y *tally) int64 {
		y.lapse(s.limit, now())
		return int64(y.failures + y.pending)
	})
	return s
}

// wait is how long the key is refused.
func (s *tallies[K]) wait(key K, now time.Time) time.Duration {
	y, _ := s.current(key, now)
	if until := y.until(s.limit); now.Before(until) {
		return until.Sub(now)
	}
	if y.pending > 0 && y.failures+y.pending >= s.limit.Failures {
		// No block yet: those under way may succeed, which is known soon.
		return time.Second
	}
	return 0
}

func (s *tallies[K]) begin(key K, now time.Time) {
	y, known := s.current(key, now)
	y.pending++
	y.begun = now
	s.keep(key, y, known)
}

// end is told of an attempt even where its entry had to give way meanwhile: a
// failure counts.
func (s *tallies[K]) end(key K, now time.Time, came Outcome) {
	y, known := s.current(key, now)
	y.end(came, now)
	s.keep(key, y, known)
}

// forgive forgets the failures of the key, and tells whether there were any.
func (s *tallies[K]) forgive(key K, now time.Time) bool {
	y, known := s.current(key, now)
	guilty := y.failures > 0
	y.failures = 0
	s.keep(key, y, known)
	return guilty
}

// blocked tells of every key that is refused for its failures.
func (s *tallies[K]) blocked(now time.Time, tell func(key K, failures int, until time.Time)) {
	for _, r := range s.rows {
		r.value.lapse(s.limit, now)
		if until := r.value.until(s.limit); now.Before(until) {
			tell(r.key, r.value.failures, until)
		}
	}
}

func (s *tallies[K]) current(key K, now time.Time) (y *tally, known bool) {
	y, known = s.find(key)
	if !known {
		y = &tally{}
	}
	y.lapse(s.limit, now)
	return y, known
}

func (s *tallies[K]) keep(key K, y *tally, known bool) {
	switch empty := y.failures == 0 && y.pending == 0; {
	case empty && known:
		s.strike(key)
	case !empty && !known:
		s.enter(key, y)
	}
}

// drawn is how many entries are compared when one must give way. That the least
// of them is worth more than most of the ledger is out of the question.
const drawn = 8

// ledger is a map with room for so many entries. It takes the same time for
// every call, however full it is.
type ledger[K comparable, V any] struct {
	room int
	// worth is zero or less for what may go without loss.
	worth func(V) int64
	at    map[K]int
	rows  []row[K, V]
}

type row[K comparable, V any] struct {
	key   K
	value V
}

func newLedger[K comparable, V any](room int, worth func(V) int64) *ledger[K, V] {
	return &ledger[K, V]{room: max(room, 1), worth: worth, at: map[K]int{}}
}

func (l *ledger[K, V]) find(key K) (value V, known bool) {
	i, known := l.at[key]
	if !known {
		return value, false
	}
	return l.rows[i].value, true
}

// enter adds a key that is not there. In a full ledger another gives way.
func (l *ledger[K, V]) enter(key K, value V) {
	if len(l.rows) >= l.room {
		l.strike(l.least())
	}
	l.at[key] = len(l.rows)
	l.rows = append(l.rows, row[K, V]{key, value})
}

func (l *ledger[K, V]) strike(key K) {
	i, last := l.at[key], len(l.rows)-1
	l.rows[i] = l.rows[last]
	l.at[l.rows[i].key] = i
	l.rows[last] = row[K, V]{}
	l.rows = l.rows[:last]
	delete(l.at, key)
}

// least draws some entries and returns the key of the one worth least. They are
// drawn at random, for whoever knew which are compared could place his own
// around a victim's.
func (l *ledger[K, V]) least() K {
	found := l.draw()
	worth := l.worth(found.value)
	for n := 1; n < drawn && worth > 0; n++ {
		other := l.draw()
		if w := l.worth(other.value); w < worth {
			found, worth = other, w
		}
	}
	return found.key
}

func (l *ledger[K, V]) draw() row[K, V] {
	return l.rows[rand.IntN(len(l.rows))] //nolint:gosec // G404: seeded by the system, and nothing secret comes of it
}
