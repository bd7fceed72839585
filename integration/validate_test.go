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
	text := "{\n\tstorage file_system FOLDER/storage\n\tadmin off\n\tlog {\n\t\toutput discard\n\t}\n}\n:8080 {\n\tcmwell_auth {\n" + directive + "\n\t}\n}\n"
	text = strings.ReplaceAll(text, "FOLDER", folder)
	adaptedJSON, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatalf("%s: %v", directive, err)
	}
	config := new(caddy.Config)
	if err := json.Unmarshal(adaptedJSON, config); err != nil {
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

func TestConfigurationsThatDoNotLoad(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "key", aKey+"\n", 0o600)
	put(t, folder, "wide-key", aKey, 0o644)
	put(t, folder, "short-key", "x\n", 0o600)
	put(t, folder, "pem-key", "-----BEGIN EC PRIVATE KEY-----\n"+aKey, 0o600)
	put(t, folder, "users.json", `{"users":{"ann":{}}}`, 0o600)
	put(t, folder, "wide-users.json", `{"users":{"ann":{}}}`, 0o640)
	put(t, folder, "open/users.json", `{"users":{"ann":{}}}`, 0o600)
	if err := os.Chmod(filepath.Join(folder, "open"), 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, folder, "broken-users.json", `{"users":{"ann":{"rev":"5"}}}`, 0o600)
	ec, rs := newPEM(t, "ES256"), newPEM(t, "RS256")
	put(t, folder, "ec.pem", ec.private, 0o600)
	put(t, folder, "wide-ec.pem", ec.private, 0o640)
	put(t, folder, "ec.pub", ec.public, 0o644)
	put(t, folder, "loose-ec.pub", ec.public, 0o664)
	put(t, folder, "rs.pem", rs.private, 0o600)
	put(t, folder, "rs.pub", rs.public, 0o644)
	put(t, folder, "two.pem", ec.private+ec.private, 0o600)
	t.Setenv("CMWELL_TEST_PEM", ec.private)
	t.Setenv("CMWELL_TEST_WORD", "prodution")
	t.Setenv("CMWELL_TEST_SHORT", "short")
	t.Setenv("CMWELL_TEST_EMPTY", "")

	const users = "\n\t\tusers file FOLDER/users.json"
	for _, row := range []struct{ directive, says string }{
		{"environment {env.CMWELL_TEST_WORD}" + users, `environment: "prodution" found; production (or prod)`},
		{"environment {nonsense}" + users, `environment: unrecognized placeholder`},
		{"profile {env.CMWELL_TEST_WORD}" + users, `profile: "prodution" found; cmwell and http are accepted`},
		{"login_path {env.CMWELL_TEST_WORD}" + users, "login_path: "},
		{"expiry {env.CMWELL_TEST_WORD}" + users, "expiry: "},
		{"expiry 24h max {env.CMWELL_TEST_WORD}" + users, "max_expiry: "},
		{"expiry 61d" + users, "expiry: 1464h0m0s is longer than the maximum"},
		{"expiry_unit {env.CMWELL_TEST_WORD}" + users, "expiry_unit: "},
		{"forward_token {env.CMWELL_TEST_WORD}" + users, "forward_token: "},
		{"default_root {env.CMWELL_TEST_WORD}" + users, "default_root: "},
		{"unauthenticated_status {env.CMWELL_TEST_WORD}" + users, "unauthenticated_status: "},
		{"protect {env.CMWELL_TEST_WORD}" + users, "protect: "},
		{"schemes {env.CMWELL_TEST_WORD}" + users, "schemes: "},
		{"token_from {env.CMWELL_TEST_WORD}" + users, "token_from: "},
		{"token_from header {env.CMWELL_TEST_EMPTY}" + users, "token_from: "},
		{"token_from header X-CM-Well-User" + users, "is the identity header"},
		{"identity_header {env.CMWELL_TEST_EMPTY}-{env.CMWELL_TEST_WORD}:" + users, "identity_header: "},

		{"signing_key short" + users, "signing key: secret is too short: 5 bytes found, at least 32"},
		{"signing_key changeMeFromCMWellConsole" + users, "published in CM-Well's sources"},
		{"environment dev\n\t\tsigning_key changeMeFromCMWellConsole" + users, "published in CM-Well's sources"},
		{"signing_key env CMWELL_TEST_SHORT" + users, "too short"},
		{"signing_key env CMWELL_TEST_EMPTY" + users, `environment variable "CMWELL_TEST_EMPTY" is not set or empty`},
		{"signing_key {env.CMWELL_TEST_EMPTY}" + users, "0 bytes found"},
		{"signing_key file FOLDER/none" + users, "no such file"},
		{"signing_key file FOLDER" + users, "a regular file"},
		{"signing_key file FOLDER/wide-key" + users, "mode 0644"},
		{"signing_key file FOLDER/short-key" + users, "1 bytes found"},
		{"signing_key file FOLDER/pem-key" + users, "holds PEM"},
		{"signing_key file FOLDER/key\n\t\taccept_key short" + users, "accepted key 1: secret is too short"},

		{"signing_key env CMWELL_TEST_PEM" + users, "PEM found; the bytes of a secret are accepted with HS256"},
		{"algorithm HS512\n\t\tsigning_key file FOLDER/ec.pub" + users, "ec.pub has mode 0644"},
		{"signing_key file FOLDER/key\n\t\taccept_key env CMWELL_TEST_PEM" + users, "accepted key 1: key is not accepted: PEM found"},

		{"algorithm {env.CMWELL_TEST_WORD}" + users, `algorithm: "prodution" found; HS256, HS512, ES256, RS256 and EdDSA are accepted`},
		{"algorithm ES256\n\t\tsigning_key file FOLDER/key" + users, "signing_key: file FOLDER/key: key is not accepted: no PEM found; one PEM block PRIVATE KEY or EC PRIVATE KEY"},
		{"algorithm ES256\n\t\tsigning_key file FOLDER/rs.pem" + users, "an RSA key of 2048 bits with the exponent 65537 found; an EC key of the curve P-256 is accepted with ES256"},
		{"algorithm ES256\n\t\tsigning_key file FOLDER/two.pem" + users, "more than one PEM block found"},
		{"algorithm ES256\n\t\tsigning_key file FOLDER/wide-ec.pem" + users, "wide-ec.pem has mode 0640: others can open the key; 0600 is accepted"},
		{"algorithm ES256\n\t\tsigning_key file FOLDER/ec.pub" + users, "mode 0644"},
		{"algorithm RS256\n\t\tsigning_key env CMWELL_TEST_PEM" + users, "signing_key: env CMWELL_TEST_PEM: key is not accepted: an EC key of the curve P-256 found"},
		{"algorithm EdDSA\n\t\tsigning_key {env.CMWELL_TEST_PEM}" + users, "signing_key: the key in the configuration: key is not accepted: an EC key"},
		{"algorithm ES256\n\t\taccept_key file FOLDER/loose-ec.pub" + users, "loose-ec.pub has mode 0664: others can replace the key; 0644 is accepted"},
		{"algorithm ES256\n\t\taccept_key file FOLDER/rs.pub" + users, "accept_key 1: file FOLDER/rs.pub: key is not accepted: an RSA key"},
		{"algorithm ES256\n\t\taccept_key file FOLDER/ec.pub\n\t\taccept_key file FOLDER/ec.pem" + users, "accept_key 2: file FOLDER/ec.pem: key is not accepted: PRIVATE KEY found; one PEM block PUBLIC KEY"},
		{"accept_key short" + users, "accepted key 1: secret is too short"},
		{"login_path /.well-known/jwks.json" + users, "three different paths other than /.well-known/jwks.json are accepted"},

		{"users file FOLDER/wide-users.json", "mode 0640"},
		{"users file FOLDER/open/users.json", "its folder FOLDER/open has mode 0777"},
		{"users file FOLDER/broken-users.json", "user ann: rev: a JSON string is not accepted there"},
		{"users file FOLDER", "no regular file"},
		{"users file {env.CMWELL_TEST_EMPTY}", "is empty; a path is accepted"},
	} {
		err := validated(t, folder, row.directive)
		if says := strings.ReplaceAll(row.says, "FOLDER", folder); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s\n  %v\n  should say %s", row.directive, err, says)
		}
		for _, secret := range []string{aKey, ec.line(), rs.line()} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows the key", row.directive)
			}
		}
	}
}

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
