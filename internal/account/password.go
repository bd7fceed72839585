package account

import (
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"
)

// DefaultCost is bcrypt's cost for new passwords.
const DefaultCost = 12

// Costs outside these are refused in documents: below, a hash is guessed
// quickly; above, one login occupies a processor for seconds.
const (
	minCost = 4
	maxCost = 16
)

// maxPassword is what bcrypt looks at; the rest of a password it would ignore.
const maxPassword = 72

// checkHash accepts an empty hash (no password) and bcrypt as $2a$, $2b$ or $2y$.
func checkHash(hash string) error {
	if hash == "" {
		return nil
	}
	if len(hash) != 60 || hash[0] != '$' || hash[1] != '2' || hash[3] != '$' || hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y' {
		return errors.New("a bcrypt hash of 60 characters is accepted ($2a$, $2b$ or $2y$)")
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost < minCost || cost > maxCost {
		return fmt.Errorf("a bcrypt hash with a cost from %d to %d is accepted", minCost, maxCost)
	}
	return nil
}

// HashCost is the cost of the user's password hash; 0 when there is none.
func (u User) HashCost() int {
	cost, err := bcrypt.Cost([]byte(u.PasswordHash))
	if err != nil {
		return 0
	}
	return cost
}

// HashPassword makes the hash that a user document keeps as digest. Passwords
// over 72 bytes are refused, since bcrypt would ignore what follows.
func HashPassword(password string, cost int) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("a password has 1 to %d bytes, %d were found", maxPassword, len(password))
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	return string(hash), err
}

// Passwords check passwords so that failures cost the same whatever the
// reason: no user, no hash, a cheaper hash, a wrong or an overlong password.
type Passwords struct {
	cost  atomic.Int64
	spent atomic.Int64
}

// SetCost sets the bcrypt cost that every failure is worth. It should be the
// highest that occurs among the users; 0 means DefaultCost.
func (p *Passwords) SetCost(cost int) { p.cost.Store(int64(cost)) }

// Spent is the work done so far, in bcrypt rounds: a check at cost c adds 2^c.
func (p *Passwords) Spent() int64 { return p.spent.Load() }

// Match tells whether the password is the user's. For the zero User, or one
// without a hash, it does the same work and says no.
func (p *Passwords) Match(u User, password string) bool {
	reference := int(p.cost.Load())
	if reference == 0 {
		reference = DefaultCost
	}
	hash := u.PasswordHash
	decoy := hash == "" || checkHash(hash) != nil
	if decoy {
		hash = decoyHash(reference)
	}
	cost, _ := bcrypt.Cost([]byte(hash))
	overlong := len(password) > maxPassword
	if overlong {
		// Compare would cut it silently, and so let in whoever knows the first 72 bytes.
		password = password[:maxPassword]
	}
	if p.compare(hash, cost, password) && !decoy && !overlong {
		return true
	}
	// 2^c rounds are spent. The sum of 2^c … 2^(r-1) brings them to 2^r exactly.
	for c := cost; c < reference; c++ {
		p.compare(decoyHash(c), c, password)
	}
	return false
}

func (p *Passwords) compare(hash string, cost int, password string) bool {
	p.spent.Add(1 << cost)
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

// decoyHash is a well-formed hash of no known password. bcrypt must do its
// whole work before it can refuse; a string it refuses at sight would tell.
func decoyHash(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, "cmwellxauthxxdecoyxxxxuTp8Cg2vDkqOkv0tSdNTZxRcZ5rXf2W2")[:60]
}
