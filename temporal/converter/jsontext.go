package converter

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Texts are the most frequent large values, and in JSON most of them stand as they are between two
// quotes. encoding/json reads such a text several times, byte by byte through a state machine.

// escaped are what json.Marshal escapes of what can be printed in ASCII.
const escaped = `"\<>&`

// quoted returns the text as json.Marshal encodes it, if it does not have to escape anything.
func quoted(text string) (data []byte, ok bool) {
	for _, c := range []byte(escaped) {
		if strings.IndexByte(text, c) >= 0 {
			return nil, false
		}
	}
	for _, c := range []byte(text) {
		// Of what is not ASCII, two characters and all that is not valid are escaped.
		if c < ' ' || c >= utf8.RuneSelf {
			return nil, false
		}
	}
	data = make([]byte, 0, len(text)+len(`""`))
	data = append(data, '"')
	data = append(data, text...)
	return append(data, '"'), true
}

// unquoted returns the text that data encodes, if that is one in which nothing is escaped.
func unquoted(data []byte) (text string, ok bool) {
	if len(data) < len(`""`) || data[0] != '"' || data[len(data)-1] != '"' {
		return "", false
	}
	data = data[1 : len(data)-1]
	if bytes.IndexByte(data, '"') >= 0 || bytes.IndexByte(data, '\\') >= 0 || !utf8.Valid(data) {
		return "", false
	}
	for _, c := range data {
		if c < ' ' {
			return "", false
		}
	}
	return string(data), true
}
