package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// provisionUsers loads the store of users and opens it.
func (h *Handler) provisionUsers(ctx caddy.Context, app *StartApp) (account.Store, error) {
	if h.UsersRaw == nil {
		h.UsersRaw = json.RawMessage(`{"store":"file"}`)
	}
	loaded, err := ctx.LoadModule(h, "UsersRaw")
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	module, ok := loaded.(UserStore)
	if !ok {
		return nil, fmt.Errorf("users: module %T is no store of users", loaded)
	}
	h.passwords = new(account.Passwords)
	users, err := module.Open(ctx, UserStoreOptions{
		Production: h.settings.production,
		MakeRoot:   h.settings.defaultRoot != login.RootFromNowhere,
		HashCost:   h.passwords.SetCost,
		Warn:       func(sentence string) { h.logger.Warn(sentence) },

		BeforeServing: func(f func(context.Context) error) { h.beforeServing(app, f) },
		AtStart:       app.atStart,
	})
	if err != nil {
		return nil, err
	}
	check := func(ctx context.Context) error { return h.checkRoot(ctx, users) }
	if h.settings.production && h.settings.defaultRoot == login.UnsafeRootFromAnywhere {
		h.beforeServing(app, check)
	} else {
		app.atStart(check)
	}
	return users, nil
}

// checkRoot looks whether root still has the password that everybody knows.
func (h *Handler) checkRoot(ctx context.Context, users account.Store) error {
	root, err := users.User(ctx, account.Root)
	if errors.Is(err, account.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking up user root: %w", err)
	}
	if !h.passwords.Match(root, account.RootPassword) {
		return nil
	}
	switch h.settings.defaultRoot {
	case login.RootFromNowhere:
		h.logger.Warn("user root has the default password, which opens nothing while default_root is off")
	case login.UnsafeRootFromAnywhere:
		if h.settings.production {
			return errors.New("user root has the default password: production does not serve it with default_root anywhere; change the password, or use default_root loopback")
		}
		h.logger.Warn("user root has the default password and may log in from anywhere: change it")
	default:
		h.logger.Warn("user root has the default password and may log in from this machine only: change it")
	}
	return nil
}
