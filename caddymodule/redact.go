package caddymodule

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"github.com/cm-well/cmwell-auth/internal/redact"
)

func init() { caddy.RegisterModule(new(RedactEncoder)) }

const encoders = "caddy.logging.encoders."

// secrets knows the names that the front doors of this process take tokens by.
// None is forgotten at a reload: clients go on sending what they sent before.
var secrets redact.Secrets

// RedactEncoder takes tokens and passwords out of a log before another encoder
// writes it: credentials in headers of requests and answers, whatever has the
// shape of a JWT, and the values of parameters and cookies that the front door
// takes tokens or passwords from, in any text and however it is escaped. All
// else is logged as it is.
type RedactEncoder struct {
	// WrappedRaw is the encoder that writes what is left; json by default, and on
	// a terminal console.
	WrappedRaw json.RawMessage `json:"wrap,omitempty" caddy:"namespace=caddy.logging.encoders inline_key=format"`

	// redactedObject takes what is added to all lines of a logger.
	redactedObject `json:"-"`

	wrapped zapcore.Encoder
}

// CaddyModule names the module.
func (*RedactEncoder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: encoders + "cmwell_redact", New: func() caddy.Module { return new(RedactEncoder) }}
}

// UnmarshalCaddyfile reads "cmwell_redact [<encoder>] [{ … }]". The block is that
// of the encoder; without a name it is json's.
func (e *RedactEncoder) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "cmwell_redact"
	if !d.NextArg() {
		d.Reset()
		var wrapped logging.JSONEncoder
		err := wrapped.UnmarshalCaddyfile(d)
		if wrapped.LogEncoderConfig != (logging.LogEncoderConfig{}) {
			e.WrappedRaw = caddyconfig.JSONModuleObject(wrapped, "format", "json", nil)
		}
		return err
	}
	name := d.Val()
	if _, err := caddy.GetModule(encoders + name); err != nil {
		return d.Errf("cmwell_redact: %q found; json, console and other encoders of logs are accepted", name)
	}
	wrapped, err := caddyfile.UnmarshalModule(d, encoders+name)
	if err != nil {
		return err
	}
	e.WrappedRaw = caddyconfig.JSONModuleObject(wrapped, "format", name, nil)
	return nil
}

// Provision makes the encoder that writes.
func (e *RedactEncoder) Provision(ctx caddy.Context) error {
	if e.WrappedRaw == nil {
		return e.wrap(ctx, new(logging.JSONEncoder))
	}
	module, err := ctx.LoadModule(e, "WrappedRaw")
	if err != nil {
		return fmt.Errorf("cmwell_redact: %w", err)
	}
	wrapped, ok := module.(zapcore.Encoder)
	if !ok {
		return fmt.Errorf("cmwell_redact: %T is no encoder", module)
	}
	e.set(wrapped)
	return nil
}

// ConfigureDefaultFormat makes it console on a terminal, when nothing is said, as
// Caddy's logs are without this encoder.
func (e *RedactEncoder) ConfigureDefaultFormat(to caddy.WriterOpener) error {
	if e.WrappedRaw == nil && caddy.IsWriterStandardStream(to) && term.IsTerminal(int(os.Stderr.Fd())) {
		return e.wrap(caddy.Context{}, new(logging.ConsoleEncoder))
	}
	if further, ok := e.wrapped.(caddy.ConfiguresFormatterDefault); ok {
		return further.ConfigureDefaultFormat(to)
	}
	return nil
}

// wrap is for Caddy's own encoders, which need nothing of the context.
func (e *RedactEncoder) wrap(ctx caddy.Context, encoder interface {
	zapcore.Encoder
	caddy.Provisioner
}) error {
	e.set(encoder)
	return encoder.Provision(ctx)
}

func (e *RedactEncoder) set(wrapped zapcore.Encoder) {
	e.wrapped, e.redactedObject = wrapped, redactedObject{wrapped}
}

// Clone is for what is added to a logger by With.
func (e *RedactEncoder) Clone() zapcore.Encoder {
	clone := new(RedactEncoder)
	clone.set(e.wrapped.Clone())
	return clone
}

// EncodeEntry writes a line without its secrets.
func (e *RedactEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	entry.Message = secrets.Text(entry.Message)
	entry.LoggerName = secrets.Text(entry.LoggerName)
	entry.Stack = secrets.Text(entry.Stack)
	return e.wrapped.EncodeEntry(entry, []zapcore.Field{zap.Inline(redactedFields(fields))})
}

// redactedFields are the fields of a line, added to it one by one.
type redactedFields []zapcore.Field

// MarshalLogObject adds them without their secrets.
func (f redactedFields) MarshalLogObject(to zapcore.ObjectEncoder) error {
	for i := range f {
		f[i].AddTo(redactedObject{to})
	}
	return nil
}

// Interface guards.
var (
	_ caddy.Provisioner                = (*RedactEncoder)(nil)
	_ caddy.ConfiguresFormatterDefault = (*RedactEncoder)(nil)
	_ caddyfile.Unmarshaler            = (*RedactEncoder)(nil)
	_ zapcore.Encoder                  = (*RedactEncoder)(nil)
)
