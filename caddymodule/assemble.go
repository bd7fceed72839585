package caddymodule

import (
	"time"

	"github.com/cm-well/cmwell-auth/internal/gate"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/permission"
)

// assemble puts the parts together, from settings that are known to be good.
func (h *Handler) assemble(users openedUsers) {
	s := h.settings
	h.accounts = &login.Accounts{
		Users: users, Editor: users.editor, Scheme: s.passwordHash, Realm: s.realm,
		Passwords: h.guards.passwords, Hashing: h.hashing, Limits: h.guards.limits,
		Client:      clientIP,
		DefaultRoot: s.defaultRoot,
		Warn:        func(err error) { h.logger.Warn(err.Error()) },
	}
	h.exchange = &login.Exchange{Keys: h.keys, Expiry: s.expiry, MaxExpiry: s.maxExpiry, Now: time.Now}
	for _, scheme := range s.schemes {
		h.exchange.Schemes = append(h.exchange.Schemes, h.scheme(scheme, users))
	}
	h.keeper = &gate.Keeper{
		UnsafeOpenWrites: !s.production,
		Profile:          s.profile,
		Sources:          s.sources,
		Keys:             h.keys,
		Users:            users.Store,
		Protected:        permission.Protect(s.protected...),
		ProtectedInStore: permission.Protect(s.inStore...),
		Reads:            h.reads.any(),
		Writes:           h.writes.any(),
		Bulk:             s.bulk,
		OwnPaths:         []string{s.loginPath, s.authPath, keySetPath},
		IdentityHeader:   s.identityHeader,
		ForwardToken:     s.forwardToken,
		Now:              time.Now,
	}
	if s.jsonLogin != "" {
		h.keeper.OwnPaths = append(h.keeper.OwnPaths, s.jsonLogin)
	}
	h.operator = h.newOperator(users)
	h.endpoint = h.newEndpoint(users)
	h.keeper.OwnDocuments = users.documents != nil
	h.keeper.DocumentsInStore = users.expire != nil
	h.expire = users.expire
	h.documents = h.newDocuments(users)
}

func (h *Handler) scheme(configured schemeSettings, users openedUsers) login.Scheme {
	if configured.name == "basic" {
		return &login.Basic{Realm: h.settings.realm, Accounts: h.accounts}
	}
	return &login.Digest{
		Realm:      h.settings.realm,
		Algorithms: digestOffer(configured.algorithms, users),
		Accounts:   h.accounts,
		Key:        func() ([]byte, error) { return h.keys.Derive("digest nonce") },
		FormerKey:  func() []byte { return h.keys.DeriveFormer("digest nonce") },
		Used:       h.guards.nonces,
		Now:        time.Now,
	}
}
