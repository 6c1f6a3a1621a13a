package connect

import (
	"bytes"
	"fmt"
	"testing"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

func messageOf(size int) *workflowservice.PollActivityTaskQueueResponse {
	return &workflowservice.PollActivityTaskQueueResponse{TaskToken: bytes.Repeat([]byte{7}, size)}
}

// A watchedPool tells the largest buffer that it gave away, and how many are out.
type watchedPool struct {
	mem.BufferPool

	largest, out int
}

func (p *watchedPool) Get(size int) *[]byte {
	b := p.BufferPool.Get(size)
	p.largest = max(p.largest, cap(*b))
	p.out++
	return b
}

func (p *watchedPool) Put(b *[]byte) {
	p.out--
	p.BufferPool.Put(b)
}

// Messages of all sizes arrive as they were, through buffers of not much more than their size. gRPC's
// own pool would take 1 MiB for 100 kB.
func TestMessagesHaveBuffersOfTheirSize(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 1024, 10_000, 40_000, 100_000, 1_000_000, 5_000_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			m := newMessages()
			pool := &watchedPool{BufferPool: m.buffers}
			m.buffers = pool
			sent := messageOf(size)
			wire, err := m.Marshal(sent)
			if err != nil {
				t.Fatal(err)
			}
			// It comes in frames.
			var frames mem.BufferSlice
			for rest := wire.Materialize(); len(rest) > 0; {
				n := min(len(rest), 16<<10)
				frames, rest = append(frames, mem.SliceBuffer(rest[:n])), rest[n:]
			}
			wire.Free()
			got := messageOf(3) // which is forgotten
			if err := m.Unmarshal(frames, got); err != nil || !proto.Equal(sent, got) {
				t.Errorf("%d bytes came as %d, error %v", size, len(got.GetTaskToken()), err)
			}
			if pool.largest > 2*(size+100) || pool.out != 0 {
				t.Errorf("a message of %d bytes took a buffer of %d; %d buffers were kept", size, pool.largest, pool.out)
			}
		})
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	m := newMessages()
	if _, err := m.Marshal("text"); err == nil {
		t.Error("a text was encoded")
	}
	text := "text"
	for _, data := range []mem.BufferSlice{
		{mem.SliceBuffer("\x0a\x01x")}, {mem.SliceBuffer("\x0a"), mem.SliceBuffer("\x01x")},
	} {
		if err := m.Unmarshal(data, &text); err == nil {
			t.Error("a text was decoded")
		}
	}
	invalid := &workflowservice.PollActivityTaskQueueRequest{Namespace: "\xff", Identity: string(make([]byte, 2000))}
	pool := &watchedPool{BufferPool: m.buffers}
	m.buffers = pool
	if _, err := m.Marshal(invalid); err == nil || pool.out != 0 {
		t.Errorf("error %v; %d buffers were kept", err, pool.out)
	}
	if err := m.Unmarshal(mem.BufferSlice{mem.SliceBuffer("\x0a"), mem.SliceBuffer("\x05x")}, messageOf(0)); err == nil {
		t.Error("half a message was decoded")
	}
}
