package caddymodule

import (
	"context"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// What a store of users works with, for modules outside this repository.
type (
	// Store finds users and roles by name.
	Store = account.Store
	// User is one account.
	User = account.User
	// Role is a set of permissions that users share.
	Role = account.Role
	// FollowedStore is a Store that tells of every change of its users. What it tells
	// reaches the passwords' checker and the log without its help.
	FollowedStore = account.Followed
	// Change is what a FollowedStore tells.
	Change = account.Change
	// DistantStore is a Store whose home can be out of reach. What it tells reaches the
	// metrics and the events without its help.
	DistantStore = account.Distant
)

// ErrNotExist is what a Store returns for a name that does not exist.
var ErrNotExist = account.ErrNotExist

// UserStore is what modules in the namespace http.cmwell_auth.users provide.
type UserStore interface {
	caddy.Module
	// Open is called once, when the front door's configuration is loaded. It
	// writes nothing; what must be written at the first start, it hands to
	// options.BeforeServing.
	Open(ctx caddy.Context, options UserStoreOptions) (Store, error)
}

// UserStoreOptions is what the front door tells its store of users.
type UserStoreOptions struct {
	// Production refuses what development only warns of.
	Production bool
	// RootDocument makes the document of the user root with the documented default
	// password, for a store that is empty and was never used; nil when no such user
	// is wanted. It takes a while.
	RootDocument func(context.Context) ([]byte, error)
	// Share returns the value of the key that all configurations in this process
	// share, also across a reload, and has it made when there is none.
	Share func(key string, construct func() (any, error)) (any, error)
	// Passwords is to be told which shapes the users' password hashes have, by a store
	// that is no FollowedStore.
	Passwords *account.Passwords
	// SignFor makes a token by which the front door shows the store behind it who it is,
	// and which the front door itself never accepts; it lives for minutes. Signer tells
	// the keys apart that it is signed with.
	SignFor func(user string) (string, error)
	Signer  string
	// BeforeServing has a function called when the configuration starts; until
	// then requests wait, and get 503 when it takes seconds. Its error keeps the configuration from
	// being used.
	BeforeServing func(func(context.Context) error)
	// AtStart is the same without the waiting.
	AtStart func(func(context.Context) error)
	// Warn logs a sentence for the operator.
	Warn func(string)
}

// follow has the passwords' checker, the log, the metrics and the events know of what
// changes in the store, until Cleanup.
func (h *Handler) follow(store FollowedStore, kind string) {
	began, troubled := false, false
	h.unfollow = append(h.unfollow, store.Follow(func(change Change) {
		h.guards.passwords.SetShapes(change.Shapes)
		if began {
			h.usersRead(kind, change.Trouble)
		}
		began = true
		for _, warning := range change.Warnings {
			h.logger.Warn(warning)
		}
		switch {
		case change.Trouble != nil:
			h.logger.Error("the users could not be read again; the last good state is in use", zap.Error(change.Trouble))
		case troubled:
			h.logger.Info("the users are read again")
		}
		troubled = change.Trouble != nil
	}))
}

// replaceAndLint changes a document in a store that tells of no warnings by itself, and
// warns of what in the new one is probably not meant.
func replaceAndLint(ctx context.Context, store account.Replacer, kind account.Kind, name string, next func(kept []byte) ([]byte, error), warn func(string)) error {
	var document []byte
	err := store.Replace(ctx, kind, name, func(kept []byte) (made []byte, err error) {
		document, err = next(kept)
		return document, err
	})
	if err != nil {
		return err
	}
	for _, warning := range lintOf(ctx, store, kind, name, document) {
		warn(warning)
	}
	return nil
}

// lintOf are sentences about what in a new document is probably not meant.
func lintOf(ctx context.Context, store Store, kind account.Kind, name string, document []byte) []string {
	if kind == account.Roles {
		if role, err := account.ParseRole(name, document); err == nil {
			return account.LintRole(role)
		}
		return nil
	}
	user, err := account.ParseUser(name, document)
	if err != nil {
		return nil
	}
	return account.Lint(user, func(role string) (account.Role, bool) {
		r, err := store.Role(ctx, role)
		return r, err == nil
	})
}
