package account

import (
	"errors"
	"sync/atomic"
)

// ErrPassword says: nobody can have this password. Its text is a sentence for
// the person who chose it.
var ErrPassword = errors.New("account: the password is not accepted")

// MaxPassword is the greatest length of a password that is ever right, in bytes.
const MaxPassword = 1024

// Passwords check passwords so that failures cost the same whatever the
// reason: no user, no hash, a cheaper hash, one of another algorithm, a wrong or
// an overlong password.
type Passwords struct {
	// Scheme is how new passwords are hashed: while no user has a hash, a failure
	// is worth what one of these is. It is set before use.
	Scheme Scheme

	failure     atomic.Pointer[failure]
	spent, runs atomic.Int64
}

// SetShapes tells which shapes the hashes of the users have. From then on a
// failure is worth the dearest bcrypt hash and one run of every shape of
// argon2id; a user's own hash counts as its part. Of the latter the four dearest
// are kept: a user whose hash has yet another is told apart by a shorter time.
// Shapes that no document may have are ignored.
func (p *Passwords) SetShapes(shapes []Shape) {
	f := failureOf(shapes)
	p.failure.Store(&f)
}

// Spent is the work done so far with bcrypt, in rounds: a check at cost c adds 2^c.
func (p *Passwords) Spent() int64 { return p.spent.Load() }

// Runs is how often argon2id has run so far.
func (p *Passwords) Runs() int64 { return p.runs.Load() }

// Match tells whether the password is the user's. For the zero User, or one
// without a hash, it does the same work and says no.
func (p *Passwords) Match(u User, password string) bool {
	b := p.Batch()
	b.Add(u, password)
	return b.Match(nil)[0]
}

func (p *Passwords) worth() failure {
	if f := p.failure.Load(); f != nil && (f.cost > 0 || len(f.argon2id) > 0) {
		return *f
	}
	return failureOf([]Shape{p.Scheme.Shape()})
}

func (p *Passwords) check(s Shape, hash, password string) bool {
	if s.Cost > 0 {
		p.spent.Add(1 << s.Cost)
	} else {
		p.runs.Add(1)
	}
	return s.check(hash, password)
}
