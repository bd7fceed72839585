package integration

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// devStore is a Caddy with nothing but the development store in it.
type devStore struct{ *door }

const devStoreFile = `{
	admin off
	auto_https off
	default_bind 127.0.0.1
}

:{$DOOR_PORT} {
	cmwell_dev_store infotons.db
}
`

func startDevStore(t *testing.T) devStore {
	t.Helper()
	d := devStore{newDoor(t, devStoreFile, doorOptions{noUsers: true})}
	d.start(t)
	d.awaitListening(t)
	return d
}

func (d devStore) awaitListening(t *testing.T) {
	t.Helper()
	eventually(t, "the development store listens", func() bool {
		connection, err := net.DialTimeout("tcp", d.address, time.Second)
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
}

// plant writes a document past every door, and plantUsers all users of the tests.
func (d devStore) plant(t *testing.T, path, document string) {
	t.Helper()
	if got := d.ask(t, requestWith(document, "POST "+path, asFile, "Content-Type: application/json")); got.status != 200 {
		t.Fatalf("%s: got %v", path, got)
	}
}

func (d devStore) plantUsers(t *testing.T) {
	t.Helper()
	document, err := usersDocument()
	var all struct{ Users map[string]json.RawMessage }
	if err == nil {
		err = json.Unmarshal(document, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, user := range all.Users {
		d.plant(t, "/meta/auth/users/"+name, string(user))
	}
}

// startInfotons starts a door whose users are in one store and which is before
// another, or the same one.
func startInfotons(t *testing.T, users, data, block string, settings ...string) *door {
	t.Helper()
	caddyfile := strings.Replace(frontDoor(append(settings, ownKey, "password_hash argon2id")...),
		"users file {$DOOR_USERS}", "users infotons http://{$DOOR_PEOPLE} {\n\t\t\t"+block+"\n\t\t}", 1)
	return startDoor(t, caddyfile, doorOptions{store: data, noUsers: true, admin: true, environ: map[string]string{"DOOR_PEOPLE": users}})
}

// wants sends a request with somebody's token and compares the status.
func (d *door) wants(t *testing.T, line, raw string, status int) answer {
	t.Helper()
	got := d.ask(t, request(line, bearing(raw), "X-CM-Well-Type: OBJ", "Content-Length: 2", "", "{}"))
	if got.status != status {
		t.Errorf("%s: got %v, want %d", line, got, status)
	}
	return got
}

func TestUsersInTheStoreLogInWriteAndAreRevoked(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	d := startInfotons(t, store.address, store.address, "")
	other := startInfotons(t, store.address, store.address, "")
	ann := d.logIn(t, "ann", passwordOf("ann"))
	d.wants(t, "PUT /tests/x", ann, 200)
	other.wants(t, "PUT /tests/y", ann, 200)
	d.wants(t, "PUT /tests/secret/x", ann, 403)
	if got := d.administer(t, "PUT users/zoe", `{"roles":["Gone"]}`, "If-None-Match: *"); got.status != 200 {
		t.Errorf("got %v", got)
	}
	d.says(t, "user zoe: the role Gone does not exist")
	d.wants(t, "PUT /other", ann, 403)

	// With CM-Well's calls, through the door.
	adm := d.logIn(t, "adm", passwordOf("adm"))
	post := func(path, document string) {
		t.Helper()
		wantAuth(t, d.ask(t, requestWith(document, "POST "+path, bearing(adm), asFile)), 200, succeeded)
	}
	post("/meta/auth/roles/Editor", `{"paths":[{"id":"/docs","sign":"+","recursive":true,"permissions":"rw"}]}`)
	post("/meta/auth/users/zoe", `{"roles":["Editor"],"rev":4}`)
	d.wants(t, "PUT /docs/x", tokenOf(t, "zoe"), 401) // which has another rev
	post("/meta/auth/users/yan", `{"roles":["Editor"]}`)
	d.wants(t, "PUT /docs/x", tokenOf(t, "yan"), 200)
	post("/meta/auth/users/ann", `{"roles":["Editor"],"paths":[]}`)
	d.wants(t, "PUT /docs/x", ann, 401) // without its password, no token is good
	wantAuth(t, d.ask(t, request("DELETE /meta/auth/users/bob", bearing(adm))), 200, succeeded)
	wantAuth(t, d.ask(t, request("GET /meta/auth/users", bearing(adm))), 200, `{"users":["adm","ann","cal","yan","zoe"]}`)
	wantAuth(t, d.ask(t, requestWith(`{"rev":"x"}`, "POST /meta/auth/users/ann", bearing(adm), asFile)), 400, "rev")
	if got := store.ask(t, request("GET /meta/auth/users/zoe")); got.body != `{"roles":["Editor"],"rev":4}` {
		t.Errorf("in the store is %v", got)
	}

	// What one door changes, the other knows within a second. Of three times the
	// slowest would tell of the machine.
	quickest := patience
	for range 3 {
		cal := d.logIn(t, "cal", passwordOf("cal"))
		other.wants(t, "PUT /q", cal, 200)
		wantAuth(t, d.ask(t, request("GET /_auth?op=logout", bearing(cal))), 200, succeeded)
		revoked := time.Now()
		d.wants(t, "PUT /q", cal, 401)
		eventually(t, "the other door has heard of it", func() bool { return other.ask(t, request("GET /q", bearing(cal))).status == 401 })
		quickest = min(quickest, time.Since(revoked))
	}
	if quickest > 1500*time.Millisecond {
		t.Errorf("the other door went on for %s", quickest)
	}
	fresh := other.logIn(t, "cal", passwordOf("cal"))
	other.wants(t, "PUT /q", fresh, 200)
}

// Two doors lose their store: one goes on with whom it knows for longer than the
// test can last, the other for as short as can be.
func TestTheStoreGoesDownAndComesBack(t *testing.T) {
	store, data := startDevStore(t), startRecorder(t, &recorder{})
	store.plantUsers(t)
	store.plant(t, "/meta/auth/users/dan", `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}]}`)
	patient := startInfotons(t, store.address, data.address, "max_stale 24h")
	strict := startInfotons(t, store.address, data.address, "max_stale 2s")
	ann, dan := patient.logIn(t, "ann", passwordOf("ann")), tokenOf(t, "dan")
	patient.wants(t, "PUT /tests/x", ann, 200)
	strict.wants(t, "PUT /tests/x", ann, 200)
	store.stop(t)
	patient.wants(t, "PUT /tests/x", dan, 503) // whom the door has not met
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				got, err := tryAsk(patient.address, request("PUT /tests/x", bearing(ann), "Content-Length: 0"))
				if err != nil || got.status != 200 {
					t.Errorf("who is known: got %v, %v", got, err)
				}
			}
		})
	}
	all.Wait()
	if got := patient.ask(t, request("GET /_login", authorization("nobody", "x"))); got.status != 503 {
		t.Errorf("a login of nobody: got %v", got)
	}
	if got := patient.ask(t, request("GET /_auth?op=health")); got.status != 200 || !strings.Contains(got.body, "the store behind does not answer as it should") || strings.Contains(got.body, store.address) {
		t.Errorf("health: got %v", got)
	}
	wantAuth(t, patient.ask(t, request("GET /_auth?op=logout", bearing(ann))), 503, "")
	// The door tries to read a user again, and says that it could not, when somebody asks.
	eventually(t, "the door says what it goes on with", func() bool {
		patient.wants(t, "PUT /tests/x", ann, 200)
		return strings.Contains(patient.output.String(), "the last known state of users is in use")
	})

	strict.isClosed(t, data, ann)
	store.start(t)
	store.awaitListening(t)
	for _, d := range []*door{patient, strict} {
		eventually(t, "everything is as before", func() bool {
			return d.ask(t, request("PUT /tests/x", bearing(ann), "Content-Length: 0")).status == 200
		})
		d.wants(t, "PUT /tests/x", dan, 200)
		d.isWell(t)
	}
}

