package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

// writerState is how far the command writer has come, by what it said or by what
// the file has: numbers that grow by one with each change.
type writerState struct{ same, own, passing int }

// heard is the state after the lines that the writer printed.
func (s writerState) heard(t *testing.T, printed string) writerState {
	t.Helper()
	for line := range strings.Lines(printed) {
		var word string
		var n int
		if _, err := fmt.Sscanf(line, "%s %d\n", &word, &n); err != nil {
			t.Fatalf("the writer said %q", line)
		}
		switch word {
		case "same":
			s.same = n
		case "own":
			s.own = n
		case "made":
			s.passing = 2*n + 1
		case "deleted":
			s.passing = 2*n + 2
		}
	}
	return s
}

// usersText is a users file as others than the door read it.
type usersText struct {
	Users map[string]struct {
		Rev int `json:"rev"`
		I   int `json:"i"`
	} `json:"users"`
	Floor int `json:"rev_floor"`
}

func readUsersText(t *testing.T, name string) (text usersText) {
	t.Helper()
	if _, err := file.Read(name, false); err != nil {
		t.Fatalf("the file is broken: %v", err)
	}
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, &text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (u usersText) state() writerState {
	s := writerState{u.Users["same"].Rev, u.Users["own"].I, 2 * u.Floor}
	if passing, there := u.Users["passing"]; there {
		s.passing = 2*passing.Rev + 1
	}
	return s
}

// besideUsers are the files in the folder of the users file.
func besideUsers(t *testing.T, name string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

var buildWriter = sync.OnceValues(func() (string, error) { return built("./integration/writer") })

// The test is a second process that has the file, and writes too.
func TestWhatIsAcknowledgedOutlivesTwoHundredKills(t *testing.T) {
	needs(t, "go")
	writer, err := buildWriter()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	put(t, folder, "users.json", `{"users":{"same":{}, "own":{"i":0}, "mine":{}}}`, 0o600)
	name := filepath.Join(folder, "users.json")
	mine, err := file.Open(name, false)
	if err != nil {
		t.Fatal(err)
	}
	// A kill in the middle of a write is what it is about, and nobody can aim at one:
	// where too few are hit, it goes on.
	const atLeast, atMost, enough = 200, 2000, 10
	var last writerState
	rounds, midway, began := 0, 0, 0
	for ; rounds < atLeast || midway < enough && rounds < atMost; rounds++ {
		// While it starts, or while it writes.
		said := runUntilKilled(t, writer, name, rounds%4 > 0, time.Duration(rand.Int64N(int64(40*time.Millisecond))), func() {
			if _, err := mine.Edit(t.Context(), "mine", account.Revoke); err != nil {
				t.Error(err)
			}
		})
		acknowledged, found := last.heard(t, said), readUsersText(t, name).state()
		for _, pair := range [][2]int{{acknowledged.same, found.same}, {acknowledged.own, found.own}, {acknowledged.passing, found.passing}} {
			// What was under way may have been done, and nothing else.
			if pair[1] < pair[0] || pair[1] > pair[0]+1 {
				t.Fatalf("round %d: acknowledged was %+v, the file has %+v", rounds, acknowledged, found)
			}
		}
		if last = found; said != "" {
			began++
		}
		if len(besideUsers(t, name)) > 2 {
			midway++
		}
		if err := mine.RemoveLeftovers(t.Context()); err != nil {
			t.Error(err)
		}
		if left := besideUsers(t, name); !slices.Equal(left, []string{".users.json.lock", "users.json"}) {
			t.Fatalf("round %d: litter: %q", rounds, left)
		}
	}
	if got := readUsersText(t, name).Users["mine"].Rev; got != rounds {
		t.Errorf("of %d changes by another process, %d are there", rounds, got)
	}
	if err := mine.Reload(); err != nil {
		t.Error(err)
	}
	document, err := mine.Document(t.Context(), account.Users, "own")
	if want := fmt.Sprintf(`{ "i":%d,  "kept": [1.0, {"\u0061": null}] }`, last.own); err != nil || string(document) != want {
		t.Errorf("%s, %v; want %s", document, err, want)
	}
	if began < rounds/2 || midway < enough {
		t.Errorf("of %d rounds %d acknowledged something and %d ended in the middle of a write: too few to mean anything", rounds, began, midway)
	}
	t.Logf("%d changes, %d rounds ended in the middle of a write", last.same+last.own+last.passing, midway)
}

// talking is what a process says, and what is to be done at its first word.
type talking struct {
	said  bytes.Buffer
	first sync.Once
	then  func()
}

func (w *talking) Write(b []byte) (int, error) {
	w.first.Do(w.then)
	return w.said.Write(b)
}

// runUntilKilled runs the writer, kills it some time after its start or its first
// word, and returns what it said. meanwhile is called when it has begun.
func runUntilKilled(t *testing.T, writer, name string, started bool, after time.Duration, meanwhile func()) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, writer, name)
	kill := func() { time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) }
	words, complained := talking{then: func() {}}, bytes.Buffer{}
	if started {
		words.then = kill
	}
	cmd.Stdout, cmd.Stderr = &words, &complained
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !started {
		kill()
	}
	meanwhile()
	err := cmd.Wait()
	if complained.Len() > 0 || ctx.Err() != nil || err == nil {
		t.Fatalf("the writer ended by itself: %v: %s", err, &complained)
	}
	return words.said.String()
}

