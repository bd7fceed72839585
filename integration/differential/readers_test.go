package differential

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// answer is what a reader makes of one line: of a target its paths and queries, of
// a list its lines, of a document of a user its rights. Each has the name of the
// function that read it; what a reader refuses is not there.
type answer struct {
	Paths   map[string]string      `json:"p"`
	Queries map[string][][2]string `json:"q"`
	Lists   map[string][]string    `json:"l"`
	Rights  *rights                `json:"d"`
}

// rights are what a document of a user gives.
type rights struct {
	Paths      []string `json:"paths"`
	Roles      []string `json:"roles"`
	Operations []string `json:"operations"`
	Rev        string   `json:"rev"`
}

// reader is an independent reader: a program that answers lines, or Go's own.
type reader struct {
	name string
	ask  func(lines []string) ([]answer, error)
}

// program starts one that lives as long as the test.
func program(t *testing.T, name string, command ...string) reader {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends with its input
		_ = cmd.Wait()
	})
	lines := bufio.NewReaderSize(out, 1<<20)
	return reader{name, func(asked []string) ([]answer, error) {
		if _, err := io.WriteString(in, strings.Join(asked, "\n")+"\n\n"); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		answers := make([]answer, len(asked))
		for i := range asked {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if err := json.Unmarshal(line, &answers[i]); err != nil {
				return nil, fmt.Errorf("%s says %s to %s: %w", name, line, asked[i], err)
			}
		}
		return answers, nil
	}}
}

// readers are all that this machine has. Where CI is set, each must be there.
func readers(t *testing.T) []reader {
	t.Helper()
	all := []reader{{"Go", byGo}}
	if node := find(t, "node"); node != "" {
		all = append(all, program(t, "Node", node, "--no-deprecation", "readers/reader.mjs"))
	}
	if python := find(t, "/usr/bin/python3"); python != "" {
		all = append(all, program(t, "Python", python, "readers/reader.py"))
	}
	// A JDK is large, and so it is asked where there is one; and Netty with it.
	if javac, err := exec.LookPath("javac"); err == nil {
		classes := t.TempDir()
		if out, err := exec.CommandContext(t.Context(), javac, "-d", classes, "readers/Reader.java").CombinedOutput(); err != nil {
			t.Fatalf("javac: %v\n%s", err, out)
		}
		for _, part := range []string{"codec-http", "codec", "common", "buffer", "transport"} {
			classes += string(filepath.ListSeparator) + "/usr/share/java/netty-" + part + ".jar"
		}
		all = append(all, program(t, "Java", "java", "-Xshare:auto", "-XX:+UseSerialGC", "-cp", classes, "Reader"))
	} else {
		t.Log("not asked: Java, for there is no JDK")
	}
	return all
}

func find(t *testing.T, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; integration/prepare.sh installs it", name)
	}
	if err != nil {
		t.Logf("left out: %s is missing", name)
	}
	return file
}

// byGo is net/url and encoding/json.
func byGo(lines []string) ([]answer, error) {
	answers := make([]answer, len(lines))
	for i, line := range lines {
		rest := line[2:]
		switch line[0] {
		case 't':
			answers[i] = targetByGo(rest)
		case 'l':
			var text string
			if err := json.Unmarshal([]byte(rest), &text); err != nil {
				return nil, err
			}
			answers[i].Lists = map[string][]string{"bufio.ScanLines": strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
		case 'd':
			var text string
			if err := json.Unmarshal([]byte(rest), &text); err != nil {
				return nil, err
			}
			answers[i].Rights = rightsByGo(text)
		}
	}
	return answers, nil
}

func targetByGo(target string) answer {
	a := answer{Paths: map[string]string{}, Queries: map[string][][2]string{}}
	for name, parse := range map[string]func(string) (*url.URL, error){
		"url.ParseRequestURI": url.ParseRequestURI, "url.Parse": url.Parse,
		"url.Parse behind a host": func(s string) (*url.URL, error) { return url.Parse("http://store" + s) },
		"URL.Parse":               func(s string) (*url.URL, error) { return (&url.URL{Scheme: "http", Host: "store", Path: "/"}).Parse(s) },
	} {
		u, err := parse(target)
		if err != nil {
			continue
		}
		a.Paths[name], a.Paths[name+", path.Clean"] = u.Path, path.Clean("/"+u.Path)
		a.Queries[name+", ParseQuery"] = pairsOf(u.RawQuery)
		// As before Go 1.17.
		a.Queries[name+", ParseQuery with ;"] = pairsOf(strings.ReplaceAll(u.RawQuery, ";", "&"))
	}
	return a
}

// pairsOf takes what net/url could read even where it complains of the rest.
func pairsOf(raw string) (pairs [][2]string) {
	values, _ := url.ParseQuery(raw)
	for key, all := range values {
		for _, value := range all {
			pairs = append(pairs, [2]string{key, value})
		}
	}
	return pairs
}

func rightsByGo(text string) *rights {
	var d struct {
		Paths []struct {
			ID, Sign, Permissions string
			Recursive             bool
		}
		Roles, Operations []string
		Rev               json.Number
	}
	if json.Unmarshal([]byte(text), &d) != nil {
		return nil
	}
	r := &rights{Roles: d.Roles, Operations: d.Operations, Rev: d.Rev.String()}
	for _, p := range d.Paths {
		r.Paths = append(r.Paths, fmt.Sprintf("%s %s %v %s", p.ID, p.Sign, p.Recursive, p.Permissions))
	}
	return r
}
