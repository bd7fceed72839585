package guard_test

import (
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/guard"
	"github.com/cm-well/cmwell-auth/internal/guard/guardtest"
)

func TestThrottle(t *testing.T) {
	guardtest.TestLimits(t, func(_ *testing.T, room int, now func() time.Time) guardtest.Limits {
		return guard.NewThrottle(room, now)
	})
}

func TestReplays(t *testing.T) {
	guardtest.TestNonces(t, func(*testing.T) guardtest.Nonces { return guard.NewReplays(10, time.Now) })
}
