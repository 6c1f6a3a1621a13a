package task_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"weak"

	"google.golang.org/protobuf/proto"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Large results wait for their turn to be sent, many at once; the arguments must not wait with them.
func TestReportsKeepNoArguments(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
	}{{"result", nil}, {"failure", errors.New("boom")}} {
		t.Run(c.name, func(t *testing.T) {
			var input weak.Pointer[commonpb.Payloads]
			var asked, kept bool
			srv := &service{onReport: func(context.Context, int, proto.Message) error {
				runtime.GC()
				asked, kept = true, input.Value() != nil
				return nil
			}}
			h := newHandler(t, srv, func(_ context.Context, text string) (string, error) { return text, c.err })
			fresh := func() *response {
				args, err := converter.GetDefaultDataConverter().ToPayloads("some text")
				if err != nil {
					t.Fatal(err)
				}
				input = weak.Make(args)
				return newTask(withInput(args))
			}
			if _, err := h.Handle(t.Context(), fresh()); err != nil || !asked {
				t.Fatalf("Handle: got %v, with a report: %t", err, asked)
			}
			if kept {
				t.Error("the arguments of the activity are kept while its end is reported")
			}
		})
	}
}
