package devstore

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// upload keeps the infoton that a POST or PUT brings. What it is, the header
// X-CM-WELL-TYPE says.
func (s *Store) upload(w http.ResponseWriter, r *http.Request, path string) error {
	if _, err := infotonPath(path); err != nil {
		return err
	}
	keep := map[string]func(*http.Request, *infoton, []byte) error{
		"OBJ":     s.keepObject,
		"FILE":    s.keepFile,
		"FILE_MD": s.keepMetadata,
		"LN":      s.keepLink,
	}[strings.ToUpper(r.Header.Get("X-CM-WELL-TYPE"))]
	if keep == nil {
		found := "is missing"
		if sent := r.Header.Get("X-CM-WELL-TYPE"); sent != "" {
			found = fmt.Sprintf("is %q", sent)
		}
		return badRequest("the header X-CM-WELL-TYPE %s; it must be one of OBJ, FILE, FILE_MD and LN", found)
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	inf := &infoton{Path: path, LastModified: s.Now(), LastModifiedBy: userOf(r)}
	if err := keep(r, inf, body); err != nil {
		return err
	}
	return writeSuccess(w, r)
}

func (s *Store) keepObject(_ *http.Request, inf *infoton, body []byte) error {
	fields, err := parseFields(body)
	if err != nil {
		return err
	}
	inf.Kind = objectKind
	inf.setFields(fields)
	return s.write(func(kept records) error { return kept.put(inf) })
}

func (s *Store) keepFile(r *http.Request, inf *infoton, body []byte) error {
	inf.Kind, inf.Length, inf.MimeType = fileKind, len(body), "application/octet-stream"
	if sent := r.Header.Get("Content-Type"); sent != "" {
		if _, _, err := mime.ParseMediaType(sent); err != nil {
			return badRequest("the Content-Type %q is not a media type: %v", sent, err)
		}
		inf.MimeType = sent
	}
	return s.write(func(kept records) error { return kept.putFile(inf, body) })
}

// keepMetadata gives the named fields of a file new values and leaves its
// other fields and its content as they are.
func (s *Store) keepMetadata(_ *http.Request, update *infoton, body []byte) error {
	fields, err := parseFields(body)
	if err != nil {
		return err
	}
	return s.write(func(kept records) error {
		inf, err := kept.get(update.Path)
		if err != nil && !errors.Is(err, errNotFound) {
			return err
		}
		if err != nil || inf.Kind != fileKind {
			return badRequest("there is no file at %s whose fields FILE_MD could update", update.Path)
		}
		inf.LastModified, inf.LastModifiedBy = update.LastModified, update.LastModifiedBy
		inf.setFields(fields)
		return kept.put(inf)
	})
}

func (s *Store) keepLink(r *http.Request, inf *infoton, body []byte) error {
	target, err := infotonPath(strings.TrimRight(string(body), "\r\n"))
	if err != nil {
		return fmt.Errorf("the target of the link: %w", err)
	}
	inf.Kind, inf.LinkTo, inf.LinkType = linkKind, target, temporaryLink
	if sent := r.Header.Get("X-CM-WELL-LINK-TYPE"); sent != "" {
		inf.LinkType, err = strconv.Atoi(sent)
		if err != nil || inf.LinkType < permanentLink || inf.LinkType > forwardLink {
			return badRequest("the header X-CM-WELL-LINK-TYPE is %q; it must be 0 (permanent), 1 (temporary) or 2 (forward)", sent)
		}
	}
	return s.write(func(kept records) error { return kept.put(inf) })
}

// setFields gives the named fields new values; a field without values goes.
func (inf *infoton) setFields(fields map[string][]value) {
	if inf.Fields == nil {
		inf.Fields = make(map[string][]value, len(fields))
	}
	for name, values := range fields {
		if len(values) == 0 {
			delete(inf.Fields, name)
		} else {
			inf.Fields[name] = values
		}
	}
}
