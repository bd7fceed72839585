package token

import (
	"fmt"
	"strings"
	"testing"
)

func TestANameComesBackAsItIs(t *testing.T) {
	n := newNames()
	for round := range 3 {
		for i := range 3 * nameSets * nameWays {
			want := fmt.Sprintf("user-%d", i)
			b := []byte(want)
			got := n.of(b)
			clear(b) // what was returned must not depend on the bytes that asked
			if got != want || n.of([]byte(want)) != want {
				t.Fatalf("round %d: %q came back as %q", round, want, got)
			}
		}
	}
}

func TestANameThatComesAgainCostsNothing(t *testing.T) {
	n := newNames()
	name := []byte(strings.Repeat("n", maxKeptName))
	if allocs := testing.AllocsPerRun(100, func() { _ = n.of(name) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestOnlyShortNamesAreKept(t *testing.T) {
	n := newNames()
	for range 2 {
		n.of([]byte(strings.Repeat("n", maxKeptName)))
		n.of([]byte(strings.Repeat("n", maxKeptName+1)))
	}
	if kept := n.count(); kept != 1 {
		t.Errorf("%d names are kept, want 1", kept)
	}
}

// Strangers could otherwise displace the names of users, or fill the memory.
func TestANameIsKeptOnlyFromATokenThatIsAccepted(t *testing.T) {
	k := keys(t, Config{})
	good := forge(goodHeader, goodClaims())
	for _, raw := range []string{
		spareBits(good),
		forge(goodHeader, `{"sub":"eve","exp":1}`),
		b64(goodHeader) + "." + b64(goodClaims()) + "." + strings.Repeat("A", 43),
	} {
		if _, err := k.Verify(raw, noon); err == nil {
			t.Fatal("the token is accepted")
		}
	}
	if kept := k.ring.Load().names.count(); kept != 0 {
		t.Errorf("%d names are kept of tokens that were refused", kept)
	}
	if _, err := k.Verify(good, noon); err != nil || k.ring.Load().names.count() != 1 {
		t.Errorf("the name of the good token is not kept: %v", err)
	}
}

func (n *names) count() (kept int) {
	for i := range n.sets {
		for j := range n.sets[i] {
			if n.sets[i][j].Load() != nil {
				kept++
			}
		}
	}
	return kept
}
