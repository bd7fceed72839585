package session

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const document = "Text.\n```sh\n$ not this\n```\n```sh session\n$ echo 'a b' \\\n  c\na b c\n$ X=1\n$ echo $X; printf 2\n1\n2\n```\n" +
	"$ nor this\n```caddyfile\nnor this\n```\n```caddyfile below/Caddyfile\n:8080 {\n}\n```\n```sh session\n$ printf '{\"token\":\"%s\"}' abc\n{\"token\":\"…\"}\n$ cat below/Caddyfile\n:8080 {\n}\n```\n"

func TestASessionIsReadFromADocumentAndRun(t *testing.T) {
	d, err := Read(document)
	want := []Step{
		{"echo 'a b' \\\n  c", "a b c\n"}, {"X=1", ""}, {"echo $X; printf 2", "1\n2\n"},
		{`printf '{"token":"%s"}' abc`, "{\"token\":\"…\"}\n"}, {"cat below/Caddyfile", ":8080 {\n}\n"},
	}
	if err != nil || !slices.Equal(d.Steps, want) || !maps.Equal(d.Files, map[string]string{"below/Caddyfile": ":8080 {\n}\n"}) {
		t.Fatalf("got %q %v, want %q", d, err, want)
	}
	outputs, err := d.Run(t.Context(), Place{Dir: t.TempDir(), Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	for i, output := range outputs {
		if !d.Steps[i].Prints(output) {
			t.Errorf("%q printed %q", d.Steps[i], output)
		}
	}
	for _, other := range []string{"1\n2\n3", "1", "12", ""} {
		if d.Steps[2].Prints(other) {
			t.Errorf("%q was taken for %q", other, d.Steps[2].Output)
		}
	}
}

func TestADocumentWithoutASessionIsAnError(t *testing.T) {
	const one = "```sh session\n$ a\n```\n"
	for _, text := range []string{
		"", "```sh\n$ a\n```\n", "```sh session\n```\n", "```sh session\na\n$ b\n```\n", one + "```sh session\na\n$ b\n```\n", "```sh session\n$ a\n",
		one + "```caddyfile ../a\nb\n```\n", one + "```caddyfile /a\nb\n```\n", one + "```caddyfile a\nb\n```\n```caddyfile a\nc\n```\n",
	} {
		if d, err := Read(text); err == nil || d.Steps != nil || d.Files != nil {
			t.Errorf("%q: got %q %v", text, d, err)
		}
	}
}

func TestStandardErrorIsPrintedWhereItIsAskedFor(t *testing.T) {
	d := Document{Steps: []Step{{Command: "echo out; echo aside >&2"}}}
	for merged, want := range map[bool]string{false: "out\n", true: "out\naside\n"} {
		outputs, err := d.Run(t.Context(), Place{Environ: os.Environ(), Merged: merged})
		if err != nil || !slices.Equal(outputs, []string{want}) {
			t.Errorf("merged %v: got %q %v", merged, outputs, err)
		}
	}
}

func TestASessionThatEndsEarlyIsAnError(t *testing.T) {
	d := Document{Steps: []Step{{Command: "echo a"}, {Command: "exit 3"}, {Command: "echo b"}}}
	outputs, err := d.Run(t.Context(), Place{Environ: os.Environ()})
	if outputs != nil || err == nil || !strings.Contains(err.Error(), "1 of 3 commands ran: exit status 3") {
		t.Errorf("got %q %v", outputs, err)
	}
}

// The pipe ends when nobody is left who could write to it.
func TestNothingIsLeftRunning(t *testing.T) {
	for name, last := range map[string]string{"a session that ends": "until test -e seen; do sleep 0.1; done", "one that is cut short": "sleep 600"} {
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
			t.Fatal(err)
		}
		pipe, err := os.OpenFile(filepath.Join(dir, "pipe"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer pipe.Close()
		if err := pipe.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		d := Document{Steps: []Step{{Command: "(echo there >&3; exec sleep 600) 3>pipe >/dev/null 2>&1 &"}, {Command: last}}}
		ended := make(chan error)
		go func() {
			_, err := d.Run(ctx, Place{Dir: dir, Environ: os.Environ()})
			ended <- err
		}()
		eventuallyReads(t, pipe, "there\n")
		if last == "sleep 600" {
			cancel()
		} else if err := os.WriteFile(filepath.Join(dir, "seen"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; (err != nil) != (last == "sleep 600") {
			t.Errorf("%s: %v", name, err)
		}
		if rest, err := io.ReadAll(pipe); err != nil || len(rest) > 0 {
			t.Errorf("%s left something running: %q %v", name, rest, err)
		}
	}
}

// eventuallyReads waits for the text; a pipe that nobody has opened yet reads as ended.
func eventuallyReads(t *testing.T, pipe *os.File, text string) {
	t.Helper()
	got := make([]byte, len(text))
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if n, err := pipe.Read(got); err == nil {
			if string(got[:n]) != text {
				t.Errorf("read %q, want %q", got[:n], text)
			}
			return
		}
	}
	t.Fatalf("%q does not come", text)
}
