package redis

import (
	"hash/maphash"
	"maps"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// cache holds users by name. Who reads takes no lock and writes to nothing that
// others read: the maps are replaced, and never changed.
type cache struct {
	seed   maphash.Seed
	shards []atomic.Pointer[map[string]*entry]
	limit  int

	mu     sync.Mutex
	weight int              // of all entries and roles
	roles  map[string]*role // those that entries depend on
	hand   int              // the shard where the next victims are looked for
}

// entry is what is known of one name. All but used is immutable.
type entry struct {
	principal *account.Principal // nil where nobody has the name
	session   *session           // when it was learnt
	roles     []*role            // what it depends on beside the user's document
	until     int64              // for how long nobody is asked again, where nobody has the name
	weight    int
	used      atomic.Bool // since the hand passed
}

// role is what is known of one role, for all entries that depend on it.
type role struct {
	name     string
	document string // empty where there is none
	parsed   account.Role
	entries  int
	weight   int
	gone     atomic.Bool // it is otherwise by now
}

// finding is what a look-up found, in one state of the store.
type finding struct {
	principal *account.Principal // nil where nobody has the name
	size      int                // of the user's document
	roles     []*role            // the user's, each once; one without a document does not exist
}

// Each shard has about shardSize entries: few enough to copy, and many enough not to
// be mostly maps.
const (
	shardSize = 32
	maxShards = 1 << 16
	// unit is how much of a document weighs as much as one more entry.
	unit = 4 << 10
	// patience is in how many shards an entry is looked for that nobody uses.
	patience = 64
)

func weigh(size int) int { return 1 + size/unit }

func (c *cache) init(limit int) {
	c.seed, c.limit, c.roles = maphash.MakeSeed(), limit, map[string]*role{}
	c.shards = make([]atomic.Pointer[map[string]*entry], min(maxShards, 1<<bits.Len(uint(limit/shardSize))))
	for i := range c.shards {
		c.shards[i].Store(&map[string]*entry{})
	}
}

func (c *cache) shard(name string) *atomic.Pointer[map[string]*entry] {
	return &c.shards[maphash.String(c.seed, name)&uint64(len(c.shards)-1)]
}

func (c *cache) find(name string) *entry { return (*c.shard(name).Load())[name] }

// outdated tells whether a role has changed since.
func (e *entry) outdated() bool {
	for _, r := range e.roles {
		if r.gone.Load() {
			return true
		}
	}
	return false
}

// touch writes only where it must: cores that read the same user need not wait for
// each other.
func (e *entry) touch() {
	if !e.used.Load() {
		e.used.Store(true)
	}
}

// roleOf is what is known of a role with this document; nil where it is not known.
// It spares parsing it for each user, and keeping it as often.
func (c *cache) roleOf(name, document string) *role {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.roles[name]; r != nil && r.document == document {
		return r
	}
	return nil
}

// keep takes in what was found. The caller holds mu.
func (c *cache) keep(name string, s *session, found *finding, until int64) {
	e := &entry{principal: found.principal, session: s, until: until, weight: weigh(found.size)}
	e.used.Store(true)
	for _, r := range found.roles {
		e.roles = append(e.roles, c.depend(r))
	}
	c.replace(name, e)
	for visited := 0; c.weight > c.limit; visited++ {
		c.evict(visited >= patience)
	}
}

// depend counts one more entry for the role.
func (c *cache) depend(r *role) *role {
	if there := c.roles[r.name]; there != nil && there.document == r.document {
		r = there
	} else {
		c.forgetRole(r.name) // what depends on another document is outdated
		c.roles[r.name] = r
		r.weight = weigh(len(r.document))
		c.weight += r.weight
	}
	r.entries++
	return r
}

// replace puts an entry in the place of the one that is there; nil for none.
func (c *cache) replace(name string, e *entry) {
	shard := c.shard(name)
	now := maps.Clone(*shard.Load())
	if former := now[name]; former != nil {
		c.release(former)
		delete(now, name)
	}
	if e != nil {
		now[name] = e
		c.weight += e.weight
	}
	shard.Store(&now)
}

// release takes back what an entry counts for.
func (c *cache) release(e *entry) {
	c.weight -= e.weight
	for _, r := range e.roles {
		if r.entries--; r.entries > 0 {
			continue
		}
		c.weight -= r.weight
		if c.roles[r.name] == r {
			delete(c.roles, r.name)
		}
	}
}

// evict looks at the next shard for entries that nobody used since it was looked at
// before; or takes whoever is there.
func (c *cache) evict(whoever bool) {
	shard := &c.shards[c.hand]
	c.hand = (c.hand + 1) & (len(c.shards) - 1)
	now := map[string]*entry{}
	for name, e := range *shard.Load() {
		if c.weight <= c.limit || e.used.Swap(false) && !whoever {
			now[name] = e
			continue
		}
		c.release(e)
	}
	shard.Store(&now)
}

// forget is for a user of whom something else is true now. The caller holds mu.
func (c *cache) forget(name string) {
	if c.find(name) != nil {
		c.replace(name, nil)
	}
}

// forgetRole is the same for a role. Those that depend on it see that it is gone;
// they count until they are replaced.
func (c *cache) forgetRole(name string) {
	if r := c.roles[name]; r != nil {
		r.gone.Store(true)
		delete(c.roles, name)
	}
}