// isClosed waits until the door lets nobody through any more.
func (d *door) isClosed(t *testing.T, data *recorder, ann string) {
	t.Helper()
	eventually(t, "the last known state is too old", func() bool {
		return d.ask(t, request("PUT /tests/x", bearing(ann), "Content-Length: 0")).status == 503
	})
	eventually(t, "nobody else is known either", func() bool { // whom the door asked for last, it knows for longest
		got := d.ask(t, request("GET /_auth?op=health"))
		return got.status == 503 && strings.Contains(got.body, "nobody is known any more")
	})
	data.take()
	d.wants(t, "PUT /tests/x", ann, 503)
	if got := d.ask(t, request("GET /_login", authorization("ann", passwordOf("ann")))); got.status != 503 {
		t.Errorf("a login: got %v", got)
	}
	if got := d.ask(t, request("GET /tests/x")); got.status != 503 || !strings.HasPrefix(got.body, "the front door cannot decide") {
		t.Errorf("what anybody may read: got %v", got)
	}
	if seen := data.take(); len(seen) > 0 {
		t.Errorf("the store of data saw %v", seen)
	}
}

func TestADoorStartsBeforeItsStore(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	store.stop(t)
	d := startInfotons(t, store.address, store.address, "")
	d.says(t, "it is not known whether user root has the default password")
	d.wants(t, "PUT /tests/x", tokenOf(t, "ann"), 503)
	store.start(t)
	store.awaitListening(t)
	d.wants(t, "PUT /tests/x", tokenOf(t, "ann"), 200)
}

