package integration

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
	"github.com/cm-well/cmwell-auth/internal/store/redis"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// What no store may change on the way: order, white space, escapes, unknown fields.
const (
	oddUser = `{ "rev":3 , "quota" : {"kept": [1,  2.50, null]}, "first":"\u00c4nn\/e", "roles":["Editor"] }`
	oddRole = `{"paths":[ ], "note" : "x"}`
)

// oddUsers is a file with them, and with a user who was deleted.
func oddUsers(t *testing.T, name string) *file.Users {
	t.Helper()
	if err := os.WriteFile(name, []byte(`{"users":{"ann":`+oddUser+`,"gone":{"rev":41}},"roles":{"Editor":`+oddRole+`}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := file.Open(name, false)
	if err == nil {
		err = users.Delete(t.Context(), account.Users, "gone")
	}
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func TestUsersMoveThroughEveryKindOfStoreToTheByte(t *testing.T) {
	s := stageFor(t, false)
	oddUsers(t, filepath.Join(s.dir, "odd.json"))
	server := redistest.Start(t)
	s.environ = append(s.environ, "REDIS=redis://"+server.Address+"/3", "STORE=infotons:http://"+startDevStore(t).address)
	for _, leg := range []string{"--from file:odd.json --to $REDIS", "--from $REDIS --to $STORE", "--from $STORE --to file:back.json"} {
		for _, said := range []string{"+ role Editor\n> + user ann\n> ~ rev_floor 42: what deleted users have left\n> 2 added, 0 changed, 0 the same, 0 only there", "0 added, 0 changed, 2 the same, 0 only there\n> Nothing is to be done."} {
			if got := s.run(t, "caddy cmwell-auth migrate --apply "+leg); !strings.Contains(got, said) {
				t.Errorf("%s: %s\nwant %s", leg, got, said)
			}
		}
	}
	back, err := file.Open(filepath.Join(s.dir, "back.json"), false)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[account.Kind]map[string]string{account.Users: {"ann": oddUser}, account.Roles: {"Editor": oddRole}} {
		for name, document := range want {
			if got, err := back.Document(t.Context(), kind, name); err != nil || string(got) != document {
				t.Errorf("%s %s: %s, %v", kind.Singular(), name, got, err)
			}
		}
	}
	if floor, err := back.Floor(context.Background()); err != nil || floor != 42 {
		t.Errorf("the floor is %d, %v", floor, err)
	}
}

func TestAPasswordOfRedisIsNotTakenFromTheCommandLine(t *testing.T) {
	s := stageFor(t, false)
	got := s.run(t, "caddy cmwell-auth migrate --from file:users.json --to redis://:geheim@127.0.0.1:1/0")
	if !strings.Contains(got, "CMWELL_REDIS_PASSWORD holds it") || strings.Contains(got, "geheim") || !strings.Contains(got, "= 1") {
		t.Error(got)
	}
}

func TestACheckTellsOfAStoreThatAnybodyMayWriteTo(t *testing.T) {
	store := startDevStore(t)
	store.plantUsers(t)
	caddyfile := strings.Replace(frontDoor(ownKey), "users file {$DOOR_USERS}", "users infotons http://{$DOOR_PEOPLE}", 1)
	d := startDoor(t, caddyfile, doorOptions{store: store.address, noUsers: true, admin: true, environ: map[string]string{"DOOR_PEOPLE": store.address}})
	got := d.administer(t, "GET lint", "")
	if got.status != 200 || !strings.Contains(got.body, "the store at http://"+store.address+" answers writes without a token") {
		t.Errorf("got %v", got)
	}
	if got := d.administer(t, "GET users", ""); got.status != 200 || !strings.Contains(got.body, `"name":"ann"`) || strings.Contains(got.body, "check-") {
		t.Errorf("got %v", got)
	}
	if got := d.administer(t, "GET state", ""); !strings.Contains(got.body, `"users":"infotons:http://`+store.address+`"`) {
		t.Errorf("got %v", got)
	}
}

// manyUsers is a file of so many.
func manyUsers(t *testing.T, name string, n int) {
	t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%s\n\"u%05d\": {\"rev\":%d}", map[bool]string{true: ","}[i > 0], i, i%7)
	}
	if err := os.WriteFile(name, []byte(`{"users":{`+text.String()+`},"roles":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Interrupted by a person, and then killed, the same command goes on where it was.
func TestAMigrationThatWasInterruptedGoesOn(t *testing.T) {
	const users = 4000
	s := stageFor(t, false)
	manyUsers(t, filepath.Join(s.dir, "many.json"), users)
	server := redistest.Start(t)
	command := "caddy cmwell-auth migrate --apply --from file:many.json --to redis://" + server.Address + "/0"
	store := redis.New(redis.Options{Addresses: []string{server.Address}, Prefix: "{cmwell_auth}:", CacheSize: 10, MaxStale: time.Minute, Timeout: patience, PoolSize: 2})
	store.Start(redis.Home{})
	defer store.Close()
	arrived := func() int {
		names, err := store.Names(t.Context(), account.Users)
		if err != nil {
			return 0 // it is still being looked for
		}
		return len(names)
	}
	for i, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		before := arrived()
		run := exec.CommandContext(t.Context(), s.shell, "-c", "exec "+command)
		run.Dir, run.Env = s.dir, s.environ
		var said bytes.Buffer
		run.Stderr = &said
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "some more have arrived", func() bool { return arrived() >= before+200 })
		if err := run.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = run.Wait()
		if i == 0 && (run.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "what was stored stays, and the same command goes on from there")) {
			t.Errorf("%s: exit %d, %s", signal, run.ProcessState.ExitCode(), &said)
		}
		if n := arrived(); n >= users {
			t.Fatalf("%d have arrived: it was not interrupted", n)
		}
	}
	before := arrived()
	if got, want := s.run(t, command), fmt.Sprintf("%d added, 0 changed, %d the same, 0 only there\n> Done, and compared again", users-before, before); !strings.Contains(got, want) {
		t.Errorf("%.300s…\nwant %s", got[max(0, len(got)-300):], want)
	}
}

// A door has the file in use, is told by its admin API to change it, and commands
// change it past the door, all at once.
func TestCommandsOnAFileAndItsDoorLoseNothing(t *testing.T) {
	s := stageFor(t, true)
	const each = 4
	var done sync.WaitGroup
	for i := range each {
		done.Go(func() {
			for _, where := range []string{"", " --file users.json"} {
				path := fmt.Sprintf("/at%d%s", i, strings.ReplaceAll(strings.TrimSpace(where), " ", ""))
				if got := s.run(t, "caddy cmwell-auth user grant bob --json --allow rw:"+path+where); !strings.Contains(got, `"changed": true`) {
					t.Errorf("%s: %s", path, got)
				}
			}
		})
	}
	done.Wait()
	eventually(t, "the door knows all of it", func() bool {
		got := s.run(t, "caddy cmwell-auth user show bob")
		return strings.Count(got, "+ /at") == 2*each
	})
	if got := s.run(t, "caddy cmwell-auth user show bob --file users.json"); strings.Count(got, "+ /at") != 2*each {
		t.Errorf("the file has\n%s", got)
	}
}
