package guard

import (
	"context"
	"sync"
	"time"
)

// Replays remembers which nonce counts have been used, so that each is accepted
// once. Only answers with the right password are to be asked about, so that
// strangers cannot fill it. It is safe for concurrent use, and outlives a reload.
type Replays struct {
	mu   sync.Mutex
	now  func() time.Time
	seen map[string]*counts
	most int
}

// counts are the used counts of one nonce: the highest, and a window below it.
type counts struct {
	highest uint64
	window  uint64 // bit i: highest-i was used
	expires time.Time
}

// NonceWindow is how far apart the counts of one nonce may arrive out of order.
const NonceWindow = 64

// NewReplays remembers at most so many nonces at a time.
func NewReplays(most int, now func() time.Time) *Replays {
	return &Replays{now: now, seen: map[string]*counts{}, most: most}
}

// Use tells whether the count is used for the first time, of a nonce that can be
// answered for so long. Counts may arrive out of order, up to 64 apart; what is
// older than that counts as used. When no place is left, the answer is no: a
// replay is worse than another challenge. The error is always nil.
func (r *Replays) Use(_ context.Context, nonce string, count uint64, life time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	c := r.seen[nonce]
	if c == nil {
		if len(r.seen) >= r.most {
			r.forget(now)
		}
		if len(r.seen) >= r.most {
			return false, nil
		}
		r.seen[nonce] = &counts{highest: count, window: 1, expires: now.Add(life)}
		return true, nil
	}
	return c.use(count), nil
}

func (c *counts) use(count uint64) bool {
	if count > c.highest {
		c.window = c.window<<min(count-c.highest, NonceWindow) | 1
		c.highest = count
		return true
	}
	bit := uint64(1) << min(c.highest-count, NonceWindow)
	if bit == 0 || c.window&bit != 0 {
		return false
	}
	c.window |= bit
	return true
}

func (r *Replays) forget(now time.Time) {
	for nonce, c := range r.seen {
		if !now.Before(c.expires) {
			delete(r.seen, nonce)
		}
	}
}
