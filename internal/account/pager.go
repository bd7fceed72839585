package account

import (
	"context"
	"slices"
)

// Pager is Documents whose names can be listed a part at a time, with less work than
// all of them.
type Pager interface {
	Documents
	// NamesAfter are the first names behind the given one, sorted, at most so many.
	NamesAfter(ctx context.Context, kind Kind, after string, most int) ([]string, error)
}

// NamesAfter does the same for any Documents.
func NamesAfter(ctx context.Context, d Documents, kind Kind, after string, most int) ([]string, error) {
	if p, ok := d.(Pager); ok {
		return p.NamesAfter(ctx, kind, after, most)
	}
	names, err := d.Names(ctx, kind)
	if err != nil {
		return nil, err
	}
	from, found := slices.BinarySearch(names, after)
	if found {
		from++
	}
	names = names[from:]
	return names[:min(len(names), max(most, 0))], nil
}
