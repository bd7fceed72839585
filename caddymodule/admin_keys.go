package caddymodule

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/cm-well/cmwell-auth/internal/admin"
	"github.com/cm-well/cmwell-auth/internal/keyring"
)

// errNotManaged says: there is nothing to rotate.
var errNotManaged = errors.New("admin: no keys are managed here; a signing_key that is configured is replaced in the configuration, with accept_key for the one before it")

// listKeys tells of the managed keys in every storage, oldest first.
func listKeys(c adminCall) (any, error) {
	if err := c.only(); err != nil {
		return nil, err
	}
	all := []keyring.Info{}
	for _, ring := range managedRings() {
		all = append(all, ring.List()...)
	}
	return map[string][]keyring.Info{"keys": all}, nil
}

// rotateKeys makes new keys in every storage, and tells of the keys as they are then.
// With drop_old=true no token that was signed before is accepted any more.
func rotateKeys(c adminCall) (any, error) {
	if err := c.only("drop_old"); err != nil {
		return nil, err
	}
	text, err := c.one("drop_old", "false")
	if err != nil {
		return nil, err
	}
	if text != "true" && text != "false" {
		return nil, fmt.Errorf("%w: drop_old %.20q found; true and false are accepted", admin.ErrParameters, text)
	}
	if err := rotateAll(c.Context(), c, text == "true"); err != nil {
		return nil, err
	}
	delete(c.query, "drop_old")
	return listKeys(c)
}

// rotateAll rotates; the audit log has an entry for each storage.
func rotateAll(ctx context.Context, c adminCall, dropOld bool) error {
	rings := managedRings()
	if len(rings) == 0 {
		return errNotManaged
	}
	audit := runningLogger().Named("audit").With(zap.String("by", "the admin API"), zap.String("client_ip", peer(c.Request)), zap.Bool("drop_old", dropOld))
	for _, ring := range rings {
		if err := ring.Rotate(ctx, dropOld); err != nil {
			audit.Error("keys are not rotated", zap.Error(err))
			return err
		}
		var made []string
		for _, info := range ring.List() {
			if info.RetiredAt.IsZero() {
				made = append(made, info.ID)
			}
		}
		audit.Info("keys rotated", zap.Strings("new_keys", made))
	}
	return nil
}
