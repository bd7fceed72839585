package account

import "fmt"

// Scheme is how new passwords are hashed. The zero Scheme is Bcrypt.
type Scheme uint8

const (
	// Bcrypt is what CM-Well reads: cost 12, passwords up to 72 bytes.
	Bcrypt Scheme = iota
	// Argon2id costs a guesser memory too, and takes passwords up to 1024 bytes.
	Argon2id
)

// ParseScheme reads "bcrypt" or "argon2id".
func ParseScheme(name string) (Scheme, error) {
	switch name {
	case "bcrypt":
		return Bcrypt, nil
	case "argon2id":
		return Argon2id, nil
	}
	return Bcrypt, fmt.Errorf(`account: password hash %q found; "bcrypt" or "argon2id" is accepted`, name)
}

// String is the name that ParseScheme reads.
func (s Scheme) String() string {
	if s == Argon2id {
		return "argon2id"
	}
	return "bcrypt"
}

// Shape is that of the hashes that Hash makes.
func (s Scheme) Shape() Shape {
	if s == Argon2id {
		return newArgon2id
	}
	return Shape{Cost: DefaultCost}
}

// Hash makes the hash that a user document keeps as digest. A password that is
// empty or too long is an error that wraps ErrPassword.
func (s Scheme) Hash(password string) (string, error) {
	if s == Argon2id {
		return hashArgon2id(password, newArgon2id)
	}
	return HashPassword(password, DefaultCost)
}

// Weaker tells whether a hash should be replaced by one of this scheme when the
// password is at hand. No hash, and one that is not accepted, is none to replace:
// no password was ever right for it. Argon2id never makes way for Bcrypt.
func (s Scheme) Weaker(hash string) bool {
	found, err := shapeOf(hash)
	if err != nil {
		return false
	}
	want := s.Shape()
	if found.Cost > 0 {
		return found.Cost < DefaultCost || want.Cost == 0
	}
	return found.Memory*found.Time < want.Memory*want.Time
}
