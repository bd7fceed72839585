package login

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const home, away = "198.51.100.1", "203.0.113.9"

// guarded is a throttle whose time the test sets.
type guarded struct {
	*Throttle
	t    testing.TB
	time time.Time
}

func guard(t testing.TB, room int) *guarded {
	g := &guarded{t: t, time: noon}
	g.Throttle = NewThrottle(room, func() time.Time { return g.time })
	return g
}

// refused is how long the client would have to wait; nothing is counted.
func (g *guarded) refused(user, client string) time.Duration {
	g.t.Helper()
	a, err := g.Begin(user, client)
	a.Abandoned()
	if err == nil {
		return 0
	}
	var throttled *ThrottledError
	if !errors.Is(err, ErrThrottled) || !errors.As(err, &throttled) || throttled.RetryAfter <= 0 || throttled.RetryAfter%time.Second != 0 {
		g.t.Fatalf("%v", err)
	}
	return throttled.RetryAfter
}

// fail guesses wrong until it is refused, at most n times.
func (g *guarded) fail(user, client string, n int) (done int) {
	for ; done < n; done++ {
		a, err := g.Begin(user, client)
		if err != nil {
			break
		}
		a.Failed()
	}
	return done
}

func (g *guarded) succeed(user, client string) {
	g.t.Helper()
	a, err := g.Begin(user, client)
	if err != nil {
		g.t.Fatalf("%s from %s: %v", user, client, err)
	}
	a.Succeeded()
}

func TestBlocksGrowWithEveryFailureAfterTheLimit(t *testing.T) {
	for _, row := range []struct {
		limit  Limit
		blocks []time.Duration
	}{
		{DefaultLimit, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour}},
		{Limit{3, 40 * time.Second}, []time.Duration{3 * time.Second, 6 * time.Second, 11 * time.Second, 22 * time.Second}},
		{Limit{1, 5 * time.Second}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 20 * time.Second}},
		{Limit{}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second}},
	} {
		g := guard(t, 10)
		g.SetLimit(row.limit)
		allowed := max(row.limit.Failures, 1)
		for i, want := range row.blocks {
			done := g.fail("ann", away, 1000)
			got := g.refused("ann", away)
			if done != allowed || got != want {
				t.Errorf("%v: block %d lasts %v after %d failures, want %v after %d", row.limit, i, got, done, want, allowed)
			}
			g.time = g.time.Add(got - time.Second)
			if g.refused("ann", away) != time.Second {
				t.Errorf("%v: block %d ends early", row.limit, i)
			}
			g.time = g.time.Add(time.Second)
			allowed = 1
		}
	}
}

func TestFailuresAreForgottenAWindowAfterTheLastOrItsBlock(t *testing.T) {
	for _, row := range []struct {
		why      string
		failures int
		pause    time.Duration
		allowed  int
	}{
		{"a short pause forgets nothing", 9, 15*time.Minute - 1, 1},
		{"a window without a failure forgets all", 9, 15 * time.Minute, 10},
		{"a block is over, its reason is not", 10, time.Minute, 1},
		{"the window begins when the block ends", 10, 16*time.Minute - 1, 1},
		{"a window after the block all is forgotten", 10, 16 * time.Minute, 10},
	} {
		g := guard(t, 10)
		g.fail("ann", away, row.failures)
		g.time = g.time.Add(row.pause - 1)
		g.refused("ann", away) // what is given back prolongs nothing
		g.time = g.time.Add(1)
		if got := g.fail("ann", away, 1000); got != row.allowed {
			t.Errorf("%s: %d failures go through, want %d", row.why, got, row.allowed)
		}
	}
}

func TestASuccessForgetsTheFailuresOfThatUserAndClientOnly(t *testing.T) {
	g := guard(t, 10)
	for _, pair := range [][2]string{{"ann", home}, {"ann", away}, {"bob", home}} {
		g.fail(pair[0], pair[1], 9)
	}
	g.succeed("ann", home)
	for _, row := range []struct {
		user, client string
		allowed      int
	}{{"ann", home, 10}, {"ann", away, 1}, {"bob", home, 1}} {
		if got := g.fail(row.user, row.client, 1000); got != row.allowed {
			t.Errorf("%s from %s: %d, want %d", row.user, row.client, got, row.allowed)
		}
	}
}

func TestWhoCountsAsTheSameClient(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8:0:0:ffff::2", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"somewhere", "elsewhere", false},
		{"", "somewhere", false},
		{strings.Repeat("x", 1000) + "a", strings.Repeat("x", 1000) + "b", true},
	} {
		g := guard(t, 10)
		g.fail("ann", row.a, 10)
		if g.refused("ann", row.a) == 0 {
			t.Errorf("%q is not blocked", row.a)
		}
		if same := g.refused("ann", row.b) != 0; same != row.same {
			t.Errorf("%q and %q: %v", row.a, row.b, same)
		}
	}
}

