package integration

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/cm-well/cmwell-auth/integration/chaos"
)

// fault is something that breaks. Of those on one lane only one is broken at a time.
type fault struct {
	lane, name string
	// begin breaks it, and returns what mends it.
	begin func(*trial) (mend func())
	// needs is what this machine may not have.
	needs string
	// leaves is what the door alone logs when it feels it; it is not mended before.
	leaves *regexp.Regexp
	// harmless tells that nobody is answered otherwise meanwhile.
	harmless bool
}

// faults are all that may happen. The next is one entry.
var faults = []fault{
	{lane: "door", name: "kill -9 of the door", begin: func(s *trial) func() {
		return s.aloneUnder()
	}},
	{lane: "door", name: "disk full", needs: "a mount", leaves: regexp.MustCompile("no space left on device"), begin: func(s *trial) func() {
		return s.disk.fill(s.t)
	}},
	{lane: "door", name: "EIO of fsync", needs: "strace", leaves: regexp.MustCompile("sync [^ ]*: input/output error"), begin: func(s *trial) func() {
		return s.aloneUnder(withFailing("fsync", "EIO", "2+3")...)
	}},
	{lane: "door", name: "EIO of rename", needs: "strace", leaves: regexp.MustCompile("rename .*: input/output error"), begin: func(s *trial) func() {
		return s.aloneUnder(withFailing("?rename,?renameat,?renameat2", "EIO", "1+2")...)
	}},
	{lane: "door", name: "reload", harmless: true, begin: func(s *trial) func() {
		s.reload(200)
		return func() {}
	}},
	{lane: "door", name: "broken reload", harmless: true, begin: func(s *trial) func() {
		s.reload(400, "environment prodution")
		return func() {}
	}},

	{lane: "Redis", name: "SIGSTOP of Redis", begin: func(s *trial) func() {
		s.redis.Freeze(s.t)
		return func() { s.redis.Thaw(s.t) }
	}},
	{lane: "Redis", name: "CLIENT PAUSE", begin: func(s *trial) func() {
		s.redis.Say(s.t, "CLIENT", "PAUSE", "1000", "ALL")
		return func() { s.redis.Say(s.t, "PING") } // which is answered when the pause is over
	}},
	{lane: "Redis", name: "kill -9 of Redis", begin: func(s *trial) func() {
		s.redis.Kill()
		return func() { s.redis.Run(s.t) }
	}},
	{lane: "Redis", name: "parted network", begin: func(s *trial) func() {
		s.network.Pause()
		return s.network.Resume
	}},
	{lane: "Redis", name: "connections cut", begin: func(s *trial) func() {
		s.network.Cut()
		return func() {}
	}},
	{lane: "Redis", name: "kill -9 of a door with Redis", begin: func(s *trial) func() {
		s.again(s.far)
		return func() {}
	}},

	{lane: "store", name: "slow store", begin: inMood(chaos.Slow)},
	{lane: "store", name: "store that is gone", begin: inMood(chaos.Gone)},
	{lane: "store", name: "store that breaks off", begin: inMood(chaos.Broken)},

	{lane: "clients", name: "idle connections", harmless: true, begin: func(s *trial) func() {
		return s.crowd(s.idle, "", "")
	}},
	{lane: "clients", name: "login bodies, byte by byte", harmless: true, begin: func(s *trial) func() {
		return s.crowd(100, "POST /v1/login HTTP/1.1\r\nHost: door\r\nContent-Length: 60000\r\n\r\n{\"username\":\"", "a")
	}},
	{lane: "clients", name: "headers, byte by byte", harmless: true, begin: func(s *trial) func() {
		return s.crowd(100, "GET /_login HTTP/1.1\r\nHost: door\r\nAuthorization: Basic ", "A")
	}},
	{lane: "clients", name: "flood of logins", harmless: true, begin: func(s *trial) func() {
		return s.flood(requestTo("door", "GET /_login", authorization("ghost", "wrong")), 401, 429, 503)
	}},
	{lane: "clients", name: "flood of bad tokens", harmless: true, begin: func(s *trial) func() {
		return s.flood(request("DELETE /tests", bearing(badTokens(s.t)["another key"])), 401)
	}},
}

func inMood(m chaos.Mood) func(*trial) func() {
	return func(s *trial) func() {
		s.store.Be(m)
		return func() { s.store.Be(chaos.Well) }
	}
}

// again kills a door and starts it anew.
func (s *trial) again(d *door) {
	_ = d.process.Process.Kill()
	<-d.ended
	if d == s.alone {
		s.wantKept(s.onDisk, s.document)
	}
	d.start(s.t)
	d.awaitServing(s.t, "/_login")
}

// aloneUnder kills the door and starts it anew under the command; mended, it is killed
// again and runs by itself.
func (s *trial) aloneUnder(command ...string) (mend func()) {
	s.alone.under = slices.Concat(s.disk.under, command)
	s.again(s.alone)
	return func() {
		if len(command) > 0 {
			s.alone.under = s.disk.under
			s.again(s.alone)
		}
	}
}

// reload gives the door alone another configuration by the admin API, as caddy reload does.
func (s *trial) reload(status int, settings ...string) {
	s.reloaded++
	config := chaosDoor(inFile, append(settings, fmt.Sprintf("realm r%d", s.reloaded))...)
	got, err := tryAsk(s.alone.admin, append(requestTo(s.alone.admin, "POST /load", "Connection: close", "Content-Type: text/caddyfile", fmt.Sprintf("Content-Length: %d", len(config))), config...))
	if err != nil || got.status != status {
		s.ledger.Complain("a reload: %v, %v, want %d", got, err, status)
	}
}

// crowd opens connections to the door alone, on which something is said at first and
// then a byte twenty times a second.
func (s *trial) crowd(size int, first, then string) (disperse func()) {
	var all []net.Conn
	eventually(s.t, "a crowd is there", func() bool {
		for len(all) < size {
			c, err := net.DialTimeout("tcp", s.alone.address, 10*time.Second)
			if err != nil {
				return false // it is being started anew
			}
			_, _ = c.Write([]byte(first)) // it may be killed meanwhile
			all = append(all, c)
		}
		return true
	})
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			if then == "" {
				continue
			}
			for _, c := range all {
				_, _ = c.Write([]byte(then))
			}
		}
	}()
	return func() {
		close(over)
		<-done
		for _, c := range all {
			_ = c.Close()
		}
	}
}

// flood sends a request to the door alone as fast as four clients can.
func (s *trial) flood(request []byte, accepted ...int) (stop func()) {
	over := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			pause := time.NewTicker(5 * time.Millisecond)
			defer pause.Stop()
			for {
				got, err := tryAsk(s.alone.address, request)
				if err != nil {
					<-pause.C // it is being started anew
				} else if !slices.Contains(accepted, got.status) {
					s.ledger.Complain("a flood was answered %v", got)
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	return func() { close(over); all.Wait() }
}
