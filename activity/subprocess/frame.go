package subprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A frame is one message between an executor and a child: a byte for its kind, four for the length
// of its body, the body. Nothing that comes from a child is believed: a frame that is not in order
// is the child's failure.

// kind says what a frame is.
type kind byte

const (
	kindHello  kind = 'H' // child: it is ready
	kindCall   kind = 'C' // executor: run this
	kindResult kind = 'R' // child: how the call ended
	kindState  kind = 'S' // both: a message of the shared state
	kindLog    kind = 'L' // child: a line of the activity's logger
	kindMetric kind = 'M' // child: something measured
	kindPing   kind = 'P' // executor: are you there
	kindPong   kind = 'p' // child: yes
)

// maxFrame is how long a body may be, in bytes. What Temporal's servers take is far below it.
const maxFrame = 64 << 20

const headLength = 5

// errFrameTooLarge says that something is too large to cross.
var errFrameTooLarge = fmt.Errorf("more than %d bytes cannot be sent to another process", maxFrame)

// frameWriter writes frames, one at a time.
type frameWriter struct {
	mu     sync.Mutex
	w      io.Writer
	buffer []byte
}

// write sends a frame. It blocks while the other side does not read.
func (f *frameWriter) write(k kind, body []byte) error {
	if len(body) > maxFrame {
		return errFrameTooLarge
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buffer = append(f.buffer[:0], byte(k))
	f.buffer = binary.BigEndian.AppendUint32(f.buffer, uint32(len(body))) //nolint:gosec // checked above
	f.buffer = append(f.buffer, body...)
	_, err := f.w.Write(f.buffer)
	if cap(f.buffer) > 1<<20 {
		f.buffer = nil // a large one is rare
	}
	return err
}

// garbageError says that what came from a child is no message.
type garbageError struct{ err error }

func (e *garbageError) Error() string { return e.err.Error() }
func (e *garbageError) Unwrap() error { return e.err }

func garbage(format string, args ...any) error {
	return &garbageError{fmt.Errorf(format, args...)}
}

// readFrame reads a frame. It is io.EOF if there is none any more, and a *garbageError if what is
// there is none.
func readFrame(r io.Reader) (kind, []byte, error) {
	var head [headLength]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, nil, garbage("a frame ends in its head")
		}
		return 0, nil, err
	}
	k := kind(head[0])
	switch k {
	case kindHello, kindCall, kindResult, kindState, kindLog, kindMetric, kindPing, kindPong:
	default:
		return 0, nil, garbage("a frame begins with %q", head[:])
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, garbage("a frame claims %d bytes, more than the %d that are allowed", n, maxFrame)
	}
	if n <= 64<<10 {
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return 0, nil, cutOff(err, n)
		}
		return k, body, nil
	}
	var body bytes.Buffer // grows with what really comes, whatever the head claims
	if _, err := io.CopyN(&body, r, int64(n)); err != nil {
		return 0, nil, cutOff(err, n)
	}
	return k, body.Bytes(), nil
}

func cutOff(err error, n uint32) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return garbage("a frame of %d bytes is cut off", n)
	}
	return err
}
