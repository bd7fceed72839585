package integration

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cm-well/cmwell-auth/integration/session"
)

// follow does what the sessions of a document show, and compares what comes of
// it. Pairs are of what stands there and what it is here, such as an address.
func follow(t *testing.T, document string, place session.Place, pairs ...string) {
	t.Helper()
	needs(t, "curl")
	needs(t, "sh")
	text, err := os.ReadFile(filepath.Join("..", document))
	if err != nil {
		t.Fatal(err)
	}
	d, err := session.Read(strings.NewReplacer(pairs...).Replace(string(text)))
	if err != nil {
		t.Fatal(document, ": ", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	outputs, err := d.Run(ctx, place)
	if err != nil {
		t.Fatal(document, ": ", err)
	}
	for i, step := range d.Steps {
		if !step.Prints(outputs[i]) {
			t.Errorf("%s: $ %s\nprinted\n%s\nwant\n%s", document, step.Command, outputs[i], step.Output)
		}
	}
}

// The program is the one that people run: make afternoon.
func TestTheFirstAfternoonRunsAsItIsPrinted(t *testing.T) {
	for _, program := range []string{"sh", "curl", "redis-server", "redis-cli"} {
		needs(t, program)
	}
	afternoon, err := built("./integration/afternoon")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := exec.CommandContext(t.Context(), afternoon, "-caddy", caddyBinary(t), "-dir", dir)
	run.Dir = ".."
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "data", "*.log"))
	if err != nil || len(logs) != 5 {
		t.Fatalf("logs are %q, %v", logs, err)
	}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil || bytes.Contains(text, []byte("DATA RACE")) || bytes.Contains(text, []byte("panic")) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
