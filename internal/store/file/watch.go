package file

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// burst is how long after something happened in the folder the file is looked
	// at: much happens at once there.
	burst = 20 * time.Millisecond
	// poll is how often it is looked at although nothing happened: some file systems
	// tell of nothing, and a folder that was made anew is another one.
	poll = 500 * time.Millisecond
	// settling is how long a file must be as it is before it counts as broken: it may
	// be half written.
	settling = 300 * time.Millisecond
	// unsettled is how long it may go on changing.
	unsettled = 5 * time.Second
	// recent is within how long after a change a file is read again: it could have
	// been changed once more in the same tick of the clock.
	recent = 2 * time.Second
)

// version tells one content of a file from another. A file that is written to has
// another change time afterwards, which, unlike size and modification time, nobody
// sets back. The zero version is that of a file that is not there.
type version struct {
	device, inode           uint64
	size, modified, changed int64 // times in nanoseconds
}

func (v version) changedAbout(at time.Time) bool {
	return at.Sub(time.Unix(0, v.changed)).Abs() <= recent
}

// watching is the watcher of a users file, when there is one.
type watching struct {
	mu   sync.Mutex
	end  context.CancelFunc // nil when there is none
	done sync.WaitGroup
}

// Watch has the file read again whenever it has changed, whoever did it, until
// Close. At first it removes what others have left; see RemoveLeftovers. It may be
// called again.
func (u *Users) Watch() { u.watchBy(fsnotify.NewWatcher) }

func (u *Users) watchBy(newWatcher func() (*fsnotify.Watcher, error)) {
	u.watching.mu.Lock()
	defer u.watching.mu.Unlock()
	if u.watching.end != nil {
		return
	}
	folder, err := newWatcher()
	if err != nil {
		folder = nil // there is the poll
	}
	ctx, end := context.WithCancel(context.Background())
	u.watching.end = end
	// What stays does no harm, and nobody is to wait for the lock.
	u.watching.done.Go(func() { _ = u.RemoveLeftovers(ctx) })
	u.watching.done.Go(func() { (&watch{users: u, folder: folder, due: time.NewTimer(0)}).run(ctx) })
}

// Close ends the watching. The users stay usable.
func (u *Users) Close() error {
	u.watching.mu.Lock()
	defer u.watching.mu.Unlock()
	if u.watching.end != nil {
		u.watching.end()
		u.watching.done.Wait()
		u.watching.end = nil
	}
	return nil
}

// watch looks at the file. It is of one goroutine.
type watch struct {
	users *Users
	due   *time.Timer // when to look next

	folder  *fsnotify.Watcher // nil where the system has none to give
	watched fs.FileInfo       // the folder that is watched, nil for none

	seen   version   // what was read last
	readAt time.Time // when

	broken          version   // what could not be read
	since, brokenAt time.Time // when that began, and when it became what it is
}

func (w *watch) run(ctx context.Context) {
	var happened <-chan fsnotify.Event
	var failed <-chan error
	if w.folder != nil {
		defer w.folder.Close()
		happened, failed = w.folder.Events, w.folder.Errors
	}
	w.attach()
	ticks := time.NewTicker(poll)
	defer ticks.Stop()
	defer w.due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-happened:
			w.due.Reset(burst)
		case <-failed: //nolint:errcheck // such as that more happened than can be told: looking helps
			w.due.Reset(burst)
		case <-w.due.C:
			w.look()
		case <-ticks.C:
			w.attach()
			w.look()
		}
	}
}

// attach watches the folder of the name as it is now: the one that was watched may
// have been renamed, or removed and made anew.
func (w *watch) attach() {
	name := filepath.Dir(w.users.name)
	there, err := os.Stat(name)
	if w.folder == nil || err == nil && w.watched != nil && os.SameFile(there, w.watched) {
		return
	}
	_ = w.folder.Remove(name) // it may not be watched any more
	w.watched = nil
	if err == nil && w.folder.Add(name) == nil {
		w.watched = there
	}
}

// look reads the file when it is not the one that was read last.
func (w *watch) look() {
	now, at := versionOf(w.users.name), time.Now()
	if now == w.seen && !w.readAt.IsZero() && !now.changedAbout(w.readAt) {
		return
	}
	last := w.users.current.Load()
	next, err := w.users.again(last)
	if err != nil && !w.settled(now, at) {
		w.due.Reset(settling)
		return
	}
	if err == nil {
		w.since = time.Time{}
	}
	if !w.users.current.CompareAndSwap(last, next) {
		w.due.Reset(burst)
		return
	}
	w.seen, w.readAt = now, at
	w.users.tell()
}

// settled tells whether what is broken stays as it is.
func (w *watch) settled(now version, at time.Time) bool {
	if w.since.IsZero() {
		w.since, w.broken, w.brokenAt = at, now, at
	}
	if now != w.broken {
		w.broken, w.brokenAt = now, at
	}
	return at.Sub(w.brokenAt) >= settling || at.Sub(w.since) >= unsettled
}
