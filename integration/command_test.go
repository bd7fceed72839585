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
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCommands runs every session in command/, each in a folder of its own with the
// users of the tests in users.json. A session is of commands for a shell and what they
// do: a line that begins with
//
//	$ is a command; one that ends in a backslash goes on
//	> is what it prints,
//	! is what it says on standard error,
//	= is its exit code, where that is not 0.
//
// Other lines are for readers. A session whose name begins with "server" has a server
// running, which commands find by themselves. What differs from run to run stands
// there masked. CMWELL_UPDATE=1 writes what happens now, to be read before it is kept.
func TestCommands(t *testing.T) {
	files, err := filepath.Glob("command/*.session")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		base := strings.TrimSuffix(filepath.Base(name), ".session")
		t.Run(base, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := stageFor(t, strings.HasPrefix(base, "server"), settingsOf[base]...).play(t, string(text))
			if os.Getenv("CMWELL_UPDATE") != "" {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			compareLines(t, got, string(text))
		})
	}
}

// settingsOf are those of the servers that are no others'; the rest sign with a
// configured key.
var settingsOf = map[string][]string{"server-managed": {"signing_key managed"}}

// compareLines shows the first lines that differ.
func compareLines(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			from := max(0, i-3)
			t.Errorf("line %d: got\n%s\nwant\n%s", i+1, strings.Join(a[from:min(len(a), i+6)], "\n"), strings.Join(b[from:min(len(b), i+6)], "\n"))
			return
		}
	}
	t.Errorf("got %d lines, want %d", len(a), len(b))
}

// stage is where a session plays.
type stage struct {
	dir     string
	environ []string
	shell   string
	masks   *strings.Replacer
}

// stageFor lays out a folder, and starts a server where one is wanted. Otherwise none
// is found.
func stageFor(t *testing.T, server bool, settings ...string) stage {
	t.Helper()
	store := startRecorder(t, &recorder{})
	if settings == nil {
		settings = []string{ownKey}
	}
	d := newDoor(t, frontDoor(append(settings, "password_hash argon2id")...), doorOptions{store: store.address, admin: true})
	if err := os.WriteFile(filepath.Join(d.dir, "key"), []byte(signingSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if server {
		d.start(t)
		d.awaitServing(t, "/_login")
	}
	_, port, _ := net.SplitHostPort(d.address)
	environ := append(slices.Clone(d.environ), withCaddy(t), "CADDY_ADMIN="+d.admin, "DOOR="+d.address)
	return stage{
		dir: d.dir, environ: environ, shell: needs(t, "sh"),
		masks: strings.NewReplacer(d.dir, "DIR", d.admin, "ADMIN", d.address, "DOOR", port, "PORT"),
	}
}

// withCaddy is a PATH on which the binary is "caddy".
func withCaddy(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(caddyBinary(t), filepath.Join(bin, "caddy")); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + bin + ":" + os.Getenv("PATH")
}

// play runs a session, and returns it with what happened.
func (s stage) play(t *testing.T, session string) string {
	t.Helper()
	var out strings.Builder
	lines := strings.SplitAfter(session, "\n")
	for i := 0; i < len(lines); i++ {
		switch text := lines[i]; {
		case strings.HasPrefix(text, "$ "):
			command := text
			for strings.HasSuffix(command, "\\\n") && i+1 < len(lines) {
				i++
				command += lines[i]
			}
			out.WriteString(command + s.run(t, strings.TrimPrefix(command, "$ ")))
		case text != "" && strings.ContainsRune(">!=", rune(text[0])): // of a former run
		default:
			out.WriteString(text)
		}
	}
	return out.String()
}

// run runs one command.
func (s stage) run(t *testing.T, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.shell, "-c", command)
	cmd.Dir, cmd.Env = s.dir, s.environ
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", command, err)
	}
	for _, bad := range []string{"DATA RACE", "panic:", "goroutine "} {
		if strings.Contains(stderr.String(), bad) {
			t.Errorf("%s: %s", command, &stderr)
		}
	}
	result := prefixed(">", s.masked(stdout.String())) + prefixed("!", s.masked(stderr.String()))
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		result += fmt.Sprintf("= %d\n", code)
	}
	return result
}

func prefixed(sign, text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		b.WriteString(strings.TrimSuffix(sign+" "+line, " ") + "\n")
	}
	return b.String()
}

// masks are what differs from run to run.
var masks = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "TOKEN"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}\b`), "PASSWORD"},
	{regexp.MustCompile(`\b[A-Z2-7]{16}\b`), "KEYID"},
	{regexp.MustCompile(`\$2a\$(\d\d)\$[./A-Za-z0-9]{53}`), "$$2a$$${1}$$HASH"},
	{regexp.MustCompile(`\$argon2id\$[^"\s]+`), "$$argon2id$$HASH"},
	{regexp.MustCompile(`\b([0-9a-f]{64}|[0-9a-f]{32})\b`), "HEX"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`"exp": ?\d{13}`), `"exp":EXP`},
	{regexp.MustCompile(`\(in (\d+[dhm] ?)+\)`), "(in A WHILE)"},
}

func (s stage) masked(text string) string {
	text = s.masks.Replace(text)
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.mask)
	}
	return text
}
