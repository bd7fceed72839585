package devstore

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// largestBody is the most bytes that one request may bring.
const largestBody = 16 << 20

// refusal is what a client is told when it, and not the store, is at fault.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func badRequest(format string, args ...any) error {
	return &refusal{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

// action answers one method of one kind of path.
type action func(w http.ResponseWriter, r *http.Request, path string) error

// actions lists what can be done with a path, by method, and nothing for a
// service path that the store does not have.
func (s *Store) actions(path string) map[string]action {
	switch {
	case path == "/_in":
		return map[string]action{http.MethodPost: s.bulkIn}
	case path == "/_out":
		return map[string]action{http.MethodPost: s.bulkOut, http.MethodPut: s.bulkOut}
	case isServicePath(path):
		return nil
	}
	return map[string]action{
		http.MethodGet:    s.get,
		http.MethodHead:   s.get,
		http.MethodPost:   s.upload,
		http.MethodPut:    s.upload,
		http.MethodDelete: s.remove,
	}
}

// ServeHTTP answers any request it is handed, for anyone: it does no access
// control. What a client did wrong is said in the body of the answer.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Whoever may store a file chooses its content type, but shall not be
	// able to have a browser make something else of it.
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := s.serve(w, r); err != nil {
		writeError(w, err)
	}
}

func (s *Store) serve(w http.ResponseWriter, r *http.Request) error {
	path, err := cleanPath(r.URL.Path)
	if err != nil {
		return err
	}
	// A parameter that cannot be read would count as absent, and an absent
	// "recursive=false" deletes far more than was asked for.
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return badRequest("the query cannot be read: %v", err)
	}
	actions := s.actions(path)
	if actions == nil {
		return &refusal{
			status:  http.StatusNotFound,
			message: fmt.Sprintf("%s is a service path that the development store does not have; it has /_in and /_out", path),
		}
	}
	if do, ok := actions[r.Method]; ok {
		return do(w, r, path)
	}
	methods := append(slices.Sorted(maps.Keys(actions)), http.MethodOptions)
	w.Header().Set("Allow", strings.Join(methods, ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return &refusal{
		status:  http.StatusMethodNotAllowed,
		message: fmt.Sprintf("%s does not take %s; it takes %s", path, r.Method, strings.Join(methods, ", ")),
	}
}

// get shows an infoton or a folder, or searches below it.
func (s *Store) get(w http.ResponseWriter, r *http.Request, path string) error {
	switch op := r.URL.Query().Get("op"); op {
	case "", "read":
		return s.show(w, r, path)
	case "search":
		return s.search(w, r, path)
	default:
		return badRequest("op=%s is not known here; known are op=read and op=search", op)
	}
}

func (s *Store) remove(w http.ResponseWriter, r *http.Request, path string) error {
	if _, err := infotonPath(path); err != nil {
		return err
	}
	recursive, err := flag(r.URL.Query(), "recursive", true)
	if err != nil {
		return err
	}
	if err := s.write(func(kept records) error { return kept.remove(path, recursive) }); err != nil {
		return err
	}
	return writeSuccess(w, r)
}

// readBody gives the whole body, and a refusal when it is too large.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, &refusal{
			status:  http.StatusRequestEntityTooLarge,
			message: fmt.Sprintf("a body has %d bytes at most", largestBody),
		}
	}
	if err != nil {
		return nil, badRequest("the body could not be read: %v", err)
	}
	return body, nil
}

// userOf names who writes, as far as the door has told.
func userOf(r *http.Request) string {
	if user := r.Header.Get("X-CM-Well-User"); user != "" {
		return user
	}
	return "anonymous"
}
