package differential

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// served are the files of the real store. Each holds its own path, so that an
// answer says which one it is.
var served = strings.Fields("/tests/a/b /tests/example.org/people/ann /tests/secret/s /meta/auth/users/root /meta/x /a/b /other /_login/x /secret/s")

// nginx is a real one with WebDAV, and a connection to it.
type nginx struct {
	root, address string
	connection    net.Conn
	answers       *bufio.Reader
}

func startNginx(t *testing.T) *nginx {
	t.Helper()
	program, module := find(t, "nginx"), "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so"
	if _, err := os.Stat(module); program == "" || err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("nginx with WebDAV is missing; integration/prepare.sh installs it")
		}
		t.Log("left out: nginx with WebDAV is missing")
		return nil
	}
	dir := t.TempDir()
	n := &nginx{root: filepath.Join(dir, "files"), address: filepath.Join(dir, "socket")}
	config := filepath.Join(dir, "nginx.conf")
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s/%s; ", kind, dir, kind)
	}
	text := fmt.Sprintf(`daemon off; master_process off; pid %s/pid; error_log /dev/null; events {}
http { access_log off; keepalive_requests 1000000; %s
	server { listen unix:%s; root %s; location / { dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; } } }
`, dir, temporary.String(), n.address, n.root)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	n.plant(t)
	process := exec.CommandContext(t.Context(), program, "-p", dir, "-c", config, "-e", "stderr")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	for end := time.Now().Add(30 * time.Second); ; {
		if n.dial() == nil {
			return n
		}
		if time.Now().After(end) {
			t.Fatal("nginx does not listen")
		}
	}
}

func (n *nginx) dial() (err error) {
	if n.connection != nil {
		_ = n.connection.Close()
	}
	if n.connection, err = net.Dial("unix", n.address); err == nil {
		n.answers = bufio.NewReader(n.connection)
	}
	return err
}

// plant makes the files anew.
func (n *nginx) plant(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(n.root); err != nil {
		t.Fatal(err)
	}
	for _, name := range served {
		file := filepath.Join(n.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// files are all that there are, with what they hold; folders end in a slash.
func (n *nginx) files(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(n.root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == n.root {
			return err
		}
		short := strings.TrimPrefix(name, n.root)
		if entry.IsDir() {
			all = append(all, short+"/")
			return nil
		}
		content, err := os.ReadFile(name)
		all = append(all, short+" holds "+string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ask sends a request as the proxy would, byte for byte.
func (n *nginx) ask(c request, sent string) (status int, body string, err error) {
	header := "Host: store\r\n"
	if c.method == "COPY" {
		header, sent = header+"Destination: "+sent+"\r\n", copied
	}
	if c.method == "PUT" {
		header += "Content-Length: 3\r\n\r\nnew"
	} else {
		header += "\r\n"
	}
	if _, err := io.WriteString(n.connection, c.method+" "+sent+" HTTP/1.1\r\n"+header); err != nil {
		return 0, "", err
	}
	response, err := http.ReadResponse(n.answers, &http.Request{Method: c.method})
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.Close {
		err = n.dial()
	}
	return response.StatusCode, string(text), err
}

// complaint sends a request that passes, and looks at what became of the files.
func (n *nginx) complaint(t *testing.T, c request, sent string) string {
	t.Helper()
	before := n.files(t)
	status, body, err := n.ask(c, sent)
	if err != nil {
		if err := n.dial(); err != nil {
			t.Fatal(err)
		}
		return ""
	}
	if c.method == "GET" {
		if status == http.StatusOK && slices.Contains(served, body) {
			return want{path: body}.complaint(c.who)
		}
		return ""
	}
	after := n.files(t)
	if slices.Equal(before, after) {
		return ""
	}
	n.plant(t)
	for _, one := range slices.Concat(before, after) {
		if slices.Contains(before, one) && slices.Contains(after, one) {
			continue
		}
		name, _, _ := strings.Cut(one, " holds ")
		if why := (want{write: true, path: strings.TrimSuffix(name, "/")}).complaint(c.who); why != "" {
			return why
		}
	}
	return ""
}

func TestNoFileIsTouchedThatTheUserMayNotTouch(t *testing.T) {
	n := startNginx(t)
	if n == nil {
		return
	}
	d := newDoor(t)
	s := source{rand.New(rand.NewPCG(chosenSeed(), 2))}
	var asked, disagreed int
	for range max(1000, *cases/20) {
		c := s.request()
		c.http, c.form, c.method = true, false, s.pick(strings.Fields("GET GET PUT PUT PUT DELETE MKCOL COPY"))
		sent, ok := d.sends(c)
		if !ok {
			continue
		}
		asked++
		if why := n.complaint(t, c, sent); why != "" {
			disagreed++
			if disagreed <= 5 {
				t.Errorf("%s\n\tpasses as %s\n\tnginx: %s", c, sent, why)
			}
		}
	}
	if status, body, err := n.ask(request{method: "GET"}, served[0]); err != nil || status != http.StatusOK || body != served[0] {
		t.Errorf("nginx does not serve %s: %d %q %v", served[0], status, body, err)
	}
	t.Logf("%-8s %9d asked, %d disagree; seed %d", "nginx", asked, disagreed, chosenSeed())
}
