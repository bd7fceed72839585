package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// provisionUsers loads the store of users and opens it.
func (h *Handler) provisionUsers(ctx caddy.Context, app *StartApp) (openedUsers, error) {
	if h.UsersRaw == nil {
		h.UsersRaw = json.RawMessage(`{"store":"file"}`)
	}
	identity := string(h.UsersRaw) // LoadModule clears it
	loaded, err := ctx.LoadModule(h, "UsersRaw")
	if err != nil {
		return openedUsers{}, fmt.Errorf("users: %w", err)
	}
	module, ok := loaded.(UserStore)
	if !ok {
		return openedUsers{}, fmt.Errorf("users: module %T is no store of users", loaded)
	}
	if h.guards, h.hashing, err = h.shareGuards(identity); err != nil {
		return openedUsers{}, err
	}
	if err := h.provisionConsole(identity); err != nil {
		return openedUsers{}, err
	}
	options := UserStoreOptions{
		Production: h.settings.production,
		Share: func(key string, construct func() (any, error)) (any, error) {
			return share(h, poolKey{"users", key}, construct)
		},
		Passwords: h.guards.passwords,
		Warn:      func(sentence string) { h.logger.Warn(sentence) },

		SignFor: h.signFor, Signer: h.signer(),
		BeforeServing: func(f func(context.Context) error) { h.beforeServing(app, f) },
		AtStart:       app.atStart,
	}
	if h.settings.defaultRoot != login.RootFromNowhere {
		options.RootDocument = h.rootDocument
	}
	store, err := module.Open(ctx, options)
	if err != nil {
		return openedUsers{}, err
	}
	users := opened(store, module.CaddyModule().ID.Name())
	h.guards = h.guards.of(store)
	if followed, ok := store.(FollowedStore); ok {
		h.follow(followed, users.kind)
	}
	if distant, ok := store.(DistantStore); ok {
		h.unfollow = append(h.unfollow, distant.FollowOutages(func(why error) { h.usersRead(users.kind, why) }))
	}
	if users.expire != nil && h.settings.profile != gate.CMWell {
		return openedUsers{}, errors.New("profile: http found with users infotons; cmwell is accepted, which knows what shows the documents of users in the store")
	}
	check := func(ctx context.Context) error { return h.checkRoot(ctx, users) }
	if h.settings.production && h.settings.defaultRoot == login.UnsafeRootFromAnywhere {
		h.beforeServing(app, check)
	} else {
		app.atStart(check)
	}
	return users, nil
}

// opened finds out what a store can do beside finding users.
func opened(store account.Store, kind string) openedUsers {
	users := openedUsers{
		Store: store, kind: kind, location: kind,
		reload:  func() error { return nil },
		state:   func() (time.Time, error) { return time.Now(), nil },
		onlyMD5: func() bool { return false },
	}
	if editor, ok := store.(account.Editor); ok {
		users.editor = editor
	}
	if documents, ok := store.(account.Documents); ok {
		users.documents = documents
	}
	if s, ok := store.(interface{ Location() string }); ok {
		users.location = s.Location()
	}
	if s, ok := store.(interface{ Reload() error }); ok {
		users.reload = s.Reload
	}
	if s, ok := store.(interface{ State() (time.Time, error) }); ok {
		users.state = s.State
	}
	if s, ok := store.(interface{ Expire() }); ok {
		users.expire = s.Expire
	}
	if s, ok := store.(interface{ OnlyMD5() bool }); ok {
		users.onlyMD5 = s.OnlyMD5
	}
	return users
}

// What is in the tokens that the front door shows the store: they live for minutes,
// and their rev is the greatest that every CM-Well reads. A CM-Well accepts a rev
// above the user's; the front door accepts an equal one alone, so whoever sees such
// a token at the store gets no further with it here.
const (
	ownLife     = 5 * time.Minute
	ownRevision = math.MaxInt32
)

func (h *Handler) signFor(user string) (string, error) {
	return h.keys.Sign(token.Claims{Subject: user, Expires: time.Now().Add(ownLife), Revision: ownRevision})
}

// signer is the same for configurations that sign with the same key.
func (h *Handler) signer() string {
	source, _ := json.Marshal(h.SigningKey) // two strings
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:])
}

// rootDocument is the user that CM-Well documents for a new store: root with the
// password root, all operations, read and write everywhere.
func (h *Handler) rootDocument(context.Context) ([]byte, error) {
	fields, err := account.SetPassword(account.User{Name: account.Root}, h.settings.passwordHash, h.settings.realm, account.RootPassword)
	if err != nil {
		return nil, err
	}
	fields["rev"] = 0
	fields["operations"] = []string{"Admin", "Overwrite", "PriorityWrite"}
	fields["paths"] = []any{map[string]any{"id": "/", "sign": "+", "recursive": true, "permissions": "rw"}}
	return json.Marshal(fields)
}

// checkRoot looks whether root still has the password that everybody knows.
func (h *Handler) checkRoot(ctx context.Context, users openedUsers) error {
	root, err := users.User(ctx, account.Root)
	if errors.Is(err, account.ErrNotExist) {
		return nil
	}
	if err != nil {
		if h.settings.production && h.settings.defaultRoot == login.UnsafeRootFromAnywhere {
			return fmt.Errorf("looking up user root: %w", err)
		}
		// At each login it is looked at again.
		h.logger.Warn("it is not known whether user root has the default password", zap.Error(err))
		return nil
	}
	if !h.guards.passwords.Match(root, account.RootPassword) {
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
