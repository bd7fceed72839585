package caddymodule

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/cm-well/cmwell-auth/internal/gate"
)

// watchLogs has the names hidden that tokens come by, and warns at the start
// when a log of the door's server would show one.
func (h *Handler) watchLogs(ctx caddy.Context, app *StartApp) {
	for _, source := range h.settings.sources {
		switch source.Kind() {
		case gate.InHeader:
			secrets.AddField(source.Name())
		case gate.InCookie, gate.InQuery:
			secrets.AddParameter(source.Name())
		case gate.InBearer: // Authorization always is
		}
	}
	app.atStart(func(context.Context) error {
		if shown := app.unwarned(h.showingLogs(ctx)); len(shown) > 0 {
			h.logger.Warn("tokens of requests can show in logs: give them `format cmwell_redact`", zap.Strings("logs", shown))
		}
		return nil
	})
}

// unwarned leaves out what another front door of this configuration has warned of.
func (a *StartApp) unwarned(warnings []string) []string {
	warnings = slices.DeleteFunc(warnings, func(w string) bool { return slices.Contains(a.warned, w) })
	a.warned = append(a.warned, warnings...)
	return warnings
}

// showingLogs asks all loggers that get the door's requests to write one with
// tokens in it, and reads what comes out. Nothing is written anywhere.
func (h *Handler) showingLogs(ctx caddy.Context) []string {
	var shown []string
	for _, logger := range loggersOf(h.servers(ctx)) {
		sample := h.sample(logger.credentials)
		ctx.Logger(logger).Core().With([]zapcore.Field{zap.Inline(sample)})
		if places := sample.places(); len(places) > 0 {
			shown = append(shown, fmt.Sprintf("%s: %s", logger.name, strings.Join(places, ", ")))
		}
	}
	return shown
}

// servers are those that the door is in; all of them when it hides too well.
func (h *Handler) servers(ctx caddy.Context) []*caddyhttp.Server {
	module, err := ctx.AppIfConfigured("http")
	app, ok := module.(*caddyhttp.App)
	if err != nil || !ok {
		return nil
	}
	var all, with []*caddyhttp.Server
	for _, server := range app.Servers {
		all = append(all, server)
		if isIn(h, server.Routes) {
			with = append(with, server)
		}
	}
	if len(with) == 0 {
		return all
	}
	return with
}

func isIn(h *Handler, routes caddyhttp.RouteList) bool {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			if handler == h {
				return true
			}
			if sub, ok := handler.(*caddyhttp.Subroute); ok && isIn(h, sub.Routes) {
				return true
			}
		}
	}
	return false
}

// requestLogger is a logger that gets requests, posing as a module.
type requestLogger struct {
	name        string
	credentials bool // the operator wants Authorization and Cookie shown
}

// CaddyModule has the logger's name, by which Caddy finds its logs.
func (l requestLogger) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: caddy.ModuleID(l.name), New: func() caddy.Module { return requestLogger{} }}
}

// loggersOf are the loggers for what the servers answer and for their errors,
// which Caddy logs with the request.
func loggersOf(servers []*caddyhttp.Server) []requestLogger {
	var all []requestLogger
	add := func(credentials bool, names ...string) {
		for _, name := range names {
			if l := (requestLogger{strings.TrimSuffix(name, "."), credentials}); !slices.Contains(all, l) {
				all = append(all, l)
			}
		}
	}
	for _, server := range servers {
		if server.Logs == nil {
			add(false, "http.log.error")
			continue
		}
		names := []string{server.Logs.DefaultLoggerName}
		for _, ofHost := range server.Logs.LoggerNames {
			names = append(names, ofHost...)
		}
		slices.Sort(names)
		for _, name := range names {
			add(server.Logs.ShouldLogCredentials, "http.log.access."+name, "http.log.error."+name)
		}
	}
	return all
}

// logSample is a request with a token in every place, and what became of it. As
// the field of a log entry it is handed the encoder that the log writes with.
type logSample struct {
	request caddyhttp.LoggableHTTPRequest
	tokens  []sampleToken
	written []byte
}

type sampleToken struct{ place, signature string }

// places are where in the request the tokens stood that were written.
func (s *logSample) places() []string {
	var found []string
	for _, t := range s.tokens {
		if bytes.Contains(s.written, []byte(t.signature)) {
			found = append(found, t.place)
		}
	}
	return found
}

// MarshalLogObject adds nothing: it has the encoder make a line of its own.
func (s *logSample) MarshalLogObject(to zapcore.ObjectEncoder) error {
	encoder, ok := to.(zapcore.Encoder)
	if !ok {
		return nil
	}
	line, err := encoder.EncodeEntry(zapcore.Entry{Message: "handled request"}, []zapcore.Field{zap.Object("request", s.request)})
	if err == nil {
		s.written = append(s.written, line.Bytes()...)
		line.Free()
	}
	return nil
}

// sample puts tokens where the door takes them, and where people put them besides.
func (h *Handler) sample(credentials bool) *logSample {
	s := new(logSample)
	token := func(place string) string {
		signature := fmt.Sprintf("%s%d", strings.Repeat("s", 40), 100+len(s.tokens))
		s.tokens = append(s.tokens, sampleToken{place, signature})
		return "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzYW1wbGUifQ." + signature
	}
	uri, header := "/?token="+token("query token"), make(http.Header)
	header.Set("Referer", "http://localhost/?token="+token("header Referer"))
	for _, source := range h.settings.sources {
		switch source.Kind() {
		case gate.InHeader:
			header.Set(source.Name(), token(source.String()))
		case gate.InBearer:
			header.Set("Authorization", "Bearer "+token(source.String()))
		case gate.InCookie:
			header.Add("Cookie", source.Name()+"="+token(source.String()))
		case gate.InQuery:
			uri += "&" + source.Name() + "=" + token(source.String())
		}
	}
	s.request = caddyhttp.LoggableHTTPRequest{
		Request: &http.Request{Method: http.MethodGet, RequestURI: uri, Header: header}, ShouldLogCredentials: credentials,
	}
	return s
}
