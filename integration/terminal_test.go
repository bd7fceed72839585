package integration

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/file"
)

// console is a command at a terminal, and somebody who types.
type console struct {
	terminal *os.File
	shown    *collected
	process  *exec.Cmd
	read     chan struct{} // closed when nothing more is shown
}

func (s stage) atTerminal(t *testing.T, args ...string) *console {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, caddyBinary(t), append([]string{"cmwell-auth"}, args...)...)
	cmd.Dir, cmd.Env = s.dir, s.environ
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	c := &console{terminal, new(collected), cmd, make(chan struct{})}
	go func() {
		defer close(c.read)
		_, _ = io.Copy(c.shown, terminal) // Linux ends it with an error
	}()
	t.Cleanup(func() { terminal.Close() })
	return c
}

// shows waits until the text is on the screen.
func (c *console) shows(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the terminal shows "+text, func() bool { return strings.Contains(c.shown.String(), text) })
}

// echoes tells whether the terminal shows what is typed.
func (c *console) echoes(t *testing.T) bool {
	t.Helper()
	stty := exec.CommandContext(t.Context(), needs(t, "stty"), "-a")
	stty.Stdin = c.terminal
	settings, err := stty.Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(strings.Fields(string(settings)), "echo")
}

// types waits for a prompt, and until the terminal has stopped showing what is typed.
func (c *console) types(t *testing.T, prompt, text string) {
	t.Helper()
	c.shows(t, prompt)
	eventually(t, "the terminal is quiet", func() bool { return !c.echoes(t) })
	if _, err := c.terminal.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the end, and returns the exit code and all that was shown.
func (c *console) ends(t *testing.T) (int, string) {
	t.Helper()
	err := c.process.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	select {
	case <-c.read:
	case <-time.After(patience):
		t.Fatal("the terminal does not close")
	}
	return c.process.ProcessState.ExitCode(), c.shown.String()
}

func TestAPasswordIsAskedForTwiceAndNotShown(t *testing.T) {
	s := stageFor(t, false)
	c := s.atTerminal(t, "user", "add", "zoe", "--file", "users.json", "--password-hash", "argon2id")
	c.types(t, "Password for zoe: ", "dear secret\r")
	c.types(t, "The same again: ", "dear secret\r")
	code, shown := c.ends(t)
	if code != 0 || strings.Contains(shown, "dear") || !strings.Contains(shown, "user zoe was made in users.json") {
		t.Errorf("exit %d, shown %q", code, shown)
	}
	users, err := file.Read(s.dir+"/users.json", false)
	if err != nil {
		t.Fatal(err)
	}
	zoe, err := users.User(t.Context(), "zoe")
	if err != nil || !new(account.Passwords).Match(zoe, "dear secret") {
		t.Errorf("the password is another one: %v", err)
	}
}

func TestTwoPasswordsThatDifferChangeNothing(t *testing.T) {
	s := stageFor(t, false)
	before, err := os.ReadFile(s.dir + "/users.json")
	if err != nil {
		t.Fatal(err)
	}
	c := s.atTerminal(t, "user", "passwd", "ann", "--file", "users.json")
	c.types(t, "Password for ann: ", "dear secret\r")
	c.types(t, "The same again: ", "dear secert\r")
	code, shown := c.ends(t)
	if code != 1 || strings.Contains(shown, "dear") || !strings.Contains(shown, "Error: the two passwords differ; nothing was changed") {
		t.Errorf("exit %d, shown %q", code, shown)
	}
	if after, err := os.ReadFile(s.dir + "/users.json"); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed: %v", err)
	}
}

func TestAnInterruptAtThePromptLeavesTheTerminalAsItWas(t *testing.T) {
	s := stageFor(t, false)
	c := s.atTerminal(t, "hash-password")
	c.types(t, "Password for hashing: ", "half of it\x03")
	eventually(t, "the terminal shows again what is typed", func() bool { return c.echoes(t) })
	code, shown := c.ends(t)
	if code != 1 || strings.Contains(shown, "half") || !strings.Contains(shown, "Error: interrupted; nothing was changed") {
		t.Errorf("exit %d, shown %q", code, shown)
	}
}

func TestATokenIsAskedForAtATerminal(t *testing.T) {
	s := stageFor(t, false)
	raw := tokenOf(t, "ann")
	c := s.atTerminal(t, "token", "inspect")
	c.types(t, "Token: ", raw+"\r")
	code, shown := c.ends(t)
	if code != 0 || strings.Contains(shown, raw[:20]) || !strings.Contains(shown, `"sub":"ann"`) {
		t.Errorf("exit %d, shown %q", code, shown)
	}
}
