package caddymodule

import (
	"fmt"
	"testing"
	"time"
)

func TestALockoutIsAnnouncedOnceUntilItIsOver(t *testing.T) {
	var a announced
	now := time.Unix(1_800_000_000, 0)
	for _, row := range []struct {
		client string
		after  time.Duration
		want   bool
	}{
		{"192.0.2.1", 0, true}, {"192.0.2.1", time.Second, false}, {"192.0.2.2", time.Second, true},
		{"192.0.2.1", 59 * time.Second, false}, {"192.0.2.1", time.Minute, true}, {"192.0.2.1", 61 * time.Second, false},
	} {
		if got := a.begins(row.client, time.Minute, now.Add(row.after)); got != row.want {
			t.Errorf("%s after %v: got %v", row.client, row.after, got)
		}
	}
}

func TestAFloodOfLockoutsTakesNoMoreMemory(t *testing.T) {
	var a announced
	now := time.Unix(1_800_000_000, 0)
	told := 0
	for i := range 3 * mostAnnounced {
		if a.begins(fmt.Sprint(i), time.Minute, now) {
			told++
		}
	}
	if told != mostAnnounced || len(a.until) != mostAnnounced {
		t.Errorf("%d told, %d remembered", told, len(a.until))
	}
	if !a.begins("later", time.Minute, now.Add(time.Hour)) || len(a.until) != 1 {
		t.Errorf("an hour later %d are remembered", len(a.until))
	}
}

func TestOnlySomeOperationsEndTokens(t *testing.T) {
	for op, want := range map[string]string{
		"logout": "adm", "change-password": "adm", "delete user ann": "ann", "put user ann": "",
		"set the password of user ann": "ann", "revoke the tokens of user ann": "ann", "issue a token of user ann": "",
		"delete role ann": "", "whoami": "", "": "",
	} {
		if user, dead := revokes(op, "adm"); dead != (want != "") || dead && user != want {
			t.Errorf("%s: %s %v", op, user, dead)
		}
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, o := range append(outcomes, broken) {
		if why := o.why(); len(why) < 8 {
			t.Errorf("%s: %q", o.reason, why)
		}
	}
}
