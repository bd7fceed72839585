package integration

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/internal/login"
)

// startGuarded starts a door with a low limit, which can be reloaded.
func startGuarded(t *testing.T) *door {
	t.Helper()
	store := startRecorder(t, &recorder{})
	return startDoor(t, frontDoor(guarded...), doorOptions{store: store.address, admin: true})
}

var guarded = []string{"login_limit 3 15m", "password_hash argon2id", "json_login /v1/login", ownKey}

// guess is a wrong password, by one way of logging in.
type guess func(t *testing.T, d *door, name, password string, headers ...string) answer

var guesses = map[string]guess{
	"Basic": func(t *testing.T, d *door, name, password string, headers ...string) answer {
		t.Helper()
		return d.ask(t, request("GET /_login", append(headers, authorization(name, password))...))
	},
	"Digest": func(t *testing.T, d *door, name, password string, headers ...string) answer {
		t.Helper()
		line := d.challenges(t)[login.SHA256].answered(name, password, "00000001")
		return d.ask(t, request("GET /_login", append(headers, line)...))
	},
	"JSON": func(t *testing.T, d *door, name, password string, headers ...string) answer {
		t.Helper()
		return d.ask(t, requestWith(jsonLogin(t, name, password), "POST /v1/login", headers...))
	},
}

// blocked fails unless the answer asks for patience, for a fifteenth of the
// window at most.
func blocked(t *testing.T, what string, got answer) {
	t.Helper()
	seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
	if got.status != 429 || err != nil || seconds < 1 || seconds > 60 || !strings.Contains(got.body, "Too many failed logins") {
		t.Errorf("%s: got %v with Retry-After %q, want 429", what, got, got.header.Get("Retry-After"))
	}
}

// TestGuessingIsStopped guesses for a user and for a name that nobody has: the
// answers must be the same to the byte.
func TestGuessingIsStopped(t *testing.T) {
	for way, try := range guesses {
		t.Run("by "+way, func(t *testing.T) {
			d := startGuarded(t)
			said := map[string][]string{}
			for _, name := range []string{"ann", "ghost"} {
				for range 3 {
					got := try(t, d, name, "wrong")
					if got.status != 401 {
						t.Errorf("%s: got %v, want 401", name, got)
					}
					said[name] = append(said[name], got.String())
				}
				got := try(t, d, name, "wrong")
				blocked(t, name+" after three failures", got)
				said[name] = append(said[name], got.String())
				blocked(t, name+" with the right password", try(t, d, name, passwordOf(name)))
				evade := []string{"X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7", "X-Real-Ip: 192.0.2.7"}
				blocked(t, name+" behind a made-up address", try(t, d, name, passwordOf(name), evade...))
			}
			if fmt.Sprint(said["ann"]) != fmt.Sprint(said["ghost"]) {
				t.Errorf("ann is told %q, and who does not exist %q", said["ann"], said["ghost"])
			}
			for other, elsewhere := range guesses {
				blocked(t, "ann by "+other, elsewhere(t, d, "ann", passwordOf("ann")))
			}
			d.logIn(t, "bob", passwordOf("bob"))
			d.mustReload(t, "Changed")
			blocked(t, "ann after a reload", try(t, d, "ann", passwordOf("ann")))
			blocked(t, "ghost after a reload", try(t, d, "ghost", "wrong"))
		})
	}
}

// mustReload loads another configuration: Caddy would not load the same one.
func (d *door) mustReload(t *testing.T, word string) {
	t.Helper()
	d.write(t, frontDoor(append(guarded, "identity_header X-"+word)...))
	if said, err := d.reload(t); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

func TestGuessingTheCurrentPasswordIsStopped(t *testing.T) {
	d := startGuarded(t)
	change := func(current string) answer {
		return d.ask(t, requestWith(`{"current":"`+current+`","new":"b"}`, "POST /_auth?op=change-password", bearing(tokenOf(t, "ann"))))
	}
	for range 3 {
		wantAuth(t, change("wrong"), 403, failure("the current password is not right"))
	}
	blocked(t, "a change with the right password", change(passwordOf("ann")))
	blocked(t, "a login", guesses["Basic"](t, d, "ann", passwordOf("ann")))
}

func TestGuessingIsForgottenAfterARightPassword(t *testing.T) {
	d := startGuarded(t)
	for range 3 {
		for range 2 {
			if got := guesses["Basic"](t, d, "ann", "wrong"); got.status != 401 {
				t.Errorf("got %v, want 401", got)
			}
		}
		d.logIn(t, "ann", passwordOf("ann"))
	}
}

// TestGuessingByAReplayIsStopped sends an answer to a challenge twice, as
// somebody would who has listened.
func TestGuessingByAReplayIsStopped(t *testing.T) {
	d := startGuarded(t)
	d.logIn(t, "ann", passwordOf("ann")) // what Digest needs is stored by this
	for algorithm, c := range d.challenges(t) {
		t.Run(string(algorithm), func(t *testing.T) {
			send := func(what, count string, want int) {
				t.Helper()
				if got := d.ask(t, request("GET /_login", c.answered("ann", passwordOf("ann"), count))); got.status != want {
					t.Errorf("%s: got %v, want %d", what, got, want)
				}
			}
			send("the first time", "00000001", 200)
			send("again", "00000001", 401)
			send("with another count", "00000003", 200)
			send("with an earlier count, for the first time", "00000002", 200)
			d.mustReload(t, string(algorithm))
			send("again, after a reload", "00000001", 401)
			send("an earlier count again, after a reload", "00000002", 401)
			send("with another count, after a reload", "00000004", 200)
		})
	}
}
