package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// What Caddy's events app is told. The data holds no secret and nothing that a
// stranger typed.
const (
	eventLoginFailed  = "login_failed"
	eventLockout      = "lockout"
	eventTokenRevoked = "token_revoked"
	eventReloaded     = "users_reloaded"
	eventReloadFailed = "users_reload_failed"
)

// announcer tells Caddy's events app what happens. The zero announcer tells
// nobody.
type announcer struct {
	ctx caddy.Context
	app *caddyevents.App
	// later is closed when what was to be told later has been.
	later *atomic.Pointer[chan struct{}]
}

func newAnnouncer(ctx caddy.Context) (announcer, error) {
	loaded, err := ctx.App("events")
	if err != nil {
		return announcer{}, err
	}
	app, ok := loaded.(*caddyevents.App)
	if !ok {
		return announcer{}, fmt.Errorf("app events is %T, which is not Caddy's", loaded)
	}
	return announcer{ctx, app, new(atomic.Pointer[chan struct{}])}, nil
}

func (a announcer) tell(event string, data map[string]any) {
	if a.app != nil && a.app.ShouldEmit(event) {
		a.app.Emit(a.ctx, event, data)
	}
}

// tellLater is tell without the waiting. What is told later is told in order.
func (a announcer) tellLater(event string, data map[string]any) {
	if a.app == nil {
		return
	}
	told := make(chan struct{})
	before := a.later.Swap(&told)
	go func() {
		defer close(told)
		if before != nil {
			<-*before
		}
		a.tell(event, data)
	}()
}

// provisionWatch lets the door be seen, through metrics and events.
func (h *Handler) provisionWatch(ctx caddy.Context) error {
	if err := counted.register(ctx.GetMetricsRegistry()); err != nil {
		return err
	}
	h.hashing.Observe(counted.hashed)
	_, err := share(h, poolKey{"live door", fmt.Sprintf("%p", h)}, func() (lookedAt, error) { return counted.doors.add(h), nil })
	return err
}

// usersRead is told whenever another state of the users is in use, and why the one
// in use goes on when there is none to be had. The store waits meanwhile, and one
// that is shared has to answer others: so nobody waits for who subscribes.
func (h *Handler) usersRead(store string, err error) {
	counted.reloaded(store, err)
	event := eventReloaded
	if err != nil {
		event = eventReloadFailed // why, is in the log
	}
	h.events.tellLater(event, map[string]any{"store": store})
}

// readAgain has the store read its users again, because somebody asks for it. A store
// that can be followed tells of it by itself; one that is distant tells of outages only.
func (h *Handler) readAgain(users openedUsers) error {
	err := users.reload()
	if _, followed := users.Store.(FollowedStore); !followed {
		h.usersRead(users.kind, err)
	}
	return err
}

// loginFailed is told of a login that gave no token.
func (h *Handler) loginFailed(r *http.Request, scheme, reason string, err error) {
	counted.loggedIn(scheme, reason)
	data := map[string]any{"reason": reason, "scheme": scheme, "client_ip": clientIP(r)}
	var throttled *guard.ThrottledError
	switch {
	case errors.As(err, &throttled):
		if lockouts.begins(clientIP(r), throttled.RetryAfter, time.Now()) {
			data["retry_after"] = throttled.RetryAfter.Seconds()
			h.events.tell(eventLockout, data)
		}
	case errors.Is(err, login.ErrRejected):
		h.events.tell(eventLoginFailed, data)
	}
}

// revokes tells whose tokens an operation has ended.
func revokes(op, by string) (user string, dead bool) {
	switch op {
	case "logout", "change-password":
		return by, true
	}
	for _, ended := range []string{"delete user ", "set the password of user ", "revoke the tokens of user "} {
		if user, dead := strings.CutPrefix(op, ended); dead {
			return user, true
		}
	}
	return "", false
}

// tokensRevoked is told that a user's tokens are dead, and by what.
func (h *Handler) tokensRevoked(user, op string) {
	h.events.tell(eventTokenRevoked, map[string]any{"user": user, "op": op})
}

// lockouts keeps a client that tries on from being announced at every attempt.
var lockouts announced

// announced is who was announced, and until when that holds. When it is full,
// nobody else is: it is a flood, of which the metrics tell.
type announced struct {
	mu    sync.Mutex
	until map[string]time.Time
}

const mostAnnounced = 1024

// begins tells whether a client was not locked out before.
func (a *announced) begins(client string, lasts time.Duration, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if until, found := a.until[client]; found && now.Before(until) {
		return false
	}
	if len(a.until) >= mostAnnounced {
		for c, until := range a.until {
			if !now.Before(until) {
				delete(a.until, c)
			}
		}
		if len(a.until) >= mostAnnounced {
			return false
		}
	}
	if a.until == nil {
		a.until = map[string]time.Time{}
	}
	a.until[client] = now.Add(lasts)
	return true
}
