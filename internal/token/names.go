package token

import (
	"hash/maphash"
	"sync/atomic"
)

const (
	nameSets = 256 // a power of two
	nameWays = 4
	// maxKeptName is the length in bytes above which a name is not kept.
	maxKeptName = 128
)

// names keeps strings of names that were seen lately, so that a bearer who
// comes again costs no allocation. It holds at most nameSets times nameWays of
// them and decides nothing: what it returns has the bytes that it was asked for.
// Only names out of tokens with a right signature may be asked for, lest
// strangers displace those of users. It is safe for concurrent use.
type names struct {
	seed maphash.Seed
	sets [nameSets][nameWays]atomic.Pointer[string]
}

func newNames() *names { return &names{seed: maphash.MakeSeed()} }

// of returns the string with the bytes of name.
func (n *names) of(name []byte) string {
	if len(name) > maxKeptName {
		return string(name)
	}
	hash := maphash.Bytes(n.seed, name)
	set := &n.sets[hash%nameSets]
	free := &set[hash/nameSets%nameWays]
	for i := range set {
		kept := set[i].Load()
		if kept == nil {
			free = &set[i]
			break
		}
		if *kept == string(name) {
			return *kept
		}
	}
	s := string(name)
	free.Store(&s)
	return s
}
