package keyring

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// faulty is a storage that fails, or keeps who reads it waiting, when it is told to.
type faulty struct {
	Storage
	loads atomic.Int32

	mu      sync.Mutex
	failure error
	hold    chan struct{}
}

func (f *faulty) set(failure error, hold chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure, f.hold = failure, hold
}

func (f *faulty) Load(ctx context.Context, key string) ([]byte, error) {
	f.loads.Add(1)
	f.mu.Lock()
	failure, hold := f.failure, f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if failure != nil {
		return nil, failure
	}
	return f.Storage.Load(ctx, key)
}

func (f *faulty) Store(ctx context.Context, key string, value []byte) error {
	f.mu.Lock()
	failure := f.failure
	f.mu.Unlock()
	if failure != nil {
		return failure
	}
	return f.Storage.Store(ctx, key, value)
}

var errFaulty = errors.New("no route to the storage")

func TestAStorageThatFailsLeavesTheLastKnownKeysAtWork(t *testing.T) {
	storage := &faulty{Storage: files(t)}
	s := started(t, storage, token.ES256)
	raw := s.signs(t)
	storage.set(errFaulty, nil)
	for i := range 40 {
		s.at(noon.Add(time.Duration(i) * readEvery)).polls(t)
		s.wants(t, raw, nil)
		s.wants(t, s.signs(t), nil)
	}
	if heard := s.heard(); strings.Count(heard, "cannot be read") != 1 || !strings.Contains(heard, errFaulty.Error()) {
		t.Errorf("it said %q", heard)
	}
	if readAt, trouble := s.State(); !readAt.Equal(noon) || !errors.Is(trouble, errFaulty) {
		t.Errorf("%s, %v", readAt, trouble)
	}
	for _, dropOld := range []bool{false, true} {
		if err := s.Rotate(t.Context(), dropOld); !errors.Is(err, errFaulty) {
			t.Errorf("rotating: %v", err)
		}
	}
	s.wants(t, raw, nil)
	storage.set(nil, nil)
	s.at(noon.Add(time.Minute)).polls(t)
	if _, trouble := s.State(); trouble != nil || strings.Count(s.heard(), "\n") != 1 || !strings.HasSuffix(s.heard(), "can be read again") {
		t.Errorf("%v; it said %q", trouble, s.heard())
	}
}

func TestOneFailureIsNoNews(t *testing.T) {
	storage := &faulty{Storage: files(t)}
	s := started(t, storage, token.HS256)
	storage.set(errFaulty, nil)
	s.at(noon.Add(readEvery)).polls(t)
	storage.set(nil, nil)
	s.at(noon.Add(2 * readEvery)).polls(t)
	if s.heard() != "" {
		t.Errorf("it said %q", s.heard())
	}
}

func TestADamagedDocumentLeavesTheLastKnownKeysAtWork(t *testing.T) {
	storage := files(t)
	s := started(t, storage, token.HS256)
	raw := s.signs(t)
	if err := storage.Store(t.Context(), Name, []byte(`{"version":1}`)); err != nil {
		t.Fatal(err)
	}
	s.at(noon.Add(time.Minute)).polls(t)
	s.wants(t, raw, nil)
	for what, err := range map[string]error{"rotating": s.Rotate(t.Context(), true), "a reload": s.Load(t.Context())} {
		if !errors.Is(err, errDamaged) || !strings.Contains(err.Error(), Name+" in Caddy's storage") {
			t.Errorf("%s: %v", what, err)
		}
	}
	fresh := New(storage, s.now, s.hear)
	if err := fresh.Load(t.Context()); !errors.Is(err, errDamaged) {
		t.Errorf("a start: %v", err)
	}
}

