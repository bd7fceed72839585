package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Place is where a session runs.
type Place struct {
	Dir     string   // the folder of the shell and of the files
	Environ []string // all of it
	Merged  bool     // what a command says on standard error is part of what it prints, as at a terminal
}

// mark stands behind the output of each step.
const mark = "----- the end of a step -----\n"

// Run saves the files, runs all commands in one shell, and returns what each of
// them printed. What they leave running is killed, unless it left the shell's
// process group. An error says that not all of them ran; what one of them
// answers is none.
func (d Document) Run(ctx context.Context, p Place) ([]string, error) {
	for path, text := range d.Files {
		path = filepath.Join(p.Dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	run := exec.CommandContext(ctx, "sh")
	run.Stdin = strings.NewReader(d.script(p.Merged))
	run.Dir, run.Env = p.Dir, slices.Concat(p.Environ, []string{"no_proxy=*"})
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	killAll := func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.Cancel, run.WaitDelay = killAll, 5*time.Second
	var output, complaints bytes.Buffer
	run.Stdout, run.Stderr = &output, &complaints
	err := run.Run()
	if run.Process != nil {
		_ = killAll() // mostly there is nobody left
	}
	outputs := strings.Split(output.String(), mark)
	ran := len(outputs) - 1
	if err == nil && ran != len(d.Steps) {
		err = errors.New("the shell left")
	}
	if err != nil {
		return nil, fmt.Errorf("%d of %d commands ran: %w\n%s\n%s", ran, len(d.Steps), err, strings.Join(outputs, ""), &complaints)
	}
	return outputs[:ran], nil
}

func (d Document) script(merged bool) string {
	var script strings.Builder
	if merged {
		script.WriteString("exec 2>&1\n")
	}
	for _, step := range d.Steps {
		script.WriteString(step.Command + "\nprintf '%s' '" + mark + "'\n")
	}
	return script.String()
}
