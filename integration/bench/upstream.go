package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// pages is what is read. It is kept in memory.
//
//go:embed pages
var pages embed.FS

// page is the path of what is read, a document such as a CM-Well answers with.
const page = "/pages/infoton.json"

// thePage is the answer with the page.
var thePage = func() answer {
	content, err := pages.ReadFile(page[1:])
	if err != nil {
		panic(err) // it is compiled in
	}
	return answer{status: http.StatusOK, size: int64(len(content))}
}()

// checkPath is what nginx asks whether a request may pass.
const checkPath = "/check"

// taken is the answer to a write, which is read and forgotten.
const taken = `{"success":true}`

func answerAll(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == checkPath:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost:
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, taken)
	default:
		http.FileServerFS(pages).ServeHTTP(w, r)
	}
}

// serveUpstream serves the pages, and takes what is written, on a port of its own,
// the address of which it writes first, until alive ends: with the process that
// holds its other end.
func serveUpstream(alive io.Reader, address io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the process
	if err != nil {
		return err
	}
	fmt.Fprintln(address, listener.Addr())
	server := &http.Server{Handler: http.HandlerFunc(answerAll), ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, alive)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
