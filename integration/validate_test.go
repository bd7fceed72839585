package integration

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// validated loads a Caddyfile as `caddy validate` does. FOLDER stands for a
// folder of the test's own, in which Caddy's storage is too.
func validated(t *testing.T, folder, directive string) error {
	t.Helper()
	return validate(t, folder, configuration(t, folder, "storage file_system FOLDER/storage", directive))
}

// configuration is a Caddyfile with a front door, in JSON.
func configuration(t *testing.T, folder, storage, directive string) string {
	t.Helper()
	text := "{\n\t" + storage + "\n\tadmin off\n\tlog {\n\t\toutput discard\n\t}\n}\n:8080 {\n\tcmwell_auth {\n" + directive + "\n\t}\n}\n"
	text = strings.ReplaceAll(text, "FOLDER", folder)
	adaptedJSON, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatalf("%s: %v", directive, err)
	}
	return string(adaptedJSON)
}

func validate(t *testing.T, folder, text string) error {
	t.Helper()
	config := new(caddy.Config)
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, "FOLDER", folder)), config); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(config)
}

func put(t *testing.T, folder, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	// Whatever the umask is.
	if err := errors.Join(os.Chmod(path, mode), os.Chmod(filepath.Dir(path), 0o700)); err != nil {
		t.Fatal(err)
	}
}

const aKey = "a key of the tests with 32 bytes or more"

func TestConfigurationsThatLoadAndWriteNothing(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "key", aKey+"\r\n", 0o600)
	put(t, folder, "wide-key", aKey, 0o644)
	put(t, folder, "users.json", `{"users":{"ann":{"roles":["Gone"]}}}`, 0o600)
	put(t, folder, "wide-users.json", `{"users":{"ann":{}}}`, 0o644)
	put(t, folder, ".users.json.1.tmp", "left by one that was killed", 0o600)
	ec := newPEM(t, "ES256")
	put(t, folder, "ec.pem", ec.private, 0o600)
	put(t, folder, "ec.pub", ec.public, 0o644)
	t.Setenv("CMWELL_TEST_KEY", aKey)
	t.Setenv("CMWELL_TEST_PEM", ec.private)
	for _, directive := range []string{
		"users file FOLDER/none.json",
		"users file FOLDER/users.json",
		"environment {env.CMWELL_NO_SUCH_VARIABLE}\n\t\tusers file FOLDER/users.json",
		"environment dev\n\t\tusers file FOLDER/wide-users.json\n\t\tsigning_key file FOLDER/wide-key",
		"environment dev\n\t\tusers file FOLDER/users.json\n\t\tsigning_key short",
		"users file FOLDER/users.json\n\t\tsigning_key file FOLDER/key\n\t\taccept_key env CMWELL_TEST_KEY",
		"users file FOLDER/users.json\n\t\tsigning_key {env.CMWELL_TEST_KEY}",
		"users file FOLDER/users.json\n\t\talgorithm HS512\n\t\tsigning_key file FOLDER/key",
		"users file FOLDER/users.json\n\t\talgorithm EdDSA",
		"users file FOLDER/users.json\n\t\talgorithm ES256\n\t\tsigning_key file FOLDER/ec.pem\n\t\taccept_key file FOLDER/ec.pub",
		"users file FOLDER/users.json\n\t\talgorithm ES256\n\t\tsigning_key {env.CMWELL_TEST_PEM}\n\t\taccept_key {file.FOLDER/ec.pub}",
	} {
		if err := validated(t, folder, directive); err != nil {
			t.Errorf("%s: %v", directive, err)
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 7 {
		t.Errorf("validation left something behind: %v, %v", left, err)
	}
}
