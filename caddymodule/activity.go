package caddymodule

import (
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/cm-well/cmwell-auth/internal/console"
	"github.com/cm-well/cmwell-auth/internal/gate"
)

// activity is what the front doors with the same users remember for the console. It
// outlives a reload, and not the process.
type activity struct {
	journal console.Journal
	seen    *console.Seen
}

// sees is told of every request of a verified user that passes.
func (a *activity) sees(pass *gate.Pass) {
	if a != nil && pass.User != "" {
		a.seen.Note(pass.User, pass.Print(a.seen.Seed()), time.Now())
	}
}

// follow has the journal know what the logger writes, whatever its level and form.
func (a *activity) follow(audit *zap.Logger) *zap.Logger {
	return audit.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewTee(core, journalCore{journal: &a.journal})
	}))
}

// journalCore writes entries of a log to a journal.
type journalCore struct {
	journal *console.Journal
	with    []zapcore.Field
}

// lines makes an entry JSON.
var lines = zapcore.NewJSONEncoder(zapcore.EncoderConfig{
	TimeKey: "at", MessageKey: "what", SkipLineEnding: true,
	EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
})

// Enabled has the journal know all.
func (journalCore) Enabled(zapcore.Level) bool { return true }

// With adds fields to all entries.
func (c journalCore) With(fields []zapcore.Field) zapcore.Core {
	c.with = slices.Concat(c.with, fields)
	return c
}

// Check has the entry written.
func (c journalCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(e, c)
}

// Write adds the entry to the journal.
func (c journalCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	entry := console.Entry{At: e.Time}
	for _, f := range fields {
		switch f.Key {
		case "reason":
			entry.Reason = f.String
		case "user":
			entry.User = f.String
		}
	}
	e.Time = e.Time.UTC()
	line, err := lines.EncodeEntry(e, slices.Concat(c.with, fields))
	if err != nil {
		return err
	}
	entry.Line = slices.Clone(line.Bytes())
	line.Free()
	c.journal.Add(entry)
	return nil
}

// Sync has nothing to do.
func (journalCore) Sync() error { return nil }
