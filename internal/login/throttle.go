package login

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// ErrThrottled says: after too many failed logins, no password is looked at for
// a while. A ThrottledError around it says for how long.
var ErrThrottled = errors.New("login: too many failed logins")

// ThrottledError wraps ErrThrottled.
type ThrottledError struct {
	// RetryAfter is in whole seconds, at least one.
	RetryAfter time.Duration
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

// DefaultLimit holds until SetLimit is called.
var DefaultLimit = Limit{Failures: 10, Window: 15 * time.Minute}

const (
	// ceiling is how many limits all strangers together may use up on one user.
	ceiling = 10
	// usualFor is how long a client stays usual after a successful login.
	usualFor = 30 * 24 * time.Hour
	// maxUsual is how many usual clients are kept for one user, the latest.
	maxUsual = 16
	// maxClient bounds what is kept of a client that is no IP address.
	maxClient = 64
)

// block is how long nobody may try after so many failures: a fifteenth of the
// window, doubled by each failure more, at most four windows.
func (l Limit) block(failures int) time.Duration {
	over := failures - l.Failures
	switch {
	case over < 0:
		return 0
	case over >= 6: // 64 fifteenths are more than four; a shift without end would overflow
		return 4 * l.Window
	}
	return min(max(l.Window/15, time.Second)<<over, 4*l.Window)
}

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
type Throttle struct {
	mu    sync.Mutex
	now   func() time.Time
	pairs *tallies[pair]
	users *tallies[string]
	homes *ledger[string, map[string]time.Time]
}

// NewThrottle keeps at most maxEntries pairs of user and client, and as many users.
func NewThrottle(maxEntries int, now func() time.Time) *Throttle {
	t := &Throttle{now: now, pairs: newTallies[pair](maxEntries, now), users: newTallies[string](maxEntries, now)}
	// What successes leave is kept apart: a flood of failures must not wash away who is at home where.
	t.homes = newLedger[string](maxEntries, func(clients map[string]time.Time) int64 {
		return latest(clients).Add(usualFor).Unix() - now().Unix()
	})
	t.SetLimit(DefaultLimit)
	return t
}

// SetLimit changes the limit for what has been counted and for what will be.
// Less than one failure or one second is taken as one.
func (t *Throttle) SetLimit(l Limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l = Limit{Failures: max(l.Failures, 1), Window: max(l.Window, time.Second)}
	t.pairs.limit = l
	t.users.limit = Limit{Failures: ceiling * l.Failures, Window: l.Window}
}

// Begin asks whether this client may try to log in as this user. The error is a
// *ThrottledError. Without one, the attempt uses up a failure until its end is
// told: a burst gets no further than one after the other would.
func (t *Throttle) Begin(user, client string) (Attempt, error) {
	who := pair{user: userKey(user), client: clientKey(client)}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	stranger := !t.usual(who, now)
	wait := t.pairs.wait(who, now)
	if stranger {
		wait = max(wait, t.users.wait(who.user, now))
	}
	if wait > 0 {
		return Attempt{}, &ThrottledError{RetryAfter: (wait + time.Second - 1).Truncate(time.Second)}
	}
	t.pairs.begin(who, now)
	if stranger {
		t.users.begin(who.user, now)
	}
	return Attempt{&reservation{throttle: t, who: who, stranger: stranger}}, nil
}

// Attempt is a login that Begin let through. Exactly one end is told of it;
// what is told after the first has no effect. The zero Attempt has none.
type Attempt struct{ *reservation }

// reservation is what one attempt holds, however often it is copied.
type reservation struct {
	throttle *Throttle
	who      pair
	stranger bool
	over     bool
}

// Succeeded forgets the failures of this user from this client, which is from
// now on a usual one. What strangers did to the user stays counted.
func (a Attempt) Succeeded() {
	a.end(func(y *tally, _ time.Time) { y.failures = 0 }, giveBack, (*Throttle).remember)
}

// Failed counts a failure.
func (a Attempt) Failed() { a.end(fail, fail, nil) }

// Abandoned counts nothing: no password was compared.
func (a Attempt) Abandoned() { a.end(giveBack, giveBack, nil) }

func fail(y *tally, now time.Time) { y.failures, y.failed = y.failures+1, now }
func giveBack(*tally, time.Time)   {}

func (a Attempt) end(ofPair, ofUser func(*tally, time.Time), then func(*Throttle, pair, time.Time)) {
	if a.reservation == nil {
		return
	}
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.over {
		return
	}
	a.over = true
	now := t.now()
	t.pairs.end(a.who, now, ofPair)
	if a.stranger {
		t.users.end(a.who.user, now, ofUser)
	}
	if then != nil {
		then(t, a.who, now)
	}
}

func (t *Throttle) usual(who pair, now time.Time) bool {
	clients, _ := t.homes.find(who.user)
	last, known := clients[who.client]
	return known && now.Sub(last) < usualFor
}

func (t *Throttle) remember(who pair, now time.Time) {
	clients, known := t.homes.find(who.user)
	if !known {
		clients = map[string]time.Time{}
		t.homes.enter(who.user, clients)
	}
	if _, usual := clients[who.client]; !usual && len(clients) >= maxUsual {
		oldest := who.client
		for client, last := range clients {
			if oldest == who.client || last.Before(clients[oldest]) {
				oldest = client
			}
		}
		delete(clients, oldest)
	}
	clients[who.client] = now
}

func latest(clients map[string]time.Time) (last time.Time) {
	for _, at := range clients {
		if at.After(last) {
			last = at
		}
	}
	return last
}

type pair struct{ user, client string }

// userKey is bounded in length. It is a copy: the name as it came may be a part
// of the credentials, and would keep the password in memory.
func userKey(name string) string {
	if account.CheckName(name) != nil {
		return ""
	}
	return strings.Clone(name)
}

// clientKey is an IPv4 address or the /64 of an IPv6 address, the least that a
// network gives to one customer: within it, addresses cost nothing.
func clientKey(client string) string {
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return strings.Clone(client[:min(len(client), maxClient)])
	}
	addr = addr.Unmap()
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
