package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// door is a running Caddy with the front door in it.
type door struct {
	dir     string // its working directory and its home
	address string
	admin   string // empty when it has no admin API
	users   string // the users file
	config  string // the Caddyfile
	output  *collected

	environ []string
	under   []string // what runs the binary: a command that takes another one
	process *exec.Cmd
	ended   chan struct{} // closed when the process is gone
}

// doorOptions are what a Caddyfile does not say.
type doorOptions struct {
	store   string // address of what is behind the door
	admin   bool
	noUsers bool              // the users file is not written: a first start
	environ map[string]string // for the process
	awaits  string            // the path that answers 401 once it serves; "/_login" by default
}

// frontDoor is a Caddyfile with one front door and a proxy behind it. Settings
// are lines of cmwell_auth.
func frontDoor(settings ...string) string {
	return frontDoorWith("", settings...)
}

// frontDoorWith has lines for the global options too.
func frontDoorWith(globals string, settings ...string) string {
	return `{
	default_bind 127.0.0.1
	admin {$DOOR_ADMIN}
	auto_https off
	` + globals + `
}

:{$DOOR_PORT} {
	cmwell_auth {
		users file {$DOOR_USERS}
		` + strings.Join(settings, "\n\t\t") + `
	}
	reverse_proxy {$DOOR_STORE}
}
`
}

// ownKey has the door sign with the key that the tests know.
const ownKey = "signing_key env DOOR_KEY"

// newDoor lays everything out and starts nothing.
func newDoor(t testing.TB, caddyfile string, options doorOptions) *door {
	t.Helper()
	d := &door{dir: t.TempDir(), address: "127.0.0.1:" + freePort(t), output: new(collected)}
	if err := os.Chmod(d.dir, 0o700); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	d.users = filepath.Join(d.dir, "users.json")
	d.config = filepath.Join(d.dir, "Caddyfile")
	d.write(t, caddyfile)
	if !options.noUsers {
		writeUsers(t, d.users)
	}
	admin := "off"
	if options.admin {
		d.admin = "127.0.0.1:" + freePort(t)
		admin = d.admin
	}
	_, port, _ := net.SplitHostPort(d.address)
	d.environ = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "XDG_DATA_HOME=" + d.dir + "/data", "XDG_CONFIG_HOME=" + d.dir + "/config",
		"DOOR_PORT=" + port, "DOOR_ADMIN=" + admin, "DOOR_USERS=" + d.users, "DOOR_STORE=" + options.store,
		"DOOR_KEY=" + signingSecret, "GORACE=halt_on_error=0",
	}
	for name, value := range options.environ {
		d.environ = append(d.environ, name+"="+value)
	}
	return d
}

func (d *door) write(t testing.TB, caddyfile string) {
	t.Helper()
	if err := os.WriteFile(d.config, []byte(caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startDoor starts a door and returns when it serves. It ends with the test,
// which fails when the door panicked or raced.
func startDoor(t testing.TB, caddyfile string, options doorOptions) *door {
	t.Helper()
	d := newDoor(t, caddyfile, options)
	d.start(t)
	awaits := "/_login"
	if options.awaits != "" {
		awaits = options.awaits
	}
	d.awaitServing(t, awaits)
	return d
}

// start runs the process. It may be called again once it was stopped.
func (d *door) start(t testing.TB) {
	t.Helper()
	first := d.process == nil
	d.process = d.command(context.Background(), t, "run", "--config", d.config, "--adapter", "caddyfile")
	d.process.Stdout, d.process.Stderr = d.output, d.output
	if err := d.process.Start(); err != nil {
		t.Fatal(err)
	}
	process, ended := d.process, make(chan struct{})
	d.ended = ended
	go func() {
		_ = process.Wait() // how it ended, ProcessState knows
		close(ended)
	}()
	if first {
		t.Cleanup(func() {
			d.stop(t)
			d.checkOutput(t)
		})
	}
}

// command is a run of the binary in the door's own surroundings.
func (d *door) command(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	words := slices.Concat(d.under, []string{caddyBinary(t)}, args)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env = d.dir, d.environ
	return cmd
}

// awaitServing polls until a first start has made its keys and users: until
// then the door answers 503.
func (d *door) awaitServing(t testing.TB, path string) {
	t.Helper()
	eventually(t, d.address+path+" answers 401", func() bool {
		select {
		case <-d.ended:
			t.Fatalf("the door has ended instead of serving: %s\n%s", d.process.ProcessState, d.output)
		default:
		}
		connection, err := net.DialTimeout("tcp", d.address, time.Second)
		if err != nil {
			return false
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
		status := make([]byte, len("HTTP/1.1 401"))
		_, err = connection.Write(request("GET " + path))
		if err == nil {
			_, err = connection.Read(status)
		}
		return err == nil && string(status) == "HTTP/1.1 401"
	})
	// Caddy opens its sites first, and says a moment later that it has loaded them.
	if d.admin != "" {
		eventually(t, "the admin API knows the door", func() bool {
			got, err := tryAsk(d.admin, called(d.admin, "GET health", ""))
			return err == nil && !strings.Contains(got.body, "no front door is running")
		})
	}
}

// stop ends the process as an operator would, and by force when it lingers.
func (d *door) stop(t testing.TB) {
	t.Helper()
	if err := d.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case <-d.ended:
	case <-time.After(10 * time.Second):
		_ = d.process.Process.Kill()
		<-d.ended
	}
}

func (d *door) checkOutput(t testing.TB) {
	t.Helper()
	output := d.output.String()
	for _, bad := range []string{"DATA RACE", "panic", "goroutine 1 ["} {
		if strings.Contains(output, bad) {
			t.Errorf("the door's output has %q in it", bad)
		}
	}
	if t.Failed() {
		lines := strings.SplitAfter(output, "\n")
		t.Logf("the last of what the door said:\n%s", strings.Join(lines[max(0, len(lines)-60):], ""))
	}
}

// startsAndFails runs a door that must not serve, and returns what it said.
func (d *door) startsAndFails(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	output, err := d.command(ctx, t, "run", "--config", d.config, "--adapter", "caddyfile").CombinedOutput()
	if exit := (*exec.ExitError)(nil); ctx.Err() != nil || !errors.As(err, &exit) || exit.ExitCode() <= 0 {
		t.Errorf("the door started, or ended otherwise than by refusing: %v", err)
	}
	for _, bad := range []string{"DATA RACE", "panic:", "goroutine "} {
		if bytes.Contains(output, []byte(bad)) {
			t.Errorf("the door's output has %q in it:\n%s", bad, output)
		}
	}
	return string(output)
}

// collected is what a process has written so far.
type collected struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (c *collected) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes.Write(b)
}

func (c *collected) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes.String()
}

// since is what was written after so many bytes.
func (c *collected) since(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.bytes.Bytes()[n:])
}

// size is how many bytes were written.
func (c *collected) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes.Len()
}

// says waits until the process has written the words.
func (d *door) says(t testing.TB, words string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the door says %q", words), func() bool { return strings.Contains(d.output.String(), words) })
}
