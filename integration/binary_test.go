package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// workshop holds what is built once for all tests. It is gone when they end.
var workshop string

func TestMain(m *testing.M) {
	os.Exit(inWorkshop(m.Run))
}

func inWorkshop(run func() int) int {
	dir, err := os.MkdirTemp("", "cmwell-auth-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	workshop = dir
	return run()
}

// leftOut ends a test that lacks something on this machine: with CI set it
// fails, elsewhere it is skipped with the reason. No other place skips.
func leftOut(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("left out: %s", reason)
	}
	t.Skipf("left out: %s", reason)
}

// needs returns the program's path, or leaves the test out.
func needs(t testing.TB, program string, places ...string) string {
	t.Helper()
	if found, err := exec.LookPath(program); err == nil {
		return found
	}
	for _, place := range places {
		if found, err := exec.LookPath(filepath.Join(place, program)); err == nil {
			return found
		}
	}
	leftOut(t, program+" is not installed; integration/prepare.sh installs it")
	return ""
}

var buildCaddy = sync.OnceValues(func() (string, error) {
	if underRace {
		return built("./cmd/caddy", "-race")
	}
	return built("./cmd/caddy")
})

// built is the binary of a package of this module.
func built(pkg string, flags ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	file := filepath.Join(workshop, filepath.Base(pkg))
	args := slices.Concat([]string{"build", "-buildvcs=false", "-o", file}, flags, []string{pkg})
	build := exec.CommandContext(ctx, "go", args...)
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %v: %w\n%s", args, err, output)
	}
	return file, nil
}

// caddyBinary is the built binary, one for the whole test process.
func caddyBinary(t testing.TB) string {
	t.Helper()
	needs(t, "go")
	file, err := buildCaddy()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// The ports that tests are given lie below those that the system gives to connections, and to
// who asks for any port: else one could be taken again before a server listens on it.
const (
	firstPort  = 10240
	portsGiven = 22000
)

// freePort is a port of the loopback interface that nobody listens on and that
// no other test was given.
func freePort(t testing.TB) string {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(portsGiven)
		if given.ports[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			continue // somebody else's
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		given.ports[port] = true
		return fmt.Sprint(port)
	}
	t.Fatal("no free port")
	return ""
}

// patience is how long anything may take on a machine that is busy: hashing one
// password takes seconds under the race detector.
const patience = time.Minute

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%v went by, and still not: %s", patience, what)
}
