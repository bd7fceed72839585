package caddymodule

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// privateWriter keeps shared caches from giving one user's answer to others:
// RFC 9111, section 3.5, protects answers to Authorization only, and the token
// has a header of its own.
type privateWriter struct {
	caddyhttp.ResponseWriterWrapper
	vary   string // the field that carried the token; empty when none did
	before func() // is called before anything is sent; nil for nothing
	done   bool
	values [2]string // of the fields that it sets, which so cost no memory of their own
}

// WriteHeader marks the final header on its way out.
func (w *privateWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.mark()
	}
	w.ResponseWriterWrapper.WriteHeader(status)
}

// Write marks the header that an early body implies.
func (w *privateWriter) Write(b []byte) (int, error) {
	w.mark()
	return w.ResponseWriterWrapper.Write(b)
}

// ReadFrom marks as Write does, and lets the server send files its own way.
func (w *privateWriter) ReadFrom(r io.Reader) (int64, error) {
	w.mark()
	return w.ResponseWriterWrapper.ReadFrom(r)
}

// FlushError marks the header that a flush sends.
func (w *privateWriter) FlushError() error {
	w.mark()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *privateWriter) mark() {
	if w.done {
		return
	}
	w.done = true
	if w.before != nil {
		w.before()
	}
	header := w.Header()
	w.values = [2]string{private(header["Cache-Control"]), w.vary}
	header["Cache-Control"] = w.values[:1:1]
	switch others := header["Vary"]; {
	case w.vary == "":
	case len(others) == 0:
		header["Vary"] = w.values[1:]
	default:
		header["Vary"] = append(others, w.vary)
	}
}

// private adds private to the store's directives, unless they are as strict
// already, and takes out what speaks to shared caches.
func private(values []string) string {
	if len(values) == 0 {
		return "private"
	}
	kept := []string{"private"}
	for directive := range strings.SplitSeq(strings.Join(values, ","), ",") {
		directive = strings.TrimSpace(directive)
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		switch name {
		case "no-store":
			return strings.Join(values, ", ")
		case "", "private", "public", "s-maxage", "proxy-revalidate":
		default:
			kept = append(kept, directive)
		}
	}
	return strings.Join(kept, ", ")
}
