package integration

import (
	"os"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/integration/chaos"
)

// fromEnvironment is a duration such as CHAOS_TIME=2m; none is a short form of the test.
func fromEnvironment(t *testing.T, name string) time.Duration {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		t.Fatalf("%s is %q; a duration such as 10m is accepted", name, value)
	}
	return d
}

// seedOf decides the order of all that is random.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed, err := chaos.Seed()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("CHAOS_SEED=%d repeats the order of what happens", seed)
	return seed
}

// boundOf is how long an answer may take. The short form is for machines that are busy.
func boundOf(lasts time.Duration) time.Duration {
	if lasts == 0 {
		return patience
	}
	return 15 * time.Second
}

// All that may break does, up to four things at a time, while everything is asked and
// users are changed. What is refused does not get through, what was acknowledged is not
// lost, and when all is mended the doors hold what they held before.
func TestTheDoorHoldsWhateverBreaks(t *testing.T) {
	seed, lasts := seedOf(t), fromEnvironment(t, "CHAOS_TIME")
	ledger := &chaos.Ledger{Bound: boundOf(lasts)}
	// What is known counts for two seconds; until Redis is missed, one more.
	s := newTrial(t, ledger, seed, 3*time.Second, "timeout 500ms", "max_stale 2s")
	longest := time.Second
	if s.idle = 1000; lasts > 0 {
		s.idle, longest = 10_000, 4*time.Second
	}
	before := s.usages()
	s.under(func() {
		broken := make(chan struct{})
		time.AfterFunc(lasts, func() { close(broken) })
		s.strike(broken, seed, longest, func(fault) bool { return true })
		s.mends()
	})
	for _, f := range faults {
		if err := s.lacks[f.needs]; err != nil {
			t.Run(f.name, func(t *testing.T) { leftOut(t, err.Error()) })
		}
	}
	s.verify(before)
}
