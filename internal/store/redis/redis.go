// Package redis keeps users and roles in Redis, where many front doors share them.
//
// Each document is a string, <prefix>user:<name> or <prefix>role:<name>, as it was
// put, to the byte. Beside them are, below the same prefix:
//
//	users, roles  the names of those that have one, in a sorted set
//	rev_floor     what deleted users leave behind
//	shapes        how many users have a password hash of which shape
//	used          the identity of the store, since its first user
//
// One script changes all that belongs together, and only if the document is still
// the one that the change was made for. Each door keeps what it was asked for and is
// told by Redis of every change, on the connection that it reads from. A door that
// does not hear from Redis goes on with what it knows, for a while, and knows that
// it does.
package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// Options say where the users are, and how they are asked for. All fields but those
// that are said to be optional are required.
type Options struct {
	// Addresses are "host:port" or the path of a socket: of the server; of sentinels,
	// where Sentinel names a master; of nodes, where Cluster is set.
	Addresses []string
	// Username and Password are optional. Without the former, the latter is that of
	// the user default.
	Username, Password string
	// DB is the number of the database.
	DB int
	// TLS is optional; without it nothing is encrypted. Where it has no ServerName,
	// the host of the address is expected.
	TLS *tls.Config
	// Sentinel is optional.
	Sentinel Sentinel
	// Cluster tells that the server is one. Then Prefix must have a hash tag: what
	// changes together must be on one node.
	Cluster bool
	// Prefix is what all keys begin with.
	Prefix string
	// CacheSize is how many users a door knows at once. One whose document has more
	// than 4 KiB counts once for each 4 KiB.
	CacheSize int
	// MaxStale is how long a user who was known is known after Redis is not heard of
	// any more.
	MaxStale time.Duration
	// Timeout is for dialing and for each command. A Redis that takes longer is one
	// that is not heard of.
	Timeout time.Duration
	// PoolSize is how many connections Client has to each server, a power of two.
	PoolSize int
	// RefuseEviction does without a Redis that forgets users when it is short of
	// memory, rather than to warn of it: with a role, its denials are forgotten.
	RefuseEviction bool
	// Shapes is told of which shapes the users' password hashes are.
	Shapes func([]account.Shape)
}

// Sentinel is where a master is asked for. The zero Sentinel is none.
type Sentinel struct {
	// Master is the name that the sentinels have for it.
	Master string
	// Username and Password are the sentinels' own.
	Username, Password string
}

// Home is what the door itself keeps of a store: a Redis that has lost everything
// cannot tell that there was something.
type Home struct {
	// Known is the identity of the store that was used, empty when none was.
	Known func(context.Context) (string, error)
	// Note keeps it.
	Note func(ctx context.Context, identity string) error
	// Lost says how to begin anew, for one who reads that the store is not the one
	// that was used.
	Lost string
	// Root makes the document of the user that a new store has; nil for none.
	Root func(context.Context) ([]byte, error)
	// Warn tells the operator.
	Warn func(string)
}

// Store is the users in one Redis, as one door sees them. It is safe for concurrent
// use. Until Start has found Redis every answer is an error.
type Store struct {
	options Options
	keys    keys
	tracked []string // what the keys begin with whose changes Redis tells of
	view    *view
	home    atomic.Pointer[Home]
	outages account.Outages

	users, counts atomic.Pointer[rueidis.Client]
	onlyMD5       atomic.Bool
	identity      string   // of the store that is used; only keep knows it
	said          string   // what was last told of Redis; only keep knows it
	warned        []string // likewise

	starting sync.Once
	stop     context.CancelFunc
	life     context.Context
	tried    chan struct{} // closed when Redis was looked for once
	ended    chan struct{}
	nudge    chan struct{} // has keep look at once
	unshaped atomic.Bool   // the shapes have changed
}

var (
	_ account.Editor    = (*Store)(nil)
	_ account.Documents = (*Store)(nil)
	_ account.Resolver  = (*Store)(nil)
	_ account.Distant   = (*Store)(nil)
	_ account.Pager     = (*Store)(nil)
)

// New makes a store that asks nobody until it is started.
func New(options Options) *Store {
	s := &Store{
		options: options,
		keys:    keys(options.Prefix),
		tracked: keys(options.Prefix).tracked(),
		view:    newView(options.CacheSize, options.MaxStale, options.Timeout),
		tried:   make(chan struct{}),
		ended:   make(chan struct{}),
		nudge:   make(chan struct{}, 1),
	}
	s.home.Store(new(Home))
	s.life, s.stop = context.WithCancel(context.Background())
	return s
}

// Start has the store look for Redis, and go on looking. Called again, it replaces
// the home.
func (s *Store) Start(home Home) {
	s.home.Store(&home)
	s.starting.Do(func() { go s.keep() })
}

// Wait returns when Redis was looked for, and why it was not found.
func (s *Store) Wait(ctx context.Context) error {
	select {
	case <-s.tried:
	case <-ctx.Done():
	}
	_, trouble := s.State()
	return trouble
}

// Close ends the store, and what is asked of it.
func (s *Store) Close() error {
	s.stop()
	s.starting.Do(func() { close(s.ended) }) // it was never started
	<-s.ended
	return nil
}

// Client is for what has no order to keep with the users, such as counts: a client
// with PoolSize connections. The error says why there is none now.
func (s *Store) Client() (rueidis.Client, error) {
	if c := s.counts.Load(); c != nil && s.view.current() != nil {
		return *c, nil
	}
	return nil, s.view.why()
}

// Prefix is what all keys begin with.
func (s *Store) Prefix() string { return s.options.Prefix }

// State tells when the users were known to be as they are in Redis, and why that is
// not now; the error is an account.Trouble.
func (s *Store) State() (readAt time.Time, trouble error) { return s.view.state() }

// FollowOutages tells when Redis is not heard of any more, or is not the one that was
// used, and when it is again; see account.Distant.
func (s *Store) FollowOutages(f func(why error)) (stop func()) { return s.outages.Follow(f) }

// OnlyMD5 tells whether some user can log in by HTTP Digest with MD5 alone.
func (s *Store) OnlyMD5() bool { return s.onlyMD5.Load() }

// Reload has every user asked for again. While Redis cannot be reached that is an
// error, and nothing is forgotten.
func (s *Store) Reload() error {
	c, err := s.reached()
	if err == nil {
		_, err = s.heartbeat(s.life, c)
	}
	if err == nil {
		s.view.renew()
		err = s.readShapes(s.life, c)
	}
	return err
}

// reached is the client for users while Redis is heard of.
func (s *Store) reached() (rueidis.Client, error) {
	if c := s.users.Load(); c != nil && s.view.current() != nil {
		return *c, nil
	}
	return nil, s.view.why()
}

// keys are the names of what is kept, by what they begin with.
type keys string

func (k keys) of(kind account.Kind, name string) string {
	return string(k) + kind.Singular() + ":" + name
}

func (k keys) names(kind account.Kind) string { return string(k) + kind.String() }
func (k keys) floor() string                  { return string(k) + "rev_floor" }
func (k keys) shapes() string                 { return string(k) + "shapes" }
func (k keys) used() string                   { return string(k) + "used" }

// tracked are the beginnings of the keys whose changes a door must know of.
func (k keys) tracked() []string {
	return []string{k.of(account.Users, ""), k.of(account.Roles, ""), k.shapes(), k.used()}
}

func checkKind(kind account.Kind) error {
	if kind != account.Users && kind != account.Roles {
		return fmt.Errorf("redis: %s found; users and roles are kept", kind)
	}
	return nil
}
