package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// retryAfter is the pause after a failure, so that what fails at once does not
// fail a million times.
const retryAfter = 10 * time.Millisecond

// line is one connection to a server, kept for as long as the server keeps it.
type line struct {
	address  string
	deadline time.Time // for everything that is asked
	conn     net.Conn
	reader   *bufio.Reader
}

// answer is what came back, the zero answer when nothing did.
type answer struct {
	status int
	size   int64 // of the body, in bytes
	closes bool
}

// linesTo are so many, none of which is open yet.
func linesTo(address string, connections int) []*line {
	lines := make([]*line, connections)
	for i := range lines {
		lines[i] = &line{address: address}
	}
	return lines
}

func hangUp(lines []*line) {
	for _, l := range lines {
		l.hangUp()
	}
}

// ask sends a request and reads all of its answer. After an error the next
// request has a new connection.
func (l *line) ask(ctx context.Context, request []byte) (answer, error) {
	if l.conn == nil {
		if err := l.dial(ctx); err != nil {
			return answer{}, err
		}
	}
	got, err := l.exchange(request)
	if err != nil || got.closes {
		l.hangUp()
	}
	return got, err
}

func (l *line) dial(ctx context.Context) error {
	conn, err := (&net.Dialer{Deadline: l.deadline}).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return err
	}
	l.conn, l.reader = conn, bufio.NewReader(conn)
	return nil
}

func (l *line) exchange(request []byte) (answer, error) {
	if err := l.conn.SetDeadline(l.deadline); err != nil {
		return answer{}, err
	}
	if _, err := l.conn.Write(request); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, size, response.Close}, nil
}

func (l *line) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}
