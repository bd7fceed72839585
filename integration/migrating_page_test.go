package integration

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/session"
	"github.com/cm-well/cmwell-auth/internal/account"
)

// everyField is a document with all that CM-Well knows, and more.
const everyField = `{ "paths" : [{"id":"/","sign":"+","recursive":true,"permissions":"r"},
    {"id":"/ann.example.org/frozen","sign":"-","recursive":false,"permissions":"w"}],
  "roles":["Editor"], "operations":["PriorityWrite","Overwrite"],
  "rev":7,"digest":"$2a$10$7EqJtq98hPqEX7fNZaFWoO5xyPEEKPCAmDEGTvdQ5kIzEVvxGh1W6",
  "digest2":"156a0e1b2c3d4e5f60718293a4b5c6d7",  "email":"\u0061nn@example.org","first":"Ann","last":"M\u00fcller",
  "quota":{"unit":"GB","most":1.50,"none":null} }`

// startCMWell is a store that has documents of users as CM-Well has them.
func startCMWell(t *testing.T, documents map[string]string) *door {
	t.Helper()
	d := newDoor(t, "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n:{$DOOR_PORT} {\n\tcmwell_dev_store store.db\n}\n", doorOptions{noUsers: true})
	d.start(t)
	eventually(t, "the store serves", func() bool {
		got, err := tryAsk(d.address, request("GET /"))
		return err == nil && got.status < 500
	})
	for path, document := range documents {
		post := requestWith(document, "POST /meta/auth/"+path, "X-CM-WELL-TYPE: FILE", "Content-Type: application/json")
		if got := d.ask(t, post); got.status != 200 {
			t.Fatalf("%s: got %v", path, got)
		}
	}
	return d
}

func hashed(t *testing.T, document, password string) string {
	t.Helper()
	hash, err := account.HashPassword(password, 10)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(document, "HASH", hash, 1)
}

// The page's sessions, from the documents in a store to a door that serves them.
func TestTheMigrationPageRunsAsItIsPrinted(t *testing.T) {
	store := startCMWell(t, map[string]string{
		"users/ann": everyField,
		"users/myUser": hashed(t, `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"r"},{"id":"/test.example.org","sign":"+","recursive":true,"permissions":"rw"}],
			"roles":[],"rev":101,"digest":"HASH"}`, "myPassword"),
		"users/root": hashed(t, `{"paths":[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}],"roles":[],
			"operations":["Admin","Overwrite","PriorityWrite"],"rev":0,"digest":"HASH"}`, "a password of our own"),
		"roles/Editor": `{"paths":[{"id":"/docs.example.org","sign":"+","recursive":true,"permissions":"rw"}]}`,
	})
	dir, port := t.TempDir(), freePort(t)
	environ := slices.Concat(store.environ, []string{withCaddy(t), "CADDY_ADMIN=" + net.JoinHostPort("127.0.0.1", freePort(t))})
	follow(t, "docs/migrating-from-cm-well.md", session.Place{Dir: dir, Environ: environ},
		"localhost:9000", store.address, "localhost:8080", "127.0.0.1:"+port, ":8080 {", "http://127.0.0.1:"+port+" {")
	if saved, err := os.ReadFile(filepath.Join(dir, "saved/users/ann")); err != nil || string(saved) != everyField {
		t.Errorf("saved is %s, %v", saved, err)
	}
}
