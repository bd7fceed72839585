package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const argon2idPrefix = "$argon2id$"

// What is accepted of argon2id. Above, a document could have one login take the
// machine's memory; below, RFC 9106 (section 3.1) does not define the function.
const (
	minMemory, maxMemory = 8, 256 << 10 // KiB; and 8 for each lane
	maxTime              = 16
	maxThreads           = 16
	minSalt, maxSalt     = 8, 64
	minSum, maxSum       = 16, 64
)

// newArgon2id is the shape of new hashes: memory and passes of the second
// recommendation of RFC 9106, section 4, so that guessing costs what it should,
// but one lane in place of four: a login then occupies one processor, as those
// who bound the number of logins at once expect.
var newArgon2id = Shape{Memory: 64 << 10, Time: 3, Threads: 1}

// Salt and tag of new hashes, in bytes, as recommended in the same place.
const newSalt, newSum = 16, 32

// argon2idHash is a hash in the PHC string format.
type argon2idHash struct {
	Shape
	salt, sum []byte
}

func (h argon2idHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argon2idPrefix, argon2.Version, h.Memory, h.Time, h.Threads, b64(h.salt), b64(h.sum))
}

var errArgon2id = errors.New("a malformed argon2id hash found; $argon2id$v=19$m=…,t=…,p=…$salt$hash is accepted, in plain decimals and base64 without padding")

func parseArgon2id(hash string) (argon2idHash, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return argon2idHash{}, errArgon2id
	}
	if parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return argon2idHash{}, fmt.Errorf("another version of argon2id found; v=%d is accepted", argon2.Version)
	}
	var h argon2idHash
	_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.Memory, &h.Time, &h.Threads)
	var bad [2]error
	h.salt, bad[0] = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, bad[1] = base64.RawStdEncoding.DecodeString(parts[5])
	// One hash has one spelling: the decoders above are lenient with leading
	// zeros, line breaks and trailing bits, where another reader may differ.
	if errors.Join(err, bad[0], bad[1]) != nil || h.String() != hash {
		return argon2idHash{}, errArgon2id
	}
	if err := checkArgon2id(h.Shape); err != nil {
		return argon2idHash{}, err
	}
	if n := len(h.salt); n < minSalt || n > maxSalt {
		return argon2idHash{}, fmt.Errorf("argon2id with a salt of %d bytes found; %d to %d are accepted", n, minSalt, maxSalt)
	}
	if n := len(h.sum); n < minSum || n > maxSum {
		return argon2idHash{}, fmt.Errorf("argon2id with a hash of %d bytes found; %d to %d are accepted", n, minSum, maxSum)
	}
	return h, nil
}

func checkArgon2id(s Shape) error {
	if s.Memory < minMemory || s.Memory > maxMemory || s.Time < 1 || s.Time > maxTime || s.Threads < 1 || s.Threads > maxThreads || s.Memory < 8*s.Threads {
		return fmt.Errorf("argon2id with m=%d,t=%d,p=%d found; m from %d to %d and at least 8*p, t from 1 to %d, p from 1 to %d are accepted",
			s.Memory, s.Time, s.Threads, minMemory, maxMemory, maxTime, maxThreads)
	}
	return nil
}

// matches never does for a password that is longer than accepted ones; it does
// the same work.
func (h argon2idHash) matches(password string) bool {
	cut := password[:min(len(password), MaxPassword)]
	right := subtle.ConstantTimeCompare(h.derive(cut), h.sum) == 1
	return right && cut == password
}

func (h argon2idHash) derive(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, uint32(h.Time), uint32(h.Memory), uint8(h.Threads), uint32(len(h.sum)))
}

func hashArgon2id(password string, s Shape) (string, error) {
	if password == "" || len(password) > MaxPassword {
		return "", fmt.Errorf("%w: %d bytes found; argon2id takes 1 to %d", ErrPassword, len(password), MaxPassword)
	}
	h := argon2idHash{Shape: s, salt: make([]byte, newSalt), sum: make([]byte, newSum)}
	_, _ = rand.Read(h.salt) // never fails: it ends the process instead
	h.sum = h.derive(password)
	return h.String(), nil
}

func argon2idDecoy(s Shape) string {
	return argon2idHash{Shape: s, salt: []byte("cmwell-auth-salt"), sum: []byte("cmwell-auth: the hash of nothing")}.String()
}
