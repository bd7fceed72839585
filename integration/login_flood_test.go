package integration

import (
	"sync"
	"testing"
)

// One place for hashing and none for waiting: whoever held it would keep all
// others out.
var onePlace = []string{"json_login /v1/login", "login_workers 1", "login_queue 0", "password_hash argon2id"}

// A body that never ends takes no place from anybody: a password is looked at when
// it has come.
func TestALoginWhoseBodyDoesNotComeHoldsUpNobody(t *testing.T) {
	d := startAsked(t, onePlace...)
	for range 100 {
		w := dial(t, d.address)
		w.say(append(request("POST /v1/login", "Content-Length: 60"), `{"username":"ann","passw`...))
	}
	for range 3 {
		if got := d.ask(t, request("GET /_login", authorization("ann", "wrong"))); got.status != 401 {
			t.Errorf("a login beside them: got %v", got)
		}
	}
	if got := d.ask(t, request("GET /tests/x")); got.status != 200 {
		t.Errorf("a read beside them: got %v", got)
	}
}

// Making a password is as much work as looking at one, and anybody may ask for it.
func TestPasswordsAreMadeInTurnWithTheLogins(t *testing.T) {
	d := startAsked(t, onePlace...)
	var all sync.WaitGroup
	answers := make(chan answer, 20)
	for range cap(answers) {
		all.Go(func() {
			if got, err := tryAsk(d.address, request("GET /_auth?op=generate-password")); err == nil {
				answers <- got
			}
		})
	}
	all.Wait()
	close(answers)
	counts := map[int]int{}
	for got := range answers {
		counts[got.status]++
		if got.status == 503 && got.header.Get("Retry-After") == "" {
			t.Errorf("nothing says when to come again: %v", got.header)
		}
	}
	if counts[200] == 0 || counts[503] == 0 || counts[200]+counts[503] != 20 {
		t.Errorf("twenty at once got %v, want some 200 and the rest 503", counts)
	}
}
