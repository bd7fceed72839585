package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/token"
)

// markup does harm where a text is taken for HTML.
const markup = `<img src=x onerror=window.hacked=true>`

// consoleUsers are those of people_test.go, and one who was written by hand and
// means harm.
func consoleUsers(t *testing.T) []byte {
	t.Helper()
	document, err := usersDocument()
	if err != nil {
		t.Fatal(err)
	}
	path := map[string]any{"id": "/" + markup, "sign": "+", "recursive": true, "permissions": "rw"}
	mallory, err := json.Marshal(map[string]any{
		"paths": []any{path, path}, "rev": 0, "email": markup, "first": markup, "last": markup,
	})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Replace(string(document), `"users":{`, `"users":{"mallory":`+string(mallory)+`,`, 1))
}

// TestTheConsoleInABrowser walks through the whole console: see
// clients/console_walks.mjs. With CONSOLE_SHOTS, its pictures are kept in that folder.
func TestTheConsoleInABrowser(t *testing.T) {
	chromium := needs(t, "chromium")
	store := startRecorder(t, &recorder{})
	d := newDoor(t, frontDoor("password_hash argon2id", "login_limit 3 15m", "login_cache 1h"), doorOptions{store: store.address, noUsers: true})
	if err := os.WriteFile(d.users, consoleUsers(t), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	d.awaitServing(t, "/_login")
	settings, err := json.Marshal(map[string]any{
		"chromium": chromium, "profile": t.TempDir(), "shots": os.Getenv("CONSOLE_SHOTS"), "url": "http://" + d.address + "/_auth", "users": d.users, "markup": markup,
		"passwords": map[string]string{"adm": passwordOf("adm"), "ann": passwordOf("ann"), "bob": passwordOf("bob")},
		"expired":   signed(t, signingSecret, token.Claims{Subject: "ann", Expires: time.Now().Add(-time.Hour)}),
		"foreign":   tokenOf(t, "ann"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	output, said, err := drive(ctx, t, "clients/console.mjs", string(settings))
	walked := 0
	for lines := bufio.NewScanner(strings.NewReader(string(output))); lines.Scan(); walked++ {
		var walk struct {
			Name, Wrong string
			Ms          int
		}
		if err := json.Unmarshal(lines.Bytes(), &walk); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		t.Run(walk.Name, func(t *testing.T) {
			t.Logf("%d ms", walk.Ms)
			if walk.Wrong != "" {
				t.Error(walk.Wrong)
			}
		})
	}
	if err != nil || walked < 19 {
		t.Errorf("after %d walks: %v\n%s", walked, err, said)
	}
}
