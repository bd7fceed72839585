package login

import (
	"context"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// check is one comparison and those who wait for what it finds.
type check struct {
	same      fingerprint
	passwords *account.Passwords
	user      account.User
	password  string

	place   *place
	waiters int
	done    chan struct{}
	// right may be read when done is closed.
	right bool
}

// Match tells whether the password is the user's, as p.Match does, when its turn
// comes, or that of another with which it can be matched. Whoever sends the same
// name and password meanwhile gets the same answer of the same work; a name that
// nobody has is no exception. An error means that nothing is known: ErrBusy, or the
// context's.
func (h *Hashing) Match(ctx context.Context, p *account.Passwords, u account.User, name, password string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	c, known, err := h.join(&check{same: h.fingerprint(name, u.PasswordHash, password), passwords: p, user: u, password: password})
	if known || err != nil {
		return known, err
	}
	select {
	case <-c.done:
		return c.right, nil
	case <-ctx.Done():
		h.part(c)
		return false, ctx.Err()
	}
}

// join becomes a waiter of the same check that is under way, or else begins own. When
// the answer is remembered to be yes, known is true and there is no check.
func (h *Hashing) join(own *check) (c *check, known bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until, found := h.verified[own.same]; found && h.now().Before(until) {
		return nil, true, nil
	}
	c = h.checks[own.same]
	if c == nil {
		c = own
		c.done = make(chan struct{})
		// The work has a goroutine of its own: whoever came first may be the first to leave.
		c.place = &place{check: c, turn: func() { go h.run(h.company(c)) }}
		if err = h.lineUp(c.place); err != nil {
			return nil, false, err
		}
		h.checks[c.same] = c
	}
	c.waiters++
	return c, false, nil
}

// part gives up waiting. The last who does so takes the place in the line along,
// while what has begun is not wasted on who comes next.
func (h *Hashing) part(c *check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.waiters--
	if c.waiters == 0 && c.place.at != nil {
		h.remove(c.place)
		delete(h.checks, c.same)
	}
}

// company is the check whose turn has come, and those of the line that are matched with
// it. They go past others, who have fewer turns to wait for thereby. It needs the mutex.
func (h *Hashing) company(first *check) (*account.Batch, []*check) {
	batch, checks := first.passwords.Batch(), []*check{first}
	batch.Add(first.user, first.password)
	for at := h.line.Front(); at != nil && !batch.Full(); {
		p := placeOf(at)
		at = at.Next()
		if c := p.check; c != nil && c.passwords == first.passwords && batch.Add(c.user, c.password) {
			h.remove(p)
			checks = append(checks, c)
		}
	}
	return batch, checks
}

func (h *Hashing) run(batch *account.Batch, checks []*check) {
	defer h.leave()
	var right []bool
	rhythm := &pace{company: len(checks), last: time.Now()}
	h.timed(len(checks), func() { right = batch.Match(func() { h.rest(rhythm) }) })
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, c := range checks {
		delete(h.checks, c.same)
		c.right = right[i]
		if c.right {
			h.remember(c.same)
		}
		close(c.done)
	}
}
