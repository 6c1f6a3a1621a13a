package converter

import "strconv"

// Integers count, number and name by position what workflows do, and encoding/json allocates the state
// of a decoder for each of them.

// digits are so many that their number surely fits into 64 bits.
const digits = 18

// integer returns the number that data encodes, if that is an int as json.Marshal writes it, and
// none of the largest.
func integer(data []byte) (n int, ok bool) {
	rest := data
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	}
	if len(rest) == 0 || len(rest) > digits || (rest[0] == '0' && len(data) > 1) {
		return 0, false
	}
	var sum int64
	for _, c := range rest {
		if c < '0' || c > '9' {
			return 0, false
		}
		sum = 10*sum + int64(c-'0')
	}
	if len(rest) < len(data) {
		sum = -sum
	}
	return int(sum), int64(int(sum)) == sum // which is not so for all in 32 bits
}

// decimal returns the number as json.Marshal encodes it.
func decimal(n int) []byte {
	return strconv.AppendInt(nil, int64(n), 10)
}
