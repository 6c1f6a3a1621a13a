package machine_test

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func ExampleMachine() {
	page := []*historypb.HistoryEvent{
		{EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED},
		{EventId: 2, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED},
		{EventId: 3, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED},
	}
	// In place of an instance of a runner: a workflow that starts a timer.
	activate := func(a *runner.Activation) *runner.Completion {
		fmt.Printf("task %d: %d item(s), replaying %t\n", a.StartedID, len(a.Items), a.Replaying)
		return does(timer("5"))
	}

	var m machine.Machine
	m.Begin(machine.Task{StartedID: 3})
	for {
		a, next, err := m.Next()
		switch {
		case err != nil:
		case next == machine.NeedHistory:
			err = m.Feed(page, true)
		case next == machine.Activate:
			err = m.Apply(activate(a))
		default:
			fmt.Println("answer:", m.Answer().Commands[0].GetCommandType())
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// task 3: 1 item(s), replaying false
	// answer: StartTimer
}
