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
	"time"
)

// startExample runs Caddyfile.example as it stands, in an empty folder. What
// its text has in the place of ports, the environment says.
func startExample(t *testing.T, change func(string) string, environ map[string]string) *door {
	t.Helper()
	example, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(t, change(string(example)), doorOptions{admin: true, environ: environ})
	d.users = filepath.Join(d.dir, "data", "users.json")
	_, port, _ := net.SplitHostPort(d.address)
	d.environ = append(d.environ, "CMWELL_PORT="+port, "CMWELL_ADMIN="+d.admin)
	return d
}

func asItStands(text string) string { return text }

func TestTheReadmesSessionRunsAsItIsPrinted(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := session(string(readme))
	if err != nil {
		t.Fatal("README.md: ", err)
	}
	needs(t, "curl")
	shell := needs(t, "sh")
	d := startExample(t, asItStands, nil)
	d.start(t)
	d.awaitServing(t, "/_login")

	_, port, _ := net.SplitHostPort(d.address)
	for i := range steps {
		steps[i].command = strings.ReplaceAll(steps[i].command, "localhost:8080", "localhost:"+port)
	}
	outputs := runSession(t, shell, steps)
	wantPrinted(t, steps, outputs)
	for name, mode := range map[string]os.FileMode{"data/users.json": 0o600, "data/infotons.db": 0o600} {
		if info, err := os.Stat(filepath.Join(d.dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	d.says(t, "development store")
}

func TestTheExampleServesARealStoreWhenItIsNamed(t *testing.T) {
	store := startRecorder(t, &recorder{})
	d := startExample(t, asItStands, map[string]string{"CMWELL_UPSTREAM": store.address, "CMWELL_ENVIRONMENT": "development"})
	if err := os.Mkdir(filepath.Dir(d.users), 0o700); err != nil {
		t.Fatal(err)
	}
	writeUsers(t, d.users)
	d.start(t)
	d.awaitServing(t, "/_login")
	if got := d.ask(t, request("PUT /tests/x", "Content-Length: 0")); got.status != 200 || inShort(store.take()) != "PUT /tests/x as nobody" {
		t.Errorf("got %v", got)
	}
	if got := d.ask(t, request("PUT /meta/auth/users/x", "Content-Length: 0")); got.status != 401 || inShort(store.take()) != "" {
		t.Errorf("got %v", got)
	}
}

// step is one command of a session, and what it prints.
type step struct{ command, output string }

// session finds the steps in the blocks of a document that begin with
// "```sh session". A command begins with "$ " and goes on after a backslash at
// the end of a line; what follows, up to the next, is its output.
func session(document string) ([]step, error) {
	var steps []step
	inside, goesOn := false, false
	for line := range strings.Lines(document) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case line == "```sh session":
			inside, goesOn = true, false
		case !inside:
		case line == "```":
			inside = false
		case goesOn:
			last := &steps[len(steps)-1]
			last.command += "\n" + line
			goesOn = strings.HasSuffix(line, `\`)
		case isCommand:
			steps = append(steps, step{command: command})
			goesOn = strings.HasSuffix(line, `\`)
		case len(steps) == 0:
			return nil, fmt.Errorf("%q stands before the first command", line)
		default:
			steps[len(steps)-1].output += line + "\n"
		}
	}
	if len(steps) == 0 || inside {
		return nil, errors.New("a block that begins with ```sh session, holds commands and ends is wanted")
	}
	return steps, nil
}

// prints tells whether the output is the step's; "…" stands for anything within
// a line. A missing line break at the end makes no difference.
func (s step) prints(output string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(s.output, "\n")), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSuffix(output, "\n"))
}

// wantPrinted compares what the commands of a session printed.
func wantPrinted(t *testing.T, steps []step, outputs []string) {
	t.Helper()
	for i, step := range steps {
		if !step.prints(outputs[i]) {
			t.Errorf("$ %s\nprinted\n%s\nwant\n%s", step.command, outputs[i], step.output)
		}
	}
}

// runSession runs all commands in one shell, and returns what each printed.
func runSession(t *testing.T, shell string, steps []step) []string {
	t.Helper()
	return runSessionIn(t, "", shell, "", steps, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
}

// runSessionIn does so in a folder, in surroundings, and after a first line.
func runSessionIn(t *testing.T, dir, shell, first string, steps []step, environ ...string) []string {
	t.Helper()
	const mark = "----- the end of a step -----\n"
	var script strings.Builder
	script.WriteString(first)
	for _, step := range steps {
		script.WriteString(step.command + "\nprintf '%s' '" + mark + "'\n")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	run := exec.CommandContext(ctx, shell)
	run.Stdin = strings.NewReader(script.String())
	run.Dir, run.Env = dir, slices.Concat(environ, []string{"no_proxy=*"})
	run.WaitDelay = 5 * time.Second
	var output, complaints bytes.Buffer
	run.Stdout, run.Stderr = &output, &complaints
	if err := run.Run(); err != nil {
		t.Errorf("the session ended with %v\n%s", err, &complaints)
	}
	outputs := strings.Split(output.String(), mark)
	if len(outputs) != len(steps)+1 {
		t.Fatalf("%d of %d commands ran:\n%s\n%s", len(outputs)-1, len(steps), &output, &complaints)
	}
	return outputs
}

func TestASessionIsReadFromADocument(t *testing.T) {
	document := "Text.\n```sh\n$ not this\n```\n```sh session\n$ echo 'a b' \\\n  c\na b c\n$ X=1\n$ echo $X; printf 2\n1\n2\n```\n$ nor this\n```sh session\n$ printf '{\"token\":\"%s\"}' abc\n{\"token\":\"…\"}\n```\n"
	steps, err := session(document)
	want := []step{{"echo 'a b' \\\n  c", "a b c\n"}, {"X=1", ""}, {"echo $X; printf 2", "1\n2\n"}, {`printf '{"token":"%s"}' abc`, "{\"token\":\"…\"}\n"}}
	if err != nil || !slices.Equal(steps, want) {
		t.Fatalf("got %q %v, want %q", steps, err, want)
	}
	for i, output := range runSession(t, needs(t, "sh"), steps) {
		if i < len(steps) && !steps[i].prints(output) {
			t.Errorf("%q printed %q", steps[i], output)
		}
	}
	for _, other := range []string{"1\n2\n3", "1", "12", ""} {
		if steps[2].prints(other) {
			t.Errorf("%q was taken for %q", other, steps[2].output)
		}
	}
}

func TestADocumentWithoutASessionIsAnError(t *testing.T) {
	for _, document := range []string{"", "```sh\n$ a\n```\n", "```sh session\n```\n", "```sh session\na\n$ b\n```\n", "```sh session\n$ a\n"} {
		if steps, err := session(document); err == nil {
			t.Errorf("%q: got %q", document, steps)
		}
	}
}
