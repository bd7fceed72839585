package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"
)

const (
	knownName = "ann"
	// names is how many names are tried. There are enough of them that no name
	// uses up the failures that the front door may allow before it hashes no more.
	names = 4096
	// knownEvery: one login in so many is for the name that the front door knows.
	// They are few, since it may soon answer them without any hashing.
	knownEvery = 8
)

// stranger is the name in the nth login. The front door has to find them well-formed: it
// counts all others as one.
func stranger(n int64) string { return fmt.Sprintf("stranger-%04d", n%names) }

// logIn sends one login after the other on one connection, each with a password
// that was never sent before.
func (t *target) logIn(ctx context.Context, w window, patience time.Duration) sample {
	s := sample{logins: map[int]answers{}}
	l := line{address: t.address, deadline: w.deadline}
	defer l.hangUp()
	for time.Now().Before(w.until) && ctx.Err() == nil {
		got, err := l.ask(ctx, t.login(t.tried.Add(1)))
		s.logins[got.status] = answers{s.logins[got.status].count + 1, max(0, time.Since(w.until))}
		switch {
		case err != nil:
			pause(ctx, retryAfter)
		case got.status != 401 && patience > 0:
			pause(ctx, patience)
		}
	}
	return s
}

// login is the nth login.
func (t *target) login(n int64) []byte {
	name := stranger(n)
	if n%knownEvery == 0 {
		name = knownName
	}
	credentials := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:wrong password %d", name, n))
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic %s\r\n\r\n", t.loginPath, credentials)
}

// pause ends early when the context does.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
