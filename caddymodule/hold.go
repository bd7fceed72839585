package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// The answer to a login at whose password nobody has looked costs next to nothing,
// and most floods send the next one as soon as they have it: thousands a second, each
// of which takes time from the traffic. So such an answer is held for a while, as
// long as there is room for it.
const (
	heldFor  = 500 * time.Millisecond
	mostHeld = 4096
)

// waitingRoom has a place for each answer that is held in this process.
var waitingRoom = make(chan struct{}, mostHeld)

// holdRefusal waits before a login is answered with the error. It ends early when the
// client has left.
func holdRefusal(r *http.Request, err error) {
	if !takePlace(waitingRoom, err) {
		return
	}
	defer func() { <-waitingRoom }()
	held, over := context.WithTimeout(r.Context(), heldFor)
	defer over()
	<-held.Done()
}

// takePlace tells whether the answer with the error is to be held, and then has taken
// a place in the room. When that is full, what is held costs more than another answer.
func takePlace(room chan struct{}, err error) bool {
	if !errors.Is(err, login.ErrBusy) && !errors.Is(err, guard.ErrThrottled) {
		return false
	}
	select {
	case room <- struct{}{}:
		return true
	default:
		return false
	}
}
