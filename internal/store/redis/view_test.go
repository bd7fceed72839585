package redis

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// fetch has the view look a name up as a store would: with found when it was asked
// for, and meanwhile whatever happens.
func (v *view) fetch(name string, found *finding, meanwhile func()) *flight {
	s := v.session.Load()
	f := v.board(name, func(f *flight) {
		if meanwhile != nil {
			meanwhile()
		}
		v.land(name, f, s, found, nil)
	})
	<-f.done
	return f
}

func begun(t *testing.T, size int, maxStale time.Duration) *view {
	t.Helper()
	v := newView(size, maxStale, time.Second)
	if !v.begin(v.lossesSoFar(), v.now()) {
		t.Fatal("no session")
	}
	return v
}

func user(name string, roles ...*role) *finding {
	return &finding{principal: &account.Principal{User: account.User{Name: name}}, size: 100, roles: roles}
}

func (v *view) certain(name string) bool { _, certain := v.known(name); return certain }

// What is learnt while it changes is told to who asked, and kept by nobody.
func TestWhatChangesWhileItIsAskedForIsNotKept(t *testing.T) {
	for why, row := range map[string]struct {
		meanwhile func(*view)
		kept      bool
	}{
		"nothing":                  {func(*view) {}, true},
		"another user":             {func(v *view) { v.changed(account.Users, "bob") }, true},
		"the user":                 {func(v *view) { v.changed(account.Users, "ann") }, false},
		"a role":                   {func(v *view) { v.changed(account.Roles, "Editor") }, false},
		"all":                      {func(v *view) { v.renew() }, false},
		"the connection":           {func(v *view) { v.end(errLost) }, false},
		"the connection, and back": {func(v *view) { v.end(errLost); v.begin(v.lossesSoFar(), v.now()) }, false},
	} {
		v := begun(t, 100, time.Minute)
		f := v.fetch("ann", user("ann"), func() { row.meanwhile(v) })
		if f.found == nil || f.found.User.Name != "ann" {
			t.Errorf("%s changes: who asked is told %v", why, f.found)
		}
		if v.certain("ann") != row.kept {
			t.Errorf("%s changes: kept is %v", why, !row.kept)
		}
	}
}

// Who asks after a change must not be told what was asked for before it.
func TestNobodyJoinsALookUpFromBeforeAChange(t *testing.T) {
	for why, change := range map[string]func(*view){
		"the user": func(v *view) { v.changed(account.Users, "ann") }, "a role": func(v *view) { v.changed(account.Roles, "Editor") }, "all": (*view).renew,
		"the connection": func(v *view) { v.end(errLost); v.begin(v.lossesSoFar(), v.now()) },
	} {
		v := begun(t, 100, time.Minute)
		hold := make(chan struct{})
		s := v.session.Load()
		old := v.board("ann", func(f *flight) { <-hold; v.land("ann", f, s, user("old"), nil) })
		if joined := v.board("ann", nil); joined != old {
			t.Errorf("%s: who asks meanwhile asks anew", why)
		}
		change(v)
		if f := v.fetch("ann", user("new"), nil); f.found.User.Name != "new" {
			t.Errorf("%s: after the change one is told of %s", why, f.found.User.Name)
		}
		close(hold)
		<-old.done
		if p, certain := v.known("ann"); !certain || p.User.Name != "new" {
			t.Errorf("%s: what is known is %v, %v", why, p, certain)
		}
	}
}

func TestASessionThatWasLostWhileItBeganIsNone(t *testing.T) {
	v := newView(10, time.Minute, time.Second)
	losses := v.lossesSoFar()
	v.end(errLost)
	if v.begin(losses, v.now()) || v.current() != nil {
		t.Error("it began")
	}
}

