package task_test

import (
	"context"
	"testing"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
)

// sink counts results and forgets them.
type sink struct {
	task.Service
	completed int
}

func (s *sink) RespondActivityTaskCompleted(
	_ context.Context, r *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	if len(r.GetResult().GetPayloads()) == 1 {
		s.completed++
	}
	return nil, nil
}

func (s *sink) RecordActivityTaskHeartbeat(
	context.Context, *workflowservice.RecordActivityTaskHeartbeatRequest,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	return nil, nil
}

func BenchmarkHandle(b *testing.B) {
	input := make([]byte, 100)
	benchmarks := map[string]any{
		"plain": func(_ context.Context, in []byte) ([]byte, error) { return in, nil },
		"heartbeat": func(ctx context.Context, in []byte) ([]byte, error) {
			activity.RecordHeartbeat(ctx)
			return in, nil
		},
	}
	for name, act := range benchmarks {
		b.Run(name, func(b *testing.B) {
			s := &sink{}
			h := newHandler(b, s, act)
			r := newTask(withInput(encode(b, input)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if outcome, err := h.Handle(b.Context(), r); outcome != task.Completed || err != nil {
					b.Fatal(outcome, err)
				}
				n++
			}
			if s.completed != n {
				b.Fatalf("%d results for %d tasks", s.completed, n)
			}
		})
	}
}
