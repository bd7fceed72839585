package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/login"
)

func init() { caddy.RegisterModule(AdminAPI{}) }

// AdminAPI serves /cmwell_auth/ on Caddy's admin endpoint: users, roles, tokens and
// the state of the front doors of the running configuration. Whoever reaches that
// endpoint is the server's operator, who could load another configuration as well;
// so nobody is asked for a token, and what is refused is refused to everybody.
type AdminAPI struct{}

// CaddyModule names the module.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.cmwell_auth", New: func() caddy.Module { return AdminAPI{} }}
}

// Routes are those of the table, and what says that there are no others.
func (AdminAPI) Routes() []caddy.AdminRoute {
	var all []caddy.AdminRoute
	for _, route := range adminRoutes {
		all = append(all, caddy.AdminRoute{Pattern: route.pattern, Handler: serveAdmin(route.run)})
	}
	return append(all, caddy.AdminRoute{Pattern: "/cmwell_auth/", Handler: serveAdmin(elsewhere)})
}

// adminCall is one call of the admin API.
type adminCall struct {
	*http.Request
	query  url.Values
	answer http.Header
	doors  []*Handler // of the running configuration, by their numbers
}

// serveAdmin answers with what run returns: a document's bytes, or a value for JSON.
func serveAdmin(run func(adminCall) (any, error)) caddy.AdminHandler {
	return caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		secure(w.Header())
		result, err := decideAdmin(w, r, run)
		if err != nil {
			return apiError(err)
		}
		text, isText := result.([]byte)
		if !isText {
			if text, err = json.Marshal(result); err != nil {
				return apiError(err)
			}
			text = append(text, '\n')
		}
		status := http.StatusOK
		if h, is := result.(healths); is {
			status = h.status()
		}
		answer(w, status, "application/json", string(text))
		return nil
	})
}

func decideAdmin(w http.ResponseWriter, r *http.Request, run func(adminCall) (any, error)) (any, error) {
	if err := checkPrivate(r); err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: the query is malformed", admin.ErrParameters)
	}
	doors, err := runningDoors()
	if err != nil {
		return nil, err
	}
	return run(adminCall{r, query, w.Header(), doors})
}

// checkPrivate refuses calls from where anybody could send them: what is served here
// includes the hashes of passwords, and gives any right to anybody.
func checkPrivate(r *http.Request) error {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	switch {
	case ok && strings.HasPrefix(local.Network(), "unix"):
		return nil
	case r.TLS != nil && len(r.TLS.VerifiedChains) > 0:
		return nil
	case login.FromThisMachine(r):
		return nil
	}
	return errNotPrivate
}

// apiError is the answer to an error, in the form that Caddy's admin API has. What
// the front door cannot decide is told in full: the operator is who can mend it.
func apiError(err error) error {
	o := outcomeOf(err, http.StatusUnauthorized)
	if o.reason == broken.reason {
		o.message = err.Error()
	}
	return caddy.APIError{HTTPStatus: o.status, Message: o.message, Err: errors.New(o.message)}
}

// elsewhere is the answer where no route is.
func elsewhere(c adminCall) (any, error) {
	var methods []string
	for _, route := range adminRoutes {
		method, path, _ := strings.Cut(route.pattern, " ")
		if samePlace(path, c.URL.Path) {
			methods = append(methods, method)
		}
	}
	if methods == nil {
		return nil, fmt.Errorf("%w at %.100q; state, health, users, roles, keys, lockouts, explain and lint are", errNoRoute, c.URL.Path)
	}
	c.answer.Set("Allow", strings.Join(methods, ", "))
	return nil, fmt.Errorf("%w: %.20q found; accepted are %s", errNoMethod, c.Method, strings.Join(methods, ", "))
}

// What only the admin API refuses. errNotPrivate says that others than the operator
// could have sent the call.
var (
	errNotPrivate = errors.New("admin: this is answered on the same machine only, by a loopback address and name and without a proxy, over a unix socket, or with mutual TLS")
	errNoRoute    = errors.New("admin: nothing is served")
	errNoMethod   = errors.New("admin: the method is not accepted here")
	errNoDoor     = errors.New("admin: no such front door")
	errManyDoors  = errors.New("admin: several front doors")
	errNoneServes = errors.New("admin: no front door is running")
)

// samePlace tells whether a path is one of the pattern's.
func samePlace(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// auditAdmin writes what was done by the admin API.
func (h *Handler) auditAdmin(r *http.Request, op string, err error) {
	fields := []zap.Field{zap.String("op", op), zap.String("by", "the admin API"), zap.String("client_ip", peer(r))}
	if err == nil {
		h.audit.Info("operation", fields...)
		if user, dead := revokes(op, ""); dead {
			h.tokensRevoked(user, op)
		}
		return
	}
	o := outcomeOf(err, http.StatusUnauthorized)
	h.audit.Info("operation refused", append(fields, zap.String("reason", o.reason), zap.String("why", o.why()), zap.Int("status", o.status))...)
}

// peer is the address of who calls; empty over a unix socket.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// Interface guards.
var _ caddy.AdminRouter = AdminAPI{}
