package guardtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
)

func usualAddress(t *testing.T, s *scene) {
	s.succeed(t, home)
	for i := range 200 {
		s.fail(t, "ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	if s.refused(t, "ann", "192.0.2.77") == 0 {
		t.Error("a stranger may go on guessing")
	}
	if got := s.fail(t, "ann", home, 9); got != 9 {
		t.Errorf("from home, %d mistakes are allowed, want 9", got)
	}
	s.succeed(t, home)
	if got := s.fail(t, "ann", home, all); got != 10 {
		t.Errorf("from home, %d failures are allowed, want 10", got)
	}
	s.time = s.time.Add(guard.UsualFor)
	s.fail(t, "ann", away, 10)
	for i := range 200 {
		s.fail(t, "ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	if s.refused(t, "ann", home) == 0 {
		t.Error("after a month away, home is still usual")
	}
}

func noAmends(t *testing.T, s *scene) {
	for i := range 11 {
		s.fail(t, "ann", fmt.Sprintf("203.0.113.%d", i), 9)
	}
	s.succeed(t, home)
	if got := s.fail(t, "ann", "192.0.2.77", all); got != 1 {
		t.Errorf("after 99 failures %d more go through, want 1", got)
	}
}

func usualUseUpNothing(t *testing.T, s *scene) {
	s.SetLimit(guard.Limit{Failures: 1, Window: 15 * time.Minute})
	for i := range 12 {
		s.succeed(t, fmt.Sprintf("192.0.2.%d", i))
	}
	for i := range 12 {
		s.begin(t, "ann", fmt.Sprintf("192.0.2.%d", i))
	}
	if s.refused(t, "ann", away) != 0 {
		t.Error("a stranger is refused for what usual clients are about to do")
	}
}

func latestSixteen(t *testing.T, s *scene) {
	for i := range guard.MaxUsual + 1 {
		s.time = s.time.Add(time.Second)
		s.succeed(t, fmt.Sprintf("192.0.2.%d", i))
		s.succeed(t, "192.0.2.0")
	}
	for i := range 20 {
		s.fail(t, "ann", fmt.Sprintf("203.0.113.%d", i), 10)
	}
	for i := range guard.MaxUsual + 1 {
		if refused := s.refused(t, "ann", fmt.Sprintf("192.0.2.%d", i)) != 0; refused != (i == 1) {
			t.Errorf("client %d: refused %v", i, refused)
		}
	}
}

func justLoggedIn(t *testing.T, s *scene) {
	s.SetLimit(guard.Limit{Failures: 1, Window: 15 * time.Minute})
	for i := range guard.MaxUsual + 20 {
		client := fmt.Sprintf("192.0.2.%d", i)
		s.succeed(t, client)
		s.time = s.time.Add(-time.Second) // a clock may be set back
		for j := range 10 {
			s.fail(t, "ann", fmt.Sprintf("203.0.113.%d", j), 1)
		}
		if s.refused(t, "ann", client) != 0 {
			t.Errorf("client %d is refused", i)
		}
		if found, err := s.Release(t.Context(), "ann", ""); !found || err != nil {
			t.Fatal(found, err)
		}
		for j := range 10 {
			_, _ = s.Release(t.Context(), "ann", fmt.Sprintf("203.0.113.%d", j))
		}
	}
}

func manyAddresses(t *testing.T, s *scene, address string) {
	for _, user := range []string{"ann", "nobody", "im/possible"} {
		s.time = noon
		sum := 0
		for i := range 200 {
			sum += s.fail(t, user, fmt.Sprintf(address, i), 3)
		}
		if sum != 100 {
			t.Errorf("%s: %d guesses, want 100", user, sum)
		}
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			client := fmt.Sprintf(address, 300+i)
			if got := s.refused(t, user, client); got != want*time.Minute {
				t.Errorf("%s: block %d is %v, want %v", user, i, got, want*time.Minute)
			}
			s.time = s.time.Add(want * time.Minute)
			if got := s.fail(t, user, client, 2); got != 1 {
				t.Errorf("%s: %d guesses after block %d", user, got, i)
			}
		}
		if s.refused(t, "bob", fmt.Sprintf(address, 1)) != 0 {
			t.Errorf("%s: another user is closed too", user)
		}
	}
}