// Three administrators write through the door, which is killed now and then.
func TestWhatTheDoorAcknowledgedOutlivesItsKills(t *testing.T) {
	d := startDoor(t, frontDoor(ownKey), doorOptions{store: "127.0.0.1:1"})
	// A door that lives for a moment acknowledges little on a busy machine: it is killed
	// until each writer has had enough to tell.
	const writers, atLeast, atMost, enough = 3, 10, 200, 10
	var paused sync.RWMutex // locked while the door is not there
	var acknowledged [writers]int
	over := make(chan struct{})
	var all sync.WaitGroup
	admin := tokenOf(t, "adm")
	for w := range writers {
		all.Go(func() {
			for next := 1; ; {
				select {
				case <-over:
					return
				default:
				}
				paused.RLock()
				got, err := tryAsk(d.address, requestWith(fmt.Sprintf(`{"i":%d}`, next), fmt.Sprintf("PUT /meta/auth/users/writer%d", w), bearing(admin), asFile))
				if err == nil && got.status == 200 {
					acknowledged[w] = next
					next++
				} else if err == nil && got.status != 503 { // it is starting
					t.Errorf("writer %d: %v", w, got)
				}
				paused.RUnlock()
			}
		})
	}
	least := 0
	for kill := 0; kill < atLeast || least < enough && kill < atMost; kill++ {
		timer := time.NewTimer(time.Duration(rand.Int64N(int64(300 * time.Millisecond))))
		<-timer.C
		_ = d.process.Process.Kill()
		<-d.ended
		paused.Lock()
		text := readUsersText(t, d.users)
		for w := range writers {
			if i := text.Users[fmt.Sprintf("writer%d", w)].I; i < acknowledged[w] || i > acknowledged[w]+1 {
				t.Errorf("kill %d: writer %d was acknowledged %d, the file has %d", kill, w, acknowledged[w], i)
			}
		}
		least = slices.Min(acknowledged[:])
		d.start(t)
		d.awaitServing(t, "/_login")
		eventually(t, "the litter is gone", func() bool {
			return !slices.ContainsFunc(besideUsers(t, d.users), func(name string) bool { return strings.HasSuffix(name, ".tmp") })
		})
		paused.Unlock()
	}
	close(over)
	all.Wait()
	if least < enough {
		t.Errorf("%v changes were acknowledged in %d lives of the door: too few to mean anything", acknowledged, atMost)
	}
	t.Logf("%v changes were acknowledged", acknowledged)
}
