package integration

import (
	"slices"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/session"
)

// The page shows what a terminal does: results and what is said beside them.
func TestTheSessionsOfTheOperationsPageRunAsTheyArePrinted(t *testing.T) {
	d := startExample(t, asItStands, nil)
	d.start(t)
	d.awaitServing(t, "/_login")
	environ := append(slices.Clone(d.environ), withCaddy(t), "CADDY_ADMIN="+d.admin)
	follow(t, "docs/operations.md", session.Place{Dir: t.TempDir(), Environ: environ, Merged: true}, "localhost:8080", d.address)
}
