package integration

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/icholy/digest"
)

// The places of a login in the arguments of a client.
const (
	theURL         = "<url>"
	theUser        = "<user>"
	thePassword    = "<password>"
	theCredentials = "<user:password>"
)

func curlArgs(how ...string) []string {
	return append([]string{"-q", "-sS", "--noproxy", "*", "-u", theCredentials, theURL}, how...)
}

func wgetArgs(how ...string) []string {
	return append([]string{"--no-config", "--no-proxy", "--tries=1", "--no-verbose", "-O", "-", "--user", theUser, "--password", thePassword, theURL}, how...)
}

// runs is a client that is a program. That it ends with a failure is no failure
// of the test: what it printed tells.
func runs(program string, args ...string) func(*testing.T, clientLogin) string {
	return func(t *testing.T, login clientLogin) string {
		t.Helper()
		return runClient(t, needs(t, program), args, login)
	}
}

func runClient(t *testing.T, program string, args []string, login clientLogin) string {
	t.Helper()
	filled := make([]string, len(args))
	for i, arg := range args {
		switch arg {
		case theURL:
			arg = login.url
		case theUser:
			arg = login.user
		case thePassword:
			arg = login.password
		case theCredentials:
			arg = login.user + ":" + login.password
		}
		filled[i] = arg
	}
	cmd := exec.CommandContext(bounded(t), program, filled...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LC_ALL=C.UTF-8"}
	output, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s", program, err, output)
	}
	return string(output)
}

// debianPython has Debian's packages; another may come first on the PATH.
const debianPython = "/usr/bin/python3"

func runsRequests(how string) func(*testing.T, clientLogin) string {
	return func(t *testing.T, login clientLogin) string {
		t.Helper()
		if exec.CommandContext(bounded(t), debianPython, "-c", "import requests").Run() != nil {
			leftOut(t, "python3-requests is not installed; integration/prepare.sh installs it")
		}
		return runClient(t, debianPython, []string{"clients/requests_login.py", how, theURL, theUser, thePassword}, login)
	}
}

func runsLWP(how string) func(*testing.T, clientLogin) string {
	return func(t *testing.T, login clientLogin) string {
		t.Helper()
		perl := needs(t, "perl")
		if exec.CommandContext(bounded(t), perl, "-MLWP::UserAgent", "-e", "1").Run() != nil {
			leftOut(t, "libwww-perl is not installed; integration/prepare.sh installs it")
		}
		return runClient(t, perl, []string{"clients/lwp_login.pl", how, theURL, theUser, thePassword}, login)
	}
}

func runsNode(script, how string) func(*testing.T, clientLogin) string {
	return func(t *testing.T, login clientLogin) string {
		t.Helper()
		return runClient(t, nodeWithModules(t), []string{"clients/" + script, how, theURL, theUser, thePassword}, login)
	}
}

// nodeWithModules is node, where its modules are installed.
func nodeWithModules(t *testing.T) string {
	t.Helper()
	node := needs(t, "node")
	if _, err := os.Stat("clients/node_modules"); err != nil {
		leftOut(t, "the modules of the JavaScript clients are not installed; integration/prepare.sh installs them")
	}
	return node
}

// runsGo is github.com/icholy/digest, which keeps its nonce for further calls.
func runsGo(t *testing.T, login clientLogin) string {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := http.Client{Timeout: patience, Transport: &digest.Transport{Username: login.user, Password: login.password, Transport: transport}}
	var printed strings.Builder
	for range calledThrice {
		r, err := http.NewRequestWithContext(bounded(t), http.MethodGet, login.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&printed, "%d %s\n", response.StatusCode, body)
	}
	return printed.String()
}
