package guardtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
)

// TestLimits tests limits. found makes new ones for each call, which have room for
// so many pairs of user and client and as many users, and whose clock is now.
func TestLimits(t *testing.T, found func(t *testing.T, room int, now func() time.Time) Limits) {
	for _, promise := range []struct {
		sentence string
		room     int
		test     func(*testing.T, *scene)
	}{
		{"FailuresAreForgottenAWindowAfterTheLastOrItsBlock", 10, failuresAreForgotten},
		{"ASuccessForgetsTheFailuresOfThatUserAndClientOnly", 10, successForgets},
		{"AnAttemptUnderWayKeepsTheFailuresBeforeIt", 10, underWayKeeps},
		{"WhoCountsAsTheSameClient", 1000, sameClient},
		{"NamesThatCannotExistAreOneUser", 1000, namesThatCannotExist},
		{"ABurstGetsNoFurtherThanTheLimit", 1000, burst},
		{"AStrangerCannotLockOutTheUsualAddress", 10000, usualAddress},
		{"AStrangerWhoGetsInIsNoAmendsForTheOthers", 1000, noAmends},
		{"UsualClientsUseUpNothingOfTheStrangers", 1000, usualUseUpNothing},
		{"TheLatestSixteenClientsAreUsual", 1000, latestSixteen},
		{"WhoHasJustLoggedInIsUsual", 1000, justLoggedIn},
		{"AnAttemptEndsOnce", 10, endsOnce},
		{"AReloadChangesTheLimitAndKeepsTheCounts", 10, reload},
		{"AnAttemptWhoseEndIsNeverToldBlocksNobodyForEver", 10, endNeverTold},
		{"AClockThatIsSetBackFreesNobodyAndLocksNobodyOut", 10, setBack},
		{"AFailureCountsThoughItsEntryGaveWay", 1, entryGaveWay},
		{"AFloodDoesNotPushOutABlock", 300, flood},
		{"WhatIsForgottenGivesWayFirst", 100, forgottenGivesWay},
		{"WhoIsBlockedIsListed", 1000, blockedIsListed},
		{"TheWorstOfManyBlocksAreListed", 2000, worstAreListed},
		{"WhoIsReleasedMayTryAgain", 1000, released},
	} {
		t.Run(promise.sentence, func(t *testing.T) {
			s := &scene{time: noon}
			s.Limits = found(t, promise.room, func() time.Time { return s.time })
			promise.test(t, s)
		})
	}
	for _, row := range blocksThatGrow {
		t.Run(fmt.Sprintf("BlocksGrowWithEveryFailureAfter/%d_in_%s", row.limit.Failures, row.limit.Window), func(t *testing.T) {
			s := &scene{time: noon}
			s.Limits = found(t, 10, func() time.Time { return s.time })
			blocksGrow(t, s, row)
		})
	}
	for why, address := range map[string]string{
		"200 addresses":      "203.0.113.%d",
		"rotating /64s":      "2001:db8:0:%x::1",
		"what is no address": "client %d",
	} {
		t.Run("GuessingFromManyAddressesHitsTheCeiling/"+why, func(t *testing.T) {
			s := &scene{time: noon}
			s.Limits = found(t, 10000, func() time.Time { return s.time })
			manyAddresses(t, s, address)
		})
	}
}

// growing is a limit and the blocks that it leads to, one after the other.
type growing struct {
	limit  guard.Limit
	blocks []time.Duration
}

var blocksThatGrow = []growing{
	{guard.DefaultLimit, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour}},
	{guard.Limit{Failures: 3, Window: 40 * time.Second}, []time.Duration{3 * time.Second, 6 * time.Second, 11 * time.Second, 22 * time.Second}},
	{guard.Limit{Failures: 1, Window: 5 * time.Second}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 20 * time.Second}},
	{guard.Limit{}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second}},
}

func blocksGrow(t *testing.T, s *scene, row growing) {
	s.SetLimit(row.limit)
	allowed := max(row.limit.Failures, 1)
	for i, want := range row.blocks {
		done := s.fail(t, "ann", away, all)
		got := s.refused(t, "ann", away)
		if done != allowed || got != want {
			t.Errorf("block %d lasts %v after %d failures, want %v after %d", i, got, done, want, allowed)
		}
		s.time = s.time.Add(got - time.Second)
		if s.refused(t, "ann", away) != time.Second {
			t.Errorf("block %d ends early", i)
		}
		s.time = s.time.Add(time.Second)
		allowed = 1
	}
}

