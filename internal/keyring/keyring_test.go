package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// noon is the present of these tests.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const life = 60 * 24 * time.Hour

// algorithms are all there are.
var algorithms = []token.Algorithm{token.HS256, token.HS512, token.ES256, token.RS256, token.EdDSA}

// server is one of several on one storage, with a clock that the test turns.
type server struct {
	*Ring
	keys *token.Keys

	mu   sync.Mutex
	time time.Time
	said []string
}

func (s *server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

func (s *server) at(now time.Time) *server {
	s.mu.Lock()
	s.time = now
	s.mu.Unlock()
	return s
}

func (s *server) hear(sentence string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		sentence += ": " + err.Error()
	}
	s.said = append(s.said, sentence)
}

func (s *server) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

// newServer reads the storage as Provision does, and starts nothing.
func newServer(t testing.TB, storage Storage, a token.Algorithm) *server {
	t.Helper()
	s := &server{keys: new(token.Keys), time: noon}
	s.Ring = New(storage, s.now, s.hear)
	t.Cleanup(func() { _ = s.Close() })
	s.keys.Refresh = s.Refresh
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Follow(a, func(set Set) {
		config := token.Config{Algorithm: a, Signing: set.Signing, Accept: set.Accept, Derive: set.Derive, FormerDerive: set.FormerDerive}
		if err := s.keys.Use(config); err != nil {
			t.Error(err)
		}
	})
	return s
}

// started is a server that serves.
func started(t testing.TB, storage Storage, a token.Algorithm) *server {
	t.Helper()
	s := newServer(t, storage, a)
	if err := s.Ensure(t.Context(), a, life); err != nil {
		t.Fatal(err)
	}
	return s
}

// polls has the server do what it does every half a second.
func (s *server) polls(t testing.TB) {
	t.Helper()
	<-s.read()
	if s.tick(s.now()) {
		s.tidy()
	}
}

func (s *server) rotates(t testing.TB, dropOld bool) {
	t.Helper()
	if err := s.Rotate(t.Context(), dropOld); err != nil {
		t.Fatal(err)
	}
}

