package devstore

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	// mostChildren is how many children a folder shows.
	mostChildren = 1000
	// mostHops is how many forward links in a row are followed.
	mostHops = 8
)

// shownFolder is a path that has children and no infoton of its own.
type shownFolder struct {
	Type     string      `json:"type"`
	System   shownSystem `json:"system"`
	Children []string    `json:"children"`
	More     bool        `json:"more"`
}

// found is what one path holds: an infoton, with its content when it is a
// file, or the children of a folder.
type found struct {
	infoton  *infoton
	content  []byte
	children []string
	more     bool
}

func (s *Store) find(path string) (found, error) {
	var f found
	err := s.read(func(kept records) error {
		inf, err := kept.get(path)
		switch {
		case err == nil:
			f.infoton = inf
			if inf.Kind == fileKind {
				f.content = kept.content(path)
			}
			return nil
		case !errors.Is(err, errNotFound):
			return err
		}
		f.children, f.more = kept.children(path, mostChildren)
		if len(f.children) == 0 && path != "/" {
			return errNotFound
		}
		return nil
	})
	return f, err
}

// show answers with what the path holds. Without a format a file gives its
// bytes and a link is followed; with one, both show what is known of them.
//
// A forward link gives the content of its target under the path of the link,
// so a door that judges by the path of the request does not see the target.
func (s *Store) show(w http.ResponseWriter, r *http.Request, path string) error {
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	plain := !r.URL.Query().Has("format")
	for range mostHops {
		f, err := s.find(path)
		if err != nil {
			return err
		}
		switch {
		case f.infoton == nil:
			return showFolder(w, r, format, path, f)
		case plain && f.infoton.Kind == fileKind:
			w.Header().Set("Content-Type", f.infoton.MimeType)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
			return nil
		case plain && f.infoton.Kind == linkKind:
			if f.infoton.LinkType != forwardLink {
				redirect(w, f.infoton)
				return nil
			}
			path = f.infoton.LinkTo
		default:
			f.infoton.content = f.content
			return writeInfotons(w, r, format, []*infoton{f.infoton}, f.infoton.shown())
		}
	}
	return &refusal{
		status:  http.StatusLoopDetected,
		message: "the forward links do not come to an end",
	}
}

func redirect(w http.ResponseWriter, link *infoton) {
	status := http.StatusFound
	if link.LinkType == permanentLink {
		status = http.StatusMovedPermanently
	}
	target := url.URL{Path: link.LinkTo}
	w.Header().Set("Location", target.EscapedPath())
	w.WriteHeader(status)
}

func showFolder(w http.ResponseWriter, r *http.Request, format, path string, f found) error {
	if format == "text" {
		var lines bytes.Buffer
		for _, child := range f.children {
			lines.WriteString(child + "\n")
		}
		return writeBody(w, r, contentTypes[format], lines.Bytes())
	}
	folder := shownFolder{
		Type:     folderKind,
		System:   shownSystem{Path: path, Parent: parentOf(path)},
		Children: append([]string{}, f.children...),
		More:     f.more,
	}
	return writeInfotons(w, r, format, nil, folder)
}