func failuresAreForgotten(t *testing.T, s *scene) {
	for _, row := range []struct {
		user, why string
		failures  int
		pause     time.Duration
		allowed   int
	}{
		{"a", "a short pause forgets nothing", 9, 15*time.Minute - 1, 1},
		{"b", "a window without a failure forgets all", 9, 15 * time.Minute, 10},
		{"c", "a block is over, its reason is not", 10, time.Minute, 1},
		{"d", "the window begins when the block ends", 10, 16*time.Minute - 1, 1},
		{"e", "a window after the block all is forgotten", 10, 16 * time.Minute, 10},
	} {
		s.time = noon
		s.fail(t, row.user, away, row.failures)
		s.time = s.time.Add(row.pause - 1)
		s.refused(t, row.user, away) // what is given back prolongs nothing
		s.time = s.time.Add(1)
		if got := s.fail(t, row.user, away, all); got != row.allowed {
			t.Errorf("%s: %d failures go through, want %d", row.why, got, row.allowed)
		}
	}
}

func underWayKeeps(t *testing.T, s *scene) {
	s.fail(t, "ann", away, 9)
	s.time = s.time.Add(15*time.Minute - time.Second)
	a := s.begin(t, "ann", away)
	s.time = s.time.Add(2 * time.Second)
	end(t, a, guard.Failed)
	if got := s.refused(t, "ann", away); got != time.Minute {
		t.Errorf("after ten failures the block lasts %v, want a minute", got)
	}
}

func successForgets(t *testing.T, s *scene) {
	for _, pair := range [][2]string{{"ann", home}, {"ann", away}, {"bob", home}} {
		s.fail(t, pair[0], pair[1], 9)
	}
	s.succeed(t, home)
	for _, row := range []struct {
		user, client string
		allowed      int
	}{{"ann", home, 10}, {"ann", away, 1}, {"bob", home, 1}} {
		if got := s.fail(t, row.user, row.client, all); got != row.allowed {
			t.Errorf("%s from %s: %d, want %d", row.user, row.client, got, row.allowed)
		}
	}
}

func sameClient(t *testing.T, s *scene) {
	for i, row := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8:0:0:ffff::2", true},
		{"2001:db8::1", "2001:db8::/64", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"somewhere", "elsewhere", false},
		{"", "somewhere", false},
		{"a\r\nb", "a\r\nc", false},
		{strings.Repeat("x", 1000) + "a", strings.Repeat("x", 1000) + "b", true},
	} {
		user := fmt.Sprintf("user-%d", i)
		s.fail(t, user, row.a, 10)
		if s.refused(t, user, row.a) == 0 {
			t.Errorf("%q is not blocked", row.a)
		}
		if same := s.refused(t, user, row.b) != 0; same != row.same {
			t.Errorf("%q and %q: %v", row.a, row.b, same)
		}
	}
}

func namesThatCannotExist(t *testing.T, s *scene) {
	for i := range 10 {
		s.fail(t, fmt.Sprintf("no/%d", i)+strings.Repeat("x", i*1000), away, 1)
	}
	for user, blocked := range map[string]bool{"": true, "no/body": true, "no body": true, "nobody": false, "Ann": false} {
		if got := s.refused(t, user, away) != 0; got != blocked {
			t.Errorf("%q: blocked %v, want %v", user, got, blocked)
		}
	}
}

func burst(t *testing.T, s *scene) {
	var through atomic.Int64
	attempts := make(chan guard.Attempt, 200)
	var everybody sync.WaitGroup
	for range 200 {
		everybody.Go(func() {
			a, err := s.Begin(t.Context(), "ann", away)
			if err == nil {
				through.Add(1)
				attempts <- a
			} else if !errors.Is(err, guard.ErrThrottled) {
				t.Error(err)
			}
		})
	}
	everybody.Wait()
	if through.Load() != 10 {
		t.Fatalf("%d got through, want 10", through.Load())
	}
	if got := s.refused(t, "ann", away); got != time.Second {
		t.Errorf("while all may succeed yet, the wait is %v", got)
	}
	for range 10 {
		everybody.Go(func() { end(t, <-attempts, guard.Failed) })
	}
	everybody.Wait()
	if got := s.refused(t, "ann", away); got != time.Minute {
		t.Errorf("after all have failed, the wait is %v", got)
	}
}

func endsOnce(t *testing.T, s *scene) {
	ends := []struct {
		name string
		came guard.Outcome
		left int // failures allowed after eight and this one
	}{{"succeeded", guard.Succeeded, 10}, {"failed", guard.Failed, 1}, {"abandoned", guard.Abandoned, 2}}
	for _, first := range ends {
		for _, second := range ends {
			user := first.name + "-" + second.name
			s.fail(t, user, away, 8)
			a := s.begin(t, user, away)
			again := a
			end(t, a, first.came)
			end(t, again, second.came)
			end(t, a, second.came)
			if got := s.fail(t, user, away, all); got != first.left {
				t.Errorf("%s, then %s: %d left, want %d", first.name, second.name, got, first.left)
			}
		}
		end(t, guard.Attempt{}, first.came)
	}
}