// signs makes a token that lives as long as any may.
func (s *server) signs(t testing.TB) string {
	t.Helper()
	raw, err := s.keys.Sign(token.Claims{Subject: "ann", Expires: s.now().Add(life)})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (s *server) wants(t testing.TB, raw string, want error) {
	t.Helper()
	if _, err := s.keys.Verify(raw, s.now()); !errors.Is(err, want) {
		t.Errorf("at %s: %v, want %v", s.now().Format(time.DateTime), err, want)
	}
}

func files(t testing.TB) *certmagic.FileStorage { return &certmagic.FileStorage{Path: t.TempDir()} }

func fileOf(storage *certmagic.FileStorage) string {
	return filepath.Join(storage.Path, filepath.FromSlash(Name))
}

func TestServersThatStartTogetherAgreeOnOneKey(t *testing.T) {
	for _, a := range []token.Algorithm{token.HS256, token.ES256} { // who waits for the lock, waits for a second
		storage := files(t)
		servers := make([]*server, 3)
		var starts sync.WaitGroup
		for i := range servers {
			servers[i] = newServer(t, storage, a)
			starts.Go(func() {
				if err := servers[i].Ensure(t.Context(), a, life); err != nil {
					t.Error(err)
				}
			})
		}
		starts.Wait()
		for _, s := range servers {
			for _, other := range servers {
				other.wants(t, s.signs(t), nil)
			}
		}
		if list := servers[0].List(); len(list) != 1 || list[0].State != Signing || list[0].Algorithm != a {
			t.Errorf("%s: %+v", a, list)
		}
		if info, err := os.Stat(fileOf(storage)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

func TestReadingWritesNothing(t *testing.T) {
	storage := files(t)
	s := newServer(t, storage, token.ES256)
	if _, err := s.keys.Sign(token.Claims{Subject: "ann", Expires: noon}); !errors.Is(err, token.ErrNoKey) {
		t.Error(err)
	}
	if err := s.Rotate(t.Context(), true); !errors.Is(err, ErrNone) {
		t.Errorf("rotating what is not there: %v", err)
	}
	if entries, err := os.ReadDir(storage.Path); err != nil || len(entries) > 1 || len(entries) == 1 && entries[0].Name() != "locks" {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestTheKeysOutliveARestart(t *testing.T) {
	storage := files(t)
	before := started(t, storage, token.ES256)
	before.rotates(t, false)
	raw := before.at(noon.Add(time.Minute)).signs(t)
	before.polls(t)
	raw2 := before.signs(t)
	after := newServer(t, storage, token.ES256)
	after.wants(t, raw, nil)
	after.wants(t, raw2, nil)
	if after.lacks(token.ES256, life) {
		t.Error("something is missing after a restart")
	}
}

func TestARotationEndsNoToken(t *testing.T) {
	for _, a := range algorithms {
		storage := files(t)
		one, two := started(t, storage, a), started(t, storage, a)
		old := one.signs(t)
		derived, err := one.keys.Derive("nonce")
		if err != nil {
			t.Fatal(err)
		}
		one.rotates(t, false)
		if between := one.signs(t); strings.Split(between, ".")[0] != strings.Split(old, ".")[0] {
			t.Errorf("%s: the new key signs before the others can know it", a)
		} else {
			two.wants(t, between, nil)
		}
		one.at(noon.Add(Settle)).polls(t)
		fresh := one.signs(t)
		if strings.Split(fresh, ".")[0] == strings.Split(old, ".")[0] {
			t.Errorf("%s: the new key does not sign", a)
		}
		two.at(noon.Add(Settle)) // it has not polled, and is asked already
		for _, s := range []*server{one, two} {
			s.wants(t, fresh, nil)
			s.wants(t, old, nil)
			if same, err := s.keys.Derive("nonce"); err != nil || string(same) != string(derived) {
				t.Errorf("%s: a rotation changes what is derived: %v", a, err)
			}
		}
	}
}

func TestALeakedKeyIsDroppedAtOnce(t *testing.T) {
	for _, a := range algorithms {
		storage := files(t)
		one, two := started(t, storage, a), started(t, storage, a)
		one.rotates(t, false)
		one.at(noon.Add(time.Minute)).polls(t)
		two.at(noon.Add(time.Minute)).polls(t)
		leaked := []string{two.signs(t)}
		derived, _ := one.keys.Derive("nonce")
		one.rotates(t, true)
		for _, raw := range leaked {
			if _, err := one.keys.Verify(raw, noon); err == nil {
				t.Errorf("%s: it lives where it was dropped", a)
			}
		}
		two.wants(t, one.signs(t), nil) // by its kid it hears of the new key
		for _, raw := range leaked {
			if _, err := two.keys.Verify(raw, noon); err == nil {
				t.Errorf("%s: it lives on another server", a)
			}
		}
		if now, err := two.keys.Derive("nonce"); err != nil || string(now) == string(derived) || string(two.keys.DeriveFormer("nonce")) != string(derived) {
			t.Errorf("%s: what was derived is not former now: %v", a, err)
		}
		if list := one.List(); len(list) != 1 || list[0].State != Signing {
			t.Errorf("%s: %+v", a, list)
		}
	}
}

// Rotating is for every algorithm that there are keys for: a leak is of the
// whole storage.
func TestServersOfTwoAlgorithmsShareAStorage(t *testing.T) {
	storage := files(t)
	ec, hs := started(t, storage, token.ES256), started(t, storage, token.HS256)
	ofEC, ofHS := ec.signs(t), hs.signs(t)
	ec.wants(t, ofHS, token.ErrAlgorithm)
	hs.wants(t, ofEC, token.ErrAlgorithm)
	ec.polls(t)
	hs.rotates(t, false)
	ec.polls(t)
	hs.wants(t, ofHS, nil)
	ec.wants(t, ofEC, nil)
	if list := hs.List(); len(list) != 4 {
		t.Errorf("%+v", list)
	}
	hs.rotates(t, true)
	ec.polls(t)
	if _, err := ec.keys.Verify(ofEC, noon); err == nil {
		t.Error("the key of the other algorithm lives")
	}
	ec.wants(t, ec.signs(t), nil)
}

func TestAnotherAlgorithmHasAKeyOfItsOwn(t *testing.T) {
	storage := files(t)
	before := started(t, storage, token.HS256).signs(t)
	changed := started(t, storage, token.EdDSA)
	changed.wants(t, before, token.ErrAlgorithm)
	changed.wants(t, changed.signs(t), nil)
	back := started(t, storage, token.HS256)
	back.wants(t, before, nil)
}

// O-29: whoever rotates a hundred times ends no token, and no key outlives its tokens.
func TestAHundredRotationsInARow(t *testing.T) {
	storage := files(t)
	one, two := started(t, storage, token.ES256), started(t, storage, token.ES256)
	var all []string
	for i := range 100 {
		now := noon.Add(time.Duration(i) * time.Minute)
		s := []*server{one, two}[i%2].at(now)
		s.polls(t)
		all = append(all, s.signs(t))
		s.rotates(t, false)
	}
	last := noon.Add(100 * time.Minute)
	for _, s := range []*server{one.at(last), two.at(last)} {
		s.polls(t)
		for _, raw := range all {
			s.wants(t, raw, nil)
		}
	}
	for i := 101; i < maxKeys; i++ {
		one.rotates(t, false)
	}
	if err := one.Rotate(t.Context(), false); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "128 of ES256 found") || !strings.Contains(err.Error(), "2027-01-21T12:01:05Z") {
		t.Errorf("%v; want when there is room", err)
	}
	one.wants(t, all[0], nil)
	later := last.Add(life + time.Hour)
	runsSteadily(t, one, later)
	if list := one.List(); len(list) != 1 {
		t.Errorf("%d keys are left when all tokens have expired", len(list))
	}
	one.rotates(t, true)
}

// runsSteadily lets the server's clock run to now.
func runsSteadily(t testing.TB, s *server, now time.Time) {
	t.Helper()
	for from := now.Add(-steadyFor); !from.After(now); from = from.Add(stepAtMost / 2) {
		s.at(from).polls(t)
	}
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to pass that %s", what)
		}
	}
}

func TestAKeyIsDroppedWithItsLastToken(t *testing.T) {
	storage := files(t)
	s := started(t, storage, token.HS256)
	s.rotates(t, false)
	retired := noon.Add(Settle)
	s.at(retired.Add(-time.Millisecond)).polls(t)
	last := s.signs(t)
	end := retired.Add(life)
	s.at(end.Add(-2 * time.Millisecond)).polls(t)
	s.wants(t, last, nil)
	if list := s.List(); list[0].State != Verifying || !list[0].SafeToDropAt.Equal(end.Add(margin)) || list[1].State != Signing {
		t.Errorf("%+v", list)
	}
	// From then on it verifies nothing, though the storage still has it.
	s.at(end.Add(margin)).polls(t)
	if _, err := s.keys.Verify(last, noon); err == nil {
		t.Error("it verifies after its end")
	}
	if list := s.List(); len(list) != 2 || list[0].State != Over {
		t.Errorf("%+v", list)
	}
	runsSteadily(t, s, end.Add(margin+steadyFor))
	if list := s.List(); len(list) != 1 || !strings.Contains(s.heard(), "1 retired keys are dropped") {
		t.Errorf("%+v; it said %q", list, s.heard())
	}
	// Turning the clock back revives nothing.
	s.at(noon.Add(time.Hour)).polls(t)
	if _, err := s.keys.Verify(last, s.now()); err == nil {
		t.Error("it is alive again")
	}
}

// A clock that is wrong for a while must not end what the right one lets live.
func TestAClockThatJumpsDropsNothing(t *testing.T) {
	storage := files(t)
	s := started(t, storage, token.HS256)
	old := s.signs(t)
	s.rotates(t, false)
	s.at(noon.Add(time.Minute)).polls(t)
	fresh := s.signs(t)
	for _, wrong := range []time.Duration{400 * 24 * time.Hour, 401 * 24 * time.Hour, -400 * 24 * time.Hour} {
		for i := range 3 {
			s.at(noon.Add(wrong + time.Duration(i)*time.Second)).polls(t)
		}
	}
	if raw := s.signs(t); raw == "" {
		t.Error("nothing signs")
	}
	s.at(noon.Add(2 * time.Minute)).polls(t)
	s.wants(t, old, nil)
	s.wants(t, fresh, nil)
	if list := s.List(); len(list) != 2 {
		t.Errorf("%+v", list)
	}
}

// "Signs from" is by every server's own clock, and so is the end of a token.
func TestClocksThatDifferEndNoToken(t *testing.T) {
	storage := files(t)
	ahead, behind := started(t, storage, token.HS256), started(t, storage, token.HS256)
	ahead.at(noon.Add(30*time.Minute)).rotates(t, false)
	ahead.at(noon.Add(31 * time.Minute)).polls(t)
	behind.at(noon.Add(time.Minute)).polls(t)
	behind.wants(t, ahead.signs(t), nil)
	ahead.wants(t, behind.signs(t), nil)
	// The last token of the old key, by the clock that is behind, and its last moment there.
	behind.at(noon.Add(30*time.Minute + Settle - time.Millisecond)).polls(t)
	last := behind.signs(t)
	behind.at(noon.Add(30*time.Minute + Settle + life - 2*time.Millisecond)).polls(t)
	behind.wants(t, last, nil)
}

func TestTheLongestLifeIsThatOfAnyServer(t *testing.T) {
	storage := files(t)
	one := started(t, storage, token.HS256)
	if !one.lacks(token.HS256, 2*life) {
		t.Error("a longer life is not missed")
	}
	if err := one.Ensure(t.Context(), token.HS256, 2*life); err != nil {
		t.Fatal(err)
	}
	other := newServer(t, storage, token.HS256)
	if other.lacks(token.HS256, time.Hour) || other.lacks(token.HS256, 2*life) {
		t.Error("a shorter life is missed, or the longer one was not kept")
	}
	other.rotates(t, false)
	// A server that starts while the old key still signs may make its tokens last.
	if err := one.Ensure(t.Context(), token.HS256, 3*life); err != nil {
		t.Fatal(err)
	}
	if list := one.List(); !list[0].SafeToDropAt.Equal(noon.Add(Settle + 3*life + margin)) {
		t.Errorf("%+v", list)
	}
}

func TestTheSingleKeyOfAnEarlierVersionIsTakenOver(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	for _, text := range []string{fmt.Sprintf("%x", secret), fmt.Sprintf("%X\n", secret)} {
		storage := files(t)
		if err := storage.Store(t.Context(), Name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		before := new(token.Keys)
		if err := before.Use(token.Config{Signing: token.Secret(secret)}); err != nil {
			t.Fatal(err)
		}
		old, err := before.Sign(token.Claims{Subject: "ann", Expires: noon.Add(life)})
		if err != nil {
			t.Fatal(err)
		}
		validated := newServer(t, storage, token.HS256)
		validated.wants(t, old, nil)
		if b, err := storage.Load(t.Context(), Name); err != nil || string(b) != text {
			t.Errorf("reading it has changed it: %v", err)
		}
		one, two := started(t, storage, token.HS256), started(t, storage, token.HS256)
		for _, s := range []*server{one, two} {
			s.wants(t, old, nil)
			if s.signs(t) != old {
				t.Error("the bytes of a token have changed")
			}
		}
		one.rotates(t, false)
		one.at(noon.Add(time.Minute)).polls(t)
		two.polls(t)
		two.wants(t, one.signs(t), nil)
		two.wants(t, old, nil)
		two.rotates(t, true)
		one.polls(t)
		if _, err := one.keys.Verify(old, noon); err == nil {
			t.Error("the old key lives")
		}
		other := files(t)
		if err := other.Store(t.Context(), Name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		changed := started(t, other, token.ES256) // with another algorithm at the same time
		changed.wants(t, changed.signs(t), nil)
		back := started(t, other, token.HS256)
		back.wants(t, old, nil)
	}
}

func TestStartFollowsTheStorage(t *testing.T) {
	storage := files(t)
	one, two := started(t, storage, token.ES256), started(t, storage, token.ES256)
	old := one.signs(t)
	two.Start()
	two.Start()
	one.rotates(t, true)
	eventually(t, "the leaked key dies on the other server", func() bool {
		_, err := two.keys.Verify(old, noon)
		return err != nil
	})
}

func TestKeysThatAreGoneAreNotMadeAnew(t *testing.T) {
	storage := files(t)
	s := started(t, storage, token.HS256)
	raw := s.signs(t)
	if err := os.Remove(fileOf(storage)); err != nil {
		t.Fatal(err)
	}
	s.at(noon.Add(time.Minute)).polls(t)
	for what, try := range map[string]error{
		"rotating": s.Rotate(t.Context(), false), "dropping": s.Rotate(t.Context(), true),
		"a second algorithm": s.Ensure(t.Context(), token.ES256, life), "a reload": s.Load(t.Context()),
	} {
		if !errors.Is(try, fs.ErrNotExist) {
			t.Errorf("%s: %v", what, try)
		}
	}
	s.wants(t, raw, nil)
	if _, err := os.Stat(fileOf(storage)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("they were made anew")
	}
}
