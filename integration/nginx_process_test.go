package integration

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// davStore is a real store with WebDAV, and a recorder in front of it.
type davStore struct {
	*recorder
	files  string // what it serves
	cleans bool   // it sends clients with dots in their paths elsewhere
}

// startNginx leaves the test out where nginx or its WebDAV module is missing.
func startNginx(t *testing.T) davStore {
	t.Helper()
	nginx := needs(t, "nginx", "/usr/sbin", "/usr/local/sbin")
	dir := t.TempDir()
	files := filepath.Join(dir, "files")
	for _, folder := range []string{files, filepath.Join(dir, "temporary"), filepath.Join(dir, "logs")} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	address := "127.0.0.1:" + freePort(t)
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, []byte(nginxConfig(dir, files, address, davModule(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	output := new(collected)
	process := exec.Command(nginx, "-p", dir, "-c", config, "-e", "stderr")
	process.Stdout, process.Stderr = output, output
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = process.Wait() // that it ends is all that matters
		close(ended)
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("what nginx said:\n%s", output)
		}
	})
	eventually(t, "nginx listens", func() bool {
		select {
		case <-ended:
			t.Fatalf("nginx has ended:\n%s", output)
		default:
		}
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
	return davStore{recorder: startRecorder(t, &recorder{relay: address}), files: files}
}

func davModule(t *testing.T) string {
	t.Helper()
	for _, folder := range []string{"/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules"} {
		file := filepath.Join(folder, "ngx_http_dav_ext_module.so")
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	leftOut(t, "nginx has no module for WebDAV (libnginx-mod-http-dav-ext); integration/prepare.sh installs it")
	return ""
}

// nginxConfig is one process in the foreground that writes nowhere but into dir.
func nginxConfig(dir, files, address, module string) string {
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary.WriteString("\t" + kind + "_temp_path " + dir + "/temporary/" + kind + ";\n")
	}
	return `load_module ` + module + `;
daemon off;
master_process off;
pid ` + dir + `/nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_max_body_size 8m;
` + temporary.String() + `	server {
		listen ` + address + `;
		root ` + files + `;
		location / {
			dav_methods PUT DELETE MKCOL COPY MOVE;
			dav_ext_methods PROPFIND OPTIONS;
			dav_access user:rw;
			create_full_put_path on;
		}
	}
}
`
}

// tree lists the files and folders under the root, with what the files hold.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		short := strings.TrimPrefix(name, root)
		if entry.IsDir() {
			found[short+"/"] = ""
			return nil
		}
		content, err := os.ReadFile(name)
		found[short] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
