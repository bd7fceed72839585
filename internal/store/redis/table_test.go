package redis

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// A table does what a map does, however it grows and shrinks.
func TestATableIsAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var tab table
	tab.init()
	want := map[string]*entry{}
	for i := range 50_000 {
		name := fmt.Sprint(r.IntN(1 + i%5000))
		if r.IntN(3) > 0 {
			e := &entry{name: name}
			if former := tab.put(e); former != want[name] {
				t.Fatalf("put %s: %v in place of %v", name, former, want[name])
			}
			want[name] = e
		} else {
			if former := tab.remove(name); former != want[name] {
				t.Fatalf("remove %s: %v for %v", name, former, want[name])
			}
			delete(want, name)
		}
		if got := tab.find(name); got != want[name] || tab.held != len(want) {
			t.Fatalf("find %s: %v for %v, %d of %d", name, got, want[name], tab.held, len(want))
		}
	}
	for name, e := range want {
		if tab.find(name) != e {
			t.Errorf("%s is lost", name)
		}
	}
	if got := len(tab.entries()); got != len(want) {
		t.Errorf("%d entries, want %d", got, len(want))
	}
	if slots := len(*tab.slots.Load()); slots > 16*len(want) {
		t.Errorf("%d slots for %d entries", slots, len(want))
	}
}

// Who reads while others come and go finds whoever stays.
func TestWhoStaysInATableIsAlwaysFound(t *testing.T) {
	var tab table
	tab.init()
	for i := range 100 {
		tab.put(&entry{name: fmt.Sprint("stays", i)})
	}
	over := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprint("stays", i%100)
				if e := tab.find(name); e == nil || e.name != name {
					t.Errorf("%s: %v", name, e)
					return
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for i := range 100_000 {
		tab.put(&entry{name: fmt.Sprint(i % 3000)})
		tab.remove(fmt.Sprint((i * 7) % 3000))
		if i%1000 == 0 {
			tab.put(&entry{name: fmt.Sprint("stays", i/1000)})
		}
	}
	close(over)
	readers.Wait()
}
