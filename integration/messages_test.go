package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The files in messages/ show every message that somebody can meet below what provokes
// it, so that who writes the next one sees the others beside it. CMWELL_UPDATE=1 writes
// what is said now, to be read before it is kept.

// wantMessages compares a file in messages/ with what is said now.
func wantMessages(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("messages", name)
	if os.Getenv("CMWELL_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	compareLines(t, got, messages(t, name))
}

func messages(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("messages", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var place = regexp.MustCompile(`, at Caddyfile:(\d+)$`)

// TestMessagesOfCaddyfiles puts side by side what the files in adapt/ hold.
func TestMessagesOfCaddyfiles(t *testing.T) {
	files, err := filepath.Glob("adapt/bad-*.caddyfiletest")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var b strings.Builder
	b.WriteString("What caddy adapt, caddy validate and a reload say of a Caddyfile. The line is the one that is\nnamed; adapt/bad-* has the whole. Caddy says before each: parsing caddyfile tokens for 'cmwell_auth'.\n\n")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		input, said, _ := strings.Cut(string(text), dashes)
		said = strings.TrimSuffix(said, "\n")
		at := place.FindStringSubmatch(said)
		if at == nil {
			t.Errorf("%s names no line: %s", name, said)
			continue
		}
		line := 0
		_, _ = fmt.Sscan(at[1], &line)
		said = strings.TrimPrefix(said, "error: parsing caddyfile tokens for 'cmwell_auth': ")
		fmt.Fprintf(&b, "\t%s\n! %s\n", strings.TrimSpace(strings.Split(input, "\n")[line-1]), said)
	}
	wantMessages(t, "caddyfile.golden", b.String())
}

// TestMessagesOfCommands puts side by side what the sessions in command/ hold.
func TestMessagesOfCommands(t *testing.T) {
	files, err := filepath.Glob("command/*.session")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var b strings.Builder
	b.WriteString("What caddy cmwell-auth says when something is wrong, and its exit code. command/*.session have the\nwhole: what stands before, and what else is printed.\n")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		for _, step := range strings.Split("\n"+string(text), "\n$ ")[1:] {
			shown.WriteString(complaint(step))
		}
		if shown.Len() > 0 {
			fmt.Fprintf(&b, "\n%s\n\n%s", filepath.Base(name), &shown)
		}
	}
	wantMessages(t, "command.golden", b.String())
}

// complaint is a command of a session with what it says is wrong; nothing where that is
// nothing.
func complaint(step string) string {
	var command, said []string
	code := ""
	for _, line := range strings.Split(step, "\n") {
		switch {
		case strings.HasSuffix(line, "--help tells more."): // as at every one of its kind
		case strings.HasPrefix(line, "! "), strings.HasPrefix(line, "> Mistake: "), strings.HasPrefix(line, "> ! "), strings.HasPrefix(line, ">   wrong "):
			said = append(said, line)
		case strings.HasPrefix(line, "= "):
			code = line
		case len(said) == 0 && code == "" && line != "" && !strings.HasPrefix(line, ">"):
			command = append(command, line)
		}
	}
	if code == "" {
		return ""
	}
	return "$ " + strings.Join(append(append(command, said...), code), "\n") + "\n"
}
