package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/bcrypt"
)

// Shape is all that the work of checking a hash depends on: bcrypt's cost, or
// argon2id's parameters. No hash has the zero Shape.
type Shape struct {
	// Cost is bcrypt's; 0 in a shape of argon2id.
	Cost int
	// Memory in KiB, Time in passes and Threads in lanes are argon2id's; 0 in a
	// shape of bcrypt.
	Memory, Time, Threads int
}

// String says it in words, such as "bcrypt, cost 12"; the zero Shape is "none".
func (s Shape) String() string {
	switch {
	case s == Shape{}:
		return "none"
	case s.Cost > 0:
		return fmt.Sprintf("bcrypt, cost %d", s.Cost)
	}
	return fmt.Sprintf("argon2id, m=%d t=%d p=%d", s.Memory, s.Time, s.Threads)
}

// Shape is that of the user's password hash; false when there is no hash, or
// none that is accepted.
func (u User) Shape() (Shape, bool) {
	s, err := shapeOf(u.PasswordHash)
	return s, err == nil
}

// checkHash accepts an empty hash (no password), and bcrypt and argon2id within
// limits.
func checkHash(hash string) error {
	if hash == "" {
		return nil
	}
	_, err := shapeOf(hash)
	return err
}

func shapeOf(hash string) (Shape, error) {
	if strings.HasPrefix(hash, argon2idPrefix) {
		h, err := parseArgon2id(hash)
		return h.Shape, err
	}
	return bcryptShape(hash)
}

// check compares a password with a hash of this shape.
func (s Shape) check(hash, password string) bool {
	if s.Cost > 0 {
		return bcryptMatch(nil, bcrypt.Try{Hash: hash, Password: password})[0]
	}
	h, err := parseArgon2id(hash)
	return err == nil && h.matches(password)
}

// decoy is a well-formed hash of no known password. A check must do its whole
// work before it can refuse; a string that is refused at sight would tell.
func (s Shape) decoy() string {
	if s.Cost > 0 {
		return bcryptDecoy(s.Cost)
	}
	return argon2idDecoy(s)
}

// accepted tells whether a document may hold a hash of this shape.
func (s Shape) accepted() bool {
	if s.Cost != 0 {
		return s == Shape{Cost: s.Cost} && s.Cost >= minCost && s.Cost <= maxCost
	}
	return checkArgon2id(s) == nil
}

// dearer orders shapes of argon2id, the dearest first.
func dearer(a, b Shape) int {
	return cmp.Or(
		cmp.Compare(b.Memory*b.Time, a.Memory*a.Time),
		cmp.Compare(b.Memory, a.Memory),
		cmp.Compare(b.Threads, a.Threads),
	)
}

// maxArgon2id is how many shapes of argon2id a failure is made worth. Each is
// one run, so that a document with many could otherwise make every failed login
// as dear as its author likes.
const maxArgon2id = 4

// failure is the work that every failure is worth.
type failure struct {
	cost     int     // bcrypt's; 0 when there is none
	mixed    bool    // some have a cheaper bcrypt hash
	argon2id []Shape // each once, the dearest first
}

// failureOf is the least that hides which of the shapes a hash has.
func failureOf(shapes []Shape) failure {
	var f failure
	for _, s := range shapes {
		switch {
		case !s.accepted():
		case s.Cost > 0:
			f.mixed = f.mixed || f.cost > 0 && f.cost != s.Cost
			f.cost = max(f.cost, s.Cost)
		case !slices.Contains(f.argon2id, s):
			f.argon2id = append(f.argon2id, s)
		}
	}
	slices.SortFunc(f.argon2id, dearer)
	f.argon2id = f.argon2id[:min(len(f.argon2id), maxArgon2id)]
	return f
}

// isOneHash tells whether a failure is one run of bcrypt and no more, for who has a
// hash of shape own, possibly the zero one, and for everybody else.
func (f failure) isOneHash(own Shape) bool {
	return !f.mixed && len(f.argon2id) == 0 && (own == Shape{} || own == Shape{Cost: f.cost})
}

// beside are the shapes to run when a hash of shape own, possibly the zero one,
// has been checked already, so that all together are the work of a failure.
func (f failure) beside(own Shape) []Shape {
	var rest []Shape
	if own.Cost == 0 && f.cost > 0 {
		rest = append(rest, Shape{Cost: f.cost})
	}
	if own.Cost > 0 {
		// 2^c rounds are done. The sum of 2^c … 2^(r-1) brings them to 2^r exactly.
		for c := own.Cost; c < f.cost; c++ {
			rest = append(rest, Shape{Cost: c})
		}
	}
	done := slices.Index(f.argon2id, own)
	if done < 0 && own.Memory > 0 {
		done = len(f.argon2id) - 1 // not kept: it stands for the cheapest that is
	}
	for i, s := range f.argon2id {
		if i != done {
			rest = append(rest, s)
		}
	}
	return rest
}
