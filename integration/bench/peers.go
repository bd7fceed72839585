package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peer is another proxy that can refuse requests without a valid token.
type peer struct {
	program   string
	check     string // what it offers
	arguments func(config string) []string
	configure func(l layout, checked bool) string
	refuses   bool // it decides itself, so that it can be sent an invalid token
}

// sharedSecret signs the tokens that HAProxy verifies.
const sharedSecret = "a secret of thirty-two characters"

var allPeers = []peer{
	{"haproxy", "jwt_verify", func(config string) []string { return []string{"-db", "-f", config} }, haproxy, true},
	{"nginx", "auth_request", func(config string) []string {
		return []string{"-e", "stderr", "-p", filepath.Dir(config), "-c", config}
	}, nginx, false},
}

// peers measures those that are installed, each beside itself without the check.
func (p plan) peers(ctx context.Context, dir string) (string, error) {
	s, err := startServers(ctx, dir)
	defer s.end()
	if err != nil {
		return "", err
	}
	var rows []*row
	absent := ""
	for _, one := range allPeers {
		more, err := p.peerRows(ctx, s, one)
		if errors.Is(err, exec.ErrNotFound) {
			absent += fmt.Sprintf("\n%s was not installed, and is left out.\n", one.program)
			continue
		}
		if err != nil {
			return "", fmt.Errorf("starting %s: %w", one.program, err)
		}
		rows = append(rows, more...)
	}
	if err := p.measureRows(ctx, rows); err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return absent, nil
	}
	return section("Other proxies, each compared with itself", rows) + absent, nil
}

// peerRows starts a peer without its check and with it.
func (p plan) peerRows(ctx context.Context, s *servers, one peer) ([]*row, error) {
	program, err := exec.LookPath(one.program)
	if err != nil {
		return nil, err
	}
	proxy, err := s.startPeer(ctx, program, one, false)
	if err != nil {
		return nil, err
	}
	checked, err := s.startPeer(ctx, program, one, true)
	if err != nil {
		return nil, err
	}
	valid := signed(`{"sub":"ann"}`)
	rows := rowsOf("authenticated write", p.connections, write(valid), proxy, checked)
	if one.refuses {
		rows = append(rows, refusedRows(p.connections, write(forged(valid)), proxy, checked)...)
	}
	return rows, nil
}

// startPeer returns when the peer answers a read as it should.
func (s *servers) startPeer(ctx context.Context, program string, one peer, checked bool) (running, error) {
	at, err := s.place(ctx)
	if err != nil {
		return running{}, err
	}
	config := filepath.Join(at.home, one.program+".conf")
	if err := os.WriteFile(config, []byte(one.configure(at, checked)), 0o600); err != nil {
		return running{}, err
	}
	command := exec.CommandContext(ctx, program, one.arguments(config)...) //nolint:gosec // no shell is involved
	command.Dir = at.home
	process, err := s.start(command)
	if err != nil {
		return running{}, err
	}
	r := running{name: "bare " + one.program, address: at.address, pid: process.command.Process.Pid}
	if checked {
		r.name = one.program + " " + one.check
	}
	return r, process.await(ctx, at.address, page, aRead.serves)
}

// signed is a token by HS256.
func signed(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(sharedSecret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// haproxy verifies the signature of every write, and nothing else of its token.
func haproxy(l layout, checked bool) string {
	check := ""
	if checked {
		check = fmt.Sprintf("\thttp-request deny deny_status 401 if METH_POST !{ req.hdr(%s),jwt_verify(\"HS256\",\"%s\") -m int 1 }\n", tokenHeader, sharedSecret)
	}
	return fmt.Sprintf(`defaults
	mode http
	timeout connect 10s
	timeout client 60s
	timeout server 60s

frontend site
	bind %s
%s	default_backend store

backend store
	server store %s
`, l.address, check, l.upstream)
}

// nginx asks what is behind it before every write.
func nginx(l layout, checked bool) string {
	check := ""
	if checked {
		check = "auth_request " + checkPath + ";"
	}
	return fmt.Sprintf(`daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	upstream store { server %[2]s; keepalive 64; }
	server {
		listen %[1]s;
		location / { proxy_pass http://store; }
		location %[3]s/ { %[4]s proxy_pass http://store; }
		location = %[5]s { internal; proxy_pass http://store; proxy_pass_request_body off; proxy_set_header Connection ""; proxy_set_header Content-Length ""; }
	}
}
`, l.address, l.upstream, writable, check, checkPath)
}
