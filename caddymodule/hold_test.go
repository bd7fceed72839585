package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
)

func TestOnlyRefusalsThatNothingWasLookedAtForAreHeld(t *testing.T) {
	for _, row := range []struct {
		why  string
		room int
		err  error
		held bool
	}{
		{"the queue is full", 1, fmt.Errorf("x: %w", login.ErrBusy), true},
		{"too many failures", 1, guard.Throttled(time.Minute), true},
		{"a wrong password", 1, login.ErrRejected, false},
		{"a login that succeeded", 1, nil, false},
		{"what cannot be decided", 1, errors.New("x"), false},
		{"the room is full", 0, login.ErrBusy, false},
	} {
		room := make(chan struct{}, row.room)
		if held := takePlace(room, row.err); held != row.held || (len(room) == 1) != row.held {
			t.Errorf("%s: held is %v, and %d places are taken", row.why, held, len(room))
		}
	}
}

func TestAHeldAnswerGivesItsPlaceBackWhenTheClientHasLeft(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	r, err := http.NewRequestWithContext(gone, http.MethodGet, "/_login", nil)
	if err != nil {
		t.Fatal(err)
	}
	holdRefusal(r, login.ErrBusy)
	if n := len(waitingRoom); n != 0 {
		t.Errorf("%d places are taken", n)
	}
}
