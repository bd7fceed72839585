package guard

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const home, away = "198.51.100.1", "203.0.113.9"

// guarded is a throttle whose time the test sets.
type guarded struct {
	*Throttle
	t    testing.TB
	time time.Time
}

func newGuarded(t testing.TB, room int) *guarded {
	g := &guarded{t: t, time: noon}
	g.Throttle = NewThrottle(room, func() time.Time { return g.time })
	return g
}

// try logs in with that outcome, unless it is refused.
func (g *guarded) try(user, client string, came Outcome) bool {
	g.t.Helper()
	a, err := g.Begin(g.t.Context(), user, client)
	if err == nil {
		err = a.End(g.t.Context(), came)
	}
	if err != nil && !errors.Is(err, ErrThrottled) {
		g.t.Fatal(err)
	}
	return err == nil
}

func (g *guarded) open(user, client string) bool {
	g.t.Helper()
	return g.try(user, client, Abandoned)
}

func TestTheLongestBlockIsFourWindows(t *testing.T) {
	for failures := 16; failures < 200; failures++ {
		if got := DefaultLimit.block(failures); got != time.Hour {
			t.Errorf("%d failures, as a lower limit finds them: %v", failures, got)
		}
	}
}

func TestMemoryStaysBoundedAndAFloodDoesNotPushOutABlock(t *testing.T) {
	const room = 1000
	g := newGuarded(t, room)
	g.try("ann", home, Succeeded)
	for i := range 20 {
		for range 10 {
			g.try("ann", fmt.Sprintf("203.0.113.%d", i), Failed)
		}
	}
	for i := range 100 * room {
		if !g.try(fmt.Sprintf("user-%d", i), "192.0.2.1", Failed) {
			t.Fatalf("user %d is refused", i)
		}
	}
	if g.open("ann", "203.0.113.1") {
		t.Error("the block is gone")
	}
	if g.open("ann", "192.0.2.2") {
		t.Error("the ceiling is gone")
	}
	if !g.open("ann", home) {
		t.Error("home is no longer usual")
	}
	for i := range 2 * room {
		g.try(fmt.Sprintf("user-%d", i), home, Succeeded)
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

func TestWhatLeavesNothingBehindIsNotKept(t *testing.T) {
	g := newGuarded(t, 100)
	for i := range 50 {
		g.try(fmt.Sprintf("user-%d", i), away, Abandoned)
		g.try(fmt.Sprintf("user-%d", i), away, Succeeded)
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
		g := newGuarded(t, 1000)
		g.try("ann", home, Succeeded)
		type underWay struct {
			attempt Attempt
			by      byte
			begun   time.Time
		}
		var open []underWay    // none for longer than is waited for its end
		var failed []time.Time // of one stranger
		for _, step := range script {
			switch step % 4 {
			case 0, 1:
				if a, err := g.Begin(t.Context(), "ann", fmt.Sprintf("203.0.113.%d", step%4)); err == nil {
					open = append(open, underWay{a, step % 4, g.time})
				}
			case 2:
				if len(open) > 0 {
					if open[0].by == 0 {
						failed = append(failed, g.time)
					}
					_ = open[0].attempt.End(t.Context(), Failed)
					open = open[1:]
				}
			case 3:
				g.time = g.time.Add(time.Duration(step) * time.Second)
				for len(open) > 0 && g.time.Sub(open[0].begun) >= DefaultLimit.UnderWay() {
					_ = open[0].attempt.End(t.Context(), Abandoned)
					open = open[1:]
				}
			}
			if !g.open("ann", home) {
				t.Fatal("home is refused")
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
