package integration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestMessagesOfConfigurations loads what messages/configuration.golden has after a tab,
// and compares what is said of it, which follows after a !. Below the heading "started"
// it is started too. FOLDER has what fixtures puts there.
func TestMessagesOfConfigurations(t *testing.T) {
	folder := t.TempDir()
	secrets := fixtures(t, folder)
	var out, block strings.Builder
	started := false
	for line := range strings.Lines(messages(t, "configuration.golden")) {
		switch {
		case strings.HasPrefix(line, "## "):
			started = line == "## started\n"
		case strings.HasPrefix(line, "\t"):
			block.WriteString(line)
			continue
		case strings.HasPrefix(line, "!") && block.Len() > 0:
			said := saidOf(t, folder, block.String(), started)
			for _, secret := range secrets {
				if strings.Contains(said, secret) {
					t.Errorf("%s\nthe error shows a secret", &block)
				}
			}
			out.WriteString(block.String() + prefixed("!", said))
			block.Reset()
			continue
		case strings.HasPrefix(line, "!"): // more lines of a former run
			continue
		}
		out.WriteString(line)
	}
	wantMessages(t, "configuration.golden", out.String())
}

// loading is what Caddy says before the error of one of its modules.
var loading = regexp.MustCompile(`^.*(provision http\.handlers\.cmwell_auth|decoding module config: http\.handlers\.cmwell_auth|cmwell_auth app module: start): `)

// saidOf is what is said of a configuration.
func saidOf(t *testing.T, folder, block string, started bool) string {
	t.Helper()
	err := loaded(t, folder, block, started)
	if err == nil {
		t.Errorf("%s\nis accepted", block)
		return "accepted"
	}
	said := strings.ReplaceAll(err.Error(), folder, "FOLDER")
	return unlikely.ReplaceAllString(loading.ReplaceAllString(said, ""), "HEX")
}

var unlikely = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

func loaded(t *testing.T, folder, block string, started bool) error {
	t.Helper()
	if text := strings.TrimSpace(block); strings.HasPrefix(text, "{") {
		return validate(t, folder, `{"admin":{"disabled":true},"storage":{"module":"file_system","root":"`+folder+`/storage"},"apps":{"http":{"servers":{"s":{"listen":[":8080"],`+
			`"routes":[{"handle":[{"handler":"cmwell_auth",`+text[1:]+`]}]}}}}}`)
	}
	storage := "storage file_system FOLDER/storage"
	var directive []string
	for line := range strings.Lines(block) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "storage ") {
			storage = line
			continue
		}
		directive = append(directive, line)
	}
	text := configuration(t, folder, storage, strings.Join(directive, "\n"))
	if !started {
		return validate(t, folder, text)
	}
	text = strings.ReplaceAll(text, `":8080"`, `"127.0.0.1:`+freePort(t)+`"`)
	config := new(caddy.Config)
	if err := json.Unmarshal([]byte(text), config); err != nil {
		t.Fatal(err)
	}
	err := caddy.Run(config)
	if err == nil {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	}
	return err
}

// fixtures puts into a folder what configurations name, and returns what no error shows.
func fixtures(t *testing.T, folder string) (secrets []string) {
	t.Helper()
	ec, rs := newPEM(t, "ES256"), newPEM(t, "RS256")
	const users = `{"users":{"ann":{}}}`
	for name, text := range map[string]string{
		"key": aKey + "\n", "short-key": "x\n", "pem-key": "-----BEGIN EC PRIVATE KEY-----\n" + aKey,
		"users.json": users, "broken-users.json": `{"users":{"ann":{"rev":"5"}}}`, "emptied.json": `{"users":{}}`,
		"ec.pem": ec.private, "rs.pem": rs.private, "two.pem": ec.private + ec.private,
		"locked.pem":  "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"garbled.pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"garbled.pub": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"password":    "let me in\n", "empty": "\n", "nobody/may": "no folder",
		"damaged/cmwell_auth/signing_key": "damaged " + aKey,
		"broken/array.json":               "\n\n[]", "broken/cut.json": `{"users":{"ann":{}`, "broken/unknown.json": `{"user":{}}`,
		"broken/twice.json": `{"users":{"ann":{"operations":[],"operations":["Admin"]}}}`, "broken/behind.json": users + "x",
		"broken/null.json": `{"users":{"ann":null}}`, "broken/users.json": `{"users":[]}`, "broken/floor.json": `{"rev_floor":"5"}`,
		"broken/deep-floor.json": `{"rev_floor":-1}`, "broken/role.json": `{"roles":{"Editor":{"paths":[{"id":"a","sign":"+","permissions":"r"}]}}}`,
	} {
		put(t, folder, name, text, 0o600)
	}
	for _, lost := range []string{"lost.json", "emptied.json"} {
		sum := sha256.Sum256([]byte(filepath.Join(folder, lost)))
		put(t, folder, "used/cmwell_auth/used/"+hex.EncodeToString(sum[:16]), lost, 0o600)
	}
	for name, text := range map[string]string{"wide-key": aKey, "wide": "let me in\n", "ec.pub": ec.public, "rs.pub": rs.public} {
		put(t, folder, name, text, 0o644)
	}
	put(t, folder, "wide-users.json", users, 0o640)
	put(t, folder, "wide-ec.pem", ec.private, 0o640)
	put(t, folder, "loose-ec.pub", ec.public, 0o664)
	put(t, folder, "open/users.json", users, 0o600)
	if err := os.Chmod(filepath.Join(folder, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PEM": ec.private, "WORD": "prodution", "SHORT": "short", "EMPTY": "", "SPACED": "two words", "QUOTE": `a"b`,
		"URL": "redis://door:very-secret@host:1/x", "LONG": strings.Repeat("x", 101),
	} {
		t.Setenv("CMWELL_TEST_"+name, value)
	}
	return []string{aKey, ec.line(), rs.line(), "let me in", "very-secret"}
}
