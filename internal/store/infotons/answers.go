package infotons

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
)

// infoton is what CM-Well's format=json shows of one. There is more in it; every
// name that is there stands once and in its exact case, or none of it is used.
type infoton struct {
	Type   string `json:"type"`
	System struct {
		Path string `json:"path"`
	} `json:"system"`
	Content *struct {
		Length int64   `json:"length"`
		Text   *string `json:"data"`
		Bytes  []byte  `json:"base64-data"`
	} `json:"content"`
}

// decode reads a JSON answer.
func decode(a answer, into any) error {
	if a.status != http.StatusOK || a.media != "application/json" {
		return fmt.Errorf("status %d with %.80q found: %w", a.status, a.media, errStatus)
	}
	if err := json.UnmarshalRead(bytes.NewReader(a.body), into); err != nil {
		// Its text could show a part of a document.
		return errors.New("an answer found that is not CM-Well's JSON")
	}
	return nil
}

// fileIn is the content of the file that the answer shows. CM-Well follows a forward
// link by itself and answers with its target, whose path is another one.
func fileIn(a answer, path string) ([]byte, error) {
	var i infoton
	if err := decode(a, &i); err != nil {
		return nil, err
	}
	return i.file(path)
}

func (i infoton) file(path string) ([]byte, error) {
	if i.Type != "FileInfoton" || i.System.Path != path {
		return nil, fmt.Errorf("%.40q at %.200q found; a FileInfoton at the path that was asked for is accepted", i.Type, i.System.Path)
	}
	if i.Content == nil || (i.Content.Text == nil) == (i.Content.Bytes == nil) {
		return nil, errors.New("a file without its content found")
	}
	content := i.Content.Bytes
	if i.Content.Text != nil {
		content = []byte(*i.Content.Text)
	}
	// CM-Well makes text of bytes by the charset of their type, and what has no
	// letter there is lost.
	if int64(len(content)) != i.Content.Length {
		return nil, fmt.Errorf("%d bytes of a file found that has %d", len(content), i.Content.Length)
	}
	return content, nil
}

// found is what a search shows.
type found struct {
	Type    string `json:"type"`
	Results *struct {
		Total    int       `json:"total"`
		Infotons []infoton `json:"infotons"`
	} `json:"results"`
}

// retrieved is what /_out shows.
type retrieved struct {
	Type     string    `json:"type"`
	Infotons []infoton `json:"infotons"`
}

// success is an error unless the answer says that the store took what it was sent.
func success(a answer) error {
	var said struct {
		Success bool `json:"success"`
	}
	if err := decode(a, &said); err != nil {
		return err
	}
	if !said.Success {
		return errors.New("the store says that it did not succeed")
	}
	return nil
}
