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
	// Of what is not ASCII, two characters and all that is not valid are escaped.
	if controls, beyond := survey(text); controls || beyond {
		return nil, false
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
	if bytes.IndexByte(data, '"') >= 0 || bytes.IndexByte(data, '\\') >= 0 {
		return "", false
	}
	if controls, beyond := survey(data); controls || (beyond && !utf8.Valid(data)) {
		return "", false
	}
	return string(data), true
}

// survey reports whether a text has control characters below a space, and whether it has any beyond
// ASCII. It looks at eight bytes at once.
func survey[T string | []byte](text T) (controls, beyond bool) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	var low, high uint64
	for len(text) >= 8 {
		word := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		low |= (word - ' '*ones) &^ word // has a top bit if a byte is below a space, and only then
		high |= word
		text = text[8:]
	}
	for i := range len(text) {
		controls, beyond = controls || text[i] < ' ', beyond || text[i] >= utf8.RuneSelf
	}
	return controls || low&tops != 0, beyond || high&tops != 0
}
