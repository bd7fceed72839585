package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestRequestsAreAnsweredByTheUpstreamAsTheyShouldBe(t *testing.T) {
	for name, asked := range map[string]exchange{"read": aRead, "write": write("a.b.c"), "write with a password": writeWithPassword(), "bulk": bulk("a.b.c")} {
		in := bufio.NewReader(bytes.NewReader(asked.request))
		r, err := http.ReadRequest(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w := httptest.NewRecorder()
		answerAll(w, r)
		if got := (answer{status: w.Code, size: int64(w.Body.Len())}); !asked.serves(got) || refused(asked).serves(got) {
			t.Errorf("%s: %v is not what it waits for", name, got)
		}
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			t.Errorf("%s: %d bytes are more than the request", name, len(rest))
		}
	}
}

func TestABulkWriteIsOfOneMegabyte(t *testing.T) {
	if size := len(bulk("a.b.c").request); size < bulkSize || size > bulkSize+1000 {
		t.Errorf("it has %d bytes", size)
	}
}

func TestAForgedTokenHasAnotherSignature(t *testing.T) {
	for token, want := range map[string]string{"head.claims.xyz": "head.claims.Ayz", "head.claims.Ayz": "head.claims.Byz"} {
		if got := forged(token); got != want {
			t.Errorf("%s: got %s, want %s", token, got, want)
		}
	}
}

func TestACrowdHasUsersWithFewRulesAndWithMany(t *testing.T) {
	document, err := crowd{10}.document()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Users map[string]user }
	if err := json.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Users) != 10 || len(got.Users[knownName].Paths) != few || len(got.Users[manyRules].Paths) != many {
		t.Errorf("got %d users, of %d and %d rules", len(got.Users), len(got.Users[knownName].Paths), len(got.Users[manyRules].Paths))
	}
	for name, user := range got.Users {
		if last := user.Paths[len(user.Paths)-1].ID; last != writable {
			t.Errorf("%s may write in %s at last, not in %s", name, last, writable)
		}
	}
}

func TestRedisIsToldOfEveryUserOnce(t *testing.T) {
	commands, err := fillCommands(2*atOnce + 1)
	if err != nil {
		t.Fatal(err)
	}
	until := "1"
	for _, words := range commands {
		if words[0] != "EVAL" {
			continue
		}
		if words[4] != until {
			t.Errorf("after %s users comes number %s", until, words[4])
		}
		until = words[5]
	}
	if until != "100001" {
		t.Errorf("the last script ends before %s", until)
	}
	if got := string(inRESP([]string{"SET", "é", ""})); got != "*3\r\n$3\r\nSET\r\n$2\r\né\r\n$0\r\n\r\n" {
		t.Errorf("a command is %q", got)
	}
}

func TestEveryRowIsComparedWithTheBareProxyThatIsAskedTheSame(t *testing.T) {
	started := lineUp{
		proxy: running{name: "bare"}, again: running{name: "again"}, fields: running{name: "fields"}, proxyBuffers: running{name: "bare, buffers"},
		door: running{name: "door", token: "a.b.c"}, doorBuffers: running{name: "door, buffers", token: "j.k.l"},
		crowds: []running{{name: "rules", token: "g.h.i"}, {name: "crowd", token: "d.e.f"}},
	}
	tokens := map[string]string{
		"fields": "a.b.c", "bare, buffers": "a.b.c", "door, buffers": "j.k.l", "rules": "g.h.i", "crowd": "d.e.f", "door: refused": "a.b.A",
	}
	seen := map[string]bool{}
	first := map[string]*row{}
	for _, r := range (plan{connections: 2}).rowsFor(started) {
		if first[r.request] == nil {
			first[r.request] = r
			if r.bare != nil || r.server != "bare" {
				t.Errorf("%s begins with %s", r.request, r.server)
			}
			continue
		}
		if r.bare != first[r.request] {
			t.Errorf("%s, %s is not compared with the bare proxy", r.request, r.server)
		}
		seen[r.server] = true
		if token := tokens[r.server]; !strings.Contains(string(r.asked.request), token) {
			t.Errorf("%s, %s: %s is not sent", r.request, r.server, token)
		}
	}
	for server := range tokens {
		if !seen[server] {
			t.Errorf("%s is compared with nothing", server)
		}
	}
	if len(first) != 4 {
		t.Errorf("%d kinds of requests, want 4", len(first))
	}
}

func TestWhatIsNotInstalledIsTold(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, one := range allPeers {
		if _, err := (plan{}).peerRows(t.Context(), &servers{}, one); !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%s: got %v, want that it is not found", one.program, err)
		}
	}
}

func TestProcessorTimeOfAProcessGrows(t *testing.T) {
	before, err := processorTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < time.Minute; {
		after, err := processorTime(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if after > before {
			return
		}
	}
	t.Error("it does not grow")
}
