package caddymodule

import (
	"go.uber.org/zap/zapcore"

	"github.com/cm-well/cmwell-auth/internal/redact"
)

// redactedObject adds fields to a line, or to an object in it, without their
// secrets. Numbers, times and truth values hold none.
type redactedObject struct{ zapcore.ObjectEncoder }

// AddString adds text.
func (o redactedObject) AddString(key, value string) {
	if secrets.Field(key) {
		value = redact.Hidden
	}
	o.ObjectEncoder.AddString(secrets.Text(key), secrets.Text(value))
}

// AddByteString adds text that is in bytes.
func (o redactedObject) AddByteString(key string, value []byte) { o.AddString(key, string(value)) }

// AddBinary adds bytes, which are shown in base64.
func (o redactedObject) AddBinary(key string, value []byte) {
	hidden := secrets.Text(string(value))
	if secrets.Field(key) {
		hidden = redact.Hidden
	}
	o.ObjectEncoder.AddBinary(secrets.Text(key), []byte(hidden))
}

// AddArray adds a list, such as the values of a header field.
func (o redactedObject) AddArray(key string, list zapcore.ArrayMarshaler) error {
	if secrets.Field(key) {
		return o.ObjectEncoder.AddArray(key, oneHidden)
	}
	return o.ObjectEncoder.AddArray(secrets.Text(key), redactedList{list})
}

// AddObject adds fields of its own.
func (o redactedObject) AddObject(key string, object zapcore.ObjectMarshaler) error {
	if secrets.Field(key) {
		o.ObjectEncoder.AddString(key, redact.Hidden)
		return nil
	}
	return o.ObjectEncoder.AddObject(secrets.Text(key), redactedMembers{object})
}

// AddReflected adds what is shown as JSON.
func (o redactedObject) AddReflected(key string, value any) error {
	if secrets.Field(key) {
		o.ObjectEncoder.AddString(key, redact.Hidden)
		return nil
	}
	shown, err := secrets.JSON(value)
	if err != nil {
		return err
	}
	return o.ObjectEncoder.AddReflected(secrets.Text(key), shown)
}

// OpenNamespace puts what follows into an object.
func (o redactedObject) OpenNamespace(key string) {
	o.ObjectEncoder.OpenNamespace(secrets.Text(key))
}

// redactedArray adds to a list what redactedObject adds to an object.
type redactedArray struct{ zapcore.ArrayEncoder }

// AppendString adds text.
func (a redactedArray) AppendString(value string) { a.ArrayEncoder.AppendString(secrets.Text(value)) }

// AppendByteString adds text that is in bytes.
func (a redactedArray) AppendByteString(value []byte) { a.AppendString(string(value)) }

// AppendArray adds a list.
func (a redactedArray) AppendArray(list zapcore.ArrayMarshaler) error {
	return a.ArrayEncoder.AppendArray(redactedList{list})
}

// AppendObject adds an object.
func (a redactedArray) AppendObject(object zapcore.ObjectMarshaler) error {
	return a.ArrayEncoder.AppendObject(redactedMembers{object})
}

// AppendReflected adds what is shown as JSON.
func (a redactedArray) AppendReflected(value any) error {
	shown, err := secrets.JSON(value)
	if err != nil {
		return err
	}
	return a.ArrayEncoder.AppendReflected(shown)
}

// redactedMembers and redactedList stand for what is added, and hand it an
// encoder that redacts.
type (
	redactedMembers struct{ of zapcore.ObjectMarshaler }
	redactedList    struct{ of zapcore.ArrayMarshaler }
)

// MarshalLogObject adds the members.
func (m redactedMembers) MarshalLogObject(to zapcore.ObjectEncoder) error {
	return m.of.MarshalLogObject(redactedObject{to})
}

// MarshalLogArray adds the items.
func (l redactedList) MarshalLogArray(to zapcore.ArrayEncoder) error {
	return l.of.MarshalLogArray(redactedArray{to})
}

// oneHidden is a list that was all secrets.
var oneHidden = zapcore.ArrayMarshalerFunc(func(to zapcore.ArrayEncoder) error {
	to.AppendString(redact.Hidden)
	return nil
})
