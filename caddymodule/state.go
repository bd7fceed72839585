package caddymodule

import (
	"fmt"
	"io"

	"github.com/caddyserver/caddy/v2"
)

// pool holds what outlives a reload. During one, the old and the new
// configuration serve together and must see the same users, the same counts of
// failed logins and the same used nonces.
var pool = caddy.NewUsagePool()

// poolKey says what a shared thing is about.
type poolKey struct{ kind, of string }

// kept makes a value fit for the pool. One that is an io.Closer is closed when the
// last configuration that uses it is gone.
type kept[T any] struct{ value T }

func (k kept[T]) Destruct() error {
	if closer, ok := any(k.value).(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// share returns the pooled value of the key, made when it is the first time. h
// gives it back in Cleanup, whatever becomes of the configuration.
func share[T any](h *Handler, key poolKey, construct func() (T, error)) (T, error) {
	loaded, _, err := pool.LoadOrNew(key, func() (caddy.Destructor, error) {
		value, err := construct()
		return kept[T]{value}, err
	})
	var none T
	if err != nil {
		return none, err
	}
	h.shared = append(h.shared, key)
	found, ok := loaded.(kept[T])
	if !ok {
		return none, fmt.Errorf("what is shared as %s is %T", key.kind, loaded)
	}
	return found.value, nil
}

// Cleanup gives back exactly what Provision took, also when it took only a part.
func (h *Handler) Cleanup() error {
	for _, unfollow := range h.unfollow {
		unfollow()
	}
	h.unfollow = nil
	for _, key := range h.shared {
		if _, err := pool.Delete(key); err != nil {
			return err
		}
	}
	h.shared = nil
	return nil
}
