package connect_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"github.com/mainspring-go/mainspring/core/connect"
)

// A countingCodec is gRPC's, and counts what it encodes.
type countingCodec struct {
	encoding.CodecV2

	encoded *atomic.Int64
}

func (c countingCodec) Marshal(v any) (mem.BufferSlice, error) {
	c.encoded.Add(1)
	return c.CodecV2.Marshal(v)
}

// Calls name no encoding, unless the user does, whose codec encodes then.
func TestTheCodecIsTheUsers(t *testing.T) {
	var encoded atomic.Int64
	codec := countingCodec{CodecV2: encoding.GetCodecV2(proto.Name), encoded: &encoded}
	for _, c := range []struct {
		name    string
		option  grpc.CallOption
		says    string
		encodes int64
	}{
		{"default", grpc.EmptyCallOption{}, "application/grpc", 0},
		{"forced", grpc.ForceCodecV2(codec), "application/grpc+proto", 1},
		{"named", grpc.CallContentSubtype(proto.Name), "application/grpc+proto", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			encoded.Store(0)
			s := serve(t)
			client := s.dial(t, connect.Options{DialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(c.option)}})
			if err := ask(t, client); err != nil {
				t.Fatal(err)
			}
			if got := s.header(0, "content-type"); !slices.Equal(got, []string{c.says}) || encoded.Load() != c.encodes {
				t.Errorf("%s: content type %q, %d messages encoded by the user's codec", c.name, got, encoded.Load())
			}
		})
	}
}

// A codec that is named must be known: it is not replaced.
func TestACodecThatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		client := s.dial(t, connect.Options{DialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.CallContentSubtype("unheard-of")),
		}})
		// Of a poll, which is not retried.
		_, err := client.WorkflowService().PollActivityTaskQueue(t.Context(),
			&workflowservice.PollActivityTaskQueueRequest{})
		if err == nil || !strings.Contains(err.Error(), "unheard-of") || s.calls() != 0 {
			t.Errorf("error %v, %d calls", err, s.calls())
		}
	})
}
