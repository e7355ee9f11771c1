package evidence

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Bytes is foreign text in an answer. In JSON it is a list of its lines, so that
// a person can read in a case what is handed on; what is no UTF-8 is a base64
// string.
type Bytes []byte

// MarshalJSON implements json.Marshaler.
func (b Bytes) MarshalJSON() ([]byte, error) {
	if !utf8.Valid(b) {
		return json.Marshal([]byte(b))
	}
	lines := bytes.Split(b, []byte("\n"))
	text := make([]string, len(lines))
	for i, l := range lines {
		text[i] = string(l)
	}
	return json.Marshal(text)
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *Bytes) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		return json.Unmarshal(data, (*[]byte)(b))
	}
	var text []string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	lines := make([][]byte, len(text))
	for i, l := range text {
		lines[i] = []byte(l)
	}
	*b = bytes.Join(lines, []byte("\n"))
	return nil
}
