package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cm-well/cmwell-auth/internal/account"
)

// What only the documents refuse.
var (
	// ErrNotFound says: there is no such document.
	ErrNotFound = errors.New("admin: does not exist")
	// ErrDocumentSize says: a document is larger than is read.
	ErrDocumentSize = errors.New("admin: the document is too large")
)

// notFound is ErrNotFound in a sentence of its own.
type notFound string

func (n notFound) Error() string { return "admin: " + string(n) }

func (notFound) Is(target error) bool { return target == ErrNotFound }

// keptElsewhere is the error for reads where there is no Store: whoever is asked
// for may well exist.
func (p place) keptElsewhere() error {
	return notFound("documents of " + p.kind.String() + " are not kept here")
}

// maxDocument is the greatest document that is read, in bytes.
const maxDocument = 1 << 20

// checkQuery takes format=json with GET, for CM-Well's clients, and nothing else.
func (d *Documents) checkQuery(r *http.Request) error {
	query, err := url.ParseQuery(d.Query(r))
	if err != nil {
		return fmt.Errorf("%w: the query is malformed", ErrParameters)
	}
	format, given := query["format"]
	if !given && len(query) == 0 {
		return nil
	}
	if !given || len(query) > 1 || writes(r) {
		return fmt.Errorf("%w: no parameters are accepted here, but for format=json with GET", ErrParameters)
	}
	if len(format) > 1 {
		return fmt.Errorf("%w: format is given %d times; once is accepted", ErrParameters, len(format))
	}
	if format[0] != "json" && format[0] != "" {
		return fmt.Errorf("%w: format %.40q found; json is accepted", ErrParameters, format[0])
	}
	return nil
}

// check refuses names that no document has.
func (p place) check() error {
	if err := account.CheckName(p.name); err != nil {
		return fmt.Errorf("%w: %s %w", account.ErrDocument, p.kind.Singular(), err)
	}
	return nil
}

// change stores or deletes a document.
func (d *Documents) change(r *http.Request, p place) (any, error) {
	if d.Store == nil {
		return nil, account.ErrReadOnly
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if r.Method == http.MethodDelete {
		if err := d.Store.Delete(r.Context(), p.kind, p.name); err != nil {
			return nil, p.orNotFound(err)
		}
		return success{true}, nil
	}
	condition, err := ConditionOf(r.Header)
	if err != nil {
		return nil, err
	}
	document, err := posted(r)
	if err != nil {
		return nil, err
	}
	if err := condition.put(r.Context(), d.Store, p, document); err != nil {
		return nil, err
	}
	return success{true}, nil
}

// posted is the body of a request that says it is a file, as CM-Well has it.
// Content-Type is not asked: curl -d says it sends a form.
func posted(r *http.Request) ([]byte, error) {
	const name = "X-CM-Well-Type"
	switch kinds := r.Header.Values(name); {
	case len(kinds) == 0:
		return nil, fmt.Errorf("%w: no header %s found; File is accepted", ErrParameters, name)
	case len(kinds) > 1:
		return nil, fmt.Errorf("%w: header %s is given %d times; once is accepted", ErrParameters, name, len(kinds))
	case !strings.EqualFold(kinds[0], "File"):
		return nil, fmt.Errorf("%w: header %s %.40q found; File is accepted", ErrParameters, name, kinds[0])
	}
	return ReadDocument(r)
}

// ReadDocument is the body of a request. One that is too large is ErrDocumentSize,
// and one that ends too early ErrParameters.
func ReadDocument(r *http.Request) ([]byte, error) {
	tooLarge := fmt.Errorf("%w: at most %d bytes are read", ErrDocumentSize, maxDocument)
	if r.ContentLength > maxDocument {
		return nil, tooLarge
	}
	document, err := io.ReadAll(io.LimitReader(r.Body, maxDocument+1))
	if limit := new(http.MaxBytesError); errors.As(err, &limit) { // of a handler before this one
		return nil, fmt.Errorf("%w: at most %d bytes are read", ErrDocumentSize, limit.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the body ends too early", ErrParameters)
	}
	if len(document) > maxDocument {
		return nil, tooLarge
	}
	return document, nil
}

// document is what is kept, to the byte for those who may see hashes.
func (d *Documents) document(r *http.Request, p place, hashes bool) (any, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if d.Store == nil {
		return nil, p.keptElsewhere()
	}
	kept, err := d.Store.Document(r.Context(), p.kind, p.name)
	if err != nil {
		return nil, p.orNotFound(err)
	}
	if hashes {
		return kept, nil
	}
	shown, err := account.Redact(kept)
	if err != nil {
		return nil, err
	}
	return shown, nil
}

func (p place) orNotFound(err error) error {
	if errors.Is(err, account.ErrNotExist) {
		return notFound(p.kind.Singular() + " " + p.name + " does not exist")
	}
	return err
}

// list is what a folder holds, under the folder's name.
func (d *Documents) list(r *http.Request, p place) (any, error) {
	if p.kind == 0 {
		return map[string][]string{"folders": {account.Roles.String(), account.Users.String()}}, nil
	}
	if d.Store == nil {
		return nil, p.keptElsewhere()
	}
	names, err := d.Store.Names(r.Context(), p.kind)
	if err != nil {
		return nil, err
	}
	return map[string][]string{p.kind.String(): append([]string{}, names...)}, nil // none are a list too
}
