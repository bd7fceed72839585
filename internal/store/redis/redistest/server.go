// Package redistest runs real Redis servers for tests, and stands between them and
// those who talk to them.
package redistest

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for a server: a machine that is busy is no
// broken server.
const patience = 20 * time.Second

// Server is a Redis of its own, in a folder of its own, on a free port of loopback.
// It ends with the test.
type Server struct {
	// Address is its host and port.
	Address string
	// Folder is where it keeps its files.
	Folder string
	// Program is what runs.
	Program string

	options []string
	process *exec.Cmd
	ended   chan struct{}
}

// Start runs redis-server with options such as "--appendonly", "yes".
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	return StartProgram(t, "redis-server", options...)
}

// StartProgram runs another one that takes the same options, such as valkey-server.
// Where it is not installed, the test is left out; with CI set, that is a failure.
func StartProgram(t testing.TB, program string, options ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		const reason = "left out: %s is not installed; integration/prepare.sh installs it"
		if os.Getenv("CI") != "" {
			t.Fatalf(reason, program)
		}
		t.Skipf(reason, program)
	}
	s := &Server{Address: FreeAddress(t), Folder: t.TempDir(), Program: program, options: options}
	t.Cleanup(func() { s.end(syscall.SIGKILL) })
	s.Run(t)
	return s
}

// FreeAddress is one of loopback at which nobody listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it waits for nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Run starts the server, again when it was ended, and returns when it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	configuration := filepath.Join(s.Folder, "redis.conf")
	if _, err := os.Stat(configuration); err != nil { // a sentinel writes into it
		if err := os.WriteFile(configuration, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// What is in the options comes last, and wins.
	args := append([]string{configuration, "--bind", "127.0.0.1", "--port", port, "--dir", s.Folder, "--save", "", "--logfile", filepath.Join(s.Folder, "log")}, s.options...)
	s.process = exec.Command(s.Program, args...) //nolint:gosec,noctx // a program of the test's choice, ended by it
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	process, ended := s.process, make(chan struct{})
	s.ended = ended
	go func() {
		_ = process.Wait()
		close(ended)
	}()
	s.await(t)
}

// await returns when the server answers, if only that it is still loading.
func (s *Server) await(t testing.TB) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.ended:
			log, _ := os.ReadFile(filepath.Join(s.Folder, "log"))
			t.Fatalf("%s has ended: %s\n%s", s.Program, s.process.ProcessState, log)
		default:
		}
		if s.answers() {
			return
		}
	}
	t.Fatalf("%s does not answer", s.Program)
}

func (s *Server) answers() bool {
	c, err := net.DialTimeout("tcp", s.Address, time.Second) //nolint:noctx // bounded
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	_, err = c.Write([]byte("PING\r\n"))
	if err != nil {
		return false
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	// With TLS, or a password, the answer is another one, and an answer nevertheless.
	return err == nil && line != "" || strings.Contains(strings.Join(s.options, " "), "--tls-port")
}

// Kill ends the server at once, with what it has not written yet.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends the server as an operator does.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Freeze has the server answer nothing, its connections open, until Thaw.
func (s *Server) Freeze(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Thaw ends Freeze.
func (s *Server) Thaw(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) end(sig syscall.Signal) {
	if s.process == nil || s.process.Process == nil {
		return
	}
	_ = s.process.Process.Signal(sig)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.process.Process.Kill()
		<-s.ended
	}
}

// Say sends one command by redis-cli, and returns what it prints.
func (s *Server) Say(t testing.TB, words ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "redis-cli", append([]string{"-e", "-h", host, "-p", port}, words...)...).CombinedOutput() //nolint:gosec // the test's words
	if err != nil {
		t.Fatalf("redis-cli %s: %v\n%s", words, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// Eventually waits until it is so.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("after %s it is not so that %s", patience, what)
		}
	}
}
