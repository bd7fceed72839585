package caddymodule

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyPrivateConnectionsReachTheAdminAPI(t *testing.T) {
	tcp := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2019}
	outside := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 2019}
	verified := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
	for _, row := range []struct {
		why          string
		local        net.Addr
		remote, host string
		tls          *tls.ConnectionState
		header       string
		private      bool
	}{
		{"the same machine", tcp, "127.0.0.1:5000", "localhost:2019", nil, "", true},
		{"the same machine, IPv6", tcp, "[::1]:5000", "[::1]:2019", nil, "", true},
		{"a unix socket", &net.UnixAddr{Name: "/run/x", Net: "unix"}, "@", "anything", nil, "", true},
		{"mutual TLS", outside, "10.0.0.2:5000", "admin.example.org", verified, "", true},
		{"mutual TLS through a proxy of TCP", outside, "10.0.0.2:5000", "admin.example.org", verified, "X-Forwarded-For", true},
		{"TLS without a certificate", outside, "10.0.0.2:5000", "admin.example.org", new(tls.ConnectionState), "", false},
		{"another machine", outside, "10.0.0.2:5000", "localhost", nil, "", false},
		{"another name", tcp, "127.0.0.1:5000", "evil.example", nil, "", false},
		{"a proxy", tcp, "127.0.0.1:5000", "localhost", nil, "X-Forwarded-For", false},
		{"nobody knows from where", nil, "", "localhost", nil, "", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/cmwell_auth/users", nil)
		if row.local != nil {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, row.local))
		}
		r.RemoteAddr, r.Host, r.TLS = row.remote, row.host, row.tls
		if row.header != "" {
			r.Header.Set(row.header, "10.0.0.9")
		}
		if err := checkPrivate(r); (err == nil) != row.private {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

// At a start, whoever asks too early is not told that the configuration lacks something.
func TestBeforeAConfigurationIsLoadedTheAdminAPISaysSo(t *testing.T) {
	if doors, err := runningDoors(); !errors.Is(err, errNoneServes) || !strings.HasSuffix(err.Error(), "no configuration has been loaded yet") {
		t.Errorf("%d doors, %v", len(doors), err)
	}
}
