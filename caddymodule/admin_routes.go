package caddymodule

import (
	"fmt"
	"strconv"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/login"
)

// adminRoutes is all that the admin API answers. A new call is a row here, and one
// in docs/operations.md.
var adminRoutes = []struct {
	pattern string
	run     func(adminCall) (any, error)
}{
	{"GET /cmwell_auth/state", state},
	{"GET /cmwell_auth/health", health},
	{"GET /cmwell_auth/lint", lint},
	{"GET /cmwell_auth/explain", explainToOperator},

	{"GET /cmwell_auth/keys", listKeys},
	{"POST /cmwell_auth/keys/rotate", rotateKeys},

	{"GET /cmwell_auth/lockouts", listLockouts},
	{"DELETE /cmwell_auth/lockouts/{name}", releaseLockouts},

	{"GET /cmwell_auth/users", survey(account.Users)},
	{"GET /cmwell_auth/users/{name}", getDocument(account.Users)},
	{"PUT /cmwell_auth/users/{name}", putDocument(account.Users)},
	{"DELETE /cmwell_auth/users/{name}", deleteDocument(account.Users)},
	{"POST /cmwell_auth/users/{name}/password", setPassword},
	{"POST /cmwell_auth/users/{name}/revoke", revokeTokens},
	{"POST /cmwell_auth/users/{name}/token", issueToken},

	{"GET /cmwell_auth/roles", survey(account.Roles)},
	{"GET /cmwell_auth/roles/{name}", getDocument(account.Roles)},
	{"PUT /cmwell_auth/roles/{name}", putDocument(account.Roles)},
	{"DELETE /cmwell_auth/roles/{name}", deleteDocument(account.Roles)},
}

// standardPage is how many users a page lists unless limit says otherwise.
const standardPage = 100

func survey(kind account.Kind) func(adminCall) (any, error) {
	return func(c adminCall) (any, error) {
		h, err := c.store("after", "limit")
		if err != nil {
			return nil, err
		}
		after, err := c.one("after", "")
		if err != nil {
			return nil, err
		}
		text, err := c.one("limit", strconv.Itoa(standardPage))
		if err != nil {
			return nil, err
		}
		limit, err := whole(text, 1, admin.MaxPage)
		if err != nil {
			return nil, fmt.Errorf("%w: limit %w", admin.ErrParameters, err)
		}
		return h.operator.Survey(c.Context(), kind, after, limit)
	}
}

func getDocument(kind account.Kind) func(adminCall) (any, error) {
	return func(c adminCall) (any, error) {
		h, err := c.store()
		if err != nil {
			return nil, err
		}
		document, err := h.operator.Document(c.Context(), kind, c.PathValue("name"))
		if err != nil {
			return nil, err
		}
		c.answer.Set("ETag", admin.Tag(document))
		return document, nil
	}
}

func putDocument(kind account.Kind) func(adminCall) (any, error) {
	return func(c adminCall) (any, error) {
		h, err := c.store()
		if err != nil {
			return nil, err
		}
		return success, h.noted(c, "put", kind, func(name string) error {
			condition, err := admin.ConditionOf(c.Header)
			if err != nil {
				return err
			}
			document, err := admin.ReadDocument(c.Request)
			if err != nil {
				return err
			}
			return h.operator.Put(c.Context(), kind, name, document, condition)
		})
	}
}

func deleteDocument(kind account.Kind) func(adminCall) (any, error) {
	return func(c adminCall) (any, error) {
		h, err := c.store()
		if err != nil {
			return nil, err
		}
		return success, h.noted(c, "delete", kind, func(name string) error {
			return h.operator.Delete(c.Context(), kind, name)
		})
	}
}

// setPassword gives a user the password in the body.
func setPassword(c adminCall) (any, error) {
	h, err := c.door() // the realm is the door's
	if err != nil {
		return nil, err
	}
	var rev int64
	err = h.noted(c, "set the password of", account.Users, func(name string) error {
		body, err := login.ReadStrings(c.Body, "password")
		if err != nil {
			return err
		}
		rev, err = h.operator.SetPassword(c.Context(), name, body["password"])
		return err
	})
	return map[string]int64{"rev": rev}, err
}

func revokeTokens(c adminCall) (any, error) {
	h, err := c.store()
	if err != nil {
		return nil, err
	}
	var rev int64
	err = h.noted(c, "revoke the tokens of", account.Users, func(name string) error {
		rev, err = h.operator.Revoke(c.Context(), name)
		return err
	})
	return map[string]int64{"rev": rev}, err
}

// issueToken gives a token of a user, with the life in the body or the door's own.
func issueToken(c adminCall) (any, error) {
	h, err := c.door()
	if err != nil {
		return nil, err
	}
	var issued admin.Issued
	err = h.noted(c, "issue a token of", account.Users, func(name string) error {
		life := h.settings.expiry
		if c.ContentLength != 0 {
			body, err := login.ReadStrings(c.Body, "expiry")
			if err != nil {
				return err
			}
			if life, err = login.ParseExpiry(body["expiry"], h.settings.maxExpiry); err != nil {
				return err
			}
		}
		issued, err = h.operator.Issue(c.Context(), name, life)
		return err
	})
	return issued, err
}

func lint(c adminCall) (any, error) {
	h, err := c.store()
	if err != nil {
		return nil, err
	}
	return h.operator.Lint(c.Context())
}

// explainToOperator tells what would become of a request, as op=explain does.
func explainToOperator(c adminCall) (any, error) {
	h, err := c.door("user", "path", "level", "tree")
	if err != nil {
		return nil, err
	}
	question, err := admin.ReadQuestion(c.query, "", "users")
	if err != nil {
		return nil, err
	}
	return h.operator.Explain(c.Context(), question)
}

func listLockouts(c adminCall) (any, error) {
	h, err := c.store()
	if err != nil {
		return nil, err
	}
	all, err := h.operator.Lockouts(c.Context())
	return map[string][]admin.Lockout{"lockouts": all}, err
}

// releaseLockouts opens a user again, to one client or to all.
func releaseLockouts(c adminCall) (any, error) {
	h, err := c.store("client")
	if err != nil {
		return nil, err
	}
	client, err := c.one("client", "")
	if err != nil {
		return nil, err
	}
	released := 0
	err = h.noted(c, "release", account.Users, func(name string) error {
		released, err = h.operator.Release(c.Context(), name, client)
		return err
	})
	return map[string]int{"released": released}, err
}

// success is what a change answers that has nothing else to tell.
var success = map[string]bool{"success": true}

// noted does a change of one user or role, and tells the audit log of it. A name
// that nobody can have is left out: it can be of any length.
func (h *Handler) noted(c adminCall, op string, kind account.Kind, change func(name string) error) error {
	name := c.PathValue("name")
	err := change(name)
	op += " " + kind.Singular()
	if account.CheckName(name) == nil {
		op += " " + name
	}
	h.auditAdmin(c.Request, op, err)
	return err
}
