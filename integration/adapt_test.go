package integration

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/cm-well/cmwell-auth/caddymodule"
)

// TestAdapt turns every Caddyfile in adapt/ into JSON. Each file holds the
// Caddyfile, a line of dashes, and what comes of it: the JSON, or the error.
// CMWELL_UPDATE=1 writes what comes of them now, to be read before it is kept.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("adapt/*.caddyfiletest")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".caddyfiletest"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(text), dashes)
			got := adapted(input)
			if bad := strings.HasPrefix(filepath.Base(name), "bad-"); bad != strings.HasPrefix(got, "error: ") {
				t.Errorf("good files adapt, bad ones do not:\n%s", got)
			}
			if os.Getenv("CMWELL_UPDATE") != "" {
				if err := os.WriteFile(name, []byte(input+dashes+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

const dashes = "----------\n"

func adapted(caddyfile string) string {
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out, "", "\t"); err != nil {
		return "error: " + err.Error() + "\n"
	}
	return pretty.String() + "\n"
}
