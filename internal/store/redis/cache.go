package redis

import (
	"sync"
	"sync/atomic"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// cache holds as many users as it may, by name.
type cache struct {
	table
	limit int

	mu     sync.Mutex       // for all that changes anything
	weight int              // of all entries and roles
	roles  map[string]*role // those that entries depend on
	hand   int              // the slot where the next victims are looked for
}

// entry is what is known of one name. All but used is immutable. What every look-up
// needs stands together at the beginning.
type entry struct {
	name      string
	session   *session           // when it was learnt
	principal *account.Principal // nil where nobody has the name
	roles     []*role            // what it depends on beside the user's document
	used      atomic.Bool        // since the hand passed, or it was learnt
	weight    int
	until     int64 // for how long nobody is asked again, where nobody has the name
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

const (
	// unit is how much of a document weighs as much as one more entry.
	unit = 4 << 10
	// patience is in how many slots an entry is looked for that nobody uses.
	patience = 1000
)

func weigh(size int) int { return 1 + size/unit }

func (c *cache) init(limit int) {
	c.table.init()
	c.limit, c.roles = limit, map[string]*role{}
}

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
	e := &entry{name: name, principal: found.principal, session: s, until: until, weight: weigh(found.size)}
	e.used.Store(true)
	for _, r := range found.roles {
		e.roles = append(e.roles, c.depend(r))
	}
	c.weight += e.weight
	c.release(c.put(e))
	for visited := 0; c.weight > c.limit; visited++ {
		c.evict(visited >= patience)
	}
	e.used.Store(false) // it counts from its second use: many who come once push out nobody who comes again
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

// release takes back what an entry counts for that is not in the table any more; nil
// for none.
func (c *cache) release(e *entry) {
	if e == nil {
		return
	}
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

// evict looks at the next slot for an entry that nobody used since it was looked at
// before; or takes whoever is there.
func (c *cache) evict(whoever bool) {
	slots := *c.slots.Load()
	c.hand = (c.hand + 1) & (len(slots) - 1)
	if e := slots[c.hand].Load(); e != nil && e != removed && (!e.used.Swap(false) || whoever) {
		c.forget(e.name)
	}
}

// forget is for a user of whom something else is true now. The caller holds mu.
func (c *cache) forget(name string) { c.release(c.remove(name)) }

// forgetRole is the same for a role. Those that depend on it see that it is gone;
// they count until they are replaced.
func (c *cache) forgetRole(name string) {
	if r := c.roles[name]; r != nil {
		r.gone.Store(true)
		delete(c.roles, name)
	}
}
