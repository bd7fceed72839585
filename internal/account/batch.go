package account

import "github.com/cm-well/cmwell-auth/internal/bcrypt"

// Batch is passwords that are matched together. More than one are so only where a
// failure is worth one bcrypt hash and every user has a hash of that cost, or none: each
// try is then the same work, and neither time nor work tells which were decoys. Were
// there cheaper hashes too, whoever is not matched together with a stranger would be
// known to exist.
type Batch struct {
	passwords *Passwords
	worth     failure
	tries     []try
}

type try struct {
	user     User
	own      Shape // the zero one without a hash
	password string
}

// Batch begins one. What failures in it are worth is what they are worth now.
func (p *Passwords) Batch() *Batch {
	return &Batch{passwords: p, worth: p.worth()}
}

// Add takes one more try in, and says no when it cannot be matched with those that
// are in already. The first is always taken.
func (b *Batch) Add(u User, password string) bool {
	own, _ := u.Shape()
	if len(b.tries) > 0 && (b.Full() || !b.worth.isOneHash(own)) {
		return false
	}
	b.tries = append(b.tries, try{u, own, password})
	return true
}

// Full tells whether Add would say no to everybody.
func (b *Batch) Full() bool {
	return len(b.tries) == bcrypt.Lanes || len(b.tries) > 0 && !b.worth.isOneHash(b.tries[0].own)
}

// Match tells of each try, in the order in which they were added, whether the password
// is the user's. Between equal steps of the work for more than one it calls rest, which
// may take its time; nil does nothing.
func (b *Batch) Match(rest func()) []bool {
	if len(b.tries) == 1 {
		return []bool{b.alone(b.tries[0])}
	}
	p, cost := b.passwords, b.worth.cost
	tries := make([]bcrypt.Try, len(b.tries))
	for i, t := range b.tries {
		tries[i] = bcrypt.Try{Hash: t.user.PasswordHash, Password: t.password}
		if t.own == (Shape{}) {
			tries[i].Hash = bcryptDecoy(cost)
		}
	}
	p.spent.Add(int64(len(tries)) << cost)
	right := bcryptMatch(rest, tries...)
	for i, t := range b.tries {
		right[i] = right[i] && t.own != (Shape{})
	}
	return right
}

func (b *Batch) alone(t try) bool {
	p := b.passwords
	if t.own != (Shape{}) && p.check(t.own, t.user.PasswordHash, t.password) {
		return true
	}
	for _, s := range b.worth.beside(t.own) {
		p.check(s, s.decoy(), t.password)
	}
	return false
}
