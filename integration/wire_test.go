package integration

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// request is the bytes of a request: a method and a target, then header lines.
func request(line string, headers ...string) []byte {
	return requestTo("door", line, headers...)
}

func requestTo(host, line string, headers ...string) []byte {
	all := append([]string{line + " HTTP/1.1", "Host: " + host}, headers...)
	return []byte(strings.Join(all, "\r\n") + "\r\n\r\n")
}

// requestWith has a body too.
func requestWith(body, line string, headers ...string) []byte {
	return append(request(line, append(headers, fmt.Sprintf("Content-Length: %d", len(body)))...), body...)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	closes bool // the connection ends after this answer
}

func (a answer) String() string { return fmt.Sprintf("%d %q", a.status, a.body) }

// wire is one connection to a server, on which a test says every byte itself.
type wire struct {
	connection net.Conn
	reader     *bufio.Reader
}

// dial opens a connection that is closed with the test.
func dial(t testing.TB, address string) *wire {
	t.Helper()
	w, err := connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.connection.Close() })
	return w
}

func connect(address string) (*wire, error) {
	connection, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &wire{connection, bufio.NewReader(connection)}, connection.SetDeadline(time.Now().Add(patience))
}

// say sends bytes. A server may refuse a request before it has read all of it,
// so that they cannot all be sent is no failure here.
func (w *wire) say(b []byte) { _, _ = w.connection.Write(b) }

// hear reads one answer to a request of the method.
func (w *wire) hear(method string) (answer, error) {
	for {
		response, err := http.ReadResponse(w.reader, &http.Request{Method: method})
		if err != nil {
			return answer{}, err
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return answer{}, fmt.Errorf("the body of an answer %d: %w", response.StatusCode, err)
		}
		if response.StatusCode != http.StatusContinue {
			return answer{response.StatusCode, response.Header, string(body), response.Close}, nil
		}
	}
}

// ended tells whether the server has closed the connection without another word.
func (w *wire) ended() error {
	rest, err := io.ReadAll(io.LimitReader(w.reader, 1<<16))
	if len(rest) > 0 {
		return fmt.Errorf("after its last answer the door said: %q", rest)
	}
	if timedOut(err) {
		return errors.New("the door has not closed the connection that it said it would close")
	}
	return nil // a reset is an end too
}

// timedOut tells whether nothing came in time.
func timedOut(err error) bool {
	timeout := net.Error(nil)
	return errors.As(err, &timeout) && timeout.Timeout()
}

// ask sends one request on a connection of its own.
func (d *door) ask(t testing.TB, request []byte) answer {
	t.Helper()
	return ask(t, d.address, request)
}

func ask(t testing.TB, address string, request []byte) answer {
	t.Helper()
	got, err := tryAsk(address, request)
	if err != nil {
		t.Fatalf("%.200q: %v", request, err)
	}
	return got
}

func tryAsk(address string, request []byte) (answer, error) {
	w, err := connect(address)
	if err != nil {
		return answer{}, err
	}
	defer w.connection.Close()
	w.say(request)
	method, _, _ := strings.Cut(string(request), " ")
	return w.hear(method)
}
