package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startTime is how long a server has to start.
const startTime = time.Minute

// servers are the processes of a part of the run.
type servers struct {
	upstream  string // its address
	dir       string // where each has a folder
	processes []*process
}

// end kills all processes and waits for their end.
func (s *servers) end() {
	for _, p := range s.processes {
		_ = p.command.Process.Kill()
		<-p.ended
	}
}

// process is one that has been started. It is killed when its context ends.
type process struct {
	command *exec.Cmd
	said    bytes.Buffer  // to be read when it has ended
	ended   chan struct{} // closed then
}

func (s *servers) start(command *exec.Cmd) (*process, error) {
	p := &process{command: command, ended: make(chan struct{})}
	command.Stderr = &p.said
	if err := command.Start(); err != nil {
		return nil, err
	}
	s.processes = append(s.processes, p)
	go func() {
		_ = command.Wait() // how it ended, ProcessState knows
		close(p.ended)
	}()
	return p, nil
}

// startServers starts what is behind all others. The servers are to be ended with
// an error too.
func startServers(ctx context.Context, dir string) (*servers, error) {
	s := &servers{dir: dir}
	upstream, err := s.startUpstream(ctx)
	if err != nil {
		return s, fmt.Errorf("starting the upstream: %w", err)
	}
	s.upstream = upstream
	return s, nil
}

// place is where one more server can be.
func (s *servers) place(ctx context.Context) (layout, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return layout{}, err
	}
	home, err := os.MkdirTemp(s.dir, "home-")
	if err != nil {
		return layout{}, err
	}
	return layout{home: home, address: address, upstream: s.upstream}, nil
}

// startFlooded starts what is measured under a flood.
func startFlooded(ctx context.Context, binary, dir string) (*servers, []*target, error) {
	s, err := startServers(ctx, dir)
	if err != nil {
		return s, nil, err
	}
	var targets []*target
	for _, configure := range []func(layout) (setUp, error){frontDoor, forgetfulBasicAuth} {
		at, err := s.place(ctx)
		if err != nil {
			return s, nil, err
		}
		it, err := configure(at)
		if err != nil {
			return s, nil, err
		}
		if _, err := s.startCaddy(ctx, binary, it); err != nil {
			return s, nil, fmt.Errorf("starting %s: %w", it.name, err)
		}
		targets = append(targets, &target{name: it.name, address: it.address, loginPath: it.loginPath})
	}
	return s, targets, nil
}

// startUpstream runs this program once more, so that what the upstream costs is
// not the load's. Its address is the first line that it writes.
func (s *servers) startUpstream(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, self, "-upstream") //nolint:gosec // it is this program
	if _, err := command.StdinPipe(); err != nil {         // its other end is open while this process lives
		return "", err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer reader.Close()
	command.Stdout = writer
	_, err = s.start(command)
	_ = writer.Close()
	if err != nil {
		return "", err
	}
	address, err := bufio.NewReader(io.LimitReader(reader, 100)).ReadString('\n')
	return strings.TrimSpace(address), err
}

// startCaddy returns when Caddy answers both a read and a login as it should.
func (s *servers) startCaddy(ctx context.Context, binary string, it setUp) (*process, error) {
	environ := append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + it.home,
		"XDG_DATA_HOME=" + filepath.Join(it.home, "data"), "XDG_CONFIG_HOME=" + filepath.Join(it.home, "config"),
	}, it.environ...)
	config, err := it.adapt(ctx, binary, environ)
	if err != nil {
		return nil, err
	}
	run := exec.CommandContext(ctx, binary, "run", "--config", config) //nolint:gosec // no shell is involved
	run.Dir, run.Env = it.home, environ
	p, err := s.start(run)
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx, it.address, page, aRead.serves); err != nil || it.loginPath == "" {
		return p, err
	}
	isChallenge := func(got answer) bool { return got.status == 401 }
	return p, p.await(ctx, it.address, it.loginPath, isChallenge)
}

// adapt makes the configuration, and tells in which file it is.
func (it setUp) adapt(ctx context.Context, binary string, environ []string) (string, error) {
	caddyfile, config := filepath.Join(it.home, "Caddyfile"), filepath.Join(it.home, "caddy.json")
	if err := os.WriteFile(caddyfile, []byte(it.caddyfile), 0o600); err != nil {
		return "", err
	}
	adapt := exec.CommandContext(ctx, binary, "adapt", "--config", caddyfile, "--adapter", "caddyfile") //nolint:gosec // no shell is involved
	adapt.Dir, adapt.Env = it.home, environ
	adapted, err := output(adapt)
	if err != nil {
		return "", err
	}
	if it.amend != nil {
		if adapted, err = it.amend(adapted); err != nil {
			return "", err
		}
	}
	return config, os.WriteFile(config, adapted, 0o600)
}

// await asks until the answer is as it should be.
func (p *process) await(ctx context.Context, address, path string, serves func(answer) bool) error {
	l := line{address: address, deadline: time.Now().Add(startTime)}
	defer l.hangUp()
	return p.retry(ctx, func(ctx context.Context) error {
		got, err := l.ask(ctx, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path))
		if err == nil && !serves(got) {
			err = fmt.Errorf("%s does not answer as it should, but %d with %d bytes", path, got.status, got.size)
		}
		return err
	})
}

// retry tries until it succeeds, the process has ended or had time to start.
func (p *process) retry(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("it has ended: %s\n%s", p.command.ProcessState, p.said.Bytes())
		case <-ctx.Done():
			return err
		case <-time.After(retryAfter):
		}
	}
}

// output is what a command writes. The error has what it complains of.
func output(command *exec.Cmd) ([]byte, error) {
	var complaint bytes.Buffer
	command.Stderr = &complaint
	written, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, complaint.Bytes())
	}
	return written, nil
}

// freeAddress is one where nobody listens for now.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
