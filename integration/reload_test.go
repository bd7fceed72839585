package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// reload is the command that operators use, on the door's Caddyfile as it is now.
func (d *door) reload(t *testing.T) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	output, err := d.command(ctx, t, "reload", "--config", d.config, "--adapter", "caddyfile", "--address", d.admin).CombinedOutput()
	return string(output), err
}

func startReloadable(t *testing.T, store *recorder) *door {
	t.Helper()
	return startDoor(t, frontDoor("realm one"), doorOptions{store: store.address, admin: true})
}

// wantRealm tells by its challenge which configuration serves.
func (d *door) wantRealm(t *testing.T, realm string) {
	t.Helper()
	if got := d.ask(t, request("GET /_login")).header.Get("Www-Authenticate"); !strings.Contains(got, `realm="`+realm+`"`) {
		t.Errorf("the challenge is %q, want the realm %s", got, realm)
	}
}

func TestAFailedReloadLeavesTheOldConfigurationServing(t *testing.T) {
	d := startReloadable(t, startRecorder(t, &recorder{}))
	raw := d.logIn(t, "ann", passwordOf("ann"))
	for name, broken := range map[string]struct{ caddyfile, says string }{
		"a word that is not known":        {frontDoor("realm two", "prodution"), "prodution"},
		"an environment misspelt":         {frontDoor("realm two", "environment prodution"), "prodution"},
		"a key file that is missing":      {frontDoor("realm two", "signing_key file /nowhere/key"), "/nowhere/key"},
		"a secret that is too short":      {frontDoor("realm two", "signing_key short"), "too short"},
		"a users file that is wrong":      {strings.Replace(frontDoor("realm two"), "{$DOOR_USERS}", "Caddyfile", 1), "Caddyfile"},
		"a placeholder that is not known": {frontDoor("realm two", "environment {no.such.placeholder}"), "no.such.placeholder"},
	} {
		t.Run(name, func(t *testing.T) {
			d.write(t, broken.caddyfile)
			if said, err := d.reload(t); err == nil || !strings.Contains(said, broken.says) {
				t.Errorf("caddy reload ended with %v and said\n%s", err, said)
			}
			d.wantRealm(t, "one")
			if got := d.ask(t, request("PUT /tests/x", bearing(raw), "Content-Length: 0")); got.status != 200 {
				t.Errorf("with a token from before: got %v", got)
			}
			if got := d.ask(t, request("PUT /tests/x", "Content-Length: 0")); got.status != 401 {
				t.Errorf("without a token: got %v", got)
			}
		})
	}
	d.write(t, frontDoor("realm three"))
	if said, err := d.reload(t); err != nil {
		t.Fatalf("a good reload after failed ones: %v\n%s", err, said)
	}
	d.wantRealm(t, "three")
}

func TestTokensOutliveAReload(t *testing.T) {
	d := startReloadable(t, startRecorder(t, &recorder{}))
	before := d.logIn(t, "ann", passwordOf("ann"))
	d.write(t, frontDoor("realm two"))
	if said, err := d.reload(t); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	d.wantRealm(t, "two")
	after := d.logIn(t, "ann", passwordOf("ann"))
	for _, raw := range []string{before, after} {
		if got := d.ask(t, request("PUT /tests/x", bearing(raw), "Content-Length: 0")); got.status != 200 {
			t.Errorf("got %v", got)
		}
	}
}

func TestNoRequestFailsWhileConfigurationsChange(t *testing.T) {
	const reloads, held = 5, 10
	release := make(chan struct{})
	var mu sync.Mutex
	arrived := make(chan struct{}, held)
	store := startRecorder(t, &recorder{reply: func(r received) string {
		mu.Lock()
		wait := release
		mu.Unlock()
		arrived <- struct{}{}
		<-wait
		return plainReply(r)
	}})
	d := startReloadable(t, store)
	raw := d.logIn(t, "ann", passwordOf("ann"))
	t.Cleanup(func() { close(release) })
	for i := range reloads {
		// These are in the store's hands while the configuration changes.
		var all sync.WaitGroup
		wires := make([]*wire, held)
		for j := range wires {
			wires[j] = dial(t, d.address)
			all.Go(func() {
				target := fmt.Sprintf("PUT /tests/%d/%d", i, j)
				wires[j].say(requestWith("x", target, bearing(raw)))
				if got, err := wires[j].hear("PUT"); err != nil || got.status != 200 || got.body != target+"\n" {
					t.Errorf("%s: got %v %v", target, got, err)
				}
			})
		}
		for range held {
			<-arrived
		}
		d.write(t, frontDoor(fmt.Sprintf("realm r%d", i)))
		if said, err := d.reload(t); err != nil {
			t.Errorf("%v\n%s", err, said)
		}
		d.wantRealm(t, fmt.Sprintf("r%d", i))
		mu.Lock()
		close(release)
		release = make(chan struct{})
		mu.Unlock()
		all.Wait()
	}
	if n := len(store.take()); n != reloads*held {
		t.Errorf("the store saw %d requests, want %d", n, reloads*held)
	}
}

// TestNoAnswerIsWrongWhileConfigurationsChange asks on new connections. Those
// that wait in the listener which Caddy closes are reset without an answer, with
// the front door or without: they are asked again, as clients do.
func TestNoAnswerIsWrongWhileConfigurationsChange(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startReloadable(t, store)
	raw := d.logIn(t, "ann", passwordOf("ann"))
	reloaded := make(chan struct{})
	answers, resets := 0, 0
	var all sync.WaitGroup
	all.Go(func() {
		for changing := true; changing; {
			select {
			case <-reloaded:
				changing = false
			default:
			}
			for _, row := range []struct {
				request []byte
				status  int
			}{
				{requestWith("x", "PUT /tests/x", bearing(raw)), 200},
				{requestWith("x", "PUT /tests/x"), 401},
				{requestWith("x", "PUT /tests/secret/x", bearing(raw)), 403},
			} {
				got, err := tryAsk(d.address, row.request)
				switch {
				case err != nil:
					resets++
				case got.status != row.status:
					t.Errorf("request %d: got %v, want %d", answers, got, row.status)
				}
				answers++
			}
		}
	})
	for i := range 5 {
		d.write(t, frontDoor(fmt.Sprintf("realm r%d", i)))
		if said, err := d.reload(t); err != nil {
			t.Errorf("%v\n%s", err, said)
		}
	}
	close(reloaded)
	all.Wait()
	if answers < 50 || resets > answers/20 {
		t.Errorf("of %d requests during the reloads, %d were reset", answers, resets)
	}
	for _, r := range store.take() {
		if r.String() != "PUT /tests/x as ann" {
			t.Errorf("the store saw %s", r)
		}
	}
}
