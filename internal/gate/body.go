package gate

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/rdf"
)

// enter waits for room in memory for the request's body, which it keeps until the
// request is over: a token that may write one path could else fill the memory.
func (b Bulk) enter(r *http.Request) error {
	if b.Room == nil {
		return ErrBulkBusy
	}
	size := r.ContentLength
	if size < 0 || size > b.Limit {
		size = b.Limit
	}
	if len(r.Header["Content-Encoding"]) > 0 {
		size += b.Limit
	}
	ctx, cancel := context.WithTimeout(r.Context(), b.Wait)
	defer cancel()
	if b.Room.Acquire(ctx, size) != nil {
		return ErrBulkBusy
	}
	context.AfterFunc(r.Context(), func() { b.Room.Release(size) })
	return nil
}

// turn waits until fewer bodies are judged, which takes up to hundreds of times their
// memory: by a few connections that send such, a token that may write one path could
// fill the memory and keep everybody else from the processors. What it returns ends
// the turn.
func (b Bulk) turn(ctx context.Context) (end func(), err error) {
	if b.Turns == nil || b.Turns.Acquire(ctx, 1) != nil {
		return nil, ErrBulkBusy
	}
	return func() { b.Turns.Release(1) }, nil
}

// wholeBody reads the body, puts it back as it was, and returns it without its
// compression. At most limit bytes are read of it, and as many again made of
// them: a few compressed bytes can stand for very many.
func wholeBody(r *http.Request, limit int64) ([]byte, error) {
	tooLarge := fmt.Errorf("%w: at most %d bytes are", ErrBulkSize, limit)
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	raw, err := readUpTo(r.Body, r.ContentLength, limit)
	putBack(r, raw, limit, err)
	switch smaller := new(http.MaxBytesError); {
	case errors.As(err, &smaller): // of a handler before this one
		return nil, fmt.Errorf("%w: at most %d bytes are", ErrBulkSize, smaller.Limit)
	case err != nil:
		return nil, fmt.Errorf("%w: it ends too early", ErrBulkBody)
	case int64(len(raw)) > limit:
		return nil, tooLarge
	}
	body, err := inflated(raw, r.Header["Content-Encoding"], limit)
	if err == nil && int64(len(body)) > limit {
		return nil, tooLarge
	}
	return body, err
}

// readUpTo reads one byte more than the limit, where there is one. Announced is how many
// bytes there should be; what memory that takes has been counted before.
func readUpTo(from io.Reader, announced, limit int64) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(max(0, min(announced, limit))) + bytes.MinRead)
	_, err := body.ReadFrom(io.LimitReader(from, limit+1))
	return body.Bytes(), err
}

// putBack makes the body what it was before it was read: where refusals are only
// observed, it goes on, and half of it would be another one. A body that was read
// to its end can be sent again after it is closed, as a proxy does whose first
// server did not answer.
func putBack(r *http.Request, read []byte, limit int64, err error) {
	all := io.Reader(bytes.NewReader(read))
	switch {
	case err != nil:
		r.Body = io.NopCloser(io.MultiReader(all, endsWith{err}))
	case int64(len(read)) > limit:
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(all, r.Body), r.Body}
	default:
		r.Body = io.NopCloser(all)
	}
}

// endsWith is what is left of a body after an error.
type endsWith struct{ err error }

func (e endsWith) Read([]byte) (int, error) { return 0, e.err }

func inflated(raw []byte, encodings []string, limit int64) ([]byte, error) {
	switch {
	case len(encodings) == 0 || len(encodings) == 1 && strings.EqualFold(encodings[0], "identity"):
		return raw, nil
	case len(encodings) > 1 || !strings.EqualFold(encodings[0], "gzip") && !strings.EqualFold(encodings[0], "x-gzip"):
		return nil, unjudged("Content-Encoding %.80q found; gzip is accepted", strings.Join(encodings, ", "))
	}
	from, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not gzip", ErrBulkBody)
	}
	b, err := readUpTo(from, int64(len(raw)), limit)
	if err != nil {
		return nil, fmt.Errorf("%w: what is compressed in it is not whole", ErrBulkBody)
	}
	return b, nil
}

// format tells the format of a bulk write as the store will see it, or else
// nothing. Where the store could take a body for another format than the one it
// is judged by, it would find other subjects in it.
func (k *Keeper) format(r *http.Request) (rdf.Format, error) {
	byType, errType := rdf.Format(0), error(nil)
	types := r.Header["Content-Type"]
	if len(types) == 1 {
		byType, errType = rdf.FormatOf(types[0])
	} else if len(types) > 1 {
		return 0, fmt.Errorf("%w: Content-Type is given %d times; once is accepted", ErrBulkFormat, len(types))
	}
	if errors.Is(errType, rdf.ErrUnsupported) {
		return 0, unjudged("%s", without(errType))
	}
	if k.bulkPath(r) {
		if k.Bulk.Format != 0 {
			return k.Bulk.Format, nil
		}
		if byType == 0 {
			return 0, fmt.Errorf("%w: Content-Type %.80q found; one of %s is accepted", ErrBulkFormat, strings.Join(types, ", "), strings.Join(rdf.MediaTypes(), ", "))
		}
		return byType, nil
	}
	q := parseQuery(r.URL.RawQuery)
	if !q.has("format") {
		return byTypeAlone(r, byType)
	}
	named, err := rdf.ParseFormat(q.get("format"))
	if err != nil {
		return 0, fmt.Errorf("%w: format %.80q found; %s are accepted", ErrBulkFormat, q.get("format"), strings.Join(rdf.Names(), ", "))
	}
	if byType != 0 && byType != named {
		return 0, fmt.Errorf("%w: format=%s and Content-Type %.80q found, which are two", ErrBulkFormat, q.get("format"), types[0])
	}
	return named, nil
}

// byTypeAlone goes by Content-Type, unless there is an Accept from which CM-Well
// would make a format of its own.
func byTypeAlone(r *http.Request, byType rdf.Format) (rdf.Format, error) {
	for _, accept := range r.Header["Accept"] {
		if strings.TrimSpace(accept) != "*/*" {
			return 0, fmt.Errorf("%w: Accept %.80q found and no format=; without it the store may take Accept for the body's format", ErrBulkFormat, accept)
		}
	}
	if byType == 0 {
		return 0, fmt.Errorf("%w: neither format= nor Content-Type names one; %s are accepted as format=", ErrBulkFormat, strings.Join(rdf.Names(), ", "))
	}
	return byType, nil
}

// without is an error's text without the name of its package.
func without(err error) string {
	text := err.Error()
	for _, sort := range []error{rdf.ErrSyntax, rdf.ErrUnsupported, rdf.ErrFormat} {
		if rest, found := strings.CutPrefix(text, sort.Error()+": "); found {
			return rest
		}
	}
	_, text, _ = strings.Cut(text, ": ")
	return text
}
