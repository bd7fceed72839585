package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/login"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// fleet is several front doors that share their key and, in Redis, their users.
type fleet struct {
	doors []*door
	redis *redistest.Server
}

// startFleet starts so many doors on a Redis with the users of the tests. They
// believe whoever connects about where a client is.
func startFleet(t *testing.T, n int, settings ...string) fleet {
	t.Helper()
	f := fleet{redis: redistest.Start(t)}
	f.putUsers(t)
	store := startRecorder(t, &recorder{})
	settings = append(settings, ownKey, "json_login /v1/login", "password_hash argon2id", "default_root off")
	caddyfile := frontDoorWith("servers {\n\t\ttrusted_proxies static 127.0.0.1/32\n\t}", settings...)
	caddyfile = strings.Replace(caddyfile, "users file {$DOOR_USERS}", "users redis redis://"+f.redis.Address, 1)
	for range n {
		f.doors = append(f.doors, startDoor(t, caddyfile, doorOptions{store: store.address}))
	}
	return f
}

// putUsers does what an administrator would, before there is a door.
func (f fleet) putUsers(t *testing.T) {
	t.Helper()
	users := redis.New(redis.Options{
		Addresses: []string{f.redis.Address}, Prefix: "{cmwell_auth}:", CacheSize: 10, MaxStale: time.Minute,
		Timeout: 10 * time.Second, PoolSize: 1, Shapes: func([]account.Shape) {},
	})
	defer users.Close()
	users.Start(redis.Home{
		Known: func(context.Context) (string, error) { return "", nil },
		Note:  func(context.Context, string) error { return nil },
		Warn:  func(string) {},
	})
	document, err := usersDocument()
	var all struct{ Users map[string]json.RawMessage }
	if err == nil {
		err = json.Unmarshal(document, &all)
	}
	if err == nil {
		err = users.Wait(t.Context())
	}
	for name, user := range all.Users {
		if err == nil {
			err = users.Put(t.Context(), account.Users, name, user)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// from is the line that says where a client is.
func from(address string) string { return "X-Forwarded-For: " + address }

func (d *door) tryBasic(t *testing.T, name, password, client string) answer {
	t.Helper()
	return d.ask(t, request("GET /_login", authorization(name, password), from(client)))
}

// wantStatuses fails unless the doors give these statuses, one after the other.
func wantStatuses(t *testing.T, what string, got []int, want ...int) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestAnAnswerOpensOnceAtOneOfThreeDoors(t *testing.T) {
	f := startFleet(t, 3)
	a, b, c := f.doors[0], f.doors[1], f.doors[2]
	a.logIn(t, "ann", passwordOf("ann")) // what Digest needs is stored by this
	for algorithm, asked := range a.challenges(t) {
		try := func(d *door, count string) int {
			t.Helper()
			return d.ask(t, request("GET /_login", asked.answered("ann", passwordOf("ann"), count))).status
		}
		why := string(algorithm) + ", "
		wantStatuses(t, why+"count 1 at b, again at b, at a, at c", []int{try(b, "00000001"), try(b, "00000001"), try(a, "00000001"), try(c, "00000001")}, 200, 401, 401, 401)
		wantStatuses(t, why+"count 3 at c, 2 at a, both again", []int{try(c, "00000003"), try(a, "00000002"), try(a, "00000003"), try(c, "00000002")}, 200, 200, 401, 401)
		b.restart(t)
		wantStatuses(t, why+"after b has started anew", []int{try(b, "00000002"), try(b, "00000004")}, 401, 200)
	}
}

// restart ends the process and starts another.
func (d *door) restart(t *testing.T) {
	t.Helper()
	d.stop(t)
	d.start(t)
	d.awaitServing(t, "/_login")
}

func TestOfManyReplaysAtTwoDoorsOneOpens(t *testing.T) {
	f := startFleet(t, 2)
	f.doors[0].logIn(t, "ann", passwordOf("ann"))
	line := f.doors[0].challenges(t)[login.SHA256].answered("ann", passwordOf("ann"), "00000001")
	statuses := make([]int, 200)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			got, err := tryAsk(f.doors[i%2].address, request("GET /_login", line))
			if err != nil {
				t.Error(err)
			}
			statuses[i] = got.status
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if count[200] != 1 || count[200]+count[401]+count[429] != len(statuses) {
		t.Errorf("of each status there are %v, want one 200 and else 401 and 429", count)
	}
}

func TestGuessesAtThreeDoorsCountTogether(t *testing.T) {
	const here, elsewhere = "203.0.113.7", "198.51.100.7"
	f := startFleet(t, 3)
	if got := f.doors[0].tryBasic(t, "ann", passwordOf("ann"), elsewhere); got.status != 200 {
		t.Fatalf("ann from her usual address: %v", got)
	}
	var got []int
	for i := range 16 {
		got = append(got, f.doors[i%3].tryBasic(t, "ann", "wrong", here).status)
	}
	wantStatuses(t, "sixteen wrong passwords", got, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429)
	for i, d := range f.doors {
		blocked(t, fmt.Sprintf("the right password at door %d", i), d.tryBasic(t, "ann", passwordOf("ann"), here))
		blocked(t, fmt.Sprintf("the right password in JSON at door %d", i), d.ask(t, requestWith(jsonLogin(t, "ann", passwordOf("ann")), "POST /v1/login", from(here))))
		change := requestWith(`{"current":"`+passwordOf("ann")+`","new":"n"}`, "POST /_auth?op=change-password", bearing(tokenOf(t, "ann")), from(here))
		blocked(t, fmt.Sprintf("another password at door %d", i), d.ask(t, change))
		if got := d.tryBasic(t, "ann", passwordOf("ann"), elsewhere); got.status != 200 {
			t.Errorf("from the usual address at door %d: %v", i, got)
		}
	}
	b := f.doors[1]
	b.restart(t)
	blocked(t, "after the door has started anew", b.tryBasic(t, "ann", passwordOf("ann"), here))
}

// Strangers from everywhere close a user to strangers, at every door; who is
// usual at one door is usual at all.
func TestGuessesFromEverywhereAtThreeDoors(t *testing.T) {
	const usual = "198.51.100.7"
	f := startFleet(t, 3, "login_limit 2 15m")
	if got := f.doors[0].tryBasic(t, "ann", passwordOf("ann"), usual); got.status != 200 {
		t.Fatalf("ann from her usual address: %v", got)
	}
	wrong := 0
	for i := range 40 {
		if f.doors[i%3].tryBasic(t, "ann", "wrong", fmt.Sprintf("2001:db8:0:%x::1", i)).status == 401 {
			wrong++
		}
	}
	if wrong != 20 {
		t.Errorf("%d guesses were looked at, want 20", wrong)
	}
	for i, d := range f.doors {
		blocked(t, fmt.Sprintf("a stranger at door %d", i), d.tryBasic(t, "ann", passwordOf("ann"), "2001:db8:1::1"))
		if got := d.tryBasic(t, "ann", passwordOf("ann"), usual); got.status != 200 {
			t.Errorf("from the usual address at door %d: %v", i, got)
		}
	}
}

func TestWithoutRedisNobodyLogsIn(t *testing.T) {
	f := startFleet(t, 2)
	f.doors[0].logIn(t, "ann", passwordOf("ann"))
	asked := f.doors[0].challenges(t)[login.SHA256]
	f.redis.Kill()
	for _, d := range f.doors {
		for what, sent := range map[string][]byte{
			"the right password":   request("GET /_login", authorization("ann", passwordOf("ann"))),
			"a wrong password":     request("GET /_login", authorization("ann", "wrong")),
			"nobody":               request("GET /_login", authorization("ghost", "wrong")),
			"the right answer":     request("GET /_login", asked.answered("ann", passwordOf("ann"), "00000001")),
			"the JSON login":       requestWith(jsonLogin(t, "ann", passwordOf("ann")), "POST /v1/login"),
			"a change of password": requestWith(`{"current":"x","new":"n"}`, "POST /_auth?op=change-password", bearing(tokenOf(t, "ann"))),
		} {
			if got := d.ask(t, sent); got.status != 503 || got.header.Get("Retry-After") == "" {
				t.Errorf("%s: got %v with Retry-After %q, want 503", what, got, got.header.Get("Retry-After"))
			}
		}
		d.says(t, `"reason":"unguarded"`)
	}
}

// Redis gets the names of failed logins, whatever was typed: as values, each with
// its length before it.
func TestANameIsNoCommandOfRedis(t *testing.T) {
	f := startFleet(t, 1)
	d, ann := f.doors[0], bearing(tokenOf(t, "ann"))
	for _, name := range []string{"a\r\nFLUSHALL\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "ann*", "[a-z]*", "{cmwell_auth}", "x\x00", `"; redis.call("FLUSHALL") --`} {
		if got := d.tryBasic(t, name, "wrong", "192.0.2.1"); got.status != 401 {
			t.Errorf("%q: got %v", name, got)
		}
		if got := d.ask(t, request("GET /_auth?op=whoami", ann)); got.status != 200 || !strings.Contains(got.body, `"ann"`) {
			t.Errorf("after %q: got %v", name, got)
		}
	}
	if got := d.tryBasic(t, "bob", passwordOf("bob"), "192.0.2.1"); got.status != 200 {
		t.Errorf("another user afterwards: got %v", got)
	}
}
