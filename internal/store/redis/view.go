package redis

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// beat is how often Redis is asked whether it is there, which tells of a connection
// that nobody closes. A session is over when an answer does not come within Timeout;
// and nothing is certain when the last question that was answered is older than
// Timeout and two beats. So within that time, 2 seconds unless it is set otherwise,
// what is revoked is refused, or is known not to be known.
const beat = 500 * time.Millisecond

// absence is how long nobody is asked again for a name that nobody has. Redis tells
// when somebody gets it; this is for what it was never told.
const absence = 5 * time.Second

// Why there is nothing to be known before the first session, and after the last.
var (
	errStarting = errors.New("redis: not reached yet")
	errClosed   = errors.New("redis: the store is closed")
)

// view is what one door knows of the users: what it was told, and for how long that
// may be believed. It knows nothing of Redis.
type view struct {
	cache
	maxStale time.Duration
	lease    int64 // for how long an answer counts, in nanoseconds
	born     time.Time
	session  atomic.Pointer[session] // nil while Redis is not heard of

	// These, and all changes of the session and the cache, are under cache.mu.
	flights map[string]*flight
	losses  int
	last    *session // the session, or the one before
	trouble error    // why there is none
}

// session is a time during which every change was heard of. What was learnt in one
// is true while it lasts, and perhaps not any more after it.
type session struct {
	good atomic.Int64 // when Redis was last heard of, in nanoseconds since born
}

// flight is a look-up under way, for all who ask for the same name meanwhile.
type flight struct {
	done  chan struct{}
	found *account.Principal
	err   error
	// stale tells that what it finds may have changed meanwhile. Who asked before the
	// change may be told; nobody after it.
	stale bool
}

func newView(size int, maxStale, timeout time.Duration) *view {
	v := &view{maxStale: maxStale, lease: int64(timeout + 2*beat), born: time.Now(), flights: map[string]*flight{}, trouble: errStarting}
	v.init(size)
	return v
}

func (v *view) now() int64 { return int64(time.Since(v.born)) }

// current is the session, when Redis was heard of just now. A process that was
// stopped for an hour must not go on as if it had been there.
func (v *view) current() *session {
	s := v.session.Load()
	if s == nil || v.now()-s.good.Load() >= v.lease {
		return nil
	}
	return s
}

// known returns what is known of a name and certainly true: the principal, or nil
// and true for a name that nobody has.
func (v *view) known(name string) (p *account.Principal, certain bool) {
	e := v.find(name)
	if e == nil || e.outdated() {
		return nil, false
	}
	now, s := v.now(), v.session.Load()
	if s != e.session || s == nil || now-s.good.Load() >= v.lease || e.principal == nil && now >= e.until {
		return nil, false
	}
	e.touch()
	return e.principal, true
}

// lastKnown is what was certainly true of a name not longer than maxStale ago. The
// error is account.ErrNotExist for a name that nobody had, and any other where
// nothing is known.
func (v *view) lastKnown(name string) (*account.Principal, error) {
	e := v.find(name)
	switch {
	case e == nil || e.outdated():
		return nil, v.why()
	case v.now()-e.session.good.Load() > int64(v.maxStale):
		return nil, fmt.Errorf("redis: what is known of user %s is older than %s: %w", name, v.maxStale, v.why())
	case e.principal == nil:
		return nil, account.ErrNotExist
	}
	e.touch()
	return e.principal, nil
}

// why is the error while there is no session.
func (v *view) why() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.trouble == nil {
		return errors.New("redis: not heard of in time")
	}
	return v.trouble
}

// state is State.
func (v *view) state() (time.Time, error) {
	var trouble *account.Trouble
	if v.current() == nil {
		why := v.why()
		trouble = &account.Trouble{Reason: "Redis cannot be reached", Err: why}
		if known := (*account.Trouble)(nil); errors.As(why, &known) {
			trouble.Reason = known.Reason
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var heard int64
	if v.last != nil {
		heard = v.last.good.Load()
	}
	readAt := v.born.Add(time.Duration(heard))
	if trouble == nil {
		return readAt, nil
	}
	trouble.Closed = v.last == nil || v.now()-heard > int64(v.maxStale)
	return readAt, trouble
}

// lossesSoFar is for begin.
func (v *view) lossesSoFar() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.losses
}

// begin starts a session that heard of Redis at the moment asked, unless a
// connection was lost since losses were counted.
func (v *view) begin(losses int, asked int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.losses != losses {
		return false
	}
	v.trouble = nil
	v.start(asked)
	return true
}

func (v *view) start(asked int64) {
	s := new(session)
	s.good.Store(asked)
	v.last = s
	v.session.Store(s)
	v.ground()
}

// heard prolongs the session.
func (v *view) heard(asked int64) {
	if s := v.session.Load(); s != nil {
		s.good.Store(asked)
	}
}

// end is called when changes may not have been heard of.
func (v *view) end(why error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.losses++; !errors.Is(v.trouble, errClosed) {
		v.trouble = why
	}
	v.session.Store(nil)
	v.ground()
}

// renew begins a new session in place of the present one: all that is known is asked
// for again, and remains the last that is known.
func (v *view) renew() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s := v.session.Load(); s != nil {
		v.start(s.good.Load())
	}
}

// ground has nobody else join the look-ups that are under way.
func (v *view) ground() {
	for _, f := range v.flights {
		f.stale = true
	}
	clear(v.flights)
}

// board joins the look-up of a name, or has load make it.
func (v *view) board(name string, load func(*flight)) *flight {
	v.mu.Lock()
	defer v.mu.Unlock()
	f, flying := v.flights[name]
	if !flying {
		f = &flight{done: make(chan struct{})}
		v.flights[name] = f
		go load(f)
	}
	return f
}

// land ends a look-up that began in the session s. What it found is kept, unless it
// may have changed meanwhile.
func (v *view) land(name string, f *flight, s *session, found *finding, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.flights[name] == f {
		delete(v.flights, name)
	}
	if f.err = err; found != nil {
		f.found = found.principal
		if !f.stale {
			v.keep(name, s, found, v.now()+int64(absence))
		}
	}
	close(f.done)
}

// changed forgets what depends on a document.
func (v *view) changed(kind account.Kind, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if kind == account.Roles {
		// Which of the look-ups under way need it is not known yet.
		v.ground()
		v.forgetRole(name)
		return
	}
	if f, flying := v.flights[name]; flying {
		f.stale = true
		delete(v.flights, name)
	}
	v.forget(name)
}
