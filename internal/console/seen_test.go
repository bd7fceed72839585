package console

import (
	"fmt"
	"hash/maphash"
	"testing"
	"time"
)

func TestTokensAreCountedForAnHourAndByUser(t *testing.T) {
	s := NewSeen()
	use := func(user, token string, at time.Time) { s.Note(user, maphash.String(s.Seed(), token), at) }
	count := func(user string, at time.Time, want int) {
		t.Helper()
		if got := s.Count(user, at); got != want {
			t.Errorf("at %s, %s has %d tokens, want %d", at.Format("15:04"), user, got, want)
		}
	}
	count("ann", noon, 0)
	count("", noon, 0)
	for range 3 {
		use("ann", "one", noon)
		use("ann", "two", noon.Add(-30*time.Minute))
		use("bob", "three", noon)
	}
	count("ann", noon, 2)
	count("bob", noon, 1)
	count("ann", noon.Add(45*time.Minute), 1)
	count("ann", noon.Add(2*time.Hour), 0)
	use("ann", "two", noon.Add(2*time.Hour))
	count("ann", noon.Add(2*time.Hour), 1)
}

func TestManyTokensAreCountedAbout(t *testing.T) {
	s := NewSeen()
	const many = 1000
	for n := range many {
		s.Note("ann", maphash.String(s.Seed(), fmt.Sprint(n)), noon)
	}
	if got := s.Count("ann", noon); got > many || got < many*9/10 {
		t.Errorf("got %d of %d", got, many)
	}
}

func BenchmarkNote(b *testing.B) {
	s := NewSeen()
	for b.Loop() {
		s.Note("ann", 42, noon)
	}
}
