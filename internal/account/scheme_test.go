package account

import (
	"errors"
	"strings"
	"testing"
)

func TestPasswordsThatCannotBeHashed(t *testing.T) {
	for _, row := range []struct {
		scheme Scheme
		length int
		says   string
	}{
		{Bcrypt, 0, "0 bytes found; bcrypt takes 1 to 72"},
		{Bcrypt, 73, "73 bytes found; bcrypt takes 1 to 72, and argon2id up to 1024"},
		{Argon2id, 0, "0 bytes found; argon2id takes 1 to 1024"},
		{Argon2id, 1025, "1025 bytes found; argon2id takes 1 to 1024"},
	} {
		hash, err := row.scheme.Hash(strings.Repeat("x", row.length))
		if !errors.Is(err, ErrPassword) || hash != "" || !strings.HasSuffix(err.Error(), row.says) {
			t.Errorf("%s, %d bytes: %q, %v", row.scheme, row.length, hash, err)
		}
	}
	for _, cost := range []int{0, 3, 17, 32} {
		if hash, err := HashPassword("x", cost); err == nil || hash != "" {
			t.Errorf("cost %d: %q, %v", cost, hash, err)
		}
	}
}

func TestSchemes(t *testing.T) {
	for name, want := range map[string]Scheme{"bcrypt": Bcrypt, "argon2id": Argon2id} {
		s, err := ParseScheme(name)
		if err != nil || s != want || s.String() != name {
			t.Errorf("%s: %s, %v", name, s, err)
			continue
		}
		hash, err := s.Hash("right")
		u := User{PasswordHash: hash}
		if shape, ok := u.Shape(); err != nil || !ok || shape != s.Shape() || s.Weaker(hash) || !new(Passwords).Match(u, "right") {
			t.Errorf("%s: %s, %v", name, hash, err)
		}
	}
	for _, name := range []string{"", "Bcrypt", "argon2", "argon2i", "md5"} {
		if _, err := ParseScheme(name); err == nil || !strings.Contains(err.Error(), `"bcrypt" or "argon2id" is accepted`) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestEveryHashHasItsOwnSalt(t *testing.T) {
	for _, s := range []Shape{{Cost: 4}, small} {
		if a, b := hashed(t, "right", s), hashed(t, "right", s); a.PasswordHash == b.PasswordHash {
			t.Errorf("%+v: %s twice", s, a.PasswordHash)
		}
	}
}

func TestHashesThatAreWeaker(t *testing.T) {
	for _, row := range []struct {
		why              string
		hash             string
		bcrypt, argon2id bool
	}{
		{"none", "", false, false},
		{"none that is accepted", "secret", false, false},
		{"bcrypt below ours", Shape{Cost: 11}.decoy(), true, true},
		{"bcrypt as ours", Shape{Cost: 12}.decoy(), false, true},
		{"bcrypt above ours", Shape{Cost: 16}.decoy(), false, true},
		{"less argon2id", Shape{Memory: 64 << 10, Time: 2, Threads: 4}.decoy(), false, true},
		{"as much argon2id", Shape{Memory: 32 << 10, Time: 6, Threads: 1}.decoy(), false, false},
		{"argon2id as ours", newArgon2id.decoy(), false, false},
		{"more argon2id", Shape{Memory: 256 << 10, Time: 1, Threads: 4}.decoy(), false, false},
	} {
		if got := Bcrypt.Weaker(row.hash); got != row.bcrypt {
			t.Errorf("%s than bcrypt: %v", row.why, got)
		}
		if got := Argon2id.Weaker(row.hash); got != row.argon2id {
			t.Errorf("%s than argon2id: %v", row.why, got)
		}
	}
}
