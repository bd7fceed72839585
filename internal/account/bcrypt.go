package account

import (
	"fmt"

	crypto "golang.org/x/crypto/bcrypt"

	"github.com/cm-well/cmwell-auth/internal/bcrypt"
)

// DefaultCost is bcrypt's cost for new passwords.
const DefaultCost = 12

// Costs outside these are refused in documents: below, a hash is guessed
// quickly; above, one login occupies a processor for seconds.
const (
	minCost = 4
	maxCost = 16
)

// maxBcrypt is what bcrypt looks at; the rest of a password it would ignore.
const maxBcrypt = 72

func bcryptShape(hash string) (Shape, error) {
	cost, err := bcrypt.Cost(hash)
	if err != nil {
		return Shape{}, fmt.Errorf("%d characters that are no such hash found; a bcrypt hash of 60 ($2a$, $2b$ or $2y$), or argon2id ($argon2id$v=19$…), is accepted", len(hash))
	}
	if cost < minCost || cost > maxCost {
		return Shape{}, fmt.Errorf("a bcrypt hash with cost %s found; %d to %d are accepted", hash[4:6], minCost, maxCost)
	}
	return Shape{Cost: cost}, nil
}

// bcryptMatch compares passwords with hashes of one cost. None is right of which bcrypt
// would ignore the end: whoever knows the first 72 bytes would get in. It does the same
// work for it.
func bcryptMatch(rest func(), tries ...bcrypt.Try) []bool {
	right, err := bcrypt.Match(rest, tries...)
	if err != nil {
		return make([]bool, len(tries))
	}
	for i, t := range tries {
		right[i] = right[i] && len(t.Password) <= maxBcrypt
	}
	return right
}

// HashPassword makes a bcrypt hash as a user document keeps it in digest.
// Passwords over 72 bytes are refused, since bcrypt would ignore what follows.
func HashPassword(password string, cost int) (string, error) {
	if password == "" {
		return "", fmt.Errorf("%w: 0 bytes found; bcrypt takes 1 to %d", ErrPassword, maxBcrypt)
	}
	if len(password) > maxBcrypt {
		return "", fmt.Errorf("%w: %d bytes found; bcrypt takes 1 to %d, and argon2id up to %d", ErrPassword, len(password), maxBcrypt, MaxPassword)
	}
	if cost < minCost || cost > maxCost {
		return "", fmt.Errorf("account: bcrypt cost %d found; %d to %d are accepted", cost, minCost, maxCost)
	}
	hash, err := crypto.GenerateFromPassword([]byte(password), cost)
	return string(hash), err
}

func bcryptDecoy(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, "cmwellxauthxxdecoyxxxxuTp8Cg2vDkqOkv0tSdNTZxRcZ5rXf2W2")[:60]
}
