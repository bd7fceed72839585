package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/keyring"
)

func init() { caddy.RegisterModule(AdminKeys{}) }

// AdminKeys lists and rotates the managed keys, on Caddy's admin endpoint.
type AdminKeys struct{}

// CaddyModule names the module.
func (AdminKeys) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.cmwell_auth_keys", New: func() caddy.Module { return AdminKeys{} }}
}

// Routes are GET /cmwell_auth/keys and POST /cmwell_auth/keys/rotate.
func (AdminKeys) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "/cmwell_auth/keys", Handler: keysCall(http.MethodGet, func(context.Context, url.Values) error { return nil })},
		{Pattern: "/cmwell_auth/keys/rotate", Handler: keysCall(http.MethodPost, func(ctx context.Context, query url.Values) error {
			dropOld, err := wantsDrop(query)
			if err != nil {
				return err
			}
			return rotateKeys(ctx, dropOld)
		})},
	}
}

// keysCall does a call, and answers with the keys as they are then.
func keysCall(method string, do func(context.Context, url.Values) error) caddy.AdminHandler {
	return caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != method {
			w.Header().Set("Allow", method)
			return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: method + " is accepted here"}
		}
		if err := do(r.Context(), r.URL.Query()); err != nil {
			status := http.StatusServiceUnavailable
			switch {
			case errors.Is(err, errNotManaged), errors.Is(err, keyring.ErrFull):
				status = http.StatusConflict
			case errors.Is(err, errDropOld):
				status = http.StatusBadRequest
			}
			return caddy.APIError{HTTPStatus: status, Message: err.Error(), Err: err}
		}
		secure(w.Header())
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(map[string]any{"keys": listKeys()})
	})
}

var (
	errNotManaged = errors.New("no keys are managed here: a signing_key that is configured is replaced in the configuration, with accept_key for the one before it")
	errDropOld    = errors.New("drop_old is true or false, once")
)

func wantsDrop(query url.Values) (bool, error) {
	switch values := query["drop_old"]; {
	case len(query) == 0:
		return false, nil
	case len(query) == 1 && len(values) == 1 && (values[0] == "true" || values[0] == "false"):
		return values[0] == "true", nil
	}
	return false, errDropOld
}

// listKeys tells of the managed keys in every storage, oldest first.
func listKeys() []keyring.Info {
	all := []keyring.Info{}
	for _, ring := range managedRings() {
		all = append(all, ring.List()...)
	}
	return all
}

// rotateKeys makes new keys in every storage; see keyring.Ring. The audit log has
// an entry for each.
func rotateKeys(ctx context.Context, dropOld bool) error {
	rings := managedRings()
	if len(rings) == 0 {
		return errNotManaged
	}
	audit := runningLogger().Named("audit")
	for _, ring := range rings {
		if err := ring.Rotate(ctx, dropOld); err != nil {
			audit.Error("keys are not rotated", zap.Bool("drop_old", dropOld), zap.Error(err))
			return fmt.Errorf("rotating: %w", err)
		}
		var made []string
		for _, info := range ring.List() {
			if info.RetiredAt.IsZero() {
				made = append(made, info.ID)
			}
		}
		audit.Info("keys rotated", zap.Bool("drop_old", dropOld), zap.Strings("new_keys", made))
	}
	return nil
}

// Interface guards.
var _ caddy.AdminRouter = AdminKeys{}