// Nothing is certain when Redis was not heard of in time, whether or not anybody
// noticed.
func TestNothingIsCertainBeyondTheLease(t *testing.T) {
	v := begun(t, 100, time.Minute)
	v.fetch("ann", user("ann"), nil)
	v.fetch("eve", new(finding), nil)
	if !v.certain("ann") || !v.certain("eve") {
		t.Fatal("what was found is not known")
	}
	v.heard(v.now() - v.lease)
	if v.certain("ann") || v.certain("eve") || v.current() != nil {
		t.Error("it is still certain")
	}
	if p, err := v.lastKnown("ann"); err != nil || p.User.Name != "ann" {
		t.Errorf("what was known last: %v, %v", p, err)
	}
	if _, why := v.state(); why == nil {
		t.Error("it says that all is well")
	}
	v.heard(v.now() - int64(time.Minute) - 1)
	for _, name := range []string{"ann", "eve", "bob"} {
		if p, err := v.lastKnown(name); err == nil || errors.Is(err, account.ErrNotExist) || p != nil {
			t.Errorf("%s, after a minute: %v, %v", name, p, err)
		}
	}
}

// What is known counts for maxStale, and of a Redis that never was there nothing is.
func TestItIsToldWhenNothingCountsAnyMore(t *testing.T) {
	silent := begun(t, 100, time.Minute)
	silent.heard(silent.now() - int64(2*time.Minute))
	for name, row := range map[string]struct {
		view   *view
		closed bool
	}{
		"a Redis that never was there": {newView(100, time.Minute, time.Second), true},
		"one that was lost just now":   {begun(t, 100, time.Minute), false},
		"one that was lost before":     {silent, true},
	} {
		row.view.end(errLost)
		_, err := row.view.state()
		if trouble := (*account.Trouble)(nil); !errors.As(err, &trouble) || trouble.Closed != row.closed {
			t.Errorf("%s: %+v, want closed %v", name, err, row.closed)
		}
	}
}

// How long a user is known for counts from the session in which he was.
func TestAShortSessionRenewsNothing(t *testing.T) {
	v := begun(t, 100, time.Minute)
	v.fetch("ann", user("ann"), nil)
	v.heard(v.now() - int64(2*time.Minute))
	v.end(errLost)
	v.begin(v.lossesSoFar(), v.now())
	v.fetch("bob", user("bob"), nil)
	v.end(errLost)
	if _, err := v.lastKnown("ann"); err == nil {
		t.Error("ann is known")
	}
	if _, err := v.lastKnown("bob"); err != nil {
		t.Errorf("bob: %v", err)
	}
}

