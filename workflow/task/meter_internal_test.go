package task

import (
	"math/rand/v2"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// somePayloads are of any shape.
func somePayloads(r *rand.Rand) *commonpb.Payloads {
	text := func(most int) string { return strings.Repeat("x", r.IntN(most)) }
	all := &commonpb.Payloads{}
	for range r.IntN(4) {
		p := &commonpb.Payload{Data: []byte(text(1 << r.IntN(20)))}
		for range r.IntN(4) {
			if p.Metadata == nil {
				p.Metadata = make(map[string][]byte)
			}
			p.Metadata[text(300)] = []byte(text(300))
		}
		for range r.IntN(2) {
			p.ExternalPayloads = append(p.ExternalPayloads,
				&commonpb.Payload_ExternalPayloadDetails{SizeBytes: r.Int64()})
		}
		if r.IntN(4) == 0 {
			p.ProtoReflect().SetUnknown([]byte{0x7a, 2, 'x', 'y'})
		}
		all.Payloads = append(all.Payloads, p)
	}
	if r.IntN(4) == 0 {
		all.ProtoReflect().SetUnknown([]byte{0x7a, 2, 'x', 'y'})
	}
	return all
}

// What is not over a limit by the estimate is not over it.
func TestPayloadsAreNoLargerThanTheyAreTakenFor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := somePayloads(r)
		if size, most := proto.Size(p), atMost(p); size > most || most > size+400 {
			t.Fatalf("%d bytes are taken for %d: %v", size, most, p)
		}
	}
	if most := atMost(nil); most != 0 {
		t.Errorf("nothing is taken for %d bytes", most)
	}
}
