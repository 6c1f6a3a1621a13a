package task_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/workflow/task"
)

// To a run that is signaled all the time each answer brings the next task: a stop must not wait for
// the last.
func TestAStopEndsTheTasksThatComeWithTheAnswer(t *testing.T) {
	const many = 9
	stop := make(chan struct{})
	b := newBench(t, counting, func(o *task.Options) { o.LocalStop = stop })
	b.Signal("s", "one")
	b.Task()
	b.complete = func(r *completed) (*response, error) {
		switch len(b.completed) {
		case 3:
			close(stop)
		case many:
			return &response{}, nil
		}
		if !r.GetReturnNewWorkflowTask() {
			return &response{}, nil
		}
		b.CompleteTask(r.GetSdkMetadata())
		b.Command(r.GetCommands(), r.GetMessages())
		b.Signal("s", "more")
		b.Task()
		return &response{WorkflowTask: b.sticky()}, nil
	}
	if err := b.handler.Handle(t.Context(), b.full()); err != nil {
		t.Fatal(err)
	}
	if n := len(b.completed); n != 4 {
		t.Fatalf("%d tasks were answered, want the 3 from before the stop and that in hand", n)
	}
	if last := b.completed[3]; last.GetReturnNewWorkflowTask() || last.GetStickyAttributes() != nil {
		t.Errorf("got %v, want the next task to go to anybody", last)
	}
	b.ended(t, task.Cached, task.Answered)
}
