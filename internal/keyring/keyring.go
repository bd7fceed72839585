// Package keyring keeps the keys that the front door manages by itself: made on
// the first start, shared by all servers on one storage, replaced when somebody
// asks for it, and dropped when their last token has expired.
package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// Storage is where the keys are: what is needed of certmagic.Storage.
type Storage interface {
	Load(ctx context.Context, key string) ([]byte, error)
	Store(ctx context.Context, key string, value []byte) error
	Lock(ctx context.Context, name string) error
	Unlock(ctx context.Context, name string) error
}

// Name is what the keys are called in the storage, and their lock.
const Name = "cmwell_auth/signing_key"

const (
	// readEvery is how often the storage is read for what others have changed.
	readEvery = 500 * time.Millisecond
	// askEvery is how often it is read besides, for tokens of unknown keys, and
	// askAtMost how long such a token waits for it.
	askEvery  = 100 * time.Millisecond
	askAtMost = time.Second
	// readAtMost is how long one reading may take, and updateAtMost a change.
	readAtMost   = 10 * time.Second
	updateAtMost = 30 * time.Second
	// silentFor is how long the storage may be silent before somebody is told.
	silentFor = 5 * time.Second
	// tidyEvery is how often keys are looked for that can be dropped.
	tidyEvery = time.Minute
)

// Ring is the keys in one storage. Until it is started it writes nothing and
// runs nothing. It is safe for concurrent use.
type Ring struct {
	storage Storage
	now     func() time.Time
	report  func(sentence string, err error)

	ctx     context.Context // of what runs until Close
	cancel  context.CancelFunc
	start   sync.Once
	stopped chan struct{} // closed when nothing runs, or will

	updating sync.Mutex // held by who changes the storage

	mu        sync.Mutex
	document  document
	bytes     []byte // of the document in the storage
	written   int    // how often we have written it
	readAt    time.Time
	failure   error // of the last reading
	silent    bool  // and somebody was told
	reading   chan struct{}
	asked     time.Time
	tidied    time.Time
	clock     steadiness
	followers map[*follower]struct{}
}

// New makes a Ring on a storage. What the operator should know is reported, with
// an error when it is bad news.
func New(storage Storage, now func() time.Time, report func(sentence string, err error)) *Ring {
	r := &Ring{storage: storage, now: now, report: report, stopped: make(chan struct{}), followers: map[*follower]struct{}{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Start lets the ring follow the storage until Close.
func (r *Ring) Start() { r.start.Do(func() { go r.run() }) }

// Close ends what Start began.
func (r *Ring) Close() error {
	r.cancel()
	r.start.Do(func() { close(r.stopped) })
	<-r.stopped
	return nil
}

// follower is told of every change of the keys of an algorithm.
type follower struct {
	algorithm token.Algorithm
	use       func(Set)
	same      string
}

// Follow has use called with the keys of an algorithm that work now, as soon as
// there are any, and whenever that changes, until stop is called. It must not
// call the ring.
func (r *Ring) Follow(a token.Algorithm, use func(Set)) (stop func()) {
	f := &follower{algorithm: a, use: use}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followers[f] = struct{}{}
	r.turn(r.now())
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.followers, f)
	}
}

// turn tells the followers what works now. r.mu is held.
func (r *Ring) turn(now time.Time) {
	for f := range r.followers {
		set, same := r.document.set(f.algorithm, now)
		if set.Signing != nil && same != f.same {
			f.same = same
			f.use(set)
		}
	}
}

// Ensure makes what is missing in the storage for servers that sign with the
// algorithm tokens of at most the given life: the first key, or the note that
// tokens live so long. Servers that start at the same time agree on one key.
func (r *Ring) Ensure(ctx context.Context, a token.Algorithm, life time.Duration) error {
	if !r.lacks(a, life) {
		return nil
	}
	return r.update(ctx, func(d *document, now time.Time) (bool, error) { return d.ensure(a, life, now) })
}

// Has tells whether there is a key of the algorithm.
func (r *Ring) Has(a token.Algorithm) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.document.last(a) != nil
}

// lacks tells whether Ensure has anything to do.
func (r *Ring) lacks(a token.Algorithm, life time.Duration) bool {
	if !r.Has(a) {
		return true // and no key is made merely to look
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.document
	d.Keys = slices.Clone(d.Keys)
	changed, err := d.ensure(a, life, r.now())
	return err != nil || changed
}

// ErrNone says: there are no keys to rotate.
var ErrNone = errors.New("keyring: no keys yet")

// Rotate makes a new key for every algorithm in the storage. It signs a moment
// later, when every server knows it; those before it go on verifying until the
// last token they can have signed has expired, and are dropped then. With dropOld
// they are dropped at once: every token is dead, on every server that reads the
// storage.
func (r *Ring) Rotate(ctx context.Context, dropOld bool) error {
	return r.update(ctx, func(d *document, now time.Time) (bool, error) {
		if d.Version == 0 {
			return false, ErrNone // Ensure comes first
		}
		return true, d.rotate(now, dropOld)
	})
}

// List tells of the keys, oldest first.
func (r *Ring) List() []Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.document.list(r.now())
}

// State tells when the storage was last read, and what is wrong when that is
// longer ago than it should be.
func (r *Ring) State() (readAt time.Time, trouble error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readAt, r.trouble(r.now())
}

// trouble is why the storage has been silent for too long. r.mu is held.
func (r *Ring) trouble(now time.Time) error {
	switch {
	case now.Sub(r.readAt) <= silentFor:
		return nil
	case r.failure != nil:
		return r.failure
	}
	return fmt.Errorf("managed keys: no answer from the storage since %s", r.readAt.UTC().Format(time.RFC3339))
}

// commit takes over what is in the storage. r.mu is held.
func (r *Ring) commit(d document, b []byte) {
	r.document, r.bytes = d, bytes.Clone(b)
	r.readAt, r.failure = r.now(), nil
	r.turn(r.readAt)
}
