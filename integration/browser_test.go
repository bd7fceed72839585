package integration

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// page is what a browser shows.
type page struct {
	Status     int
	Challenges []string
	Text       string
	Error      string // why there is no page
}

// browse opens the page in a Chromium of its own, which has the credentials
// that a person would type; none when the user is empty.
func browse(t *testing.T, login clientLogin) page {
	t.Helper()
	chromium := needs(t, "chromium")
	args := []string{"clients/browser.mjs", chromium, t.TempDir(), login.url}
	if login.user != "" {
		args = append(args, login.user, login.password)
	}
	output, said, err := drive(bounded(t), t, args...)
	var shown page
	if err == nil {
		err = json.Unmarshal(output, &shown)
	}
	if err != nil {
		t.Fatalf("the browser: %v\n%s\n%s", err, output, said)
	}
	return shown
}

// drive runs a script that drives a browser, and returns what it printed, and what
// it said of what went wrong.
func drive(ctx context.Context, t *testing.T, args ...string) (output []byte, said string, err error) {
	t.Helper()
	browser := exec.CommandContext(ctx, nodeWithModules(t), args...)
	browser.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8"}
	// Told to end, the script ends its browser first.
	browser.Cancel = func() error { return browser.Process.Signal(syscall.SIGTERM) }
	browser.WaitDelay = patience
	var errors strings.Builder
	browser.Stderr = &errors
	output, err = browser.Output()
	return output, errors.String(), err
}

func TestABrowserShowsTheToken(t *testing.T) {
	for _, row := range []struct{ schemes, used string }{
		{"", "Digest SHA-256"}, {"schemes digest md5", "Digest MD5"}, {"schemes basic", "Basic"},
	} {
		d := startClientDoor(t, clientDocument(t), row.schemes)
		for _, u := range clientUsers {
			t.Run(strings.TrimSpace(row.used+" "+u.name+" with "+u.password), func(t *testing.T) {
				d.relay.take()
				shown := browse(t, clientLogin{"http://" + d.relay.address + "/_login?exp=30m", u.name, u.password})
				token := printedToken.FindStringSubmatch(shown.Text)
				if shown.Status != 200 || token == nil {
					t.Fatalf("got %+v, want a token", shown)
				}
				sub, expires := claims(t, token[1])
				if left := time.Until(expires); sub != u.name || left <= 0 || left > 30*time.Minute {
					t.Errorf("a token of %s for %v", sub, left)
				}
				if used := strings.Join(schemesUsed(d.relay.take()), ", "); used != row.used {
					t.Errorf("it used %s, want %s", used, row.used)
				}
			})
		}
	}
}

// schemesUsed are those of all requests for a token that have credentials.
func schemesUsed(requests []received) []string {
	var used []string
	for _, r := range requests {
		if scheme := schemeUsed(r); scheme != "" && strings.HasPrefix(r.target, "/_login") {
			used = append(used, scheme)
		}
	}
	return used
}

func TestABrowserIsAskedAgainAfterAWrongPassword(t *testing.T) {
	d := startClientDoor(t, clientDocument(t))
	url := "http://" + d.relay.address + "/_login"
	shown := browse(t, clientLogin{url, "ann", "wrong"})
	if shown.Status != 401 || !strings.HasPrefix(shown.Text, "Not authenticated.") || len(shown.Challenges) != 3 {
		t.Errorf("after a wrong password, got %+v, want to be asked again", shown)
	}
	if used := strings.Join(schemesUsed(d.relay.take()), ", "); used != "Digest SHA-256" {
		t.Errorf("it used %s", used)
	}
	// With nobody to ask, the browser gives up.
	if shown := browse(t, clientLogin{url: url}); !strings.Contains(shown.Error, "ERR_INVALID_AUTH_CREDENTIALS") {
		t.Errorf("without credentials, got %+v", shown)
	}
}

func TestABrowserIsNotAskedInTheMiddleOfADataRequest(t *testing.T) {
	d := startClientDoor(t, clientDocument(t))
	shown := browse(t, clientLogin{url: "http://" + d.relay.address + "/meta/auth/users"})
	if shown.Status != 401 || !strings.HasPrefix(shown.Text, loginFirst) || shown.Error != "" {
		t.Errorf("got %+v, want the door's message", shown)
	}
}
