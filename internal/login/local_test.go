package login

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

// The default password counts on this machine alone: no spelling of an address or
// of a Host makes another one of it.
func FuzzFromThisMachine(f *testing.F) {
	for _, address := range []string{"127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:2", "10.0.0.1:1", "localhost:80", "127.0.0.1", "[::1%lo]:1", "127.1:1", ""} {
		f.Add(address, "localhost", "")
		f.Add("127.0.0.1:1", address, "X-Forwarded-For")
	}
	f.Fuzz(func(t *testing.T, peer, host, header string) {
		r := &http.Request{RemoteAddr: peer, Host: host, Header: http.Header{}}
		if header != "" {
			r.Header[http.CanonicalHeaderKey(header)] = []string{"x"}
		}
		if !FromThisMachine(r) {
			return
		}
		for _, name := range forwarding {
			if len(r.Header[name]) > 0 {
				t.Fatalf("%s is overlooked", name)
			}
		}
		for _, address := range []string{peer, host} {
			name := address
			if bare, _, err := net.SplitHostPort(address); err == nil {
				name = bare
			}
			name, _, _ = strings.Cut(strings.Trim(name, "[]"), "%")
			if ip := net.ParseIP(name); !strings.EqualFold(name, "localhost") && (ip == nil || !ip.IsLoopback()) {
				t.Fatalf("%q is taken for this machine", address)
			}
		}
	})
}
