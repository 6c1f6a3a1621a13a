package connect_test

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/connect"
)

// Of HTTP/2.
const (
	preface   = len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	headSize  = 9
	pingFrame = 6
	ackFlag   = 1
)

// A wiretap counts the frames that a client sends by their types, but for answers to pings.
type wiretap struct {
	net.Conn

	mu     sync.Mutex
	seen   int    // of the preface
	rest   []byte // of a frame that has not been written to its end
	frames map[byte]int
}

func (w *wiretap) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	skip := min(len(b), preface-w.seen)
	w.seen += skip
	w.rest = append(w.rest, b[skip:]...)
	for len(w.rest) >= headSize {
		size := headSize + int(binary.BigEndian.Uint32(w.rest)>>8)
		if len(w.rest) < size {
			break
		}
		if kind, flags := w.rest[3], w.rest[4]; kind != pingFrame || flags&ackFlag == 0 {
			w.frames[kind]++
		}
		w.rest = w.rest[size:]
	}
	return w.Conn.Write(b)
}

// A call is its headers and its message, and nothing about the connection.
func TestCallsSendNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, headersFrame, dataFrame, windowFrame = 50, 1, 0, 8
		s := serve(t)
		tap := &wiretap{frames: make(map[byte]int)}
		c := s.dial(t, connect.Options{DialOptions: []grpc.DialOption{grpc.WithContextDialer(
			func(ctx context.Context, _ string) (conn net.Conn, err error) {
				tap.Conn, err = s.listener.DialContext(ctx)
				return tap, err
			})}})
		for range calls {
			if err := ask(t, c); err != nil {
				t.Fatal(err)
			}
		}
		tap.mu.Lock()
		defer tap.mu.Unlock()
		if f := tap.frames; f[headersFrame] != calls || f[dataFrame] != calls || f[pingFrame] > 0 || f[windowFrame] > 1 {
			t.Errorf("%d calls sent %d headers, %d messages, %d pings and %d updates of the window",
				calls, f[headersFrame], f[dataFrame], f[pingFrame], f[windowFrame])
		}
	})
}
