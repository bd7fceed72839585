package caddymodule

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cm-well/cmwell-auth/internal/gate"
)

// observing is said at the start, and again while it is so.
const observing = "mode is observe: nothing is refused on its way to the store, only noted; use mode enforce to protect it"

// reminderEvery is how often an operator hears that the door does not hold.
const reminderEvery = time.Hour

// reminder tells when to say something again. The zero reminder is due.
type reminder struct {
	last atomic.Pointer[time.Time]
}

func (r *reminder) due(now time.Time) bool {
	last := r.last.Load()
	return (last == nil || now.Sub(*last) >= reminderEvery) && r.last.CompareAndSwap(last, &now)
}

// observe tells what becomes of a request that does not pass: it does in mode
// observe, unless it is for what the front door itself serves.
func (h *Handler) observe(r *http.Request, access gate.Access, err error) (gate.Pass, bool) {
	if !h.settings.observe {
		return gate.Pass{}, false
	}
	pass, passes := h.keeper.Observe(r, access)
	if !passes {
		return gate.Pass{}, false
	}
	if h.reminder.due(time.Now()) {
		h.logger.Warn(observing)
	}
	o := outcomeOf(err, h.settings.unauthStatus)
	h.auditRefusal(r, access, o, err, true)
	if pass.User != "" {
		replacerOf(r).Set(revisionPlaceholder, pass.Revision)
	}
	return pass, true
}
