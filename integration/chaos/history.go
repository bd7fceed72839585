package chaos

import (
	"sort"
	"sync"
	"time"
)

// History is what is known from outside of one thing that is changed again and
// again: of each change, when it was asked for and when it was acknowledged. Changes
// have numbers, and one is asked for when the one before was acknowledged. The zero
// History is at change 0, which held from the beginning. It is safe for concurrent use.
type History struct {
	mu                  sync.Mutex
	begun, acknowledged []time.Time // of the changes 1, 2, …
}

// Begin notes that the next change is being asked for, and returns its number.
func (h *History) Begin() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = append(h.begun, time.Now())
	return len(h.begun)
}

// Acknowledge notes that the change that was begun holds.
func (h *History) Acknowledge() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acknowledged = append(h.acknowledged, time.Now())
}

// Acknowledged is the number of the last change that was.
func (h *History) Acknowledged() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.acknowledged)
}

// Possible are the first and the last change that can have been in force at some
// moment between the two: not one that was replaced before, and none that was asked
// for afterwards.
func (h *History) Possible(from, to time.Time) (first, last int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	until := func(times []time.Time, t time.Time) int {
		return sort.Search(len(times), func(i int) bool { return times[i].After(t) })
	}
	return until(h.acknowledged, from), until(h.begun, to)
}
