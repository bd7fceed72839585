package integration

import (
	"strings"
	"testing"
)

// What a store says about identity and challenges is for the client alone: the
// next request on the same connections is nobody's again.
func TestAStoresAnswerIsPassedOnAndNothingOfItIsKept(t *testing.T) {
	store := startRecorder(t, &recorder{reply: func(r received) string {
		return reply(r, "200 OK", r.method+" "+r.target+"\n", "X-CM-Well-User: adm", "X-CM-WELL-TOKEN: ey.a.b", `WWW-Authenticate: Basic realm="store"`, "Set-Cookie: a=b")
	}})
	d := startDoor(t, frontDoor(ownKey), doorOptions{store: store.address})
	w := dial(t, d.address)
	for _, row := range []struct {
		line, header string
		status       int
		saw          string
	}{
		{"GET /tests/x", "A: b", 200, "GET /tests/x as nobody"},
		{"GET /tests/x", bearing(tokenOf(t, "ann")), 200, "GET /tests/x as ann"},
		{"GET /tests/y", "A: b", 200, "GET /tests/y as nobody"},
		{"PUT /tests/y", "A: b", 401, ""},
	} {
		w.say(request(row.line, row.header, "Content-Length: 0"))
		got, err := w.hear("GET")
		if err != nil || got.status != row.status {
			t.Fatalf("%s: got %v, %v", row.line, got, err)
		}
		if seen := inShort(store.take()); seen != row.saw {
			t.Errorf("%s: the store saw %q, want %q", row.line, seen, row.saw)
		}
		if row.status != 200 {
			continue
		}
		for name, want := range map[string]string{"X-CM-Well-User": "adm", "WWW-Authenticate": `Basic realm="store"`, "Set-Cookie": "a=b", "Content-Type": "text/plain"} {
			if value := got.header.Get(name); value != want {
				t.Errorf("%s: the client got %s: %q, want %q", row.line, name, value, want)
			}
		}
		if added := got.header.Get("X-Content-Type-Options"); added != "" {
			t.Errorf("%s: the store's answer got an X-Content-Type-Options: %s", row.line, added)
		}
	}
}

// A page that a store serves finds no token in the browser: the door leaves none.
func TestNoAnswerOfTheDoorSetsACookie(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startDoor(t, frontDoor(ownKey, "token_from cookie X-CM-WELL-TOKEN", "json_login /v1/login"), doorOptions{store: store.address})
	for _, said := range [][]byte{
		request("GET /_login", authorization("ann", passwordOf("ann"))), request("GET /_login"),
		requestWith(`{"username":"ann","password":"`+passwordOf("ann")+`"}`, "POST /v1/login"),
		request("GET /_auth?op=whoami", "Cookie: X-CM-WELL-TOKEN="+tokenOf(t, "ann")),
		request("GET /tests/x", "Cookie: X-CM-WELL-TOKEN="+tokenOf(t, "ann")), request("PUT /tests/x", "Content-Length: 0"),
	} {
		if got := d.ask(t, said); len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("%.40q: got a cookie %q", said, got.header["Set-Cookie"])
		}
	}
}

// Who may write everything may open a tunnel, and speaks through it.
func TestAWebsocketIsATunnelForWhoMayWriteAll(t *testing.T) {
	store := startRecorder(t, &recorder{reply: func(r received) string {
		if len(r.values("Upgrade")) > 0 {
			return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nwelcome\n"
		}
		return plainReply(r)
	}})
	d := startDoor(t, frontDoor(ownKey), doorOptions{store: store.address})
	w := dial(t, d.address)
	w.say(request("GET /ws/_out", aWebsocket+"13", bearing(tokenOf(t, "adm"))))
	if got, err := w.hear("GET"); err != nil || got.status != 101 {
		t.Fatalf("got %v, %v", got, err)
	}
	if said, err := w.reader.ReadString('\n'); err != nil || said != "welcome\n" {
		t.Errorf("through the tunnel came %q, %v", said, err)
	}
	w.say(request("GET /inside"))
	if got, err := w.hear("GET"); err != nil || got.status != 200 || !strings.Contains(got.body, "/inside") {
		t.Errorf("through the tunnel came %v, %v", got, err)
	}
	if seen := inShort(store.take()); seen != "GET /ws/_out as adm, GET /inside as nobody" {
		t.Errorf("the store saw %s", seen)
	}
}
