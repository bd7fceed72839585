package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// runningDoors are the front doors of the running configuration, each once however
// many sites have it, in an order that is the same after every reload.
func runningDoors() ([]*Handler, error) {
	active := caddy.ActiveContext()
	if active.Context == nil { // at a start, sites serve a moment before that
		return nil, fmt.Errorf("%w: no configuration has been loaded yet", errNoneServes)
	}
	loaded, err := active.AppIfConfigured(startAppID)
	if err != nil && !errors.Is(err, caddy.ErrNotConfigured) {
		return nil, err
	}
	app, ok := loaded.(*StartApp)
	if !ok || len(app.doors) == 0 {
		return nil, fmt.Errorf("%w: the configuration has no cmwell_auth in it", errNoneServes)
	}
	doors := slices.Clone(app.doors)
	slices.SortStableFunc(doors, func(a, b *Handler) int {
		return cmp.Or(cmp.Compare(a.users.location, b.users.location), cmp.Compare(a.identity, b.identity))
	})
	return slices.CompactFunc(doors, func(a, b *Handler) bool { return a.identity == b.identity }), nil
}

// store is a door with the users that are asked for, whichever of those that have
// them. The call may have these parameters, beside users.
func (c adminCall) store(parameters ...string) (*Handler, error) {
	return c.choose(func(h *Handler) string { return h.users.location }, parameters)
}

// door is the door that is asked for. The call may have these parameters, beside users.
func (c adminCall) door(parameters ...string) (*Handler, error) {
	return c.choose(func(h *Handler) string { return h.identity }, parameters)
}

// choose finds what ?users= asks for. Doors that are the same by what counts are one.
func (c adminCall) choose(counts func(*Handler) string, parameters []string) (*Handler, error) {
	found, err := c.wanted(parameters...)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(found, func(h *Handler) bool { return counts(h) != counts(found[0]) }) {
		return nil, fmt.Errorf("%w are running, and users says which: %s", errManyDoors, c.choices(found))
	}
	if found[0].pending.Load() > 0 {
		return nil, errStarting
	}
	return found[0], nil
}

// wanted are the doors that ?users= asks for, by number or by where the users are; all
// when it is not given. The call may have these parameters beside it.
func (c adminCall) wanted(parameters ...string) ([]*Handler, error) {
	if err := c.only(parameters...); err != nil {
		return nil, err
	}
	users, err := c.one("users", "")
	if err != nil {
		return nil, err
	}
	var found []*Handler
	for i, h := range c.doors {
		if users == "" || users == strconv.Itoa(i+1) || users == h.users.location {
			found = append(found, h)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: users %.200q found; accepted are %s", errNoDoor, users, c.choices(c.doors))
	}
	return found, nil
}

func (c adminCall) choices(doors []*Handler) string {
	var all []string
	for i, h := range c.doors {
		if slices.Contains(doors, h) {
			all = append(all, fmt.Sprintf("%d (%s, %s)", i+1, h.users.location, h.environment()))
		}
	}
	return strings.Join(all, ", ")
}

// state tells of the doors.
func state(c adminCall) (any, error) {
	doors, err := c.wanted()
	if err != nil {
		return nil, err
	}
	shown := []admin.Door{}
	for _, h := range doors {
		shown = append(shown, h.describe(slices.Index(c.doors, h)+1))
	}
	return map[string][]admin.Door{"doors": shown}, nil
}

// health is state for a probe: its status tells whether every door can decide.
func health(c adminCall) (any, error) {
	doors, err := c.wanted()
	if err != nil {
		return nil, err
	}
	shown := healths{OK: true, Doors: []admin.Door{}}
	for _, h := range doors {
		d := h.describe(slices.Index(c.doors, h) + 1)
		shown.OK = shown.OK && d.OK
		shown.Doors = append(shown.Doors, d)
	}
	return shown, nil
}

// healths is how all doors are.
type healths struct {
	OK    bool         `json:"ok"`
	Doors []admin.Door `json:"doors"`
}

func (h healths) status() int {
	if !h.OK {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func (h *Handler) environment() string {
	if h.settings.production {
		return "production"
	}
	return "development"
}

func (h *Handler) describe(number int) admin.Door {
	s := h.settings
	d := admin.Door{
		Number: number, Users: h.users.location, Writable: h.users.editor != nil,
		Environment: h.environment(), Mode: "enforce", Realm: s.realm,
		PasswordHash: s.passwordHash.String(), Expiry: login.Period(s.expiry), MaxExpiry: login.Period(s.maxExpiry),
		Health: h.health(h.users),
	}
	if s.observe {
		d.Mode = "observe"
	}
	_, trouble := h.users.state()
	if err := cmp.Or(trouble, h.keyTrouble()); err != nil {
		d.Trouble = err.Error()
	}
	return d
}

// only refuses parameters other than users and these: a misspelt one would
// otherwise be a call for all.
func (c adminCall) only(names ...string) error {
	names = append(names[:len(names):len(names)], "users")
	for name := range c.query {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%w: parameter %.40q found; accepted are %s", admin.ErrParameters, name, strings.Join(names, ", "))
		}
	}
	return nil
}

// one is a parameter that is given once, or not.
func (c adminCall) one(name, standard string) (string, error) {
	switch values := c.query[name]; len(values) {
	case 0:
		return standard, nil
	case 1:
		return values[0], nil
	default:
		return "", fmt.Errorf("%w: %s is given %d times; once is accepted", admin.ErrParameters, name, len(values))
	}
}
