package packages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const container = "../../packaging/container/"

// lint asks a linter for Dockerfiles what it has to say.
func lint(t *testing.T, file string) string {
	t.Helper()
	needs(t, "node")
	linter, err := filepath.Abs("../clients/node_modules/dockerfile-utils/bin/dockerfile-utils")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(linter); err != nil {
		needs(t, linter) // integration/prepare.sh installs it
	}
	said, _ := try("node", linter, "lint", file)
	return strings.TrimSpace(said)
}

func TestTheDockerfileHasNothingThatALinterComplainsOf(t *testing.T) {
	if said := lint(t, container+"Dockerfile"); said != "" {
		t.Error(said)
	}
	bad := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(bad, []byte("FROM scratch\nCMD a\nCMD [\"b\"]\nUSRE 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := lint(t, bad); !strings.Contains(said, "USRE") || !strings.Contains(said, "only be one CMD") {
		t.Errorf("of a bad one, the linter says %q", said)
	}
}

// instructions are those of the Dockerfile's last stage, by name.
func instructions(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(container + "Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", "")) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "FROM" {
			clear(found)
		}
		found[name] = append(found[name], rest)
	}
	return found
}

// words reads the form of an instruction that is a list.
func words(t *testing.T, instruction []string) []string {
	t.Helper()
	var list []string
	if err := json.Unmarshal([]byte(strings.Join(instruction, "")), &list); err != nil {
		t.Fatalf("%q: %v", instruction, err)
	}
	return list
}

// TestTheImageRunsAsNobodyOnARootThatIsReadOnly lays out what the Dockerfile puts
// into the image, and runs it as the Dockerfile says.
func TestTheImageRunsAsNobodyOnARootThatIsReadOnly(t *testing.T) {
	binary := filepath.Join(debianPackage(t).root, "usr/bin/cmwell-caddy")
	needs(t, "sh", "unshare", "setpriv", "chroot", "ip", "curl")
	stage := instructions(t)
	if from := stage["FROM"]; !slices.Equal(from, []string{"scratch"}) {
		t.Fatalf("the image is made from %q", from)
	}
	root := t.TempDir()
	for dir, mode := range map[string]os.FileMode{"usr/bin": 0o755, "etc/caddy": 0o755, "etc/ssl/certs": 0o755, "data": 0o700, "proc": 0o755} {
		if err := os.MkdirAll(filepath.Join(root, dir), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", binary, filepath.Join(root, "usr/bin/caddy"))
	run(t, "cp", container+"Caddyfile", filepath.Join(root, "etc/caddy/Caddyfile"))
	if err := os.WriteFile(filepath.Join(root, "etc/hosts"), []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"image_session.sh", root}, stage["USER"]...)
	args = append(append(args, strings.Fields(strings.Join(stage["ENV"], " "))...), "--")
	args = append(append(args, words(t, stage["ENTRYPOINT"])...), words(t, stage["CMD"])...)
	if said := run(t, "sh", args...); said != "" {
		t.Error(said)
	}
}

// service is what the tests look at of a service in compose.yaml.
type service struct {
	Environment map[string]string
	ReadOnly    bool     `json:"read_only"`
	CapDrop     []string `json:"cap_drop"`
	SecurityOpt []string `json:"security_opt"`
	Networks    map[string]any
	Ports       []any
	Volumes     []struct{ Type, Target string }
	Build       struct{ Dockerfile string }
}

// compose has the file read by the reference implementation of its format, with
// a password for Redis or without.
func compose(t *testing.T, password string) (string, error) {
	t.Helper()
	needs(t, "go")
	text, err := os.ReadFile(container + "compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	filled := string(text)
	if password != "" {
		filled = strings.ReplaceAll(filled, "${REDIS_PASSWORD:?is not set}", password)
	}
	file := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	return try("go", "run", "github.com/compose-spec/compose-go/v2/cmd@v2.16.2", "-format", "json", file)
}

const redisPassword = "a-password"

func services(t *testing.T) map[string]service {
	t.Helper()
	said, err := compose(t, redisPassword)
	var project struct{ Services map[string]service }
	if start := strings.IndexByte(said, '{'); err != nil || json.Unmarshal([]byte(said[max(start, 0):]), &project) != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return project.Services
}

func TestRedisHasNoPasswordOfItsOwn(t *testing.T) {
	if said, err := compose(t, ""); err == nil || !strings.Contains(said, "REDIS_PASSWORD is missing a value") {
		t.Errorf("without a password: %v %s", err, said)
	}
}

func TestTheExampleOfTwoDoorsIsWhatItSays(t *testing.T) {
	all := services(t)
	var doors []string
	for name, s := range all {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s has rights that it does not need: %+v", name, s)
		}
		_, reachable := s.Networks["front"]
		if door := strings.HasPrefix(name, "door-"); door != reachable || door != (len(s.Ports) > 0) {
			t.Errorf("%s is reached from outside: %v %v", name, reachable, s.Ports)
		} else if door {
			doors = append(doors, name)
		}
		writes := slices.ContainsFunc(s.Volumes, func(v struct{ Type, Target string }) bool { return v.Type == "volume" && v.Target == "/data" })
		if !writes {
			t.Errorf("%s has nowhere to write to", name)
		}
		if s.Build.Dockerfile != "" && s.Build.Dockerfile != "packaging/container/Dockerfile" {
			t.Errorf("%s is built from %s", name, s.Build.Dockerfile)
		}
	}
	if len(all) != 4 || len(doors) != 2 {
		t.Errorf("%d services, of which %q are doors", len(all), doors)
	}
}

// What the Caddyfile of the image takes from the environment, and nothing else,
// compose.yaml may give to a door.
func TestTheDoorsAreGivenWhatTheirCaddyfileTakes(t *testing.T) {
	text, err := os.ReadFile(container + "Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	var takes []string
	for _, found := range regexp.MustCompile(`\{\$(\w+)`).FindAllStringSubmatch(string(text), -1) {
		takes = append(takes, found[1])
	}
	for name, s := range services(t) {
		if !strings.HasPrefix(name, "door-") {
			continue
		}
		for variable := range s.Environment {
			inValue := slices.ContainsFunc([]string{s.Environment["CMWELL_USERS"]}, func(v string) bool { return strings.Contains(v, "{env."+variable+"}") })
			if !slices.Contains(takes, variable) && !inValue {
				t.Errorf("%s is given %s, which nobody takes", name, variable)
			}
		}
	}
}

// TestTheTwoDoorsShareTheirUsersAndKeys runs the services by themselves, with the
// environment that they would have.
func TestTheTwoDoorsShareTheirUsersAndKeys(t *testing.T) {
	binary := filepath.Join(debianPackage(t).root, "usr/bin/cmwell-caddy")
	needs(t, "sh", "unshare", "ip", "curl", "redis-server", "redis-cli")
	args := []string{"compose_session.sh", binary, container, redisPassword}
	for variable, value := range services(t)["door-a"].Environment {
		args = append(args, variable+"="+value)
	}
	if said := run(t, "sh", args...); said != "" {
		t.Error(said)
	}
}
