package login

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwarding are the headers by which a proxy says that the client is elsewhere.
var forwarding = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// FromThisMachine tells whether the client is on this machine for certain: the
// peer's address and the Host are loopback, and nothing says that a proxy
// stands between. A proxy on the same machine makes every peer look local.
func FromThisMachine(r *http.Request) bool {
	for _, name := range forwarding {
		if _, there := r.Header[name]; there {
			return false
		}
	}
	peer, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(peer) && loopback(hostname(r.Host))
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
