package account

import (
	"context"
	"errors"
)

// Replacer is Documents of which one can be replaced depending on the one that is
// there, so that of two administrators who change it at once neither loses.
type Replacer interface {
	Documents
	// Replace stores what next makes of the document that is kept, as Put does; of nil
	// where there is none. No other change comes between: where one did, next may be
	// called again. An error of next leaves everything as it was and is returned as
	// it is.
	Replace(ctx context.Context, kind Kind, name string, next func(kept []byte) ([]byte, error)) error
}

// Replace does the same for any Documents. In a store that is no Replacer, a change
// that comes between is lost.
func Replace(ctx context.Context, d Documents, kind Kind, name string, next func(kept []byte) ([]byte, error)) error {
	if r, ok := d.(Replacer); ok {
		return r.Replace(ctx, kind, name, next)
	}
	kept, err := d.Document(ctx, kind, name)
	if err != nil && !errors.Is(err, ErrNotExist) {
		return err
	}
	document, err := next(kept)
	if err != nil {
		return err
	}
	return d.Put(ctx, kind, name, document)
}
