// Command afternoon runs the session of docs/first-afternoon.md, and tells
// where it prints something else than the page shows:
//
//	go run ./integration/afternoon [-caddy ./caddy] [-dir <an empty folder>]
//
// It stands at the top of the repository. The ports of the page are replaced by
// free ones, so that nothing else on the machine is in its way, and what it
// starts has ended with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/cm-well/cmwell-auth/integration/session"
)

const (
	page    = "docs/first-afternoon.md"
	example = "Caddyfile.example"
)

// patience is enough for a Caddy with the race detector on a busy machine.
const patience = 5 * time.Minute

func main() {
	caddy := flag.String("caddy", "./caddy", "the `binary` with the front door in it")
	dir := flag.String("dir", "", "an empty `folder` in which everything happens and is left; without it, one that is removed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := afternoon(ctx, os.Stdout, *caddy, *dir)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func afternoon(ctx context.Context, out io.Writer, caddy, dir string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, program := range []string{"curl", "redis-server", "redis-cli", caddy} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w; integration/prepare.sh installs what is needed, make build makes ./caddy", err)
		}
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "first-afternoon-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	document, admin, err := layOut(ctx, dir, caddy)
	if err != nil {
		return err
	}
	outputs, err := document.Run(ctx, session.Place{Dir: dir, Merged: true, Environ: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CADDY_ADMIN=" + admin,
	}})
	if err != nil {
		return err
	}
	return compare(out, document.Steps, outputs)
}

// layOut puts into the folder what a clone has after make build, and returns
// what the page has to be done with it, and where commands find the server.
func layOut(ctx context.Context, dir, caddy string) (session.Document, string, error) {
	binary, err := filepath.Abs(caddy)
	if err != nil {
		return session.Document{}, "", err
	}
	if err := os.Symlink(binary, filepath.Join(dir, "caddy")); err != nil {
		return session.Document{}, "", err
	}
	texts := []string{"localhost:2019"}
	for _, name := range []string{page, example} {
		text, err := os.ReadFile(name)
		if err != nil {
			return session.Document{}, "", err
		}
		texts = append(texts, string(text))
	}
	if err := onFreePorts(ctx, texts); err != nil {
		return session.Document{}, "", err
	}
	document, err := session.Read(texts[1])
	if err != nil {
		return session.Document{}, "", fmt.Errorf("%s: %w", page, err)
	}
	document.Files[example] = texts[2]
	return document, texts[0], nil
}

var port = regexp.MustCompile(`(:|_PORT=|--port |-p )(\d{4,5})\b`)

// onFreePorts puts a free port in the place of each that the texts name, the
// same in all of them.
func onFreePorts(ctx context.Context, texts []string) error {
	free := map[string]string{}
	for _, named := range port.FindAllStringSubmatch(strings.Join(texts, "\n"), -1) {
		if free[named[2]] != "" {
			continue
		}
		held, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer held.Close() // until each has one of its own
		_, free[named[2]], _ = net.SplitHostPort(held.Addr().String())
	}
	for i := range texts {
		texts[i] = port.ReplaceAllStringFunc(texts[i], func(found string) string {
			named := port.FindStringSubmatch(found)
			return named[1] + free[named[2]]
		})
	}
	return nil
}

// compare shows the session as it went, and is an error where the page shows
// something else.
func compare(out io.Writer, steps []session.Step, outputs []string) error {
	wrong := 0
	for i, step := range steps {
		fmt.Fprintln(out, strings.TrimSuffix("$ "+step.Command+"\n"+outputs[i], "\n"))
		if !step.Prints(outputs[i]) {
			wrong++
			fmt.Fprintf(out, "^^^ the page shows\n%s^^^\n", step.Output)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%s: %d of %d commands did not print what it shows", page, wrong, len(steps))
	}
	fmt.Fprintf(out, "%s: %d commands, and each printed what it shows\n", page, len(steps))
	return nil
}
