package account

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Redact returns the document for those who may not see hashes: without the
// members whose names begin with "digest" in any case and in any spelling, at any
// depth, and without the white space between the others. With an error, which
// tells nothing of the document, there is nothing to show.
func Redact(document []byte) ([]byte, error) {
	// The decoder's own errors could show a value.
	errForm := errors.New("account: a document is not one JSON object and cannot be shown without its hashes")
	if v := jsontext.Value(document); v.Kind() != '{' || !v.IsValid() {
		return nil, errForm
	}
	var out bytes.Buffer
	from := jsontext.NewDecoder(bytes.NewReader(document))
	to := jsontext.NewEncoder(&out, jsontext.PreserveRawStrings(true))
	for {
		t, err := from.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return bytes.TrimSpace(out.Bytes()), nil
		case err == nil && isName(from) && secret(t.String()):
			err = from.SkipValue()
		case err == nil:
			err = to.WriteToken(t)
		}
		if err != nil {
			return nil, errForm
		}
	}
}

// isName tells whether the token that was read last is a member's name.
func isName(d *jsontext.Decoder) bool {
	kind, length := d.StackIndex(d.StackDepth())
	return kind == '{' && length%2 == 1
}

// secret tells by both cases, for some letters of other alphabets are one of
// these in one case only.
func secret(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "digest") || strings.HasPrefix(strings.ToUpper(name), "DIGEST")
}
