package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// ErrCondition says: the document is not the one that the change was meant for.
var ErrCondition = errors.New("admin: the condition is not met")

// Tag is an entity tag (RFC 9110, section 8.8.3) of a document: another one for
// other bytes.
func Tag(document []byte) string {
	sum := sha256.Sum256(document)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// Condition is what a document must be like for a change of it to happen. The zero
// Condition is always met.
type Condition struct {
	// Absent asks that there is none.
	Absent bool
	// Tag asks for this one; empty for any, or none.
	Tag string
}

// ConditionOf reads If-None-Match and If-Match, as far as a change needs them.
func ConditionOf(header http.Header) (Condition, error) {
	none, match := header.Values("If-None-Match"), header.Values("If-Match")
	if len(none)+len(match) > 1 || len(none) == 1 && none[0] != "*" {
		return Condition{}, fmt.Errorf("%w: If-None-Match: *, or If-Match with one entity tag, is accepted", ErrParameters)
	}
	if len(match) == 1 {
		return Condition{Tag: match[0]}, nil
	}
	return Condition{Absent: len(none) == 1}, nil
}

// Set has the header ask for the condition.
func (c Condition) Set(header http.Header) {
	if c.Absent {
		header.Set("If-None-Match", "*")
	}
	if c.Tag != "" {
		header.Set("If-Match", c.Tag)
	}
}

// put stores a document, when the condition is met.
func (c Condition) put(ctx context.Context, d account.Documents, p place, document []byte) error {
	if c == (Condition{}) {
		return d.Put(ctx, p.kind, p.name, document)
	}
	return account.Replace(ctx, d, p.kind, p.name, func(kept []byte) ([]byte, error) {
		return document, c.check(p.kind, p.name, kept)
	})
}

// check looks at what is kept; nil stands for nothing.
func (c Condition) check(kind account.Kind, name string, kept []byte) error {
	switch {
	case c.Absent && kept != nil:
		return fmt.Errorf("%w: %s %s exists already", ErrCondition, kind.Singular(), name)
	case c.Tag != "" && kept == nil:
		return fmt.Errorf("%w: %s %s does not exist any more", ErrCondition, kind.Singular(), name)
	case c.Tag != "" && c.Tag != Tag(kept):
		return fmt.Errorf("%w: %s %s was changed meanwhile", ErrCondition, kind.Singular(), name)
	}
	return nil
}
