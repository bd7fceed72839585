package guard

import (
	"cmp"
	"slices"
	"time"
)

// Block is a user closed to a client after failed logins.
//
// User is the name as it was tried. Whoever fills in a password as the name has
// it here: show it to administrators, and only when there is such a user. It is
// empty for all names that nobody can have.
type Block struct {
	User string
	// Client is an address, or the /64 of one; empty when the user is closed to
	// all strangers.
	Client   string
	Failures int
	Until    time.Time
}

// MaxBlocks is how many blocks are listed.
const MaxBlocks = 1000

// Worst puts those with the most failures first, and keeps MaxBlocks of them.
func Worst(blocks []Block) []Block {
	slices.SortFunc(blocks, func(a, b Block) int {
		return cmp.Or(cmp.Compare(b.Failures, a.Failures), b.Until.Compare(a.Until),
			cmp.Compare(a.User, b.User), cmp.Compare(a.Client, b.Client))
	})
	return slices.Clip(blocks[:min(len(blocks), MaxBlocks)])
}