// No user is made in somebody's store, empty or not.
func TestNoRootIsMadeInTheStore(t *testing.T) {
	store := startDevStore(t)
	seen := startRecorder(t, &recorder{relay: store.address})
	d := startInfotons(t, seen.address, store.address, "", "default_root anywhere")
	if got := d.ask(t, request("GET /_login", authorization("root", "root"))); got.status != 401 {
		t.Errorf("got %v", got)
	}
	for _, r := range seen.take() {
		if r.method != "GET" {
			t.Errorf("the store was asked to %v", r)
		}
	}
}

func TestARedirectByTheStoreIsNotFollowed(t *testing.T) {
	elsewhere := startRecorder(t, &recorder{})
	store := startRecorder(t, &recorder{reply: func(r received) string {
		return reply(r, "302 Found", "", "Location: http://"+elsewhere.address+r.target)
	}})
	d := startInfotons(t, store.address, store.address, "")
	d.wants(t, "PUT /tests/x", tokenOf(t, "adm"), 503)
	if got := d.ask(t, request("GET /_login", authorization("adm", passwordOf("adm")))); got.status != 503 {
		t.Errorf("a login: got %v", got)
	}
	if seen := elsewhere.take(); len(seen) > 0 {
		t.Errorf("elsewhere came %v", seen)
	}
}

// The token by which the door is known to the store is shown to nobody else, lives
// for minutes, and is good for nothing at the door.
func TestTheDoorsOwnTokenIsForTheStoreAlone(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	store.plant(t, "/meta/auth/users/front", `{"operations":["Admin"],"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}]}`)
	people, data := startRecorder(t, &recorder{relay: store.address}), startRecorder(t, &recorder{})
	d := startInfotons(t, people.address, data.address, "user front")
	d.logIn(t, "ann", passwordOf("ann"))
	d.wants(t, "PUT /tests/x", tokenOf(t, "ann"), 200)
	asked := people.take()
	if len(asked) == 0 {
		t.Fatal("the store of users was not asked")
	}
	for _, r := range asked {
		raw := strings.Join(r.values("X-CM-WELL-TOKEN"), "|")
		_, rest, _ := strings.Cut(raw, ".")
		body, _, _ := strings.Cut(rest, ".")
		claims, err := base64.RawURLEncoding.DecodeString(body)
		var c struct {
			Sub      string
			Exp, Rev int64
		}
		if err == nil {
			err = json.Unmarshal(claims, &c)
		}
		if life := time.Until(time.UnixMilli(c.Exp)); err != nil || c.Sub != "front" || life < 0 || life > 10*time.Minute {
			t.Errorf("%v carries %s, %v", r, claims, err)
		}
		for _, line := range []string{"PUT /x", "GET /meta/auth/users/ann", "GET /x"} {
			d.wants(t, line, raw, 401)
		}
		if strings.Contains(d.output.String(), raw) {
			t.Error("the log shows it")
		}
	}
	for _, r := range data.take() {
		if strings.Contains(string(r.raw), `front`) {
			t.Errorf("the other store was sent %v", r)
		}
	}
}

