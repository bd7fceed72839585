package gate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/rdf"
)

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
	raw, err := readUpTo(r.Body, limit)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, tooLarge
	}
	encodings := r.Header["Content-Encoding"]
	body, err := inflated(raw, encodings, limit)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, tooLarge
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return body, nil
}

// readUpTo returns nil when there is more than the limit.
func readUpTo(from io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(from, limit+1))
	if smaller := new(http.MaxBytesError); errors.As(err, &smaller) { // of a handler before this one
		return nil, fmt.Errorf("%w: at most %d bytes are", ErrBulkSize, smaller.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: it ends too early", ErrBulkBody)
	}
	if int64(len(b)) > limit {
		return nil, nil
	}
	return b, nil
}

func inflated(raw []byte, encodings []string, limit int64) ([]byte, error) {
	switch {
	case len(encodings) == 0 || len(encodings) == 1 && strings.EqualFold(encodings[0], "identity"):
		return raw, nil
	case len(encodings) > 1 || !strings.EqualFold(encodings[0], "gzip") && !strings.EqualFold(encodings[0], "x-gzip"):
		return nil, unjudged("Content-Encoding %.80q found; gzip is read", encodings)
	}
	from, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not gzip", ErrBulkBody)
	}
	b, err := readUpTo(from, limit)
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
			return 0, fmt.Errorf("%w: Content-Type %.80q found; one of %s is accepted", ErrBulkFormat, types, strings.Join(rdf.MediaTypes(), ", "))
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
	_, text, _ := strings.Cut(err.Error(), ": ")
	return text
}
