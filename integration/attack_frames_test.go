package integration

import (
	"bufio"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"strings"
)

// framed is a request as HTTP/2 and HTTP/3 have it: fields in their order, those
// that begin with a colon among them, and no bytes between it and the next.
type framed struct {
	fields  []field
	body    []byte
	trailer []field
}

// framedWire is one connection on which such requests are asked, one by one.
type framedWire interface {
	// ask returns errReset when the other side takes the stream or the connection
	// for broken.
	ask(framed) (answer, error)
	// gone tells whether the other side has ended the connection.
	gone() bool
	close()
}

// errReset says that the door refused a request as one that the protocol does not know.
var errReset = errors.New("the stream or the connection was reset")

// framedProtocol is one that has frames.
type framedProtocol struct {
	name   string
	secure bool
	open   func(address string, roots *x509.CertPool) (framedWire, error)
}

var framedProtocols = []framedProtocol{
	{name: "h2c", open: openHTTP2}, // with prior knowledge, which Caddy speaks on a plain port too
	{name: "h2", secure: true, open: openHTTP2},
	{name: "h3", secure: true, open: openHTTP3},
}

// inFrames is the request of a row, or the reason why frames cannot say it.
func (row attackRow) inFrames(scheme string) (f framed, reason string) {
	if row.only != "" {
		return framed{}, row.only
	}
	if len(row.frames) > 0 {
		f.fields, f.body, f.trailer = fieldsOf(row.frames), []byte(row.body), fieldsOf(row.trailer)
		for i, said := range f.fields {
			f.fields[i].value = strings.ReplaceAll(said.value, "{scheme}", scheme)
		}
		return f, ""
	}
	if len(row.want) > 1 {
		return framed{}, "where one request ends and the next begins is told by frames, not by bytes"
	}
	head, body, _ := strings.Cut(row.send, "\r\n\r\n")
	first, lines, _ := strings.Cut(head, "\r\n")
	method, target, _ := strings.Cut(strings.TrimSuffix(first, " HTTP/1.1"), " ")
	f.body = []byte(body)
	fields := fieldsOf(strings.Split(lines, "\r\n"))
	for i, said := range fields {
		fields[i].name = lowerASCII(said.name)
	}
	if strings.Contains(lines, "Transfer-Encoding: chunked") {
		whole, err := readRequest(bufio.NewReader(strings.NewReader(row.send)), io.Discard)
		if err != nil {
			return framed{}, "the chunks of a body are HTTP/1.1's own"
		}
		f.body = whole.body
		for _, said := range whole.trailer {
			f.trailer = append(f.trailer, field{lowerASCII(said.name), said.value})
		}
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.name == "transfer-encoding" })
	}
	host := slices.IndexFunc(fields, func(f field) bool { return f.name == "host" })
	if host < 0 {
		return framed{}, "only HTTP/1.0 has requests without a host"
	}
	f.fields = []field{{":method", method}, {":authority", fields[host].value}}
	if method != "CONNECT" || strings.HasPrefix(target, "/") {
		f.fields = append(f.fields, field{":scheme", scheme}, field{":path", target})
	}
	f.fields = append(f.fields, slices.Delete(fields, host, host+1)...)
	return f, ""
}

// fieldsOf reads lines of a name and a value.
func fieldsOf(lines []string) []field {
	var fields []field
	for _, line := range lines {
		name, value, _ := strings.Cut(line[1:], ":") // the first byte may be a colon of its own
		fields = append(fields, field{line[:1] + name, strings.TrimPrefix(value, " ")})
	}
	return fields
}

// asFrames is a plain request.
func asFrames(scheme, line string) framed {
	method, target, _ := strings.Cut(line, " ")
	return framed{fields: []field{{":method", method}, {":authority", "door"}, {":scheme", scheme}, {":path", target}}}
}

// hops are fields of one connection, which are malformed where frames do their work
// (RFC 9113, section 8.2.2; RFC 9114, section 4.2).
var hops = []string{"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"}

// namesAHop tells whether such a field is in the request.
func (f framed) namesAHop() bool {
	return slices.ContainsFunc(f.fields, func(f field) bool { return slices.Contains(hops, f.name) })
}

// lowerASCII leaves letters alone that strings.ToLower would make ASCII.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}
