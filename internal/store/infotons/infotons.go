// Package infotons finds users and roles where CM-Well keeps them: in the data
// store behind the front door, as files at /meta/auth/users/<name> and
// /meta/auth/roles/<name>, each of them one JSON document.
//
// The store is asked over HTTP and believed little: what is not plainly a file with
// a document at the very path that was asked for is a broken store, and never an
// absent user. CM-Well has no transactions. What is read of several documents is
// read again until it stands still, and what is written is looked at again.
package infotons

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Config says where the documents are, and how old what is known of them may be.
type Config struct {
	// URL is the store's: scheme and host, and nothing behind them.
	URL string
	// Timeout is how long one answer of the store may take.
	Timeout time.Duration
	// MaxAge is how old the state of a user may be that requests are decided by.
	MaxAge time.Duration
	// MaxStale is how old it may be while the store cannot tell.
	MaxStale time.Duration
	// CacheSize is how many users are remembered at most.
	CacheSize int
	// Settle is how long after a change the document is looked at once more: whoever
	// wrote over it within that time is noticed.
	Settle time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Store is users and roles in a CM-Well. It is safe for concurrent use. All stores
// of one process that have the same URL change it one after the other.
type Store struct {
	config Config
	client *client
	warn   atomic.Pointer[func(error)]
	// turn holds one token: whoever took it may change the store.
	turn chan struct{}
	// flights are readings under way.
	flights singleflight.Group

	mu      sync.Mutex
	entries map[string]*entry
	// epoch grows with every change: a reading that began in an earlier one may have
	// seen what was before.
	epoch    uint64
	sweeping bool
	closed   bool
	warned   time.Time
	shapes   []account.Shape
}

var (
	_ account.Editor    = (*Store)(nil)
	_ account.Documents = (*Store)(nil)
	_ account.Resolver  = (*Store)(nil)
	_ account.Distant   = (*Store)(nil)
)

// turns are those of all stores in this process, by URL.
var turns sync.Map

// New makes a store. It asks for nothing yet.
func New(c Config) *Store {
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	shared, _ := turns.LoadOrStore(c.URL, turn)
	s := &Store{config: c, client: newClient(c), entries: map[string]*entry{}}
	s.turn, _ = shared.(chan struct{})
	return s
}

// Use has every request carry the token that is made for it from now on, nil for
// none, and has warn told once in a while why the last known state is in use. At the
// beginning there is neither.
func (s *Store) Use(token func() (string, error), warn func(error)) {
	s.client.token.Store(&token)
	s.warn.Store(&warn)
}

// Close lets go of idle connections, and no more is read unless it is asked for.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.client.http.CloseIdleConnections()
	return nil
}

// Reload has everything read again before it is used. It fails when the store
// cannot tell; then the last known state is used for as long as it may be.
func (s *Store) Reload() error {
	s.Expire()
	_, err := s.client.get(context.Background(), floorPath)
	if errors.Is(err, account.ErrNotExist) {
		return nil
	}
	return err
}

// Expire is Reload without asking whether the store can tell: somebody may have
// changed it past this Store.
func (s *Store) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	for _, e := range s.entries {
		e.suspect = true
	}
}

// State tells when the store last answered as it should, and why it did not
// afterwards, as an account.Trouble; nil when it did.
func (s *Store) State() (readAt time.Time, trouble error) {
	readAt, err := s.client.state()
	if err != nil {
		trouble = &account.Trouble{
			Reason: "the store behind does not answer as it should", Err: err,
			Closed: s.config.Now().Sub(readAt) > s.config.MaxStale,
		}
	}
	return readAt, trouble
}

// FollowOutages tells when the store does not answer as it should any more, and when
// it does again; see account.Distant.
func (s *Store) FollowOutages(f func(why error)) (stop func()) { return s.client.outages.Follow(f) }

// Shapes are those of the password hashes of users that were seen so far.
func (s *Store) Shapes() []account.Shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.shapes)
}

// saw notes the shape of a user's hash.
func (s *Store) saw(u account.User) {
	shape, hashed := u.Shape()
	s.mu.Lock()
	defer s.mu.Unlock()
	if hashed && !slices.Contains(s.shapes, shape) {
		s.shapes = append(s.shapes, shape)
	}
}

// root is where the documents are. CM-Well looks for them nowhere else.
const root = "/meta/auth"

// floorPath is the document that says below which rev no new user begins. It is
// neither a user nor a role, and CM-Well takes what is directly below /meta/auth
// for neither.
const floorPath = root + "/rev_floor"

func folderOf(kind account.Kind) (string, error) {
	if kind != account.Users && kind != account.Roles {
		return "", fmt.Errorf("users infotons: %s found; users and roles are kept", kind)
	}
	return root + "/" + kind.String(), nil
}

// pathOf is where the document is. A name that none can have does not exist: it
// never becomes a part of a path.
func pathOf(kind account.Kind, name string) (string, error) {
	folder, err := folderOf(kind)
	if err != nil {
		return "", err
	}
	if account.CheckName(name) != nil {
		return "", account.ErrNotExist
	}
	return folder + "/" + name, nil
}
