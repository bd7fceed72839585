package login

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxBody is the greatest body of a login, in bytes.
const MaxBody = 64 << 10

// What is wrong with the body of a login.
var (
	// ErrBody says: the body is not one JSON object with the expected strings.
	ErrBody = errors.New("login: the body is not accepted")
	// ErrBodySize says: the body is larger than MaxBody.
	ErrBodySize = fmt.Errorf("login: the body is larger than %d bytes", MaxBody)
)

// ReadStrings reads a body that is one JSON object with a string under each of
// the names, whatever its Content-Type says: curl -d sends a form's. Other names
// are let be. A name that is there twice, anywhere, is an error, and so is one of
// the names in another case.
func ReadStrings(body io.Reader, names ...string) (map[string]string, error) {
	b, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	var tooLarge *http.MaxBytesError
	if len(b) > MaxBody || errors.As(err, &tooLarge) {
		return nil, ErrBodySize
	}
	if err != nil {
		return nil, fmt.Errorf("%w: it ends early", ErrBody)
	}
	var members map[string]jsontext.Value
	if jsontext.Value(b).Kind() != '{' || json.Unmarshal(b, &members) != nil {
		return nil, fmt.Errorf("%w: one JSON object with distinct names is, and nothing behind it", ErrBody)
	}
	values := make(map[string]string, len(names))
	for _, name := range names {
		for found := range members {
			// A reader that folds case would take it for the name, and this one would not.
			if found != name && strings.EqualFold(found, name) {
				return nil, fmt.Errorf("%w: %q found; it is written %q", ErrBody, found, name)
			}
		}
		var s string
		if v := members[name]; v.Kind() != '"' || json.Unmarshal(v, &s) != nil {
			return nil, fmt.Errorf("%w: %q is required, and is a string", ErrBody, name)
		}
		values[name] = s
	}
	return values, nil
}
