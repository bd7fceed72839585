package console

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// SeenFor is how long a token counts as seen lately.
const SeenFor = time.Hour

// slots is how many tokens Seen tells apart. Two that fall on one count as the
// later of them.
const slots = 1 << 14

// Seen knows how many tokens of a user were used lately, and no token. It costs a
// request two short hashes and, mostly, one look at a word of memory.
type Seen struct {
	seed  maphash.Seed
	slots [slots]atomic.Uint64 // the user's hash, and the minute
}

// NewSeen has seen nothing.
func NewSeen() *Seen { return &Seen{seed: maphash.MakeSeed()} }

// Seed is for making the print of a token.
func (s *Seen) Seed() maphash.Seed { return s.seed }

// Note remembers that the user's token with this print was used.
func (s *Seen) Note(user string, token uint64, now time.Time) {
	word := s.of(user) | uint64(uint32(now.Unix()/60)) // 32 bits hold the minutes until the year 10136
	if slot := &s.slots[token%slots]; slot.Load() != word {
		slot.Store(word)
	}
}

// Count is how many tokens of the user were used within SeenFor before now.
func (s *Seen) Count(user string, now time.Time) int {
	of, from, n := s.of(user), now.Add(-SeenFor).Unix()/60, 0
	for i := range s.slots {
		word := s.slots[i].Load()
		if word != 0 && word&^0xFFFFFFFF == of && int64(word&0xFFFFFFFF) >= from {
			n++
		}
	}
	return n
}

// of is the user's half of a word.
func (s *Seen) of(user string) uint64 { return maphash.String(s.seed, user) &^ 0xFFFFFFFF }
