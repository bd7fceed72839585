package integration

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// toggles are how often a permission is changed while others rely on it.
const toggles = 1000

// toggled is the document of a user who may write below one of two paths, which
// one the number of the change says.
func toggled(change int64) string {
	return fmt.Sprintf(`{"paths":[{"id":"/side%d","sign":"+","recursive":true,"permissions":"rw"}]}`, change%2)
}

// Of each two requests of a round, one is allowed and one is refused, whichever
// state holds. Between the moment at which a change was begun and the one at which
// it was acknowledged both may be so; before and after only one.
func TestEveryAnswerIsOfOneStateWhileAPermissionIsToggled(t *testing.T) {
	d := startAsked(t)
	adm, zoe := tokenOf(t, "adm"), tokenOf(t, "zoe")
	wantAuth(t, d.put(t, adm, "/meta/auth/users/zoe", toggled(0)), 200, succeeded)

	var begun, acknowledged atomic.Int64
	over := make(chan struct{})
	var answers atomic.Int64
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			w := dial(t, d.address)
			for side := int64(client % 2); ; side = 1 - side {
				select {
				case <-over:
					return
				default:
				}
				from := acknowledged.Load()
				w.say(requestWith("x", fmt.Sprintf("PUT /side%d/x", side), bearing(zoe)))
				got, err := w.hear("PUT")
				to := begun.Load()
				if err != nil || got.status != 200 && got.status != 403 {
					t.Errorf("got %v, %v", got, err)
					return
				}
				allowed := got.status == 200
				if from == to && allowed != (from%2 == side) {
					t.Errorf("change %d holds, and a write to side %d got %v", from, side, got)
				}
				answers.Add(1)
			}
		})
	}
	w := dial(t, d.address)
	for change := int64(1); change <= toggles && !t.Failed(); change++ {
		begun.Store(change)
		w.say(requestWith(toggled(change), "POST /meta/auth/users/zoe", bearing(adm), asFile))
		if got, err := w.hear("POST"); err != nil || got.status != 200 {
			t.Errorf("change %d: %v, %v", change, got, err)
		}
		acknowledged.Store(change)
	}
	close(over)
	clients.Wait()
	if n := answers.Load(); n < toggles {
		t.Errorf("only %d answers were looked at", n)
	}
	for _, r := range d.store.take() {
		if s := r.String(); s != "PUT /side0/x as zoe" && s != "PUT /side1/x as zoe" {
			t.Fatalf("the store saw %s", s)
		}
	}
}