func TestAStorageThatHangsIsAskedOnceAtATime(t *testing.T) {
	storage := &faulty{Storage: files(t)}
	s := started(t, storage, token.ES256)
	raw := s.signs(t)
	foreign := started(t, files(t), token.ES256).signs(t)
	hold := make(chan struct{})
	storage.set(nil, hold)
	before := storage.loads.Load()
	for i := range 20 {
		s.at(noon.Add(time.Duration(i) * time.Second))
		s.read()
		s.tick(s.now())
	}
	begun := time.Now()
	s.wants(t, foreign, token.ErrUnknownKey)
	if took := time.Since(begun); took > 10*askAtMost {
		t.Errorf("a token of an unknown key waited for %s", took)
	}
	s.wants(t, raw, nil)
	if asked := storage.loads.Load() - before; asked != 1 {
		t.Errorf("%d readings are waiting", asked)
	}
	if _, trouble := s.State(); trouble == nil || !strings.Contains(trouble.Error(), "no answer from the storage since 2026-11-22T12:00:00Z") {
		t.Errorf("%v", trouble)
	}
	close(hold)
	storage.set(nil, nil)
	s.polls(t)
	s.wants(t, s.signs(t), nil)
}

// Whoever invents kids must not have the storage read for each.
func TestTokensOfUnknownKeysAskAFewTimesASecond(t *testing.T) {
	storage := &faulty{Storage: files(t)}
	s := started(t, storage, token.ES256)
	foreign := started(t, files(t), token.ES256).signs(t)
	before := storage.loads.Load()
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() {
			for range 20 {
				s.wants(t, foreign, token.ErrUnknownKey)
			}
		})
	}
	crowd.Wait()
	if asked := storage.loads.Load() - before; asked != 1 {
		t.Errorf("in one moment the storage was read %d times", asked)
	}
	s.at(noon.Add(askEvery)).wants(t, foreign, token.ErrUnknownKey)
	if asked := storage.loads.Load() - before; asked != 2 {
		t.Errorf("a moment later it was read %d times in all", asked)
	}
}

// What was read before a change and arrives after it is the past.
func TestAReadingThatIsOvertakenChangesNothing(t *testing.T) {
	storage := &faulty{Storage: files(t)}
	s := started(t, storage, token.ES256)
	leaked := s.signs(t)
	started(t, storage, token.ES256).rotates(t, false) // so that there is something to read
	slow := &late{Storage: storage, resume: make(chan struct{}), loaded: make(chan struct{})}
	s.storage = slow
	reading := s.read()
	<-slow.loaded
	s.storage = storage
	s.rotates(t, true)
	close(slow.resume)
	<-reading
	if _, err := s.keys.Verify(leaked, noon); err == nil {
		t.Error("the leaked key is back")
	}
	s.wants(t, s.signs(t), nil)
}

// late hands over what it has loaded only when it is let.
type late struct {
	Storage
	loaded, resume chan struct{}
}

func (l *late) Load(ctx context.Context, key string) ([]byte, error) {
	b, err := l.Storage.Load(ctx, key)
	close(l.loaded)
	<-l.resume
	return b, err
}

func TestNothingRunsAfterClose(t *testing.T) {
	storage := &faulty{Storage: files(t)}
	s := started(t, storage, token.HS256)
	s.Start()
	before := storage.loads.Load()
	eventually(t, "it reads the storage", func() bool { return storage.loads.Load() > before })
	if err := s.Close(); err != nil { // it waits for the end of what Start began
		t.Fatal(err)
	}
	<-s.read()
	before = storage.loads.Load()
	s.Start()
	<-s.stopped
	if storage.loads.Load() != before {
		t.Error("it reads the storage still")
	}
}

func TestWhoNoLongerFollowsIsToldNothing(t *testing.T) {
	s := started(t, files(t), token.HS256)
	told := 0
	stop := s.Follow(token.HS256, func(Set) { told++ })
	s.rotates(t, true)
	s.polls(t)
	stop()
	s.rotates(t, true)
	if told != 2 {
		t.Errorf("told %d times, want at once and of one change", told)
	}
}
