package redistest

import (
	"net"
	"sync"
	"testing"
)

// Proxy stands between a server and those who talk to it. It ends with the test.
type Proxy struct {
	// Address is where it listens.
	Address string

	to     string
	mu     sync.Mutex
	flows  *sync.Cond
	paused bool
	answer []byte // what is answered in place of what the server does
	open   map[net.Conn]bool
	ended  bool
}

// StartProxy listens for a server.
func StartProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it waits for nothing
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Address: l.Addr().String(), to: to, open: map[net.Conn]bool{}}
	p.flows = sync.NewCond(&p.mu)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.Cut()
		all.Wait()
	})
	return p
}

// Pause lets nothing through, either way, and closes nothing: a network that is
// parted.
func (p *Proxy) Pause() { p.set(func() { p.paused = true }) }

// Resume lets through again what was held back.
func (p *Proxy) Resume() { p.set(func() { p.paused, p.answer = false, nil }) }

// Answer gives these bytes for whatever the server answers, until Resume.
func (p *Proxy) Answer(b []byte) { p.set(func() { p.answer = b }) }

func (p *Proxy) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.flows.Broadcast()
}

// Cut closes all connections.
func (p *Proxy) Cut() {
	p.set(func() {
		for c := range p.open {
			_ = c.Close()
		}
	})
}

func (p *Proxy) serve(c net.Conn) {
	defer c.Close()
	server, err := net.Dial("tcp", p.to) //nolint:noctx // loopback
	if err != nil {
		return
	}
	defer server.Close()
	p.set(func() { p.open[c], p.open[server] = true, true })
	defer p.set(func() { delete(p.open, c); delete(p.open, server) })
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, c, nil) })
	both.Go(func() { p.pass(c, server, func() []byte { return p.answer }) })
	both.Wait()
}

// pass copies what may flow. instead is asked under mu.
func (p *Proxy) pass(to, from net.Conn, instead func() []byte) {
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		said := b[:n]
		p.mu.Lock()
		for p.paused && !p.ended {
			p.flows.Wait()
		}
		if instead != nil && instead() != nil && n > 0 {
			said = instead()
		}
		p.mu.Unlock()
		if _, failed := to.Write(said); failed != nil || err != nil {
			return
		}
	}
}
