package integration

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file system of 256 KiB that only one process and those that enter
// its namespace see. It is gone with the test.
type smallDisk struct {
	folder string   // as those see it
	here   string   // the same, as the test does
	under  []string // what has a command enter
}

// mountSmallDisk needs no root where a user may have namespaces. Where nothing can be
// mounted, it is a folder of the disk that is there, and an error.
func mountSmallDisk(t testing.TB) (*smallDisk, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	plain := &smallDisk{folder: folder, here: folder}
	own, enter := []string{"--mount"}, []string{"--mount"}
	if os.Geteuid() != 0 {
		own, enter = append(own, "--user", "--map-root-user"), append(enter, "--user", "--preserve-credentials")
	}
	ctx, cancel := context.WithCancel(context.Background())
	holder := exec.CommandContext(ctx, "unshare", append(own, "sh", "-c", `mount -t tmpfs -o size=256k,mode=700 small "$1" && echo mounted && exec cat`, "sh", folder)...)
	said := new(collected)
	holder.Stderr = said
	alive, err := holder.StdinPipe() // it ends when the other end is closed, at the latest with this process
	if err != nil {
		t.Fatal(err)
	}
	mounted, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		cancel()
		return plain, err
	}
	line, err := bufio.NewReader(io.LimitReader(mounted, 100)).ReadString('\n')
	t.Cleanup(func() {
		_ = alive.Close()
		cancel()
		_ = holder.Wait()
	})
	if err != nil || line != "mounted\n" {
		return plain, fmt.Errorf("nothing can be mounted here, in a namespace neither: %s", strings.TrimSpace(said.String()))
	}
	pid := fmt.Sprint(holder.Process.Pid)
	return &smallDisk{
		folder: folder, here: "/proc/" + pid + "/root" + folder,
		under: append([]string{"nsenter", "--target", pid}, append(enter, "--")...),
	}, nil
}

// fill leaves no room until it is emptied again: what a file that is replaced gives
// back is taken too.
func (d *smallDisk) fill(t testing.TB) (empty func()) {
	name := filepath.Join(d.here, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Error(err)
		return func() {}
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		again := time.NewTicker(5 * time.Millisecond)
		defer again.Stop()
		page, full := make([]byte, 4096), false
		for {
			_, err := f.Write(page)
			if full = full || errors.Is(err, syscall.ENOSPC); err == nil {
				continue
			}
			select {
			case <-over:
				if !full {
					t.Errorf("the disk was never full: %v", err)
				}
				return
			case <-again.C:
			}
		}
	}()
	return func() {
		close(over)
		<-done
		if err := errors.Join(f.Close(), os.Remove(name)); err != nil {
			t.Error(err)
		}
	}
}

// withFailing has some of these system calls of a command fail, by strace, which needs no
// root for a process that it starts itself.
func withFailing(call, with, which string) []string {
	return []string{"strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=" + call + ":error=" + with + ":when=" + which}
}

// canFail tells whether system calls can be made to fail here.
func canFail() error {
	words := append(withFailing("fsync", "EIO", "1"), "true")
	if said, err := exec.CommandContext(context.Background(), words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("no system call can be made to fail here: %w: %s", err, said)
	}
	return nil
}
