package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// durable is how a Redis is run that forgets nothing.
var durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

// withRedis is a Caddyfile with a front door whose users are in Redis. The options
// are lines of the block.
func withRedis(address string, options []string, settings ...string) string {
	users := "users redis redis://" + address + " {\n\t\t\t" + strings.Join(options, "\n\t\t\t") + "\n\t\t}"
	return strings.Replace(frontDoor(settings...), "users file {$DOOR_USERS}", users, 1)
}

// fill puts the users of the tests into a Redis.
func fill(t testing.TB, address string) *redis.Store {
	t.Helper()
	s := redis.New(redis.Options{Addresses: []string{address}, Prefix: "{cmwell_auth}:", CacheSize: 10, Timeout: 5 * time.Second, PoolSize: 1})
	t.Cleanup(func() { _ = s.Close() })
	s.Start(redis.Home{})
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := usersDocument()
	if err != nil {
		t.Fatal(err)
	}
	var documents struct{ Users map[string]json.RawMessage }
	if err := json.Unmarshal(text, &documents); err != nil {
		t.Fatal(err)
	}
	for name, document := range documents.Users {
		if err := s.Put(t.Context(), account.Users, name, document); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// startWithRedis starts a door in front of the store, with options of its users.
func startWithRedis(t testing.TB, store *recorder, address string, options ...string) askedDoor {
	t.Helper()
	return askedDoor{startDoor(t, withRedis(address, options, ownKey), doorOptions{store: store.address, admin: true}), store}
}

// writes sends a write with the token, and returns the status.
func (d *door) writes(t testing.TB, path, raw string) int {
	t.Helper()
	return d.ask(t, request("PUT "+path, bearing(raw), "Content-Length: 0")).status
}

// listens waits until the door answers anything.
func (d *door) listens(t testing.TB) {
	t.Helper()
	eventually(t, "the door answers", func() bool { _, err := tryAsk(d.address, request("GET /_login")); return err == nil })
}

// prompt waits for what is promised within a second. A busy machine may now and then
// take longer; a promise that is not kept is late mostly.
type prompt struct{ waits, late int }

func (p *prompt) eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	begun := time.Now()
	eventually(t, what, so)
	p.waits++
	if took := time.Since(begun); took > time.Second {
		p.late++
		t.Logf("it took %s until %s", took, what)
	}
}

func TestWhatChangesOnOneDoorHoldsOnTheOther(t *testing.T) {
	server := redistest.Start(t, durable...)
	fill(t, server.Address)
	store := startRecorder(t, &recorder{})
	a, b := startWithRedis(t, store, server.Address), startWithRedis(t, store, server.Address)
	ann, adm := tokenOf(t, "ann"), tokenOf(t, "adm")
	var within prompt
	both := func(path, raw string, want int) {
		t.Helper()
		if got := a.writes(t, path, raw); got != want {
			t.Errorf("%s on the door that was told: %d, want %d", path, got, want)
		}
		within.eventually(t, fmt.Sprintf("%s is answered %d on the other door", path, want), func() bool { return b.writes(t, path, raw) == want })
	}
	both("/tests/x", ann, 200)

	// A user who logs out, of all doors.
	wantAuth(t, a.auth(t, "POST /_auth?op=logout", ann), 200, "")
	both("/tests/x", ann, 401)
	ann = b.logIn(t, "ann", passwordOf("ann"))
	both("/tests/x", ann, 200)

	// A permission, a role, a user; and the role's.
	both("/new/x", ann, 403)
	wantAuth(t, a.put(t, adm, "/meta/auth/users/ann", `{"rev":1,"paths":[{"id":"/new","sign":"+","recursive":true,"permissions":"rw"}],"roles":["Editor"]}`), 200, succeeded)
	ann = tokenAt(t, "ann", 2) // the document has no password any more
	both("/new/x", ann, 200)
	both("/tests/x", ann, 403)
	both("/docs/x", ann, 403)
	wantAuth(t, a.put(t, adm, "/meta/auth/roles/Editor", `{"paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}]}`), 200, succeeded)
	both("/docs/x", ann, 200)
	wantAuth(t, a.auth(t, "DELETE /meta/auth/roles/Editor", adm), 200, succeeded)
	both("/docs/x", ann, 403)
	wantAuth(t, a.auth(t, "DELETE /meta/auth/users/ann", adm), 200, succeeded)
	both("/new/x", ann, 401)
	wantAuth(t, a.put(t, adm, "/meta/auth/users/ann", `{"paths":[{"id":"/new","sign":"+","recursive":true,"permissions":"rw"}]}`), 200, succeeded)
	both("/new/x", ann, 401)
	both("/new/x", tokenAt(t, "ann", 3), 200)

	// A change on a condition is looked at like any other.
	if got := a.administer(t, "PUT users/zoe", `{"roles":["Gone"]}`, "If-None-Match: *"); got.status != 200 {
		t.Errorf("got %v", got)
	}
	a.says(t, "user zoe: the role Gone does not exist")

	// By redis-cli, too.
	server.Say(t, "SET", "{cmwell_auth}:user:ann", `{"rev":4}`)
	within.eventually(t, "what was set by hand holds", func() bool {
		return a.writes(t, "/new/x", tokenAt(t, "ann", 3)) == 401 && b.writes(t, "/new/x", tokenAt(t, "ann", 4)) == 403
	})
	if within.late*2 > within.waits {
		t.Errorf("%d of %d changes took more than a second to the other door", within.late, within.waits)
	}
}

func TestManyDoorsMakeOneRootAndNoSecondOne(t *testing.T) {
	server := redistest.Start(t)
	store := startRecorder(t, &recorder{})
	a, b := startWithRedis(t, store, server.Address), startWithRedis(t, store, server.Address)
	if got := a.writes(t, "/x", b.logIn(t, "root", "root")); got != 200 {
		t.Errorf("root writes: %d", got)
	}
	told := 0
	for _, d := range []askedDoor{a, b} {
		told += strings.Count(d.output.String(), "is new: user root has the password root")
		d.says(t, "user root has the default password and may log in from this machine only")
	}
	if told != 1 {
		t.Errorf("%d roots were made", told)
	}

	server.Say(t, "FLUSHALL")
	for _, d := range []askedDoor{a, b} {
		d.says(t, "it was used before and is empty: restore it, or delete cmwell_auth/used/")
	}
	a.stop(t)
	a.start(t)
	a.listens(t)
	a.says(t, "it was used before and is empty")
	for _, d := range []askedDoor{a, b} {
		if got := d.ask(t, rootAt(d.address)); got.status != 503 {
			t.Errorf("a login of root: %v", got)
		}
	}
}

// A door that starts first says 503 to all who need users, and opens nothing.
func TestADoorThatStartsBeforeItsRedis(t *testing.T) {
	address := redistest.FreeAddress(t)
	store := startRecorder(t, &recorder{})
	d := askedDoor{newDoor(t, withRedis(address, []string{"timeout 200ms"}, ownKey), doorOptions{store: store.address}), store}
	d.start(t)
	d.awaitServing(t, "/_login")
	d.says(t, "connection refused; users who are known here are known for 5m0s, all others are answered 503")
	for what, row := range map[string]struct {
		request []byte
		status  int
	}{
		"a login":                  {requestTo(d.address, "GET /_login", authorization("ann", passwordOf("ann"))), 503},
		"a login of root":          {rootAt(d.address), 503},
		"a write with a token":     {request("PUT /tests/x", bearing(tokenOf(t, "ann")), "Content-Length: 0"), 503},
		"a write without a token":  {request("PUT /tests/x", "Content-Length: 0"), 401},
		"a read without a token":   {request("GET /tests/x"), 503}, // it is not known what anonymous may
		"a read with a token":      {request("GET /tests/x", bearing(tokenOf(t, "ann"))), 503},
		"a document of a user":     {request("GET /meta/auth/users/ann", bearing(tokenOf(t, "adm"))), 503},
		"a token that is not good": {request("PUT /tests/x", bearing(badTokens(t)["another key"]), "Content-Length: 0"), 401},
	} {
		if got := d.ask(t, row.request); got.status != row.status {
			t.Errorf("%s: got %v, want %d", what, got, row.status)
		}
	}
	if got := d.ask(t, request("GET /_auth?op=health")); got.status != 503 || !strings.Contains(got.body, `"store":"redis"`) || !strings.Contains(got.body, "trouble") {
		t.Errorf("health: %v", got)
	}
	if saw := store.take(); len(saw) > 0 {
		t.Errorf("the store saw %v", saw)
	}
	server := &redistest.Server{Address: address, Folder: t.TempDir(), Program: "redis-server"}
	t.Cleanup(server.Kill)
	server.Run(t)
	d.says(t, "reached")
	if got := d.writes(t, "/x", d.logIn(t, "root", "root")); got != 200 {
		t.Errorf("root writes: %d", got)
	}
}

// What a reload does not change goes on: the connection, and what is known.
func TestAReloadForgetsNobody(t *testing.T) {
	server := redistest.Start(t)
	fill(t, server.Address)
	d := startWithRedis(t, startRecorder(t, &recorder{}), server.Address)
	ann := tokenOf(t, "ann")
	for range 2 { // the second one is answered from what is known
		if got := d.writes(t, "/tests/x", ann); got != 200 {
			t.Fatalf("got %d", got)
		}
	}
	clients := server.Say(t, "CLIENT", "LIST")
	for i := range 3 {
		d.write(t, withRedis(server.Address, nil, ownKey, fmt.Sprintf("realm r%d", i)))
		if said, err := d.reload(t); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		d.wantRealm(t, fmt.Sprintf("r%d", i))
		d.write(t, withRedis(server.Address, []string{"cache_size {env.HOME}"}, ownKey))
		if said, err := d.reload(t); err == nil || !strings.Contains(said, "a whole number from 1 to 10000000 is accepted") {
			t.Errorf("a broken configuration: %v\n%s", err, said)
		}
	}
	if now := server.Say(t, "CLIENT", "LIST"); strings.Count(now, "name=cmwell_auth") != strings.Count(clients, "name=cmwell_auth") {
		t.Errorf("before\n%s\nafter\n%s", clients, now)
	}
	server.Kill()
	d.write(t, withRedis(server.Address, nil, ownKey, "realm last"))
	if said, err := d.reload(t); err != nil {
		t.Fatalf("a reload without Redis: %v\n%s", err, said)
	}
	d.wantRealm(t, "last")
	if got := d.writes(t, "/tests/x", ann); got != 200 {
		t.Errorf("who was known before the reload: %d", got)
	}
}

func TestTheAuthDocumentsComeBackFromRedisAsTheyWerePut(t *testing.T) {
	server := redistest.Start(t)
	s := fill(t, server.Address)
	d := startWithRedis(t, startRecorder(t, &recorder{}), server.Address)
	const document = `{ "quota" : {"kept": [1,  2.50, null]} , "email":"\u00e4\/ä", "rev":0 }`
	wantAuth(t, d.put(t, tokenOf(t, "adm"), "/meta/auth/users/zoe", document), 200, succeeded)
	if got, err := s.Document(t.Context(), account.Users, "zoe"); err != nil || string(got) != document {
		t.Errorf("%s, %v", got, err)
	}
	wantAuth(t, d.auth(t, "GET /meta/auth/users", tokenOf(t, "adm")), 200, `{"users":["adm","ann","bob","cal","zoe"]`)
	wantAuth(t, d.put(t, tokenOf(t, "adm"), "/meta/auth/users/zoe", `{"note":"`+strings.Repeat("x", redis.MaxDocument)+`"}`), 413, "")
	wantAuth(t, d.auth(t, "DELETE /meta/auth/users/zoe", tokenOf(t, "adm")), 200, succeeded)
	if _, err := s.Document(t.Context(), account.Users, "zoe"); !errors.Is(err, account.ErrNotExist) {
		t.Error(err)
	}
}
