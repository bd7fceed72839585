package devstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// contentTypes are the formats in which infotons are shown, by name.
var contentTypes = map[string]string{
	"json":   "application/json",
	"text":   "text/plain; charset=utf-8",
	ntriples: "application/n-triples",
	nquads:   "application/n-quads",
}

type outcome struct {
	Success bool   `json:"success"`
	Message string `json:"message,omitempty"`
}

// formatOf gives the format in which infotons are asked for; JSON is usual.
func formatOf(r *http.Request) (string, error) {
	query := r.URL.Query()
	if !query.Has("format") {
		return "json", nil
	}
	format := query.Get("format")
	if contentTypes[format] == "" {
		return "", badRequest("format=%s is not known here; known are json, ntriples, nquads and text", format)
	}
	return format, nil
}

// writeInfotons answers with infotons in a format. What JSON shows is asJSON,
// as a single infoton and a list of them have different envelopes there.
func writeInfotons(w http.ResponseWriter, r *http.Request, format string, infotons []*infoton, asJSON any) error {
	var body bytes.Buffer
	switch format {
	case "json":
		pretty, err := flag(r.URL.Query(), "pretty", false)
		if err != nil {
			return err
		}
		if err := encodeJSON(&body, asJSON, pretty); err != nil {
			return err
		}
	case "text":
		for _, inf := range infotons {
			body.WriteString(inf.text())
		}
	default:
		for _, inf := range infotons {
			if err := inf.writeStatements(&body, format); err != nil {
				return err
			}
		}
	}
	return writeBody(w, r, contentTypes[format], body.Bytes())
}

func encodeJSON(w io.Writer, content any, pretty bool) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if pretty {
		encoder.SetIndent("", "  ")
	}
	if err := encoder.Encode(content); err != nil {
		return fmt.Errorf("devstore: encoding JSON: %w", err)
	}
	return nil
}

// writeBody answers 200. A client that has gone away meanwhile is no error of
// the store, and there is nobody left to tell.
func writeBody(w http.ResponseWriter, r *http.Request, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
	return nil
}

func writeSuccess(w http.ResponseWriter, r *http.Request) error {
	var body bytes.Buffer
	if err := encodeJSON(&body, outcome{Success: true}, false); err != nil {
		return err
	}
	return writeBody(w, r, contentTypes["json"], body.Bytes())
}

func writeError(w http.ResponseWriter, err error) {
	if errors.Is(err, errNotFound) {
		http.Error(w, "Infoton not found", http.StatusNotFound)
		return
	}
	status := http.StatusInternalServerError
	if told := (*refusal)(nil); errors.As(err, &told) {
		status = told.status
	}
	w.Header().Set("Content-Type", contentTypes["json"])
	w.WriteHeader(status)
	_ = encodeJSON(w, outcome{Message: err.Error()}, false)
}
