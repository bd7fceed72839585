package guard

import (
	"context"
	"sync"
	"time"
)

// Throttle decides who may try a password. It never asks who exists: a name
// that nobody has is counted like any other, and all names that nobody can have
// are counted as one.
//
// Each user and client have the Limit. Ten times as many failures by strangers
// close the user to strangers, which are clients that have not logged in as that
// user for 30 days; usual clients keep their own limit whatever strangers do.
//
// When all entries are taken, an entry that says nothing any more gives way, or
// else the one with the fewest failures among eight drawn at random. So a flood
// of names and addresses replaces its own entries: to push out a block, most
// entries must have as many failures as it has, each paid for with a login. A
// single failure is forgotten early, and that is all a flood wins.
//
// Its errors are ThrottledErrors: it can always tell.
type Throttle struct {
	mu    sync.Mutex
	now   func() time.Time
	pairs *tallies[Pair]
	users *tallies[string]
	homes *ledger[string, map[string]time.Time]
}

// NewThrottle keeps at most maxEntries pairs of user and client, and as many users.
func NewThrottle(maxEntries int, now func() time.Time) *Throttle {
	t := &Throttle{now: now, pairs: newTallies[Pair](maxEntries, now), users: newTallies[string](maxEntries, now)}
	// What successes leave is kept apart: a flood of failures must not wash away who is at home where.
	t.homes = newLedger[string](maxEntries, func(clients map[string]time.Time) int64 {
		return latest(clients).Add(UsualFor).Unix() - now().Unix()
	})
	t.SetLimit(DefaultLimit)
	return t
}

// SetLimit changes the limit for what has been counted and for what will be.
// Less than one failure or one second is taken as one.
func (t *Throttle) SetLimit(l Limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pairs.limit = l.AtLeastOne()
	t.users.limit = t.pairs.limit.OfStrangers()
}

// Begin asks whether this client may try to log in as this user. Without an
// error, the attempt uses up a failure until its end is told, or two minutes are
// over: a burst gets no further than one after the other would.
func (t *Throttle) Begin(_ context.Context, user, client string) (Attempt, error) {
	who := PairOf(user, client)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	stranger := !t.usual(who, now)
	wait := t.pairs.wait(who, now)
	if stranger {
		wait = max(wait, t.users.wait(who.User, now))
	}
	if wait > 0 {
		return Attempt{}, Throttled(wait)
	}
	t.pairs.begin(who, now)
	if stranger {
		t.users.begin(who.User, now)
	}
	return NewAttempt(func(_ context.Context, came Outcome) error {
		t.end(who, stranger, came)
		return nil
	}), nil
}

func (t *Throttle) end(who Pair, stranger bool, came Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.pairs.end(who, now, came)
	if stranger {
		ofAll := came
		if came == Succeeded {
			ofAll = Abandoned // one who got in is no amends for the others
		}
		t.users.end(who.User, now, ofAll)
	}
	if came == Succeeded {
		t.remember(who, now)
	}
}

// Blocked lists who is refused now, the worst first, at most MaxBlocks.
func (t *Throttle) Blocked(context.Context) ([]Block, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	var all []Block
	t.pairs.blocked(now, func(who Pair, failures int, until time.Time) {
		all = append(all, Block{who.User, who.Client, failures, until})
	})
	t.users.blocked(now, func(user string, failures int, until time.Time) {
		all = append(all, Block{User: user, Failures: failures, Until: until})
	})
	return Worst(all), nil
}

// Release forgets the failures of a user and a client, or, when the client is
// empty, those of all strangers together; the two are counted apart. It tells
// whether there were any.
func (t *Throttle) Release(_ context.Context, user, client string) (bool, error) {
	who := PairOf(user, client)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if client == "" {
		return t.users.forgive(who.User, now), nil
	}
	return t.pairs.forgive(who, now), nil
}

func (t *Throttle) usual(who Pair, now time.Time) bool {
	clients, _ := t.homes.find(who.User)
	last, known := clients[who.Client]
	return known && now.Sub(last) < UsualFor
}

func (t *Throttle) remember(who Pair, now time.Time) {
	clients, known := t.homes.find(who.User)
	if !known {
		clients = map[string]time.Time{}
		t.homes.enter(who.User, clients)
	}
	if _, usual := clients[who.Client]; !usual && len(clients) >= MaxUsual {
		oldest := who.Client
		for client, last := range clients {
			if oldest == who.Client || last.Before(clients[oldest]) {
				oldest = client
			}
		}
		delete(clients, oldest)
	}
	clients[who.Client] = now
}

func latest(clients map[string]time.Time) (last time.Time) {
	for _, at := range clients {
		if at.After(last) {
			last = at
		}
	}
	return last
}
