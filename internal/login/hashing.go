package login

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// ErrBusy says: nothing was looked at, for as many logins wait as may.
var ErrBusy = errors.New("login: too many logins are waiting")

// Hashing confines the hashing of passwords to a few workers, so that a flood
// of logins leaves the other processors to the traffic. Those who wait are
// served in the order in which they came, passwords up to four at once where that
// takes less of a processor.
type Hashing struct {
	secret [32]byte

	mu             sync.Mutex
	workers, queue int
	working        int
	line           *list.List // of *place
	checks         map[fingerprint]*check

	took  func(time.Duration)
	sleep func(time.Duration)

	keep     time.Duration
	now      func() time.Time
	verified map[fingerprint]time.Time // until when
}

// NewHashing has at least one worker. Beside those at work, so many as queue
// may wait.
func NewHashing(workers, queue int) *Hashing {
	h := &Hashing{line: list.New(), checks: map[fingerprint]*check{}, sleep: time.Sleep}
	_, _ = rand.Read(h.secret[:]) // never fails: it ends the process instead
	h.Resize(workers, queue)
	return h
}

// Resize changes both numbers. Who is at work or waits already stays so.
func (h *Hashing) Resize(workers, queue int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.workers, h.queue = max(workers, 1), queue
	h.admit()
}

// Waiting is how many wait for a worker. Logins that share one check count once.
func (h *Hashing) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.line.Len()
}

// Do runs work when its turn comes. With an error it was not run: ErrBusy when
// the queue is full, the context's when that ends first.
func (h *Hashing) Do(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	turn := make(chan struct{})
	mine := &place{turn: func() { close(turn) }}
	h.mu.Lock()
	err := h.lineUp(mine)
	h.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-turn:
	case <-ctx.Done():
		if h.withdraw(mine) {
			return ctx.Err()
		}
	}
	defer h.leave()
	// The turn and the end may have come together.
	if err := ctx.Err(); err != nil {
		return err
	}
	h.timed(1, work)
	return nil
}

// Observe has took told how long each piece of work takes once its turn has come; of
// passwords that are matched in one turn, for each how long all take.
func (h *Hashing) Observe(took func(time.Duration)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.took = took
}

func (h *Hashing) timed(pieces int, work func()) {
	began := time.Now()
	work()
	h.mu.Lock()
	took := h.took
	h.mu.Unlock()
	if took == nil {
		return
	}
	for all := time.Since(began); pieces > 0; pieces-- {
		took(all)
	}
}
