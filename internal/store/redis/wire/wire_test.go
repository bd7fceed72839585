package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

const ping = "*1\r\n$4\r\nPING\r\n"

func TestAnswersThatPass(t *testing.T) {
	for why, row := range map[string]struct{ asked, answered string }{
		"one":                    {ping, "+PONG\r\n"},
		"one for each":           {ping + ping, "+PONG\r\n-ERR no\r\n"},
		"every kind":             {strings.Repeat(ping, 12), "+a\r\n-b\r\n:-1\r\n_\r\n#t\r\n,1.5\r\n(123\r\n$-1\r\n$0\r\n\r\n$3\r\na\r\n\r\n=5\r\ntxt:a\r\n!3\r\nERR\r\n"},
		"arrays":                 {strings.Repeat(ping, 4), "*0\r\n*-1\r\n*2\r\n*2\r\n:1\r\n:2\r\n%1\r\n+a\r\n~1\r\n$1\r\nx\r\n%0\r\n"},
		"pushed before":          {ping, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n+PONG\r\n"},
		"pushed alone":           {"", ">2\r\n$10\r\ninvalidate\r\n_\r\n"},
		"a subscription":         {"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n" + ping, ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n+PONG\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"},
		"two channels":           {"*3\r\n$10\r\nPSUBSCRIBE\r\n$1\r\nc\r\n$1\r\nd\r\n", ">3\r\n$10\r\npsubscribe\r\n$1\r\nc\r\n:1\r\n>3\r\n$10\r\npsubscribe\r\n$1\r\nd\r\n:2\r\n"},
		"one that is refused":    {"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n", "-NOPERM no\r\n"},
		"the end of one":         {"*1\r\n$11\r\nUNSUBSCRIBE\r\n" + ping, ">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n+PONG\r\n"},
		"as long as is accepted": {ping, "$16777000\r\n" + strings.Repeat("x", 16777000) + "\r\n"},
	} {
		for _, piece := range []int{1 << 20, 1, 7} {
			if len(row.answered) > 1<<20 && piece < 1<<20 {
				continue
			}
			if got, err := through(t, row.asked, row.answered, piece); err != nil || got != row.answered {
				t.Errorf("%s, %d bytes at a time: %.100q, %v", why, piece, got, err)
			}
		}
	}
}

func TestAnswersThatDoNotPass(t *testing.T) {
	for why, row := range map[string]struct{ asked, answered, says string }{
		"not asked":             {"", "+OK\r\n", "what was not asked"},
		"one too many":          {ping, "+PONG\r\n+PONG\r\n", "what was not asked"},
		"no subscription":       {ping, ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", "what was not asked"},
		"a notice in disguise":  {ping, ">3\r\n+subscribe\r\n$1\r\nc\r\n:1\r\n", "what was not asked"},
		"another web server":    {ping, "HTTP/1.1 400 Bad Request\r\n\r\n", `begins with 'H'`},
		"an alert of TLS":       {ping, "\x15\x03\x01\x00\x02\x02\x46\n", "a line found that is none"},
		"a negative length":     {ping, "$-5\r\n", `length "-5"`},
		"more than memory":      {ping, "$99999999999999999999\r\n", "length"},
		"ten gigabytes":         {ping, "$10000000000\r\n", "length"},
		"a length that is none": {ping, "*x\r\n", `length "x"`},
		"a negative array":      {ping, "*-2\r\n", `length "-2"`},
		"a map of half the machine": {ping, "%16777216\r\n",
			"elements found"},
		"many arrays":           {ping, "*2\r\n*600000\r\n" + strings.Repeat("_\r\n", 600000) + "*600000\r\n", "elements found"},
		"as deep as it goes":    {ping, strings.Repeat("*1\r\n", 100), "16 deep"},
		"pushed inside":         {ping, "*1\r\n>1\r\n+a\r\n", "1 deep"},
		"a string that goes on": {ping, "$3\r\nabcd\r\n", "does not end"},
		"a bare line feed":      {ping, "+PONG\n", "a line found that is none"},
		"an empty line":         {ping, "\r\n", "a line found that is none"},
		"a long line":           {ping, "+" + strings.Repeat("x", maxLine), "a line of more than"},
		"a long nothing":        {ping, "_oops\r\n", `_"oops" found`},
		"neither true nor":      {ping, "#maybe\r\n", `#"maybe" found`},
		"a streamed string":     {ping, "$?\r\n", `length "?"`},
		"an attribute":          {ping, "|1\r\n+a\r\n+b\r\n", `begins with '|'`},
		"more than is accepted": {ping, "*2\r\n$16000000\r\n" + strings.Repeat("x", 16000000) + "\r\n$16000000\r\n" + strings.Repeat("x", 16000000), "more than 16777216 bytes"},
	} {
		_, err := through(t, row.asked, row.answered, 1<<20)
		if !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v; should say %s", why, err, row.says)
		}
	}
}

func TestAfterABadAnswerNothingPasses(t *testing.T) {
	c := Guard(&script{Reader: strings.NewReader("+what\r\n+PONG\r\n")})
	buffer := make([]byte, 7)
	for range 3 {
		if n, err := c.Read(buffer); n != 0 || !errors.Is(err, ErrAnswer) {
			t.Errorf("%d bytes, %v", n, err)
		}
		if _, err := c.Write([]byte(ping)); err != nil {
			t.Fatal(err)
		}
	}
}

// through is what the driver gets to read of answers to commands.
func through(t *testing.T, asked, answered string, piece int) (string, error) {
	t.Helper()
	c := Guard(&script{Reader: strings.NewReader(answered)})
	for b := []byte(asked); len(b) > 0; b = b[min(piece, len(b)):] {
		if _, err := c.Write(b[:min(piece, len(b))]); err != nil {
			t.Fatal(err)
		}
	}
	var got strings.Builder
	_, err := io.CopyBuffer(&got, struct{ io.Reader }{c}, make([]byte, piece))
	return got.String(), err
}

// script is a server that says what it says.
type script struct {
	io.Reader
	net.Conn
}

func (s *script) Read(b []byte) (int, error)  { return s.Reader.Read(b) }
func (s *script) Write(b []byte) (int, error) { return len(b), nil }

// The driver panics in a goroutine of its own, which ends the process: whoever
// takes Guard away sees the fuzzer find it at once.
func FuzzNoAnswerEndsTheDriver(f *testing.F) {
	for _, answered := range []string{
		"$1\r\na\r\n", "+OK\r\n+OK\r\n", "$-7\r\n", "*-7\r\n", "*1\r\n", "_\r\n", ">2\r\n$10\r\ninvalidate\r\n_\r\n", ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", "%9223372036854775807\r\n",
		"_\r_", "+QUEUED\r\n", ">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n", "-MOVED 1 x\r\n", "|1\r\n+a\r\n+b\r\n+c\r\n", ">1\r\n>1\r\n", "$?\r\n;1\r\na\r\n;0\r\n",
	} {
		f.Add([]byte(answered))
	}
	f.Fuzz(func(t *testing.T, answered []byte) {
		here, there := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, there) }()
		go func() {
			_, _ = there.Write([]byte("%1\r\n+proto\r\n:3\r\n+OK\r\n+OK\r\n+OK\r\n"))
			_, _ = there.Write(answered)
			_ = there.Close()
		}()
		dialed := false
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress: []string{"x:1"}, ForceSingleClient: true, DisableRetry: true, PipelineMultiplex: -1, RingScaleEachConn: 4,
			ClientTrackingOptions: []string{"BCAST"}, OnInvalidations: func([]rueidis.RedisMessage) {},
			DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
				if dialed {
					return nil, io.EOF
				}
				dialed = true
				return Guard(here), nil
			},
		})
		if client == nil {
			t.Fatal(err)
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 2 {
			_, _ = client.Do(ctx, client.B().Get().Key("a").Build()).ToString()
		}
	})
}
