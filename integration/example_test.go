package integration

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/session"
)

// startExample runs Caddyfile.example as it stands, in an empty folder. What
// its text has in the place of ports, the environment says.
func startExample(t *testing.T, change func(string) string, environ map[string]string) *door {
	t.Helper()
	example, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(t, change(string(example)), doorOptions{admin: true, environ: environ})
	d.users = filepath.Join(d.dir, "data", "users.json")
	_, port, _ := net.SplitHostPort(d.address)
	d.environ = append(d.environ, "CMWELL_PORT="+port, "CMWELL_ADMIN="+d.admin)
	return d
}

func asItStands(text string) string { return text }

func TestTheReadmesSessionRunsAsItIsPrinted(t *testing.T) {
	d := startExample(t, asItStands, nil)
	d.start(t)
	d.awaitServing(t, "/_login")
	follow(t, "README.md", session.Place{Environ: d.environ}, "localhost:8080", d.address)
	for name, mode := range map[string]os.FileMode{"data/users.json": 0o600, "data/infotons.db": 0o600} {
		if info, err := os.Stat(filepath.Join(d.dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	d.says(t, "development store")
}

func TestTheExampleServesARealStoreWhenItIsNamed(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startExample(t, asItStands, map[string]string{"CMWELL_UPSTREAM": store.address, "CMWELL_ENVIRONMENT": "development"})
	if err := os.Mkdir(filepath.Dir(d.users), 0o700); err != nil {
		t.Fatal(err)
	}
	writeUsers(t, d.users)
	d.start(t)
	d.awaitServing(t, "/_login")
	if got := d.ask(t, request("PUT /tests/x", "Content-Length: 0")); got.status != 200 || inShort(store.take()) != "PUT /tests/x as nobody" {
		t.Errorf("got %v", got)
	}
	if got := d.ask(t, request("PUT /meta/auth/users/x", "Content-Length: 0")); got.status != 401 || inShort(store.take()) != "" {
		t.Errorf("got %v", got)
	}
}
