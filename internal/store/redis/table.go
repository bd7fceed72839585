package redis

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// table finds entries by name. Who reads takes no lock, writes nothing, and sees a
// name at one place or at none; who changes it holds a lock, of the cache's.
type table struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]slot]
	taken int // slots that were ever taken, since they are these
	held  int // entries
}

// slot holds an entry; or nothing, where no name goes on to the next one; or removed.
type slot = atomic.Pointer[entry]

// removed has no name, as nobody has.
var removed = new(entry)

// smallest is the least number of slots.
const smallest = 64

func (t *table) init() {
	t.seed = maphash.MakeSeed()
	slots := make([]slot, smallest)
	t.slots.Store(&slots)
}

// find returns the entry of a name, or nil.
func (t *table) find(name string) *entry {
	slots := *t.slots.Load()
	for i := maphash.String(t.seed, name); ; i++ {
		if e := slots[i&uint64(len(slots)-1)].Load(); e == nil || e.name == name {
			return e
		}
	}
}

// place is where the name is, or else where it can be put; fresh where nothing ever
// was.
func (t *table) place(slots []slot, name string) (at *slot, fresh bool) {
	var free *slot
	for i := maphash.String(t.seed, name); ; i++ {
		at := &slots[i&uint64(len(slots)-1)]
		switch e := at.Load(); {
		case e == nil && free == nil:
			return at, true
		case e == nil:
			return free, false
		case e.name == name:
			return at, false
		case e == removed && free == nil:
			free = at
		}
	}
}

// put stores an entry and returns the former one of its name, or nil.
func (t *table) put(e *entry) (former *entry) {
	if 2*t.taken >= len(*t.slots.Load()) {
		t.renew()
	}
	at, fresh := t.place(*t.slots.Load(), e.name)
	if fresh {
		t.taken++
	}
	if former = at.Swap(e); former == removed {
		former = nil
	}
	if former == nil {
		t.held++
	}
	return former
}

// remove takes out the entry of a name and returns it, or nil.
func (t *table) remove(name string) *entry {
	at, _ := t.place(*t.slots.Load(), name)
	e := at.Load()
	if e == nil || e == removed {
		return nil
	}
	at.Store(removed)
	t.held--
	return e
}

// renew makes the slots so many that a quarter is taken at the most, and none
// removed. Who reads the former ones sees what was there before.
func (t *table) renew() {
	former := *t.slots.Load()
	slots := make([]slot, max(smallest, 1<<bits.Len(uint(4*t.held))))
	t.taken = t.held
	for i := range former {
		if e := former[i].Load(); e != nil && e != removed {
			at, _ := t.place(slots, e.name)
			at.Store(e)
		}
	}
	t.slots.Store(&slots)
}
