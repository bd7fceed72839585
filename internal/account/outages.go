package account

import (
	"slices"
	"sync"
)

// Distant is a Store whose home can be out of reach.
type Distant interface {
	Store
	// FollowOutages has f called with why when the home is out of reach, and with nil
	// when it is in reach again, one call at a time, until stop has returned. Nothing
	// is said of a home that is in reach from the beginning. The store waits for f,
	// which calls neither FollowOutages nor stop.
	FollowOutages(f func(why error)) (stop func())
}

// Outages tells those who follow it when the home of a store goes out of reach and
// comes back. The zero Outages is of a home of which nothing is known yet.
type Outages struct {
	mu        sync.Mutex
	out       bool
	followers []*func(error)
}

// Follow is what Distant says of FollowOutages.
func (o *Outages) Follow(f func(why error)) (stop func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.followers = append(o.followers, &f)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.followers = slices.DeleteFunc(o.followers, func(other *func(error)) bool { return other == &f })
	}
}

// Note takes down how it went when the home was asked, with nil where it answered.
// Only what is new is told.
func (o *Outages) Note(why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.out == (why != nil) {
		return
	}
	o.out = why != nil
	for _, f := range o.followers {
		(*f)(why)
	}
}
