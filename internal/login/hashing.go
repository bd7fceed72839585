package login

import (
	"container/list"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// ErrBusy says: nothing was looked at, for as many logins wait as may.
var ErrBusy = errors.New("login: too many logins are waiting")

// maxRemembered bounds the verified pairs that are remembered.
const maxRemembered = 4096

// Hashing confines the hashing of passwords to a few workers, so that a flood
// of logins leaves the other processors to the traffic. Those who wait are
// served in the order in which they came.
type Hashing struct {
	secret [32]byte

	mu             sync.Mutex
	workers, queue int
	working        int
	line           *list.List // of *place
	checks         map[fingerprint]*check

	took func(time.Duration)

	keep     time.Duration
	now      func() time.Time
	verified map[fingerprint]time.Time // until when
}

// place is somebody's place in the line.
type place struct {
	// turn is called when a worker is free, with the mutex held.
	turn func()
	// at is nil when the turn has come.
	at *list.Element
}

// NewHashing has at least one worker. Beside those at work, so many as queue
// may wait.
func NewHashing(workers, queue int) *Hashing {
	h := &Hashing{line: list.New(), checks: map[fingerprint]*check{}}
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
	h.mu.Lock()
	mine, err := h.lineUp(func() { close(turn) })
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
	h.timed(work)
	return nil
}

// Observe has took told how long each piece of work takes once its turn has come.
func (h *Hashing) Observe(took func(time.Duration)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.took = took
}

func (h *Hashing) timed(work func()) {
	began := time.Now()
	work()
	h.mu.Lock()
	took := h.took
	h.mu.Unlock()
	if took != nil {
		took(time.Since(began))
	}
}

// lineUp needs the mutex. Each turn that comes is ended by leave.
func (h *Hashing) lineUp(turn func()) (*place, error) {
	if h.working >= h.workers && h.line.Len() >= h.queue {
		return nil, ErrBusy
	}
	p := &place{turn: turn}
	p.at = h.line.PushBack(p)
	h.admit()
	return p, nil
}

// admit needs the mutex.
func (h *Hashing) admit() {
	for h.working < h.workers && h.line.Len() > 0 {
		next, _ := h.line.Remove(h.line.Front()).(*place)
		next.at = nil
		h.working++
		next.turn()
	}
}

// withdraw leaves the line, and says no when the turn has come already.
func (h *Hashing) withdraw(p *place) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.at == nil {
		return false
	}
	h.line.Remove(p.at)
	return true
}

func (h *Hashing) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.working--
	h.admit()
}

// check is one comparison and those who wait for what it finds.
type check struct {
	place   *place
	waiters int
	done    chan struct{}
	// right may be read when done is closed.
	right bool
}

// Match tells whether the password is the user's, as p.Match does, when its turn
// comes. Whoever sends the same name and password meanwhile gets the same
// answer of the same work; a name that nobody has is no exception. An error means
// that nothing is known: ErrBusy, or the context's.
func (h *Hashing) Match(ctx context.Context, p *account.Passwords, u account.User, name, password string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	same := h.fingerprint(name, u.PasswordHash, password)
	c, known, err := h.join(same, func() bool { return p.Match(u, password) })
	if known || err != nil {
		return known, err
	}
	select {
	case <-c.done:
		return c.right, nil
	case <-ctx.Done():
		h.part(same, c)
		return false, ctx.Err()
	}
}

// join becomes a waiter of the check that is under way, or else begins one. When
// the answer is remembered to be yes, known is true and there is no check.
func (h *Hashing) join(same fingerprint, match func() bool) (c *check, known bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until, found := h.verified[same]; found && h.now().Before(until) {
		return nil, true, nil
	}
	c = h.checks[same]
	if c == nil {
		c = &check{done: make(chan struct{})}
		// The work has a goroutine of its own: whoever came first may be the first to leave.
		c.place, err = h.lineUp(func() { go h.run(same, c, match) })
		if err != nil {
			return nil, false, err
		}
		h.checks[same] = c
	}
	c.waiters++
	return c, false, nil
}

// part gives up waiting. The last who does so takes the place in the line along,
// while what has begun is not wasted on who comes next.
func (h *Hashing) part(same fingerprint, c *check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.waiters--
	if c.waiters == 0 && c.place.at != nil {
		h.line.Remove(c.place.at)
		c.place.at = nil
		delete(h.checks, same)
	}
}

func (h *Hashing) run(same fingerprint, c *check, match func() bool) {
	defer h.leave()
	h.timed(func() { c.right = match() })
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.checks, same)
	if c.right {
		h.remember(same)
	}
	close(c.done)
}

// SetCache lets verified pairs be remembered for d; nothing is when d is not
// positive. A changed password is a different pair at once. What is remembered
// is no password, but whoever can read this process's memory can try passwords
// against it far more quickly than against a slow hash.
func (h *Hashing) SetCache(d time.Duration, now func() time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d == h.keep && d > 0 {
		h.now = now
		return
	}
	h.keep, h.now, h.verified = d, now, nil
	if d > 0 {
		h.verified = map[fingerprint]time.Time{}
	}
}

// remember needs the mutex. It remembers successes only: a failure that held on
// would outlive the mistake in a document.
func (h *Hashing) remember(same fingerprint) {
	if h.keep <= 0 {
		return
	}
	now := h.now()
	if len(h.verified) >= maxRemembered {
		h.forget(now)
	}
	h.verified[same] = now.Add(h.keep)
}

// forget makes room: what is out of date goes, or else what is so soonest.
func (h *Hashing) forget(now time.Time) {
	var soonest fingerprint
	var first time.Time
	for f, until := range h.verified {
		if !now.Before(until) {
			delete(h.verified, f)
		} else if first.IsZero() || until.Before(first) {
			soonest, first = f, until
		}
	}
	if len(h.verified) >= maxRemembered {
		delete(h.verified, soonest)
	}
}

// fingerprint stands for a name, its hash and a password that was tried.
type fingerprint [sha256.Size]byte

// fingerprint differs wherever one of the three does: each comes behind its
// length. The key is random and stays in this process, so that nobody can work
// out the fingerprint of a guess.
func (h *Hashing) fingerprint(name, hash, password string) fingerprint {
	mac := hmac.New(sha256.New, h.secret[:])
	for _, part := range []string{name, hash, password} {
		_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = mac.Write([]byte(part))
	}
	return fingerprint(mac.Sum(nil))
}
