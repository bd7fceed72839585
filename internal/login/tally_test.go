package login

import (
	"fmt"
	"testing"
	"time"
)

func TestAReloadChangesTheLimitAndKeepsTheCounts(t *testing.T) {
	g := guard(t, 10)
	g.fail("ann", away, 6)
	for _, row := range []struct {
		limit Limit
		wait  time.Duration
	}{
		{Limit{6, 15 * time.Minute}, time.Minute},
		{Limit{5, 15 * time.Minute}, 2 * time.Minute},
		{Limit{6, 30 * time.Minute}, 2 * time.Minute},
		{Limit{7, 15 * time.Minute}, 0},
	} {
		g.SetLimit(row.limit)
		if got := g.refused("ann", away); got != row.wait {
			t.Errorf("%v: %v, want %v", row.limit, got, row.wait)
		}
	}
	if got := g.fail("ann", away, 1000); got != 1 {
		t.Errorf("%d failures more, want 1", got)
	}
	for failures := 16; failures < 200; failures++ {
		if got := DefaultLimit.block(failures); got != time.Hour {
			t.Errorf("%d failures, as a lower limit finds them: %v", failures, got)
		}
	}
}

func TestAnAttemptWhoseEndIsNeverToldBlocksNobodyForEver(t *testing.T) {
	g := guard(t, 10)
	var lost []Attempt
	for range 10 {
		a, err := g.Begin("ann", away)
		if err != nil {
			t.Fatal(err)
		}
		lost = append(lost, a)
	}
	g.time = g.time.Add(15*time.Minute - 1)
	if g.refused("ann", away) == 0 {
		t.Error("they are forgotten before a window is over")
	}
	g.time = g.time.Add(1)
	if got := g.fail("ann", away, 9); got != 9 {
		t.Errorf("%d failures, want 9", got)
	}
	for _, a := range lost {
		a.Abandoned()
	}
	last, err := g.Begin("ann", away)
	if err != nil || g.refused("ann", away) == 0 {
		t.Errorf("after late ends: %v, and then another", err)
	}
	last.Abandoned()
}

func TestAFailureCountsThoughItsEntryGaveWay(t *testing.T) {
	g := guard(t, 1)
	g.SetLimit(Limit{1, time.Minute})
	a, err := g.Begin("ann", away)
	if err != nil || g.fail("bob", away, 1) != 1 {
		t.Fatal(err)
	}
	a.Failed()
	if g.refused("ann", away) == 0 {
		t.Error("it is not counted")
	}
}

func TestMemoryStaysBoundedAndAFloodDoesNotPushOutABlock(t *testing.T) {
	const room = 1000
	g := guard(t, room)
	g.succeed("ann", home)
	g.fail("ann", away, 10)
	for i := range 20 {
		g.fail("ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	for i := range 100 * room {
		if g.fail(fmt.Sprintf("user-%d", i), "192.0.2.1", 1) != 1 {
			t.Fatalf("user %d is refused", i)
		}
	}
	if g.refused("ann", away) == 0 {
		t.Error("the block is gone")
	}
	if g.refused("ann", "192.0.2.2") == 0 {
		t.Error("the ceiling is gone")
	}
	if g.refused("ann", home) != 0 {
		t.Error("home is no longer usual")
	}
	for i := range 2 * room {
		g.succeed(fmt.Sprintf("user-%d", i), home)
	}
	for what, sizes := range map[string][2]int{
		"pairs": {len(g.pairs.rows), len(g.pairs.at)},
		"users": {len(g.users.rows), len(g.users.at)},
		"homes": {len(g.homes.rows), len(g.homes.at)},
	} {
		if sizes[0] > room || sizes[1] != sizes[0] {
			t.Errorf("%d rows and %d keys of %s are kept, want at most %d", sizes[0], sizes[1], what, room)
		}
	}
}

func TestWhatIsForgottenGivesWayFirst(t *testing.T) {
	g := guard(t, 100)
	for i := range 50 {
		g.fail(fmt.Sprintf("old-%d", i), away, 9)
	}
	g.time = g.time.Add(15 * time.Minute)
	for i := range 50 {
		g.fail(fmt.Sprintf("new-%d", i), away, 1)
	}
	for i := range 10 {
		g.fail(fmt.Sprintf("newer-%d", i), away, 1)
	}
	fresh := 0
	for _, r := range g.pairs.rows {
		if r.value.failures == 1 {
			fresh++
		}
	}
	// Eight draws miss all that is old about once in a hundred times; four times in ten they do not.
	if fresh < 57 {
		t.Errorf("%d of 60 new entries are left", fresh)
	}
}

func TestWhatLeavesNothingBehindIsNotKept(t *testing.T) {
	g := guard(t, 100)
	for i := range 50 {
		g.refused(fmt.Sprintf("user-%d", i), away)
		g.succeed(fmt.Sprintf("user-%d", i), away)
	}
	if len(g.pairs.rows) != 0 || len(g.users.rows) != 0 {
		t.Errorf("%d pairs and %d users", len(g.pairs.rows), len(g.users.rows))
	}
}

// Whatever strangers do, and whenever, home stays open and guessing stays slow.
func FuzzThrottle(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07"))
	f.Add([]byte("000000000000000000000000\xff0000\xff000\xf300"))
	f.Fuzz(func(t *testing.T, script []byte) {
		g := guard(t, 1000)
		g.succeed("ann", home)
		var open []Attempt // none for a window: what takes so long is forgotten
		var begun []time.Time
		var failed []time.Time // of one stranger
		for _, step := range script {
			switch step % 4 {
			case 0, 1:
				if a, err := g.Begin("ann", fmt.Sprintf("203.0.113.%d", step%4)); err == nil {
					open, begun = append(open, a), append(begun, g.time)
				}
			case 2:
				if len(open) > 0 {
					if open[0].who.client == "203.0.113.0" {
						failed = append(failed, g.time)
					}
					open[0].Failed()
					open, begun = open[1:], begun[1:]
				}
			case 3:
				g.time = g.time.Add(time.Duration(step) * time.Second)
				for len(open) > 0 && g.time.Sub(begun[0]) > 10*time.Minute {
					open[0].Abandoned()
					open, begun = open[1:], begun[1:]
				}
			}
			if wait := g.refused("ann", home); wait != 0 {
				t.Fatalf("home is refused for %v", wait)
			}
		}
		for i := range failed {
			// Ten, and one after each block of one, two and four minutes.
			if i >= 13 && failed[i].Sub(failed[i-13]) < 15*time.Minute {
				t.Fatalf("14 failures within %v", failed[i].Sub(failed[i-13]))
			}
		}
	})
}
