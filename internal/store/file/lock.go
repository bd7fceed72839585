package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/cm-well/cmwell-auth/internal/account"
)

const (
	// lockPatience is how long others may hold the lock: writing the largest file
	// takes seconds, and a process that was stopped holds it for ever.
	lockPatience = 15 * time.Second
	// lockPoll is how often it is tried.
	lockPoll = 2 * time.Millisecond
	// courtesy is how long this process leaves the lock to others after it had it, so
	// that a busy one does not keep them out.
	courtesy = 2 * lockPoll
)

var errLocked = fmt.Errorf("another process has held its lock for %s", lockPatience)

// beside is the name of a file that belongs to the users file, in the same folder.
func beside(name, what string) string {
	return filepath.Join(filepath.Dir(name), "."+strings.TrimPrefix(filepath.Base(name), ".")+"."+what)
}

// hold waits until nobody else changes the file, in this process or another, and
// keeps it so until release. A lock file that is made for it stays: were it
// removed, two could hold a lock of that name. The kernel gives up the lock of a
// process that is killed.
func (u *Users) hold(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockPatience, errLocked)
	defer cancel()
	select {
	case u.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if rest := courtesy - time.Since(u.released); rest > 0 {
		time.Sleep(rest)
	}
	unlock, err := lock(ctx, u.name)
	if err != nil {
		<-u.turn
		return nil, err
	}
	return func() {
		unlock()
		u.released = time.Now()
		<-u.turn
	}, nil
}

// lock holds the lock file of the users file.
func lock(ctx context.Context, users string) (unlock func(), err error) {
	name := beside(users, "lock")
	for {
		if err := makeLockFile(name, users); err != nil {
			return nil, err
		}
		held := flock.New(name, flock.SetFlag(os.O_RDWR|itself))
		ok, err := held.TryLockContext(ctx, lockPoll)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if !ok {
			return nil, cmp.Or(context.Cause(ctx), err)
		}
		unlock := func() { _ = held.Close() } // which gives the lock up, whatever it says
		mine, err := held.Stat()
		there, missing := os.Lstat(name)
		if err == nil && missing == nil && os.SameFile(mine, there) {
			return unlock, nil
		}
		// Somebody has tidied the folder meanwhile: what is locked has that name no
		// more, and whoever comes next would not wait for it.
		unlock()
	}
}

func makeLockFile(name, users string) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: %w", account.ErrReadOnly, err)
	}
	if err != nil {
		return err
	}
	return errors.Join(keepOwner(f, users), f.Close())
}