func TestNamesThatCannotExistAreOneUser(t *testing.T) {
	g := guard(t, 1000)
	for i := range 10 {
		g.fail(fmt.Sprintf("no/%d", i)+strings.Repeat("x", i*1000), away, 1)
	}
	for user, blocked := range map[string]bool{"": true, "no/body": true, "nobody": false, "Ann": false} {
		if got := g.refused(user, away) != 0; got != blocked {
			t.Errorf("%q: blocked %v, want %v", user, got, blocked)
		}
	}
}

func TestABurstGetsNoFurtherThanTheLimit(t *testing.T) {
	throttle := NewThrottle(1000, func() time.Time { return noon })
	var through atomic.Int64
	attempts := make(chan Attempt, 200)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if a, err := throttle.Begin("ann", away); err == nil {
				through.Add(1)
				attempts <- a
			}
		})
	}
	all.Wait()
	if through.Load() != 10 {
		t.Errorf("%d got through, want 10", through.Load())
	}
	g := &guarded{Throttle: throttle, t: t}
	if got := g.refused("ann", away); got != time.Second {
		t.Errorf("while all may succeed yet, the wait is %v", got)
	}
	for range 10 {
		all.Go(func() { (<-attempts).Failed() })
	}
	all.Wait()
	if got := g.refused("ann", away); got != time.Minute {
		t.Errorf("after all have failed, the wait is %v", got)
	}
}

func TestAStrangerCannotLockOutTheUsualAddress(t *testing.T) {
	g := guard(t, 10000)
	g.succeed("ann", home)
	for i := range 200 {
		g.fail("ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	if g.refused("ann", "192.0.2.77") == 0 {
		t.Error("a stranger may go on guessing")
	}
	if got := g.fail("ann", home, 9); got != 9 {
		t.Errorf("from home, %d mistakes are allowed, want 9", got)
	}
	g.succeed("ann", home)
	if got := g.fail("ann", home, 1000); got != 10 {
		t.Errorf("from home, %d failures are allowed, want 10", got)
	}
	g.time = g.time.Add(usualFor)
	g.fail("ann", away, 10)
	for i := range 200 {
		g.fail("ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	if g.refused("ann", home) == 0 {
		t.Error("after a month away, home is still usual")
	}
}

func TestTheLatestSixteenClientsAreUsual(t *testing.T) {
	g := guard(t, 1000)
	for i := range maxUsual + 1 {
		g.time = g.time.Add(time.Second)
		g.succeed("ann", fmt.Sprintf("192.0.2.%d", i))
		g.succeed("ann", "192.0.2.0")
	}
	for i := range 20 {
		g.fail("ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	for i := range maxUsual + 1 {
		if refused := g.refused("ann", fmt.Sprintf("192.0.2.%d", i)) != 0; refused != (i == 1) {
			t.Errorf("client %d: refused %v", i, refused)
		}
	}
}

func TestGuessingFromManyAddressesHitsTheCeiling(t *testing.T) {
	for why, address := range map[string]string{
		"200 addresses":      "203.0.113.%d",
		"rotating /64s":      "2001:db8:0:%x::1",
		"what is no address": "client %d",
	} {
		for _, user := range []string{"ann", "nobody", "im/possible"} {
			g := guard(t, 10000)
			sum := 0
			for i := range 200 {
				sum += g.fail(user, fmt.Sprintf(address, i), 3)
			}
			if sum != 100 {
				t.Errorf("%s, %s: %d guesses, want 100", why, user, sum)
			}
			for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
				client := fmt.Sprintf(address, 300+i)
				if got := g.refused(user, client); got != want*time.Minute {
					t.Errorf("%s, %s: block %d is %v, want %v", why, user, i, got, want*time.Minute)
				}
				g.time = g.time.Add(want * time.Minute)
				if got := g.fail(user, client, 2); got != 1 {
					t.Errorf("%s, %s: %d guesses after block %d", why, user, got, i)
				}
			}
			if g.refused("bob", fmt.Sprintf(address, 1)) != 0 {
				t.Errorf("%s, %s: another user is closed too", why, user)
			}
		}
	}
}

func TestAnAttemptEndsOnce(t *testing.T) {
	ends := []struct {
		name string
		end  func(Attempt)
		left int // failures allowed after eight and this one
	}{{"succeeded", Attempt.Succeeded, 10}, {"failed", Attempt.Failed, 1}, {"abandoned", Attempt.Abandoned, 2}}
	for _, first := range ends {
		for _, second := range ends {
			g := guard(t, 10)
			g.fail("ann", away, 8)
			a, err := g.Begin("ann", away)
			if err != nil {
				t.Fatal(err)
			}
			again := a
			first.end(a)
			second.end(again)
			second.end(a)
			if got := g.fail("ann", away, 1000); got != first.left {
				t.Errorf("%s, then %s: %d left, want %d", first.name, second.name, got, first.left)
			}
		}
		first.end(Attempt{})
	}
}
