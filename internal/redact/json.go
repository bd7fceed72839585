package redact

import (
	"bytes"
	"encoding/json"
)

// JSON is the JSON of a value without its secrets, in whatever depth they are.
func (s *Secrets) JSON(value any) (json.RawMessage, error) {
	document, err := encode(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var members any
	if err := decoder.Decode(&members); err != nil {
		return nil, err
	}
	hidden, changed := s.value(members)
	if !changed {
		return document, nil
	}
	return encode(hidden)
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func (s *Secrets) value(value any) (hidden any, changed bool) {
	switch v := value.(type) {
	case string:
		text := s.Text(v)
		return text, text != v
	case []any:
		for i := range v {
			item, c := s.value(v[i])
			v[i], changed = item, changed || c
		}
		return v, changed
	case map[string]any:
		return s.object(v)
	}
	return value, false
}

func (s *Secrets) object(members map[string]any) (hidden map[string]any, changed bool) {
	hidden = make(map[string]any, len(members))
	for name, value := range members {
		shown := s.Text(name)
		if s.Field(name) {
			hidden[shown], changed = Hidden, true
			continue
		}
		item, c := s.value(value)
		hidden[shown], changed = item, changed || c || shown != name
	}
	return hidden, changed
}
