package differential

import (
	"bufio"
	"bytes"
	"encoding/base64"
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
// a list its lines, of a JSON body its members. Each has the name of the function
// that read it; a target or a list that it refuses is not there, and a body is nil.
type answer struct {
	Paths   map[string]string      `json:"p"`
	Queries map[string][][2]string `json:"q"`
	Lists   map[string][]string    `json:"l"`
	Bodies  map[string]*members    `json:"b"`
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

// jsonReaders are those that this machine has and that read JSON. Where CI is set,
// each must be there.
func jsonReaders(t *testing.T) []reader {
	t.Helper()
	all := []reader{{"Go", byGo}}
	if node := find(t, "node"); node != "" {
		all = append(all, program(t, "Node", node, "--no-deprecation", "readers/reader.mjs"))
	}
	if python := find(t, "/usr/bin/python3"); python != "" {
		all = append(all, program(t, "Python", python, "readers/reader.py"))
	}
	return all
}

// readers are all that this machine has.
func readers(t *testing.T) []reader {
	t.Helper()
	all := jsonReaders(t)
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
		case 'u', 'r', 'b':
			body, err := base64.StdEncoding.DecodeString(rest)
			if err != nil {
				return nil, err
			}
			answers[i].Bodies = bodyByGo(line[0], body)
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

// entriesInGo and the like are documents and logins as a Go program has them, that
// knows of no front door.
type (
	entriesInGo []struct {
		ID, Sign, Permissions string
		Recursive             bool
	}
	roleInGo struct {
		Paths      entriesInGo
		Operations []string
	}
	userInGo struct {
		Paths              entriesInGo
		Roles, Operations  []string
		Rev                json.Number
		Digest, Digest2    string
		SHA256             string `json:"digest2_sha256"`
		Email, First, Last string
	}
	loginInGo struct{ Username, Password string }
)

// bodyByGo is encoding/json, of all and of what comes first.
func bodyByGo(kind byte, body []byte) map[string]*members {
	return map[string]*members{
		"json.Unmarshal": membersByGo(kind, func(into any) error { return json.Unmarshal(body, into) }),
		"json.Decoder":   membersByGo(kind, func(into any) error { return json.NewDecoder(bytes.NewReader(body)).Decode(into) }),
	}
}

func membersByGo(kind byte, read func(into any) error) *members {
	var role roleInGo
	var user userInGo
	var login loginInGo
	switch kind {
	case 'r':
		if read(&role) == nil {
			return &members{Paths: role.Paths.lines(), Operations: role.Operations}
		}
	case 'u':
		if read(&user) == nil {
			return &members{user.Paths.lines(), user.Roles, user.Operations, user.Rev.String(), map[string]string{
				"digest": user.Digest, "digest2": user.Digest2, "digest2_sha256": user.SHA256, "email": user.Email, "first": user.First, "last": user.Last,
			}}
		}
	case 'b':
		if read(&login) == nil {
			return &members{Texts: map[string]string{"username": login.Username, "password": login.Password}}
		}
	}
	return nil
}

func (entries entriesInGo) lines() (all []string) {
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%s %s %v %s", e.ID, e.Sign, e.Recursive, e.Permissions))
	}
	return all
}
