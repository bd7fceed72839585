package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/icholy/digest"

	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// Wrong passwords count wherever they are tried.
func TestGuessesAtSeveralDoorsAreCountedTogether(t *testing.T) {
	server := redistest.Start(t)
	fill(t, server.Address)
	store := startRecorder(t, &recorder{})
	var doors []askedDoor
	for range 3 {
		doors = append(doors, startWithRedis(t, store, server.Address))
	}
	var got []int
	for i := range 16 {
		d := doors[i%3]
		got = append(got, d.ask(t, requestTo(d.address, "GET /_login", authorization("ann", fmt.Sprint("wrong", i)))).status)
	}
	want := strings.Repeat("401 ", 10) + strings.Repeat("429 ", 6)
	if fmt.Sprint(got) != "["+strings.TrimSpace(want)+"]" {
		t.Errorf("sixteen guesses: %v", got)
	}
	if d := doors[0]; d.ask(t, requestTo(d.address, "GET /_login", authorization("ann", passwordOf("ann")))).status != 429 {
		t.Error("the right password is let in at once")
	}
	if d := doors[1]; d.logIn(t, "bob", passwordOf("bob")) == "" {
		t.Error("bob is locked out too")
	}
}

// An answer to a challenge is good for one door, once.
func TestANonceIsGoodForOneOfSeveralDoors(t *testing.T) {
	server := redistest.Start(t)
	s := fill(t, server.Address)
	store := startRecorder(t, &recorder{})
	a, b := startWithRedis(t, store, server.Address), startWithRedis(t, store, server.Address)
	// The hashes for Digest are made at the first login.
	a.logIn(t, "ann", passwordOf("ann"))
	eventually(t, "ann has the hashes", func() bool {
		u, err := s.User(t.Context(), "ann")
		return err == nil && u.HA1SHA256 != ""
	})
	challenges := a.ask(t, request("GET /_login")).header.Values("Www-Authenticate")
	challenge, err := digest.FindChallenge(http.Header{"Www-Authenticate": challenges})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(count int) string {
		t.Helper()
		credentials, err := digest.Digest(challenge, digest.Options{Method: "GET", URI: "/_login", Username: "ann", Password: passwordOf("ann"), Count: count})
		if err != nil {
			t.Fatal(err)
		}
		return "Authorization: " + credentials.String()
	}
	first, second := answer(1), answer(2)
	for i, row := range []struct {
		door   askedDoor
		answer string
		status int
	}{
		{b, first, 200}, {a, first, 401}, {b, first, 401}, {a, second, 200}, {b, second, 401},
	} {
		if got := row.door.ask(t, request("GET /_login", row.answer)); got.status != row.status {
			t.Errorf("step %d: got %v, want %d", i, got, row.status)
		}
	}
}
