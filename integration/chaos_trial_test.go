package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/integration/chaos"
	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// trial is three doors that are asked, and all that can be broken.
type trial struct {
	t      *testing.T
	ledger *chaos.Ledger
	store  *chaos.Store
	load   *chaos.Load
	idle   int // connections of an idle crowd

	// A door with its users in a file, on a small disk.
	alone    *door
	disk     *smallDisk
	onDisk   []*chaos.Subject
	reloaded int // how often

	// Two doors with their users in Redis, the second one by a network that may part.
	near, far *door
	redis     *redistest.Server
	network   *redistest.Proxy
	users     *redis.Store
	inRedis   []*chaos.Subject

	lacks  map[string]error // why there is none of what a fault needs
	mu     sync.Mutex
	struck map[string]int // how often, by the names of faults
}

// newTrial starts the doors. Options are those of the users in Redis; lag is how old
// the state may be by which a door answers that did not make the change itself.
func newTrial(t *testing.T, ledger *chaos.Ledger, seed uint64, lag time.Duration, options ...string) *trial {
	t.Helper()
	s := &trial{t: t, ledger: ledger, store: chaos.StartStore(ledger), struck: map[string]int{}, lacks: map[string]error{"strace": canFail()}}
	t.Cleanup(s.store.Close)
	s.disk, s.lacks["a mount"] = mountSmallDisk(t)
	s.redis = redistest.Start(t, durable...)
	s.network = redistest.StartProxy(t, s.redis.Address)

	s.alone = newDoor(t, chaosDoor(inFile), doorOptions{store: s.store.Address, admin: true, noUsers: true, environ: map[string]string{"DOOR_USERS": s.disk.folder + "/users.json"}})
	s.alone.under = s.disk.under
	inRedis := func(address string) *door {
		users := "users redis redis://" + address + " {\n\t\t\t" + strings.Join(options, "\n\t\t\t") + "\n\t\t}"
		return newDoor(t, chaosDoor(users), doorOptions{store: s.store.Address, admin: true})
	}
	s.near, s.far = inRedis(s.redis.Address), inRedis(s.network.Address)

	alone := &chaos.Door{Name: "alone", Address: s.alone.address}
	near := &chaos.Door{Name: "near", Address: s.near.address, Lag: lag}
	far := &chaos.Door{Name: "far", Address: s.far.address, Lag: lag}
	s.onDisk = chaosSubjects(t, alone)
	s.inRedis = append(chaosSubjects(t, near), chaosSubjects(t, far)...)
	alone.Subjects, near.Subjects, far.Subjects = s.onDisk, s.inRedis, s.inRedis
	s.load = &chaos.Load{Ledger: ledger, Doors: []*chaos.Door{alone, near, far}, Kinds: chaosKinds(t, ledger.Calm), Askers: 4, Pace: 25 * time.Millisecond, Seed: seed}

	put(t, s.disk.here, "users.json", string(withSubjects(t, s.onDisk)), 0o600)
	s.fillRedis()
	for _, d := range s.doors() {
		d.start(t)
	}
	for _, d := range s.doors() {
		d.awaitServing(t, "/_login")
		eventually(t, "users are known", func() bool { return d.writes(t, "/tests/x", tokenOf(t, "bob")) == 403 })
	}
	return s
}

func (s *trial) doors() []*door { return []*door{s.alone, s.near, s.far} }

