package integration

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
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