func TestAbsenceIsShort(t *testing.T) {
	v := begun(t, 100, time.Minute)
	v.fetch("ann", new(finding), nil)
	if p, certain := v.known("ann"); p != nil || !certain {
		t.Error("it is not known that nobody has the name")
	}
	v.find("ann").until = v.now()
	if v.certain("ann") {
		t.Error("it is certain for ever")
	}
	if _, err := v.lastKnown("ann"); !errors.Is(err, account.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestWhoHasARoleThatChangesIsNotKnown(t *testing.T) {
	v := begun(t, 100, time.Minute)
	editor, none := &role{name: "Editor", document: `{}`}, &role{name: "None"}
	v.fetch("ann", user("ann", editor), nil)
	v.fetch("bob", user("bob", none), nil)
	v.fetch("eve", user("eve"), nil)
	for _, changed := range []string{"Other", "Editor", "None"} {
		v.changed(account.Roles, changed)
		if v.certain("ann") != (changed == "Other") || v.certain("bob") == (changed == "None") || !v.certain("eve") {
			t.Errorf("%s changes: %v %v %v", changed, v.certain("ann"), v.certain("bob"), v.certain("eve"))
		}
	}
	v.end(errLost)
	if _, err := v.lastKnown("ann"); err == nil {
		t.Error("known with a role of before")
	}
}

// Whatever comes: not more than the limit is kept, what weighs is counted, and all
// that is used again and again stays.
func TestTheCacheIsBounded(t *testing.T) {
	const limit = 200
	for _, size := range []int{1, 10, limit} {
		v := begun(t, size, time.Minute)
		r := rand.New(rand.NewPCG(1, 2))
		roles := make([]*role, 20)
		for i := range roles {
			roles[i] = &role{name: fmt.Sprintf("r%d", i), document: strings.Repeat("x", i*unit/5)}
		}
		for range 20 * limit {
			name := fmt.Sprintf("u%d", r.IntN(3*limit))
			switch r.IntN(10) {
			case 0:
				v.changed(account.Users, name)
			case 1:
				v.changed(account.Roles, roles[r.IntN(len(roles))].name)
			case 2:
				v.fetch(name, new(finding), nil)
			default:
				found := user(name)
				found.size = r.IntN(3 * unit)
				for _, i := range r.Perm(len(roles))[:r.IntN(4)] {
					found.roles = append(found.roles, &role{name: roles[i].name, document: roles[i].document})
				}
				v.fetch(name, found, nil)
			}
			v.checkWeight(t, size)
		}
	}
	v := begun(t, limit, time.Minute)
	for i := range 10 * limit {
		for n := range limit / 10 {
			if hot := fmt.Sprintf("hot%d", n); !v.certain(hot) {
				if i > 0 {
					t.Fatalf("%s is forgotten after %d others", hot, i)
				}
				v.fetch(hot, user(hot), nil)
			}
		}
		v.fetch(fmt.Sprint(i), user("x"), nil)
	}
}

// entries are all that the table has.
func (t *table) entries() map[string]*entry {
	all := map[string]*entry{}
	for i := range *t.slots.Load() {
		if e := (*t.slots.Load())[i].Load(); e != nil && e != removed {
			all[e.name] = e
		}
	}
	return all
}

// checkWeight counts all again.
func (v *view) checkWeight(t *testing.T, limit int) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	weight, entries := 0, map[*role]int{}
	for _, e := range v.entries() {
		weight += e.weight
		for _, r := range e.roles {
			entries[r]++
		}
	}
	if n := len(v.entries()); n != v.held {
		t.Fatalf("%d entries, counted %d", n, v.held)
	}
	for r, n := range entries {
		weight += r.weight
		if r.entries != n || !r.gone.Load() && v.roles[r.name] != r {
			t.Fatalf("role %s: %d entries, counted %d", r.name, n, r.entries)
		}
	}
	if len(v.roles) > len(entries) {
		t.Fatalf("%d roles are kept, of which %d are needed", len(v.roles), len(entries))
	}
	if weight != v.weight || weight > limit {
		t.Fatalf("weight %d, counted %d, at most %d", weight, v.weight, limit)
	}
}

func TestWhoAsksForTheSameNameAsksOnce(t *testing.T) {
	v := begun(t, 100, time.Minute)
	var loads atomic.Int32
	hold := make(chan struct{})
	load := func(f *flight) { loads.Add(1); <-hold; v.land("ann", f, v.session.Load(), user("ann"), nil) }
	f := v.board("ann", load)
	for range 100 {
		if v.board("ann", load) != f {
			t.Fatal("somebody asks anew")
		}
	}
	close(hold)
	if <-f.done; loads.Load() != 1 || !v.certain("ann") {
		t.Errorf("%d look-ups", loads.Load())
	}
}

func BenchmarkKnown(b *testing.B) {
	for _, size := range []int{10, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			v := newView(size, time.Minute, time.Minute)
			v.begin(0, v.now())
			editor := &role{name: "Editor", document: `{}`}
			names := make([]string, size)
			for i := range names {
				names[i] = fmt.Sprintf("application-%07d", i)
				v.keep(names[i], v.session.Load(), user(names[i], editor), 0)
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				i := rand.IntN(size)
				for n := 0; pb.Next(); n++ {
					if n&0xffff == 0 {
						v.heard(v.now())
					}
					if i += 7919; i >= size {
						i %= size
					}
					v.known(names[i])
				}
			})
		})
	}
}
