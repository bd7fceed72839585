package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logged is a token, and what is left of it.
const logged = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjE0NjY1ODk3NjMwMzMsInJldiI6MH0.c2lnbmF0dXJlLW9mLXRoaXJ0eS10d28tYnl0ZXMhISE"

func redacting(t testing.TB, text string) *RedactEncoder {
	t.Helper()
	encoder := new(RedactEncoder)
	if err := json.Unmarshal([]byte(text), encoder); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	if err := encoder.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	return encoder
}

// line has an encoder write one line.
func line(t *testing.T, encoder zapcore.Encoder, message string, fields ...zap.Field) string {
	t.Helper()
	out, err := encoder.EncodeEntry(zapcore.Entry{Message: message}, fields)
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type items []string

func (i items) MarshalLogArray(to zapcore.ArrayEncoder) error {
	for _, item := range i {
		to.AppendString(item)
		to.AppendByteString([]byte(item))
		if err := errors.Join(to.AppendReflected(item), to.AppendArray(zapcore.ArrayMarshalerFunc(func(to zapcore.ArrayEncoder) error {
			return to.AppendObject(member(item))
		}))); err != nil {
			return err
		}
	}
	return nil
}

type member string

func (m member) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("m", string(m))
	to.OpenNamespace("inner")
	to.AddByteString("bytes", []byte(m))
	return to.AddReflected("reflected", map[string]any{"x": []string{string(m)}})
}

func TestNoKindOfFieldShowsAToken(t *testing.T) {
	fields := []zap.Field{
		zap.String("a", logged), zap.ByteString("b", []byte(logged)), zap.Binary("c", []byte(logged)), zap.Error(errors.New("of " + logged)),
		zap.Strings("d", []string{logged}), zap.Any("e", map[string]string{"x": logged}), zap.Object("f", member(logged)), zap.Array("g", items{logged}),
		zap.Stringp("h", new(logged)), zap.Errors("i", []error{errors.New(logged)}), zap.Dict("j", zap.String("k", logged)), zap.Inline(member(logged)),
		zap.String(logged, "l"), zap.Namespace(logged), zap.Reflect("m", struct{ X string }{logged}),
	}
	for _, config := range []string{"{}", `{"wrap":{"format":"console"}}`, `{"wrap":{"format":"filter","fields":{"a":{"filter":"delete"}}}}`} {
		encoder := redacting(t, config)
		with := encoder.Clone()
		for _, field := range fields {
			field.AddTo(with)
		}
		for name, got := range map[string]string{
			"fields": line(t, encoder, "message", fields...), "fields of the logger": line(t, with, "message"), "message": line(t, encoder, "of "+logged),
		} {
			for _, secret := range append(strings.Split(logged, ".")[1:], "c2lnbmF0dXJlL", "ZXlKaGJHY2lPaUpJVXpJMU5pSXNJblI1Y0NJNklrcFhWQ0o5") {
				if strings.Contains(got, secret) {
					t.Errorf("%s, %s: %q is in %s", config, name, secret, got)
				}
			}
			if !strings.Contains(got, "REDACTED") {
				t.Errorf("%s, %s: nothing is left of it: %s", config, name, got)
			}
		}
	}
}

func TestWhatHoldsNoSecretIsWrittenAsByTheEncoderItself(t *testing.T) {
	fields := []zap.Field{
		zap.String("uri", "/x?op=search&qp=a:b"), zap.Int("status", 200), zap.Bool("b", true), zap.Any("e", map[string]any{"x": []any{1.5, nil, "<y>"}}),
		zap.Object("f", member("x")), zap.Array("g", items{"x"}), zap.Error(errors.New("dial: refused")), zap.Duration("d", 5), zap.Namespace("n"), zap.Uint8("u", 1),
	}
	plain := new(logging.JSONEncoder)
	if err := plain.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	if got, want := line(t, redacting(t, "{}"), "handled request", fields...), line(t, plain, "handled request", fields...); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCredentialsOfRequestsAreNeverShown(t *testing.T) {
	secrets.AddField("X-Door-Key")
	request := &http.Request{RequestURI: "/x", Header: http.Header{
		"Authorization": {"Basic YTpi", "Digest x"}, "Cookie": {"a=b"}, "X-Cm-Well-Token": {"half a token"}, "X-Door-Key": {"k"}, "Accept": {"*/*"},
	}}
	got := line(t, redacting(t, "{}"), "", zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: request, ShouldLogCredentials: true}))
	for _, header := range []string{"Authorization", "Cookie", "X-Cm-Well-Token", "X-Door-Key"} {
		if !strings.Contains(got, `"`+header+`":["REDACTED"]`) {
			t.Errorf("%s is shown: %s", header, got)
		}
	}
	if !strings.Contains(got, `"Accept":["*/*"]`) {
		t.Errorf("Accept is not shown: %s", got)
	}
}

// BenchmarkLine is an entry of the access log, by several encoders: what hiding
// costs is the difference to json.
func BenchmarkLine(b *testing.B) {
	const byHand = `{"format":"filter","fields":{"request>headers>X-Cm-Well-Token":{"filter":"delete"},"request>headers>Referer":{"filter":"regexp","regexp":"eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*","value":"REDACTED"},"request>uri":{"filter":"regexp","regexp":"eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*","value":"REDACTED"}}}`
	request := &http.Request{RequestURI: "/example.org/people/ann?op=search&qp=type::person,name:ann&length=5", Method: "GET", Proto: "HTTP/2.0", Host: "data.example.org", RemoteAddr: "192.0.2.7:51234", Header: http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"gzip, deflate, br"}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}, "X-Cm-Well-Token": {logged},
	}}
	answer := http.Header{"Content-Type": {"application/json"}, "Server": {"Caddy"}, "Cache-Control": {"private"}, "Vary": {"X-CM-WELL-TOKEN2, X-CM-WELL-TOKEN"}}
	plain := new(logging.JSONEncoder)
	if err := plain.Provision(caddy.Context{}); err != nil {
		b.Fatal(err)
	}
	filtering := redacting(b, `{"wrap":`+byHand+`}`).wrapped
	for name, encoder := range map[string]zapcore.Encoder{"json": plain, "cmwell_redact": redacting(b, "{}"), "filter": filtering} {
		b.Run(name, func(b *testing.B) {
			logger := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(io.Discard), zapcore.InfoLevel))
			b.ReportAllocs()
			for b.Loop() {
				logger.WithLazy(zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: request})).Info("handled request",
					zap.Int("bytes_read", 0), zap.String("user_id", "ann"), zap.Duration("duration", 123456), zap.Int("size", 5120), zap.Int("status", 200),
					zap.Object("resp_headers", caddyhttp.LoggableHTTPHeader{Header: answer}))
			}
		})
	}
}