func (s *trial) fillRedis() {
	s.t.Helper()
	s.users = fill(s.t, s.redis.Address)
	var all struct{ Users map[string]json.RawMessage }
	if err := json.Unmarshal(withSubjects(s.t, s.inRedis), &all); err != nil {
		s.t.Fatal(err)
	}
	for _, subject := range s.inRedis {
		if document := all.Users[subject.Name]; document != nil {
			if err := s.users.Put(s.t.Context(), account.Users, subject.Name, document); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// inFile is where the users of the door alone are.
const inFile = "users file {$DOOR_USERS}"

// chaosDoor is a Caddyfile of a door that hashes quickly, and keeps no connection to
// the store for long: what it holds at the end is its own.
func chaosDoor(users string, settings ...string) string {
	text := frontDoorWith("log {\n\t\texclude http.handlers.cmwell_auth.audit\n\t}",
		append(settings, ownKey, "password_hash argon2id", "json_login /v1/login", "login_queue 2")...)
	text = strings.Replace(text, "reverse_proxy {$DOOR_STORE}", "reverse_proxy {$DOOR_STORE} {\n\t\ttransport http {\n\t\t\tkeepalive 1s\n\t\t}\n\t}", 1)
	return strings.Replace(text, inFile, users, 1)
}

// document is what the users file has for a user; nil for none.
func (s *trial) document(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.disk.here, "users.json"))
	if err != nil {
		return nil, err
	}
	var all struct {
		Users map[string]json.RawMessage `json:"users"`
	}
	err = json.Unmarshal(text, &all)
	return all.Users[name], err
}

// documentInRedis is the same of the users there.
func (s *trial) documentInRedis(name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	document, err := s.users.Document(ctx, account.Users, name)
	if errors.Is(err, account.ErrNotExist) {
		return nil, nil
	}
	return document, err
}

// wantKept complains of a change that was acknowledged and is lost.
func (s *trial) wantKept(subjects []*chaos.Subject, document func(name string) ([]byte, error)) {
	for _, subject := range subjects {
		if err := subject.Kept(document); err != nil {
			s.ledger.Complain("%v", err)
		}
	}
}

// strike has the faults of every lane happen, each at least once, until it is over.
func (s *trial) strike(over <-chan struct{}, seed uint64, longest time.Duration, wanted func(fault) bool) {
	lanes := map[string]*chaos.Lane{}
	named := map[string]fault{}
	for _, f := range faults {
		if !wanted(f) || s.lacks[f.needs] != nil {
			continue
		}
		if lanes[f.lane] == nil {
			lanes[f.lane] = &chaos.Lane{Name: f.lane, Seed: seed}
		}
		lanes[f.lane].Strikes = append(lanes[f.lane].Strikes, f.name)
		named[f.name] = f
	}
	began := time.Now()
	var all sync.WaitGroup
	for _, lane := range lanes {
		all.Go(func() {
			lane.Run(over, longest, func(name string) func() {
				s.mu.Lock()
				s.struck[name]++
				s.mu.Unlock()
				from, before := time.Since(began), s.felt(named[name])
				mend := named[name].begin(s)
				return func() {
					if named[name].leaves != nil {
						eventually(s.t, "the door feels it: "+name, func() bool { return s.felt(named[name]) > before })
					}
					mend()
					s.t.Logf("%7.2fs to %7.2fs: %s", from.Seconds(), time.Since(began).Seconds(), name)
				}
			})
		})
	}
	all.Wait()
}

// felt is how often the door alone has said that it feels the fault.
func (s *trial) felt(f fault) int {
	if f.leaves == nil {
		return 0
	}
	return len(f.leaves.FindAllString(s.alone.output.String(), -1))
}

// figures are what broke and how often, and what was asked meanwhile.
func (s *trial) figures() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.struck)) {
		fmt.Fprintf(&text, "%4d %s\n", s.struck[name], name)
	}
	fmt.Fprintf(&text, "\n%s", s.ledger)
	changes := 0
	for _, subject := range slices.Concat(s.onDisk, s.inRedis) {
		changes += subject.Acknowledged()
	}
	fmt.Fprintf(&text, "%d changes of users were acknowledged, and looked for in what is kept\n", changes)
	return text.String()
}

// usages are what the doors hold when nobody asks, once everything in them has run.
func (s *trial) usages() map[*door]usage {
	all := map[*door]usage{}
	for _, d := range s.doors() {
		for range 3 {
			d.ask(s.t, request("PUT /tests/x", bearing(tokenOf(s.t, "bob")), "Connection: close"))
			all[d] = d.usage(s.t)
		}
	}
	return all
}

// under is what happens while the doors are asked.
func (s *trial) under(happens func()) {
	over, ready := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { s.load.Run(over, ready) })
	end := sync.OnceFunc(func() { close(over); all.Wait() })
	defer end()
	<-ready
	happens()
}

// mends waits until all doors are well, and every subject was changed once more.
func (s *trial) mends() {
	for _, d := range s.doors() {
		d.isWell(s.t)
	}
	for _, subject := range slices.Concat(s.onDisk, s.inRedis) {
		n := subject.Acknowledged()
		eventually(s.t, subject.Name+" can be changed again", func() bool { return subject.Acknowledged() > n })
	}
}

// verify is what must hold when nobody asks any more.
func (s *trial) verify(before map[*door]usage) {
	s.t.Helper()
	s.wantKept(s.onDisk, s.document)
	s.wantKept(s.inRedis, s.documentInRedis)
	for _, name := range besideUsers(s.t, s.disk.here+"/users.json") {
		if name != "users.json" && name != ".users.json.lock" {
			s.t.Errorf("%s was left beside the users file", name)
		}
	}
	for d, held := range before {
		d.letsGo(s.t, held)
	}
	first, all := s.ledger.Complaints()
	for _, complaint := range first {
		s.t.Error(complaint)
	}
	if all > len(first) {
		s.t.Errorf("and %d more", all-len(first))
	}
	s.t.Logf("\n%s", s.figures())
}
