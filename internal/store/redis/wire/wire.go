// Package wire stands between a connection to Redis and its driver. A driver that
// reads answers in a goroutine of its own cannot be caught when it panics, and it
// takes the process with it: on an answer that nobody asked for, or on a length
// that is none. What comes through here is well-formed, of bounded size, and
// asked for; anything else is an error of the connection, which is then useless.
package wire

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
)

// ErrAnswer says: the server answers what no Redis answers, or more than is taken.
var ErrAnswer = errors.New("answer not understood")

// MaxAnswer is the greatest answer that is taken, in bytes.
const MaxAnswer = 16 << 20

// Guard returns the connection, whose Read gives only answers in RESP to commands
// that went through its Write.
func Guard(c net.Conn) net.Conn { return &conn{Conn: c, buffer: make([]byte, 32<<10)} }

type conn struct {
	net.Conn
	answers scanner

	mu       sync.Mutex
	commands scanner
	// due are the answers to come, in their order: 0 for an answer, and for a
	// subscription the number of its notices.
	due []int

	// Of these only Read knows.
	buffer []byte
	ready  []byte // answers to be handed on
	bad    error  // after it nothing is understood
}

// Write notes the commands before they are sent, for the answer can be quick.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	err := c.commands.scan(b, c.asked)
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Read holds a line back until there is all of it: of some, the driver does not
// look at the end.
func (c *conn) Read(b []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.bad != nil {
			return 0, c.bad
		}
		n, err := c.Conn.Read(c.buffer)
		c.ready = append(append(c.ready[:0], c.answers.line...), c.buffer[:n]...)
		c.mu.Lock()
		c.bad = c.answers.scan(c.buffer[:n], c.answered)
		c.mu.Unlock()
		if c.bad != nil {
			c.ready = nil
			continue
		}
		c.ready = c.ready[:len(c.ready)-len(c.answers.line)]
		if len(c.ready) == 0 && err != nil {
			return 0, err
		}
	}
	n := copy(b, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

func (c *conn) asked(command value) error {
	switch word := strings.ToLower(command.word); word {
	case "subscribe", "psubscribe", "ssubscribe":
		c.due = append(c.due, command.elements-1)
	case "unsubscribe", "punsubscribe", "sunsubscribe":
		// Its notices may come, or not. The driver sends a PING behind it.
	default:
		c.due = append(c.due, 0)
	}
	return nil
}

var notices = []string{"subscribe", "psubscribe", "ssubscribe"}

func (c *conn) answered(answer value) error {
	notice := answer.kind == '>' && slices.Contains(notices, answer.word)
	switch {
	case answer.kind == '>' && !notice:
		return nil // pushed, and asked for by nobody
	case len(c.due) == 0 || notice && c.due[0] == 0 || !notice && c.due[0] > 0 && answer.kind != '-':
		return fmt.Errorf("%w: it answers what was not asked", ErrAnswer)
	case notice && c.due[0] > 1:
		c.due[0]--
		return nil
	}
	c.due = c.due[1:]
	return nil
}
