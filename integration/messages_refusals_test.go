package integration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestMessagesOfRefusals plays messages/refusals.golden. A line that begins with
//
//	## starts another door, with the settings that follow, separated by ;
//	$ is a request: its first line and its headers, separated by |, and behind || a body,
//	< is what comes back: status and reason, the sentence of the audit log in parentheses,
//	  headers that matter, and the body.
//
// {ann} is a token of ann, {ann:wrong} her name and a password for Basic. A path that
// begins with admin: is asked for at Caddy's admin endpoint.
func TestMessagesOfRefusals(t *testing.T) {
	var out strings.Builder
	var d *player
	for line := range strings.Lines(messages(t, "refusals.golden")) {
		switch text := strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(text, "## "):
			d = startPlayer(t, strings.TrimPrefix(text, "## "))
		case strings.HasPrefix(text, "$ "):
			out.WriteString(line + prefixed("<", d.answered(t, strings.TrimPrefix(text, "$ "))))
			continue
		case strings.HasPrefix(text, "<"): // of a former run
			continue
		}
		out.WriteString(line)
	}
	wantMessages(t, "refusals.golden", out.String())
}

// player is a door whose audit log is read along.
type player struct {
	*door
	tokens map[string]string
	asked  int
}

func startPlayer(t *testing.T, settings string) *player {
	t.Helper()
	store := startRecorder(t, &recorder{})
	lines := []string{ownKey}
	if settings = strings.TrimSpace(settings); settings != "default" {
		lines = nil
		if !strings.Contains(settings, "signing_key") {
			lines = []string{ownKey}
		}
		for line := range strings.SplitSeq(settings, ";") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	d := &player{door: startDoor(t, frontDoor(lines...), doorOptions{store: store.address, admin: true}), tokens: badTokens(t)}
	for name := range userPaths {
		d.tokens[name] = tokenOf(t, name)
	}
	const claims = `"sub":"ann","exp":4638902400000,"rev":0`
	d.tokens["other algorithm"] = byHand(`{"alg":"HS512","typ":"JWT"}`, "{"+claims+"}")
	d.tokens["unknown key"] = byHand(`{"alg":"HS256","typ":"JWT","kid":"other"}`, "{"+claims+"}")
	d.tokens["not yet"] = byHand(`{"alg":"HS256","typ":"JWT"}`, "{"+claims+`,"nbf":4638902300000}`)
	d.tokens["long"] = strings.Repeat("a", 4000)
	d.audited(t) // what was asked at the start
	return d
}

// byHand is a token with an HMAC by the key of the tests, whatever is in it.
func byHand(header, claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	raw := part([]byte(header)) + "." + part([]byte(claims))
	mac := hmac.New(sha256.New, []byte(signingSecret))
	mac.Write([]byte(raw))
	return raw + "." + part(mac.Sum(nil))
}

var macro = regexp.MustCompile(`\{([^{}"|]+)\}`)

// answered is what comes back to a request.
func (d *player) answered(t *testing.T, text string) string {
	t.Helper()
	head, body, _ := strings.Cut(text, " || ")
	body = strings.ReplaceAll(body, `\r\n`, "\r\n")
	body = strings.ReplaceAll(body, "{long}", d.tokens["long"])
	head = macro.ReplaceAllStringFunc(head, func(m string) string {
		name, password, isLogin := strings.Cut(m[1:len(m)-1], ":")
		if raw, known := d.tokens[name]; known && !isLogin {
			return raw
		}
		if password == "right" {
			password = passwordOf(name)
		}
		return base64.StdEncoding.EncodeToString([]byte(name + ":" + password))
	})
	headers := strings.Split(head, " | ")
	line, host, address := headers[0], "door", d.address
	if strings.Contains(line, " admin:") {
		line, host, address = strings.Replace(line, " admin:", " ", 1), d.admin, d.admin
	}
	if !strings.Contains(head, "Transfer-Encoding") {
		headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	got, err := tryAsk(address, append(requestTo(host, line, headers[1:]...), body...))
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return "no answer"
	}
	return d.masked(fmt.Sprintf("%d%s\n%s%s", got.status, d.audited(t), matters(got.header), got.body))
}

// matters are the headers of an answer that tell something.
func matters(header http.Header) string {
	var b strings.Builder
	for _, name := range []string{"WWW-Authenticate", "Allow", "Retry-After"} {
		for _, value := range header.Values(name) {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	return b.String()
}

// audited is the reason and the sentence that the audit log has of the last request. The
// log is written in order: what is before the entry of a request that is sent now is of
// the last one.
func (d *player) audited(t *testing.T) string {
	t.Helper()
	d.asked++
	here := fmt.Sprintf("/read/up/to/%d", d.asked)
	d.ask(t, request("PUT "+here, "Content-Length: 0"))
	d.says(t, `"path":"`+here+`"`)
	before, _, _ := strings.Cut(d.output.String(), `"path":"`+here+`"`)
	if i := strings.LastIndex(before, fmt.Sprintf(`"path":"/read/up/to/%d"`, d.asked-1)); i >= 0 {
		before = before[i:]
	}
	for line := range strings.Lines(before) {
		var entry struct{ Logger, Reason, Why string }
		if json.Unmarshal([]byte(line), &entry) == nil && strings.HasSuffix(entry.Logger, ".audit") && entry.Reason != "" {
			return " " + entry.Reason + " (" + entry.Why + ")"
		}
	}
	return ""
}

// unsteady is what differs from run to run.
var unsteady = regexp.MustCompile(`(nonce|opaque)="[^"]*"|\d{4}-\d\d-\d\dT[\d:.]+Z|"waitingLogins":\d+`)

func (d *player) masked(text string) string {
	text = strings.NewReplacer(d.dir, "DIR", d.admin, "ADMIN").Replace(text)
	return unsteady.ReplaceAllStringFunc(text, func(m string) string {
		name, _, named := strings.Cut(m, "=")
		if !named {
			return "TIME"
		}
		return name + `="…"`
	})
}
