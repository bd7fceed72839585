package caddymodule

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/console"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/keyring"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// provisionConsole makes the page, and has what it shows remembered from now on by
// all front doors with the same users.
func (h *Handler) provisionConsole(usersIdentity string) error {
	if !h.settings.console {
		return nil
	}
	var err error
	if h.page, err = console.New(console.Settings{AuthPath: h.settings.authPath, TokenHeader: h.tokenHeader()}); err != nil {
		return err
	}
	h.activity, err = share(h, poolKey{"activity", usersIdentity}, func() (*activity, error) {
		return &activity{seen: console.NewSeen()}, nil
	})
	if err == nil {
		h.audit = h.activity.follow(h.audit)
	}
	return err
}

// tokenHeader is one that takes tokens; empty when none does.
func (h *Handler) tokenHeader() string {
	name := ""
	for _, s := range h.settings.sources {
		switch s.Kind() {
		case gate.InHeader:
			name = s.Name() // the last is the common one: CM-Well's other header comes first
		case gate.InBearer:
			if name == "" {
				name = "Authorization"
			}
		}
	}
	return name
}

// serveAuth serves the page and what belongs to it, and for the rest the operations.
func (h *Handler) serveAuth(w http.ResponseWriter, r *http.Request) {
	if h.page == nil {
		h.endpoint.ServeHTTP(w, r)
		return
	}
	if found, ok := h.page.Find(r); ok {
		header := w.Header()
		if found.Policy != "" {
			header.Set("Content-Security-Policy", found.Policy)
		}
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Vary", "Accept")
		answer(w, http.StatusOK, found.Type, string(found.Body))
		return
	}
	if query, err := url.ParseQuery(r.URL.RawQuery); err == nil && len(query["op"]) == 1 && query.Get("op") == "login" {
		h.serveJSONLogin(w, r)
		return
	}
	h.endpoint.ServeHTTP(w, r)
}

// newConsole makes what the page asks for; nil when it is off.
func (h *Handler) newConsole(operator *admin.Operator) *admin.Console {
	if h.page == nil {
		return nil
	}
	return &admin.Console{
		Operator:    operator,
		Identify:    h.keeper.IdentifyByHeader,
		NewPassword: rand.Text,
		Keys:        func() any { return h.listKeys() },
		Rotate: func(ctx context.Context, dropOld bool) error {
			if h.managed == nil {
				return errNotManaged
			}
			return h.managed.Rotate(ctx, dropOld)
		},
		Doors: h.doorsOfUsers,
		Seen: func(user string) (int, string) {
			return h.activity.seen.Count(user, time.Now()), login.Period(console.SeenFor)
		},
		Recent:   func(after uint64) any { return h.recent(after) },
		MayWrite: h.keeper.MayWrite,
	}
}

func (h *Handler) listKeys() []keyring.Info {
	if h.managed == nil {
		return []keyring.Info{}
	}
	return h.managed.List()
}

// doorsOfUsers are those of the running configuration that have the same users.
func (h *Handler) doorsOfUsers() ([]admin.Door, error) {
	doors, err := runningDoors()
	if err != nil {
		return nil, err
	}
	shown := []admin.Door{}
	for i, d := range doors {
		if d.activity == h.activity {
			shown = append(shown, d.describe(i+1))
		}
	}
	return shown, nil
}

// recent is what the journal shows. What a client has put into a path may be a secret.
func (h *Handler) recent(after uint64) console.Recent {
	shown := h.activity.journal.Recent(after, time.Now())
	for i, line := range shown.Entries {
		hidden, err := secrets.JSON(line.Entry)
		if err != nil {
			hidden = json.RawMessage("{}")
		}
		shown.Entries[i].Entry = hidden
	}
	return shown
}
