// Package session runs the sessions that documents show: what is typed into a
// shell, and what comes of it.
package session

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Document is what of a text is to be done.
type Document struct {
	Steps []Step
	Files map[string]string // what is saved before the first step, by its path
}

// Step is one command, and what it prints.
type Step struct{ Command, Output string }

// Read finds the steps in the blocks of a document that begin with
// "```sh session". A block that begins with "```caddyfile" and a path is a file.
func Read(text string) (Document, error) {
	d := Document{Files: map[string]string{}}
	open := regexp.MustCompile("(?ms)^```(sh session|caddyfile [^\n]+)\n(.*?)^```$")
	for _, block := range open.FindAllStringSubmatch(text, -1) {
		path, isFile := strings.CutPrefix(block[1], "caddyfile ")
		switch {
		case !isFile:
			steps, err := Steps(block[2])
			if err != nil {
				return Document{}, err
			}
			d.Steps = append(d.Steps, steps...)
		case !filepath.IsLocal(path) || d.Files[path] != "":
			return Document{}, fmt.Errorf("a file %q is to be saved; a path below the folder is accepted, and once", path)
		default:
			d.Files[path] = block[2]
		}
	}
	if len(d.Steps) == 0 {
		return Document{}, errors.New("a block that begins with ```sh session, holds commands and ends is wanted")
	}
	return d, nil
}

// Steps are those of one block. A command begins with "$ " and goes on after a
// backslash at the end of a line; what follows, up to the next, is its output.
func Steps(block string) ([]Step, error) {
	var steps []Step
	goesOn := false
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case goesOn:
			steps[len(steps)-1].Command += "\n" + line
			goesOn = strings.HasSuffix(line, `\`)
		case isCommand:
			steps = append(steps, Step{Command: command})
			goesOn = strings.HasSuffix(line, `\`)
		case len(steps) == 0:
			return nil, fmt.Errorf("%q stands before the first command of its block", line)
		default:
			steps[len(steps)-1].Output += line + "\n"
		}
	}
	return steps, nil
}

// Prints tells whether the output is the step's; "…" stands for anything within
// a line. A missing line break at the end makes no difference.
func (s Step) Prints(output string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSuffix(s.Output, "\n")), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSuffix(output, "\n"))
}
