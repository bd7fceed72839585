package caddymodule

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// newEndpoint makes what is served at auth_path.
func (h *Handler) newEndpoint(users openedUsers) *admin.Endpoint {
	return &admin.Endpoint{
		Identify:         h.keeper.Identify,
		GeneratePassword: h.generatePassword,
		ChangePassword:   h.accounts.ChangePassword,
		Logout: func(ctx context.Context, name string) error {
			if users.editor == nil {
				return account.ErrReadOnly
			}
			_, err := users.editor.Edit(ctx, name, account.Revoke)
			return err
		},
		Explain:    h.explain,
		Invalidate: func() error { return h.readAgain(users) },
		Health:     func() admin.Health { return h.health(users) },
		ReadBody:   login.ReadStrings,
		Answer:     h.answerTo,
		Done:       h.auditOperation,
		Console:    h.newConsole(h.operator),
	}
}

// newDocuments makes what is served at /meta/auth.
func (h *Handler) newDocuments(users openedUsers) *admin.Documents {
	return &admin.Documents{
		Identify: h.keeper.Identify, Query: h.keeper.QueryOf, Store: users.documents, Answer: h.answerTo, Done: h.auditOperation,
	}
}

// newOperator makes what the admin API serves.
func (h *Handler) newOperator(users openedUsers) *admin.Operator {
	return &admin.Operator{
		Users: users, Store: users.documents, Editor: users.editor,
		NewPassword: func(ctx context.Context, user account.User, password string) (fields account.Fields, err error) {
			waited := h.hashing.Do(ctx, func() {
				fields, err = account.SetPassword(user, h.settings.passwordHash, h.settings.realm, password)
			})
			if waited != nil {
				return nil, waited
			}
			return fields, err
		},
		Limits:       h.guards.limits,
		Explanations: h.explain,
		Sign:         h.keys.Sign,
		Now:          time.Now,
	}
}

// generatePassword makes a password of 128 random bits, and its hash when it is
// its turn: hashing is confined, whoever asks for it.
func (h *Handler) generatePassword(ctx context.Context) (password, hash string, err error) {
	password = rand.Text()
	if waited := h.hashing.Do(ctx, func() { hash, err = h.settings.passwordHash.Hash(password) }); waited != nil {
		err = waited
	}
	if err != nil {
		return "", "", err
	}
	return password, hash, nil
}

func (h *Handler) health(users openedUsers) admin.Health {
	readAt, trouble := users.state()
	health := admin.Health{
		OK:            h.pending.Load() == 0,
		Store:         users.kind,
		ReadAt:        readAt.UTC(),
		WaitingLogins: h.hashing.Waiting(),
	}
	if trouble != nil {
		health.Trouble = "the users could not be read again"
		use := "the last good state is in use"
		if known := (*account.Trouble)(nil); errors.As(trouble, &known) {
			health.Trouble += ": " + known.Reason
			if known.Closed {
				health.OK, use = false, "nobody is known any more"
			}
		}
		health.Trouble += "; " + use + ", see the log"
	}
	h.keyHealth(&health)
	return health
}

// answerTo is the row of an error, for the endpoint.
func (h *Handler) answerTo(err error) (int, string, http.Header) {
	o := outcomeOf(err, h.settings.unauthStatus)
	header := http.Header{}
	if o.status == http.StatusUnauthorized {
		header["Www-Authenticate"] = h.challenges(err)
	}
	// A wrong current password is no missing token: a client that logs in again
	// would not help.
	if errors.Is(err, login.ErrRejected) {
		o.status, o.message = http.StatusForbidden, "the current password is not right"
		delete(header, "Www-Authenticate")
	}
	askPatience(header, o, err)
	return o.status, o.message, header
}

// auditOperation writes what was done at auth_path or /meta/auth, and by whom.
func (h *Handler) auditOperation(r *http.Request, op, user string, err error) {
	fields := []zap.Field{zap.String("op", op), zap.String("user", user), clientOf(r), requestID(r)}
	if err == nil {
		replacerOf(r).Set(userPlaceholder, user)
		h.audit.Info("operation", fields...)
		if whose, dead := revokes(op, user); dead {
			h.tokensRevoked(whose, op)
		}
		return
	}
	o := outcomeOf(err, h.settings.unauthStatus)
	if o.status == http.StatusServiceUnavailable && !errors.Is(err, login.ErrBusy) {
		h.logger.Error("an operation could not be decided", append(fields, zap.Error(err))...)
	}
	h.audit.Info("operation refused", append(fields, zap.String("reason", o.reason), zap.String("why", o.why()), zap.Int("status", o.status))...)
}

// openedUsers is a store of users with what it can do beside finding them.
type openedUsers struct {
	account.Store
	kind string
	// location says where the users are, without a secret.
	location string
	editor   account.Editor // nil where users cannot be written
	// documents are served at /meta/auth; nil where that is the store's behind.
	documents account.Documents
	reload    func() error
	// expire has them read again; nil unless they are in the store behind, where they
	// can be changed past the front door.
	expire func()
	state  func() (readAt time.Time, trouble error)
	// onlyMD5 tells whether some user's hashes allow Digest with MD5 alone.
	onlyMD5 func() bool
}

// Principal has the store say it, when it can, of one state; see account.Resolver.
func (u openedUsers) Principal(ctx context.Context, name string) (*account.Principal, error) {
	return account.Resolve(ctx, u.Store, name)
}

// digestOffer tells what is offered: SHA-256 only when it helps, for many
// clients answer the first challenge that they understand and no other.
func digestOffer(configured []login.DigestAlgorithm, users openedUsers) func() []login.DigestAlgorithm {
	both, md5 := []login.DigestAlgorithm{login.SHA256, login.MD5}, []login.DigestAlgorithm{login.MD5}
	return func() []login.DigestAlgorithm {
		switch {
		case len(configured) > 0:
			return configured
		case users.onlyMD5():
			return md5
		}
		return both
	}
}
