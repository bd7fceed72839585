package integration

import (
	"os"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// rootAt is a login of root with the password that everybody knows.
func rootAt(host string, headers ...string) []byte {
	return requestTo(host, "GET /_login", append(headers, authorization("root", "root"))...)
}

func startNew(t *testing.T, store string, settings ...string) *door {
	t.Helper()
	return startDoor(t, frontDoor(settings...), doorOptions{store: store, noUsers: true})
}

func TestTheFirstStartMakesARootThatMayDoEverything(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startNew(t, store.address)
	d.says(t, "user root has the default password")
	raw := d.logIn(t, "root", "root")
	if got := d.ask(t, request("PUT /meta/ns/x", bearing(raw), "Content-Length: 0")); got.status != 200 || inShort(store.take()) != "PUT /meta/ns/x as root" {
		t.Errorf("root writes: got %v", got)
	}
	if info, err := os.Stat(d.users); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the users file: %v %v", info, err)
	}
}

func TestTheDefaultRootLogsInFromThisMachineOnly(t *testing.T) {
	d := newDoor(t, frontDoor("login_limit 1000 15m"), doorOptions{store: "127.0.0.1:1", noUsers: true})
	cheap, err := account.HashPassword("root", 4) // many logins follow
	if err == nil {
		err = os.WriteFile(d.users, []byte(`{"users":{"root":{"digest":"`+cheap+`"}},"roles":{}}`), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.start(t)
	d.awaitServing(t, "/_login")
	for _, host := range []string{"127.0.0.1", d.address, "localhost", "localhost:8080", "LOCALHOST", "[::1]:8080"} {
		if got := d.ask(t, rootAt(host)); got.status != 200 {
			t.Errorf("Host %s: got %v", host, got)
		}
	}
	for _, elsewhere := range [][]byte{
		rootAt("store.example.org"), rootAt("127.0.0.1.example.org"), rootAt("localhost.example.org"), rootAt("10.0.0.1"), rootAt("0.0.0.0"),
		rootAt("localhost", "X-Forwarded-For: 127.0.0.1"), rootAt("localhost", "X-Forwarded-For:"), rootAt("localhost", "Forwarded: for=127.0.0.1"),
		rootAt("localhost", "X-Real-IP: 127.0.0.1"), rootAt("localhost", "Via: 1.1 proxy"), rootAt("localhost", "X-Forwarded-Host: localhost"),
		rootAt("localhost", "x-forwarded-proto: https"), rootAt("localhost", "X_Forwarded_For: 10.0.0.1", "Connection: X-Forwarded-For", "X-Forwarded-For: 1"),
	} {
		if got := d.ask(t, elsewhere); got.status != 401 || got.body != "Not authenticated.\n401 - User/Pass don't match.\n" {
			t.Errorf("%.80q: got %v", elsewhere, got)
		}
	}
}

func TestTheManagedKeyOutlivesARestart(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(), doorOptions{store: store.address})
	before := d.logIn(t, "ann", passwordOf("ann"))
	d.stop(t)
	d.start(t)
	d.awaitServing(t, "/_login")
	after := d.logIn(t, "ann", passwordOf("ann"))
	for _, raw := range []string{before, after} {
		if got := d.ask(t, request("PUT /tests/x", bearing(raw), "Content-Length: 0")); got.status != 200 {
			t.Errorf("got %v", got)
		}
	}
	if got := d.ask(t, request("PUT /tests/x", bearing(tokenOf(t, "ann")), "Content-Length: 0")); got.status != 401 {
		t.Errorf("a token of another key: got %v", got)
	}
}

func TestTwoDoorsOnOneStorageShareTheManagedKey(t *testing.T) {
	store := startRecorder(t, &recorder{})
	storage := "storage file_system " + t.TempDir()
	first := startDoor(t, frontDoorWith(storage), doorOptions{store: store.address})
	second := startDoor(t, frontDoorWith(storage), doorOptions{store: store.address})
	raw := first.logIn(t, "ann", passwordOf("ann"))
	if got := second.ask(t, request("PUT /tests/x", bearing(raw), "Content-Length: 0")); got.status != 200 {
		t.Errorf("got %v", got)
	}
}

func TestALostUsersFileIsNoFirstStart(t *testing.T) {
	empty := func(d *door) error { return os.WriteFile(d.users, []byte(`{"users":{},"roles":{}}`), 0o600) }
	for name, lose := range map[string]func(*door) error{"gone": func(d *door) error { return os.Remove(d.users) }, "emptied": empty} {
		t.Run(name, func(t *testing.T) {
			d := startDoor(t, frontDoor(), doorOptions{store: "127.0.0.1:1"})
			d.logIn(t, "ann", passwordOf("ann"))
			d.stop(t)
			if err := lose(d); err != nil {
				t.Fatal(err)
			}
			said := d.startsAndFails(t)
			for _, advice := range []string{"was used before and is empty or gone", "restore it", "delete cmwell_auth/used/"} {
				if !strings.Contains(said, advice) {
					t.Errorf("it did not say %q:\n%s", advice, said)
				}
			}
			if _, err := os.Stat(d.users); name == "gone" && !os.IsNotExist(err) {
				t.Errorf("the users file is there again: %v", err)
			}
		})
	}
}

func TestProductionDoesNotServeTheDefaultPasswordToEverybody(t *testing.T) {
	d := newDoor(t, frontDoor("default_root anywhere"), doorOptions{store: "127.0.0.1:1", noUsers: true})
	if said := d.startsAndFails(t); !strings.Contains(said, "default password") || !strings.Contains(said, "default_root loopback") {
		t.Errorf("it said:\n%s", said)
	}
}

func TestDevelopmentMayServeTheDefaultPasswordToEverybody(t *testing.T) {
	d := startNew(t, "127.0.0.1:1", "environment development", "default_root anywhere")
	if got := d.ask(t, rootAt("store.example.org", "X-Forwarded-For: 10.0.0.1")); got.status != 200 {
		t.Errorf("got %v", got)
	}
	d.says(t, "may log in from anywhere")
}

func TestDefaultRootOffMakesNoRoot(t *testing.T) {
	d := startNew(t, "127.0.0.1:1", "default_root off")
	if got := d.ask(t, rootAt("localhost")); got.status != 401 {
		t.Errorf("got %v", got)
	}
	if _, err := os.Stat(d.users); !os.IsNotExist(err) {
		t.Errorf("a users file was made: %v", err)
	}
}
