package login

import (
	"fmt"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

func TestVerifiedPairsAreRememberedWhenAsked(t *testing.T) {
	u, changed := hashedUser(t, "ann", "right"), hashedUser(t, "ann", "right")
	for _, row := range []struct {
		why            string
		keep           time.Duration
		user           account.User
		name, password string
		after          time.Duration
		hashes         int64 // of two logins
	}{
		{"off by default", 0, u, "ann", "right", 0, 2},
		{"a hit", time.Minute, u, "ann", "right", time.Minute - 1, 1},
		{"time has passed", time.Minute, u, "ann", "right", time.Minute, 2},
		{"the hash has changed", time.Minute, changed, "ann", "right", 0, 2},
		{"another user", time.Minute, u, "bob", "right", 0, 2},
		{"another password", time.Minute, u, "ann", "wrong", 0, 2},
	} {
		h, p, now := NewHashing(1, 1), cheap(), noon
		h.SetCache(row.keep, func() time.Time { return now })
		for _, l := range []login{{u, "ann", "right"}, {row.user, row.name, row.password}} {
			if right, err := h.Match(t.Context(), p, l.user, l.name, l.password); right != (l.password == "right") || err != nil {
				t.Errorf("%s: %v, %v", row.why, right, err)
			}
			now = now.Add(row.after)
		}
		if got := p.Spent() / oneRound; got != row.hashes {
			t.Errorf("%s: %d hashes, want %d", row.why, got, row.hashes)
		}
		h.SetCache(0, nil)
		if right, err := h.Match(t.Context(), p, u, "ann", "right"); !right || err != nil || p.Spent()/oneRound != row.hashes+1 {
			t.Errorf("%s: switched off, it still knows", row.why)
		}
	}
}

func TestFailuresAreNotRememberedAndMemoryIsBounded(t *testing.T) {
	h, p, now := NewHashing(1, 1), cheap(), noon
	h.SetCache(time.Hour, func() time.Time { return now })
	for range 2 {
		_, _ = h.Match(t.Context(), p, account.User{}, "eve", "x")
	}
	if len(h.verified) != 0 || p.Spent() != 2*oneRound {
		t.Errorf("%d remembered, %d rounds", len(h.verified), p.Spent())
	}
	for i := range maxRemembered + 100 {
		now = now.Add(time.Second / 2)
		h.remember(h.fingerprint(fmt.Sprint(i), "", ""))
	}
	if _, soonest := h.verified[h.fingerprint("99", "", "")]; soonest || len(h.verified) != maxRemembered {
		t.Errorf("%d are remembered, the oldest too: %v", len(h.verified), soonest)
	}
	h.SetCache(time.Hour, func() time.Time { return now })
	if len(h.verified) == 0 {
		t.Error("a reload that changes nothing forgets")
	}
	now = now.Add(2 * time.Hour)
	h.remember(h.fingerprint("next", "", ""))
	if len(h.verified) != 1 {
		t.Errorf("%d are remembered, of which one is not out of date", len(h.verified))
	}
	if NewHashing(1, 1).fingerprint("a", "b", "c") == h.fingerprint("a", "b", "c") {
		t.Error("the key is not random")
	}
}
