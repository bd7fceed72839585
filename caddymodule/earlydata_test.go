package caddymodule

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestEarlyData(t *testing.T) {
	for _, row := range []struct {
		what   string
		tls    *tls.ConnectionState
		header []string
		want   bool
	}{
		{"no TLS", nil, nil, false},
		{"a complete handshake", &tls.ConnectionState{HandshakeComplete: true}, nil, false},
		{"an incomplete handshake", &tls.ConnectionState{}, nil, true},
		{"said by a proxy", nil, []string{"1"}, true},
		{"said twice", &tls.ConnectionState{HandshakeComplete: true}, []string{"0", "1"}, true},
		{"said otherwise than RFC 8470 has it", nil, []string{"no"}, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.TLS = row.tls
		if row.header != nil {
			r.Header["Early-Data"] = row.header
		}
		if got := isEarly(r); got != row.want {
			t.Errorf("%s: %v, want %v", row.what, got, row.want)
		}
	}
}
