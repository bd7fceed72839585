package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// held has somebody else hold the lock of the file, until the test or release ends it.
func held(t *testing.T, name string) (release func()) {
	t.Helper()
	other := flock.New(beside(name, "lock"))
	if ok, err := other.TryLock(); !ok {
		t.Fatal(err)
	}
	release = func() { must(t, other.Close()) }
	t.Cleanup(release)
	return release
}

func TestNobodyWaitsLongerForTheLockThanHeWants(t *testing.T) {
	u, name := live(t, users)
	changes := map[string]func(context.Context) error{
		"Edit":   func(ctx context.Context) error { return second(u.Edit(ctx, "ann", account.Revoke)) },
		"Put":    func(ctx context.Context) error { return u.Put(ctx, account.Users, "ann", []byte(`{}`)) },
		"Delete": func(ctx context.Context) error { return u.Delete(ctx, account.Users, "ann") },
		"Create": func(ctx context.Context) error { return u.Create(ctx, "ann", []byte(`{}`)) },
	}
	for where, hold := range map[string]func() func(){
		"another process": func() func() { return held(t, name) },
		"this process":    func() func() { u.turn <- struct{}{}; return func() { <-u.turn } },
	} {
		release := hold()
		for what, change := range changes {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if err := change(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, held by %s: %v", what, where, err)
			}
			cancel()
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(10*time.Millisecond, cancel)
			if err := change(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s, held by %s: %v", what, where, err)
			}
		}
		// Who only reads waits for nobody.
		if err := u.Reload(); err != nil {
			t.Errorf("Reload, held by %s: %v", where, err)
		}
		release()
	}
	if text(t, name) != users {
		t.Errorf("the file is now %s", text(t, name))
	}
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); err != nil {
		t.Errorf("when it is free: %v", err)
	}
}

func TestAChangeWaitsForTheLock(t *testing.T) {
	u, name := live(t, users)
	release := held(t, name)
	done := make(chan error)
	go func() {
		_, err := u.Edit(t.Context(), "ann", account.Revoke)
		done <- err
	}()
	// Whoever has the lock does what he likes meanwhile.
	must(t, moved(name, strings.Replace(users, `"rev":3`, `"rev":7`, 1)))
	select {
	case err := <-done:
		t.Errorf("it did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	release()
	must(t, <-done)
	if ann, err := u.User(t.Context(), "ann"); err != nil || ann.Revision != 8 {
		t.Errorf("rev %d, %v", ann.Revision, err)
	}
}

// A process that writes all the time leaves the lock to others now and then.
func TestNobodyIsKeptOutOfTheLock(t *testing.T) {
	u, name := live(t, users)
	other, err := Open(name, false)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		for ctx.Err() == nil {
			_, _ = other.Edit(ctx, "bob", account.Revoke)
		}
	}()
	for range 10 {
		if _, err := u.Edit(t.Context(), "ann", account.Revoke); err != nil {
			t.Error(err)
		}
	}
	cancel()
	<-busy
}

func TestALockThatSomebodyRemovedIsMadeAnew(t *testing.T) {
	u, name := live(t, users)
	held(t, name)
	must(t, os.Remove(beside(name, "lock")))
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); err != nil {
		t.Error(err)
	}
	alone(t, name)
}

func TestTheLockFileIsForItsOwnerAndNoLinkToOthers(t *testing.T) {
	u, name := live(t, users)
	_, err := u.Edit(t.Context(), "ann", account.Revoke)
	must(t, err)
	if info, err := os.Lstat(beside(name, "lock")); err != nil || info.Mode() != 0o600 || info.Size() != 0 {
		t.Errorf("%v, %v", info, err)
	}
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, put(victim, "untouched"), os.Remove(beside(name, "lock")), os.Symlink(victim, beside(name, "lock")))
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); err == nil || text(t, victim) != "untouched" {
		t.Errorf("a link in its place: %v", err)
	}
}

func TestWhereNothingIsChangedThereIsNoLock(t *testing.T) {
	u, name := live(t, users)
	must(t, u.Reload(), u.RemoveLeftovers(t.Context()))
	u.Watch()
	must(t, u.Close(), os.Remove(name))
	if _, err := u.Edit(t.Context(), "ann", account.Revoke); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Lstat(beside(name, "lock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lock file: %v", err)
	}
}
