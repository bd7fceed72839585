package integration

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

// The page shows what a terminal does: results and what is said beside them.
func TestTheSessionsOfTheOperationsPageRunAsTheyArePrinted(t *testing.T) {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := session(string(page))
	if err != nil {
		t.Fatal("docs/operations.md: ", err)
	}
	needs(t, "curl")
	shell := needs(t, "sh")
	d := startExample(t, asItStands, nil)
	d.start(t)
	d.awaitServing(t, "/_login")
	_, port, _ := net.SplitHostPort(d.address)
	for i := range steps {
		steps[i].command = strings.ReplaceAll(steps[i].command, "localhost:8080", "localhost:"+port)
	}
	environ := append(slices.Clone(d.environ), withCaddy(t), "CADDY_ADMIN="+d.admin)
	outputs := runSessionIn(t, t.TempDir(), shell, "exec 2>&1\n", steps, environ...)
	wantPrinted(t, steps, outputs)
}