func TestWhatAnotherTokenIsConfiguredIsShown(t *testing.T) {
	for configured, want := range map[string]string{"token off": "", "token {env.DOOR_KEY_FOR_USERS}": "e.y.J"} {
		store := startRecorder(t, &recorder{})
		caddyfile := strings.Replace(frontDoor(ownKey), "users file {$DOOR_USERS}", "users infotons http://{$DOOR_STORE} {\n\t\t\t"+configured+"\n\t\t}", 1)
		d := startDoor(t, caddyfile, doorOptions{store: store.address, noUsers: true, environ: map[string]string{"DOOR_KEY_FOR_USERS": "e.y.J"}})
		d.wants(t, "PUT /x", tokenOf(t, "ann"), 503)
		for _, r := range store.take() {
			if got := strings.Join(r.values("X-CM-WELL-TOKEN"), "|"); got != want {
				t.Errorf("%s: the store was shown %q, want %q", configured, got, want)
			}
		}
	}
}

// After a write that could have changed users, whoever made it finds them changed,
// however long the door would have remembered them.
func TestAWritePastTheDocumentsIsSeenAtOnce(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	d := startInfotons(t, store.address, store.address, "max_age 1h\n\t\t\tmax_stale 2h")
	adm, ann := d.logIn(t, "adm", passwordOf("adm")), d.logIn(t, "ann", passwordOf("ann"))
	d.wants(t, "PUT /tests/x", ann, 200)
	store.plant(t, "/meta/auth/users/ann", `{"rev":1}`)
	d.wants(t, "PUT /tests/x", ann, 200) // nobody has told the door
	triple := "<cmwell://tests/z> <http://p.test/name> \"z\" .\n"
	if got := d.ask(t, requestWith(triple, "POST /_in?format=ntriples", bearing(adm))); got.status != 200 {
		t.Errorf("got %v", got)
	}
	d.wants(t, "PUT /tests/x", ann, 401)
	store.plant(t, "/meta/auth/users/ann", `{"paths":[{"id":"/tests","sign":"+","recursive":true,"permissions":"rw"}]}`)
	wantAuth(t, d.ask(t, request("GET /_auth?op=invalidate-cache", bearing(adm))), 200, succeeded)
	d.wants(t, "PUT /tests/x", ann, 200)
	if got := d.ask(t, request("DELETE /meta", bearing(adm))); got.status != 200 {
		t.Errorf("got %v", got)
	}
	d.wants(t, "PUT /tests/x", ann, 401)
	d.wants(t, "PUT /tests/x", adm, 401)
}

func TestUsersInTheStoreThatCannotBeGuardedAreNotTaken(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("CMWELL_TEST_EMPTY", "")
	t.Setenv("CMWELL_TEST_WORD", "prodution")
	for directive, says := range map[string]string{
		"users infotons http://127.0.0.1:1\n\t\tprofile http":                                 "http found with users infotons; cmwell is accepted",
		"users infotons {env.CMWELL_TEST_WORD}":                                               "no URL of a store",
		"users infotons {env.CMWELL_TEST_EMPTY}":                                              "no URL of a store",
		"users infotons http://127.0.0.1:1 {\n\t\t\ttoken {env.CMWELL_TEST_EMPTY}\n\t\t}":     "no token",
		"users infotons http://127.0.0.1:1 {\n\t\t\tmax_age 1m\n\t\t\tmax_stale 1s\n\t\t}":    "max_stale: 1s found; at least max_age, ",
		"users infotons http://127.0.0.1:1 {\n\t\t\tcache_size {env.CMWELL_TEST_WORD}\n\t\t}": `cache_size: "prodution" found`,
		"users infotons http://127.0.0.1:1 {\n\t\t\ttimeout {env.CMWELL_TEST_WORD}\n\t\t}":    `timeout: "prodution" found`,
		"users infotons http://127.0.0.1:1 {\n\t\t\tuser {env.CMWELL_TEST_WORD}/x\n\t\t}":     `user: name "prodution/x"`,
		"users infotons http://127.0.0.1:1 {\n\t\t\tmax_age {env.CMWELL_TEST_WORD}\n\t\t}":    `max_age: "prodution" found`,
		"users infotons http://127.0.0.1:1 {\n\t\t\tmax_stale {env.CMWELL_TEST_WORD}\n\t\t}":  `max_stale: "prodution" found`,
	} {
		if err := validated(t, folder, directive); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s\n  %v\n  should say %s", directive, err, says)
		}
	}
	if err := validated(t, folder, "users infotons http://127.0.0.1:1"); err != nil {
		t.Error(err)
	}
}
