package converter

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// encodingZlib marks a payload that holds another one, marshalled and compressed.
const encodingZlib = "binary/zlib"

// ZlibCodecOptions are the options of NewZlibCodec.
type ZlibCodecOptions struct {
	// AlwaysEncode compresses also when that does not make the payload smaller. The default is to
	// keep the smaller of the two.
	AlwaysEncode bool
}

// NewZlibCodec returns a codec that compresses payloads with zlib. The whole payload is
// compressed, metadata included, so small payloads gain nothing.
func NewZlibCodec(options ZlibCodecOptions) PayloadCodec {
	return zlibCodec{options: options}
}

type zlibCodec struct {
	options ZlibCodecOptions
}

func (z zlibCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(payload)
		if err != nil {
			return payloads, fmt.Errorf("payload item %d: %w", i, encodeError(err))
		}
		compressed, err := deflate(plain)
		if err != nil {
			return payloads, fmt.Errorf("payload item %d: %w", i, encodeError(err))
		}
		if len(compressed) >= len(plain) && !z.options.AlwaysEncode {
			result[i] = payload
			continue
		}
		result[i] = newPayload(compressed, encodingZlib)
	}
	return result, nil
}

func (zlibCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[MetadataEncoding]) != encodingZlib {
			result[i] = payload
			continue
		}
		inner, err := inflate(payload.GetData())
		if err != nil {
			return payloads, fmt.Errorf("payload item %d: %w", i, decodeError(err))
		}
		result[i] = inner
	}
	return result, nil
}

func deflate(plain []byte) ([]byte, error) {
	var compressed bytes.Buffer
	w := zlib.NewWriter(&compressed)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}

func inflate(compressed []byte) (*commonpb.Payload, error) {
	r, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	payload := &commonpb.Payload{}
	if err := proto.Unmarshal(plain, payload); err != nil {
		return nil, err
	}
	return payload, nil
}
