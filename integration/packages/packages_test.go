package packages

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// longest is how long a build of everything may take on a machine that is busy.
const longest = 15 * time.Minute

// workshop holds what is built once for all tests. It is gone when they end.
var workshop string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cmwell-auth-packages-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workshop = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// run returns what a program prints, and fails when it does.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	output, err := try(program, args...)
	if err != nil {
		t.Fatalf("%s %.300q: %v\n%s", program, args, err, output)
	}
	return output
}

func try(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.WaitDelay = 5 * time.Second
	output, err := command.CombinedOutput()
	return string(output), err
}

// needs leaves the test out where a program is missing, or the right to make
// namespaces; with CI set it fails.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	reason := ""
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			reason = "there is no " + program
		}
		if program == "unshare" && os.Geteuid() != 0 {
			reason = "only root may make namespaces"
		}
	}
	switch {
	case reason == "":
	case os.Getenv("CI") != "":
		t.Fatal("left out: " + reason)
	default:
		t.Skip("left out: " + reason)
	}
}

// built is the Debian package and what is in it.
type built struct {
	deb  string
	root string // its files
	said string // what the build printed
}

var buildTwice = sync.OnceValues(func() (built, error) {
	said, err := try("../../packaging/reproduce.sh", "--warm", workshop)
	if err != nil {
		return built{}, fmt.Errorf("%w\n%s", err, said)
	}
	debs, err := filepath.Glob(filepath.Join(workshop, "*.deb"))
	if err != nil || len(debs) != 1 {
		return built{}, fmt.Errorf("packages: %q %w", debs, err)
	}
	root := filepath.Join(workshop, "files")
	output, err := try("dpkg-deb", "-x", debs[0], root)
	return built{debs[0], root, said + output}, err
})

func debianPackage(t *testing.T) built {
	t.Helper()
	needs(t, "git", "go", "dpkg-deb")
	b, err := buildTwice()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestThePackageIsTheSameFromWhereverItIsBuilt(t *testing.T) {
	if b := debianPackage(t); !strings.Contains(b.said, "built twice, with the same bytes") {
		t.Error(b.said)
	}
}

// TestThePackageSaysWhatIsInIt compares its list of modules with the binary's own
// and with go.mod.
func TestThePackageSaysWhatIsInIt(t *testing.T) {
	root := debianPackage(t).root
	listed, err := os.ReadFile(filepath.Join(root, "usr/share/doc/cmwell-auth/sbom.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, inBinary, _ := strings.Cut(run(t, "go", "version", "-m", filepath.Join(root, "usr/bin/cmwell-caddy")), "\n")
	if first, rest, _ := strings.Cut(string(listed), "\n"); rest != inBinary || !regexp.MustCompile(`^cmwell-caddy: go1\.\d`).MatchString(first) {
		t.Errorf("sbom.txt begins with %q, and is not what `go version -m` says", first)
	}
	for _, module := range []string{"github.com/caddyserver/caddy/v2", "github.com/golang-jwt/jwt/v5"} {
		version := strings.TrimSpace(run(t, "go", "list", "-m", "-f", "{{.Version}}", module))
		if !regexp.MustCompile(`dep\s+` + regexp.QuoteMeta(module) + `\s+` + regexp.QuoteMeta(version) + `\s+h1:`).Match(listed) {
			t.Errorf("sbom.txt lacks %s %s", module, version)
		}
	}
	for _, setting := range []string{"-trimpath=true", "CGO_ENABLED=0"} {
		if !bytes.Contains(listed, []byte(setting)) {
			t.Errorf("sbom.txt lacks %s", setting)
		}
	}
	if bytes.Contains(listed, []byte(workshop)) || bytes.Contains(listed, []byte("vcs.")) {
		t.Error("sbom.txt tells where it was built")
	}
}

func TestThePackageIsInstalledUpgradedRemovedAndPurged(t *testing.T) {
	b := debianPackage(t)
	needs(t, "sh", "unshare", "dpkg", "setpriv", "systemd-analyze", "curl", "sha256sum")
	if said := run(t, "sh", "dpkg_session.sh", b.deb, freePort(t)); !strings.HasSuffix(said, "== all is as it should be\n") {
		t.Error(said)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
