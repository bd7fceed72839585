package integration

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/token"
)

// signingSecret is the key that doors with ownKey sign with.
const signingSecret = "a secret of the integration tests, long enough"

// password of every user, by name. It has a colon in it, as it may.
func passwordOf(name string) string { return name + "'s pass:word" }

// paths of the users, as CM-Well writes them. Ann is denied a part of what she
// may write, cal has one path and nothing below it.
var userPaths = map[string]string{
	"ann": `[{"id":"/tests","sign":"+","recursive":true,"permissions":"rw"},
		{"id":"/tests/secret","sign":"-","recursive":true,"permissions":"rw"},
		{"id":"/","sign":"+","recursive":true,"permissions":"r"}]`,
	"bob": `[{"id":"/","sign":"+","recursive":true,"permissions":"r"}]`,
	"adm": `[{"id":"/","sign":"+","recursive":true,"permissions":"rw"}]`,
	"cal": `[{"id":"/q","sign":"+","recursive":false,"permissions":"rw"}]`,
}

// usersDocument is the file of users, its passwords hashed as cheaply as bcrypt can.
var usersDocument = sync.OnceValues(func() ([]byte, error) {
	users := map[string]any{}
	for name, paths := range userPaths {
		hash, err := account.HashPassword(passwordOf(name), 4)
		if err != nil {
			return nil, err
		}
		document := map[string]any{"paths": json.RawMessage(paths), "rev": 0, "digest": hash}
		if name == "adm" {
			document["operations"] = []string{"Admin", "Overwrite", "PriorityWrite"}
		}
		users[name] = document
	}
	return json.Marshal(map[string]any{"users": users, "roles": map[string]any{}})
})

func writeUsers(t testing.TB, file string) {
	t.Helper()
	document, err := usersDocument()
	if err == nil {
		err = os.WriteFile(file, document, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tokenOf is a token of the user that a door with ownKey accepts.
func tokenOf(t testing.TB, name string) string {
	t.Helper()
	return tokenAt(t, name, 0)
}

// tokenAt is one of a user with this rev.
func tokenAt(t testing.TB, name string, rev int64) string {
	t.Helper()
	return signed(t, signingSecret, token.Claims{Subject: name, Expires: time.Now().Add(time.Hour), Revision: rev})
}

func signed(t testing.TB, secret string, claims token.Claims) string {
	t.Helper()
	var keys token.Keys
	if err := keys.Use(token.Config{Signing: token.Secret(secret)}); err != nil {
		t.Fatal(err)
	}
	raw, err := keys.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// badTokens are tokens that no door accepts, each for a reason of its own.
func badTokens(t testing.TB) map[string]string {
	t.Helper()
	soon := time.Now().Add(time.Hour)
	part := base64.RawURLEncoding.EncodeToString
	return map[string]string{
		"expired":                    signed(t, signingSecret, token.Claims{Subject: "ann", Expires: time.Now().Add(-time.Second)}),
		"another key":                signed(t, "another secret, just as long as the first one", token.Claims{Subject: "ann", Expires: soon}),
		"revoked":                    signed(t, signingSecret, token.Claims{Subject: "ann", Expires: soon, Revision: 1}),
		"no such":                    signed(t, signingSecret, token.Claims{Subject: "ghost", Expires: soon}),
		"unsigned":                   part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part([]byte(`{"sub":"adm","exp":4638902400000,"rev":0}`)) + ".",
		"split":                      signed(t, signingSecret, token.Claims{Subject: "ann\r\nX-CM-Well-User: adm", Expires: soon}),
		"a path for a name":          signed(t, signingSecret, token.Claims{Subject: "../roles/x", Expires: soon}),
		"a path of users for a name": signed(t, signingSecret, token.Claims{Subject: "users/ann", Expires: soon}),
		"nobody for a name":          signed(t, signingSecret, token.Claims{Subject: "anonymous", Expires: soon}),
		"no name":                    part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(`{"exp":4638902400000,"rev":0}`)) + ".AAAA",
		"garbage":                    "ey",
		"empty":                      "",
	}
}

// authorization is the header line for a user's password.
func authorization(name, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// bearing is the header line for a token.
func bearing(raw string) string { return "X-CM-WELL-TOKEN: " + raw }

// logIn asks the door for a token.
func (d *door) logIn(t testing.TB, name, password string) string {
	t.Helper()
	got := d.ask(t, requestTo(d.address, "GET /_login", authorization(name, password)))
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(got.body), &answer); got.status != 200 || err != nil || answer.Token == "" {
		t.Fatalf("login of %s: got %d %q, want a token", name, got.status, got.body)
	}
	return answer.Token
}
