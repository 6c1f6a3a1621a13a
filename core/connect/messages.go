package connect

import (
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// messages are encoded as gRPC encodes them, but in buffers of at most twice their size. In gRPC's
// own pool 1 MiB follows on 32 KiB, so that each message of 100 kB that is on its way would keep ten
// times as much, which is cleared before each use. gRPC's codec takes another pool for all of a
// process only. What is no message of protobuf's present API is left to it.
type messages struct {
	encoding.CodecV2 // gRPC's
	buffers          mem.BufferPool
}

// newMessages pools buffers of the powers of two from 1 KiB, below which gRPC pools none, to 4 MiB,
// which is as much as servers take; above there is one pool for all sizes.
func newMessages() messages {
	m := messages{CodecV2: encoding.GetCodecV2(grpcproto.Name), buffers: mem.DefaultBufferPool()}
	if own, err := mem.NewBinaryTieredBufferPool(10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22); err == nil {
		m.buffers = own // always: the error is for sizes that the machine does not have
	}
	return m
}

// Name is empty, so that calls name no encoding, as they do by default.
func (messages) Name() string { return "" }

// Marshal implements [encoding.CodecV2].
func (m messages) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(proto.Message)
	if !ok {
		return m.CodecV2.Marshal(v)
	}
	size := proto.Size(message)
	sized := proto.MarshalOptions{UseCachedSize: true}
	if mem.IsBelowBufferPoolingThreshold(size) {
		data, err := sized.Marshal(message)
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	}
	buffer := m.buffers.Get(size)
	if _, err := sized.MarshalAppend((*buffer)[:0], message); err != nil {
		m.buffers.Put(buffer)
		return nil, err
	}
	return mem.BufferSlice{mem.NewBuffer(buffer, m.buffers)}, nil
}

// Unmarshal implements [encoding.CodecV2].
func (m messages) Unmarshal(data mem.BufferSlice, v any) error {
	if len(data) <= 1 { // it came in one frame
		return m.CodecV2.Unmarshal(data, v)
	}
	whole := data.MaterializeToBuffer(m.buffers)
	defer whole.Free()
	return m.CodecV2.Unmarshal(mem.BufferSlice{whole}, v)
}
