// Package bcrypt compares passwords with bcrypt hashes (N. Provos and D. Mazières, "A
// Future-Adaptable Password Scheme", 1999), up to four at once: these take about one
// and a half times the time of one.
package bcrypt

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// Costs outside these are nobody's: bcrypt is not defined for them.
const (
	minCost = 4
	maxCost = 31
)

// roundsAtATime is how many rounds are done before others may run: a quarter or a third
// of a millisecond. A request that waits for a processor would else wait until the
// scheduler interrupts the hash, which it does after 10 ms.
const roundsAtATime = 4

// A hash is "$2", "a", "b" or "y", "$", two digits of cost, "$", salt and sum.
const (
	saltAt = 7
	sumAt  = saltAt + 22
	length = sumAt + 31
)

// digits are bcrypt's own base64, by their values.
const digits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var base64s = base64.NewEncoding(digits).WithPadding(base64.NoPadding)

// ErrHash says: this text is no bcrypt hash.
var ErrHash = errors.New("bcrypt: a malformed hash found; 60 characters that begin with $2a$, $2b$ or $2y$ are accepted")

// Try is a password that is tried against a hash. Of a password only the first 72
// bytes count.
type Try struct{ Hash, Password string }

// Cost is the cost that a well-formed hash names, which may be one that Match refuses.
func Cost(hash string) (int, error) {
	if len(hash) != length || hash[:2] != "$2" || strings.IndexByte("aby", hash[2]) < 0 || hash[3] != '$' ||
		strings.Trim(hash[4:6], "0123456789") != "" || hash[6] != '$' || strings.Trim(hash[saltAt:], digits) != "" {
		return 0, ErrHash
	}
	return int(hash[4]-'0')*10 + int(hash[5]-'0'), nil
}

// Match tells of each try whether the password is that of the hash. It takes 1 to
// Lanes tries, whose hashes have one cost; which of them are right does not show in
// its time. With an error nothing is known of any. Every few rounds, which are the same
// work each time, it lets other goroutines run and calls rest, which may take its time;
// nil does nothing.
func Match(rest func(), tries ...Try) ([]bool, error) {
	cost, err := costOf(tries)
	if err != nil {
		return nil, err
	}
	var l lanes
	var keys, salts [Lanes][subkeys]uint32
	for i := range l {
		// A lane to spare does what another does.
		try := tries[i%len(tries)]
		l[i], keys[i], salts[i] = begin(try)
	}
	for round := range 1 << cost {
		for _, material := range []*[Lanes][subkeys]uint32{&keys, &salts} {
			for i := range l {
				l[i].mix(&material[i])
			}
			if len(tries) == 1 {
				l[0].expand([2]block{})
			} else {
				l.expand()
			}
		}
		if round%roundsAtATime == roundsAtATime-1 {
			runtime.Gosched()
			if rest != nil {
				rest()
			}
		}
	}
	right := make([]bool, len(tries))
	for i, try := range tries {
		right[i] = subtle.ConstantTimeCompare([]byte(l[i].sum()), []byte(try.Hash[sumAt:])) == 1
	}
	return right, nil
}

// costOf is the cost that all have, when they can be matched.
func costOf(tries []Try) (int, error) {
	if len(tries) == 0 || len(tries) > Lanes {
		return 0, fmt.Errorf("bcrypt: %d tries found; 1 to %d are accepted", len(tries), Lanes)
	}
	common := 0
	for i, try := range tries {
		cost, err := Cost(try.Hash)
		switch {
		case err != nil:
			return 0, err
		case cost < minCost || cost > maxCost:
			return 0, fmt.Errorf("bcrypt: cost %d found; %d to %d are accepted", cost, minCost, maxCost)
		case i > 0 && cost != common:
			return 0, fmt.Errorf("bcrypt: costs %d and %d found; one for all tries is accepted", common, cost)
		}
		common = cost
	}
	return common, nil
}

// begin is the schedule before the rounds, and what they mix in.
func begin(try Try) (s schedule, key, salt [subkeys]uint32) {
	// Costs have been read from this text: it has bcrypt's digits and no other.
	decoded, _ := base64s.DecodeString(try.Hash[saltAt:sumAt])
	key, salt = cycled([]byte(try.Password[:min(len(try.Password), 4*subkeys)]+"\x00")), cycled(decoded)
	s = initial()
	s.mix(&key)
	s.expand([2]block{{salt[0], salt[1]}, {salt[2], salt[3]}})
	return s, key, salt
}

// cycled repeats the bytes until there are enough for all subkeys.
func cycled(bytes []byte) (words [subkeys]uint32) {
	for i := range 4 * subkeys {
		words[i/4] = words[i/4]<<8 | uint32(bytes[i%len(bytes)])
	}
	return words
}

// sum is the end of a hash, in bcrypt's digits: the last byte is not part of it.
func (s *schedule) sum() string {
	text := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(text); i += 8 {
		a := block{binary.BigEndian.Uint32(text[i:]), binary.BigEndian.Uint32(text[i+4:])}
		for range 64 {
			a = s.encrypt(a)
		}
		binary.BigEndian.PutUint32(text[i:], a.left)
		binary.BigEndian.PutUint32(text[i+4:], a.right)
	}
	return base64s.EncodeToString(text[:len(text)-1])
}
