package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// clientUsers have a name and a password that some client might spoil on its way.
var clientUsers = []struct{ name, password string }{
	{"ann", "ann's pass:word"},
	{"ann@example.org", "colon:in:it:"},
	{"first.last", "two  words"},
	{"a-b_c", utf8Password},
	{"eve", `quo"te\back'slash`},
	{"pct", "100%&?#+/=,;"},
}

const utf8Password = "pässwörd"

// calledThrice is a script's way: three calls on one session, each with a token.
const calledThrice = 3

// client is a real client, and what it makes of the challenges of a door.
type client struct {
	name string
	// schemes is the setting of the door; empty for the default.
	schemes string
	// run logs in and returns what the client printed. It fails the test only
	// when the client could not be run at all.
	run func(t *testing.T, login clientLogin) string
	// tokens is how many it prints: one for each call.
	tokens int
	// used is the scheme it logs in by, with the algorithm that it names.
	used string
	// cannot says, for a password that the client spoils, how; says is then a
	// part of what it prints instead of a token.
	cannot map[string]spoilt
}

type spoilt struct{ why, says string }

type clientLogin struct{ url, user, password string }

var printedToken = regexp.MustCompile(`"token":"([^"]+)"`)

// clientDoor is a door and the relay in front of it, which sees what clients send.
type clientDoor struct {
	*door
	relay *recorder
}

func startClientDoor(t *testing.T, users []byte, settings ...string) clientDoor {
	t.Helper()
	store := startRecorder(t, &recorder{})
	// The hash of a new password takes a second with argon2id, and many with
	// bcrypt, under the race detector.
	settings = append(settings, "password_hash argon2id", "login_cache 1h", "login_limit 1000 15m")
	d := newDoor(t, frontDoor(settings...), doorOptions{store: store.address, noUsers: true})
	if err := os.WriteFile(d.users, users, 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	d.awaitServing(t, "/_login")
	return clientDoor{d, startRecorder(t, &recorder{relay: d.address})}
}

// clientDocument is a file of users in which each has all hashes.
func clientDocument(t *testing.T) []byte {
	t.Helper()
	users := map[string]any{}
	for _, u := range clientUsers {
		users[u.name] = withHashes(t, u.name, u.password)
	}
	return usersFile(t, users)
}

// withHashes is a user document with a password, its hash as cheap as can be.
func withHashes(t testing.TB, name, password string) map[string]any {
	t.Helper()
	hash, err := account.HashPassword(password, 4)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"paths": []any{}, "rev": 0, "digest": hash,
		"digest2": account.HA1MD5(name, "cmwell", password), "digest2_sha256": account.HA1SHA256(name, "cmwell", password),
	}
}

func usersFile(t testing.TB, users map[string]any) []byte {
	t.Helper()
	document, err := json.Marshal(map[string]any{"users": users, "roles": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestEveryClientLogsInWithEveryPassword(t *testing.T) {
	document, doors := clientDocument(t), map[string]clientDoor{}
	for _, schemes := range []string{"", "schemes digest", "schemes basic"} {
		doors[schemes] = startClientDoor(t, document, schemes)
	}
	for _, c := range clients {
		d := doors[c.schemes]
		t.Run(strings.TrimSpace(c.name+" "+c.schemes), func(t *testing.T) {
			for _, u := range clientUsers {
				t.Run(u.name+" with "+u.password, func(t *testing.T) {
					c.logsIn(t, d, clientLogin{"http://" + d.relay.address + "/_login", u.name, u.password}, 24*time.Hour)
				})
			}
			first := clientUsers[0]
			t.Run("for another life", func(t *testing.T) {
				c.logsIn(t, d, clientLogin{"http://" + d.relay.address + "/_login?exp=30m", first.name, first.password}, 30*time.Minute)
			})
			t.Run("not with another's password", func(t *testing.T) {
				output := c.run(t, clientLogin{"http://" + d.relay.address + "/_login", first.name, clientUsers[1].password})
				if printedToken.MatchString(output) {
					t.Errorf("it printed\n%s", output)
				}
			})
		})
	}
}

// logsIn runs the client and checks its tokens, and how it came by them.
func (c client) logsIn(t *testing.T, d clientDoor, login clientLogin, lasts time.Duration) {
	t.Helper()
	d.relay.take()
	output := c.run(t, login)
	tokens := printedToken.FindAllStringSubmatch(output, -1)
	if spoilt, spoils := c.cannot[login.password]; spoils {
		if len(tokens) > 0 || !strings.Contains(output, spoilt.says) {
			t.Errorf("%s: it printed, without %q,\n%s", spoilt.why, spoilt.says, output)
		}
		return
	}
	if len(tokens) != c.tokens {
		t.Fatalf("got %d tokens, want %d; it printed\n%s", len(tokens), c.tokens, output)
	}
	for _, match := range tokens {
		sub, expires := claims(t, match[1])
		if left := time.Until(expires); sub != login.user || left > lasts || left < lasts-2*patience {
			t.Errorf("a token of %s for %v, want %s's for %v", sub, left, login.user, lasts)
		}
	}
	sent := d.relay.take()
	if len(sent) == 0 {
		t.Fatal("no request was seen")
	}
	if used := schemeUsed(sent[len(sent)-1]); used != c.used {
		t.Errorf("it used %s, want %s", used, c.used)
	}
}

var algorithmNamed = regexp.MustCompile(`algorithm="?([A-Za-z0-9-]+)`)

// schemeUsed is the scheme of a request's credentials, with the algorithm.
func schemeUsed(r received) string {
	credentials := strings.Join(r.values("Authorization"), " and ")
	scheme, rest, _ := strings.Cut(credentials, " ")
	if named := algorithmNamed.FindStringSubmatch(rest); named != nil && scheme == "Digest" {
		return scheme + " " + named[1]
	}
	return scheme
}

// TestAClientLogsInAsALegacyUser has a user whose document has no hash for
// SHA-256. While that is so, only MD5 is offered; a login by Basic amends it.
func TestAClientLogsInAsALegacyUser(t *testing.T) {
	old := withHashes(t, "old", "old's password")
	delete(old, "digest2_sha256")
	d := startClientDoor(t, usersFile(t, map[string]any{"old": old}))
	login := clientLogin{"http://" + d.relay.address + "/_login", "old", "old's password"}
	d.offers(t, "Digest MD5", "Basic")
	client{run: runs("curl", curlArgs("--digest")...), tokens: 1, used: "Digest MD5"}.logsIn(t, d, login, 24*time.Hour)
	d.offers(t, "Digest MD5", "Basic")
	client{run: runs("curl", curlArgs("--basic")...), tokens: 1, used: "Basic"}.logsIn(t, d, login, 24*time.Hour)
	d.offers(t, "Digest SHA-256", "Digest MD5", "Basic")
	client{run: runs("curl", curlArgs("--digest")...), tokens: 1, used: "Digest SHA-256"}.logsIn(t, d, login, 24*time.Hour)
}

// offers compares the schemes and algorithms of the login's challenges.
func (d *door) offers(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, challenge := range d.ask(t, request("GET /_login")).header.Values("Www-Authenticate") {
		got = append(got, schemeUsed(received{fields: []field{{"Authorization", challenge}}}))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the login offers %q, want %q", got, want)
	}
}

// bounded is a context for one run of a client.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
