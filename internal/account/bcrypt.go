package account

import (
	"fmt"
	"strings"

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

// maxBcrypt is what bcrypt looks at; the rest of a password it would ignore.
const maxBcrypt = 72

// bcryptDigits are bcrypt's own base64: with another character in it, bcrypt
// would refuse a hash without doing the work.
const bcryptDigits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// isBcrypt matches $2[aby]$[0-9]{2}$ and 53 digits. It is asked of every user of a
// file at once.
func isBcrypt(hash string) bool {
	return len(hash) == 60 && hash[:2] == "$2" && strings.IndexByte("aby", hash[2]) >= 0 && hash[3] == '$' &&
		strings.Trim(hash[4:6], "0123456789") == "" && hash[6] == '$' && strings.Trim(hash[7:], bcryptDigits) == ""
}

func bcryptShape(hash string) (Shape, error) {
	if !isBcrypt(hash) {
		return Shape{}, fmt.Errorf("%d characters that are no such hash found; a bcrypt hash of 60 ($2a$, $2b$ or $2y$), or argon2id ($argon2id$v=19$…), is accepted", len(hash))
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost < minCost || cost > maxCost {
		return Shape{}, fmt.Errorf("a bcrypt hash with cost %s found; %d to %d are accepted", hash[4:6], minCost, maxCost)
	}
	return Shape{Cost: cost}, nil
}

// bcryptMatches never does for a password of which bcrypt would ignore the end:
// whoever knows the first 72 bytes would get in. It does the same work.
func bcryptMatches(hash, password string) bool {
	cut := password[:min(len(password), maxBcrypt)]
	right := bcrypt.CompareHashAndPassword([]byte(hash), []byte(cut)) == nil
	return right && cut == password
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
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	return string(hash), err
}

func bcryptDecoy(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, "cmwellxauthxxdecoyxxxxuTp8Cg2vDkqOkv0tSdNTZxRcZ5rXf2W2")[:60]
}
