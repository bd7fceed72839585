package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/integration/chaos"
)

// level is how much memory a door uses while it is asked.
type level struct{ heap, resident int }

func (l level) String() string {
	return fmt.Sprintf("heap %.1f MB, resident %d MB", float64(l.heap)/(1<<20), l.resident>>20)
}

// levels are those of the doors when nobody asks any more: what is being worked on is not
// what a door keeps.
func (s *trial) levels(before map[*door]usage) map[*door]level {
	all := map[*door]level{}
	for d, held := range before {
		resident := d.letsGo(s.t, held).memory
		for range 3 { // what is in a pool outlives one collection
			all[d] = level{d.holds(s.t).heap, resident}
		}
	}
	return all
}

// Nothing breaks, but the doors are reloaded, flooded and stared at, while everything is
// asked, users are changed and tokens are revoked. Every question gets the answer that is
// owed, and in the end the doors use no more memory than once they were warm.
func TestEveryAnswerIsOwedAndTheMemoryStaysLevelUnderMixedLoad(t *testing.T) {
	seed, lasts := seedOf(t), fromEnvironment(t, "SOAK_TIME")
	ledger := &chaos.Ledger{Bound: boundOf(lasts), Calm: true}
	// A busy machine is no Redis that is gone; but then what is known counts for longer.
	longest, lag := 200*time.Millisecond, 7*time.Second
	if lasts > 0 {
		longest, lag = 5*time.Second, 2*time.Second
	}
	s := newTrial(t, ledger, seed, lag, "timeout 5s")
	s.idle = 1000
	if lasts > 0 {
		s.load.Askers, s.load.Pace = 6, 10*time.Millisecond
	}
	before := s.usages()
	soak := func(lasts time.Duration, seed uint64) map[*door]level {
		s.under(func() {
			over := make(chan struct{})
			time.AfterFunc(lasts, func() { close(over) })
			s.strike(over, seed, longest, func(f fault) bool { return f.harmless })
		})
		return s.levels(before)
	}
	warm := soak(lasts/10, seed)
	last := soak(lasts*9/10, seed+1)
	s.verify(before)
	for d, from := range warm {
		to := last[d]
		t.Logf("%s: warm %v, at the end %v", d.address, from, to)
		// Each hash takes 64 MB, which the system gets back some time later: what is
		// resident tells something in the long run only.
		if to.heap > from.heap*13/10+(4<<20) || lasts > 0 && to.resident > from.resident*13/10+(64<<20) {
			t.Errorf("%s has grown from %v to %v", d.address, from, to)
		}
	}
}
