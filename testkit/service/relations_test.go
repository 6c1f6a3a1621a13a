package service_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/testkit/service"
)

func childCommand(id, queue string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{
			StartChildWorkflowExecutionCommandAttributes: &commandpb.StartChildWorkflowExecutionCommandAttributes{
				WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: "Child"},
				TaskQueue: &taskqueuepb.TaskQueue{Name: queue},
			},
		},
	}
}

func signalCommand(id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{
			SignalExternalWorkflowExecutionCommandAttributes: &commandpb.SignalExternalWorkflowExecutionCommandAttributes{
				Execution: &commonpb.WorkflowExecution{WorkflowId: id}, SignalName: "say",
			},
		},
	}
}

// answer polls for a workflow task and answers it with the commands.
func (r rig) answer(queue string, commands ...*commandpb.Command) {
	r.t.Helper()
	task, err := r.c.PollWorkflowTaskQueue(r.t.Context(), &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: service.DefaultNamespace, TaskQueue: &taskqueuepb.TaskQueue{Name: queue},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = r.c.RespondWorkflowTaskCompleted(r.t.Context(), &workflowservice.RespondWorkflowTaskCompletedRequest{
		TaskToken: task.GetTaskToken(), Commands: commands,
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// What an answer does to other workflows has happened when it returns, in the
// order of its commands: nothing is left to the luck of goroutines, of which the
// real server has many.
func TestRelationsHaveOneOrder(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		parent, other := r.start("parent", "Parent"), &commonpb.WorkflowExecution{WorkflowId: "first"}
		r.answer(tasks,
			childCommand("first", "idle"), signalCommand("first"),
			signalCommand("second"), childCommand("second", "idle"))
		want := []string{
			"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted",
			"StartChildWorkflowExecutionInitiated", "SignalExternalWorkflowExecutionInitiated",
			"SignalExternalWorkflowExecutionInitiated", "StartChildWorkflowExecutionInitiated",
			"ChildWorkflowExecutionStarted", "WorkflowTaskScheduled", "ExternalWorkflowExecutionSignaled",
			"SignalExternalWorkflowExecutionFailed", "ChildWorkflowExecutionStarted",
		}
		if diff := cmp.Diff(want, types(r.history(parent))); diff != "" {
			t.Errorf("history of the parent (-want +got):\n%s", diff)
		}
		want = []string{"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowExecutionSignaled"}
		if diff := cmp.Diff(want, types(r.history(other))); diff != "" {
			t.Errorf("history of the first child (-want +got):\n%s", diff)
		}
		_, err := r.c.TerminateWorkflowExecution(t.Context(), &workflowservice.TerminateWorkflowExecutionRequest{
			Namespace: service.DefaultNamespace, WorkflowExecution: parent,
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, "WorkflowExecutionTerminated")
		if diff := cmp.Diff(want, types(r.history(other))); diff != "" {
			t.Errorf("history of the first child (-want +got):\n%s", diff)
		}
	})
}

// The end of one run ends those below it, however deep, and tells those above.
func TestEndsGoDownTheFamily(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		top := r.start("0", "Parent")
		const deep = 50
		id := func(n int) string { return string(rune('0' + n)) }
		r.answer(tasks, childCommand(id(1), "1"))
		for n := 1; n < deep; n++ {
			r.answer(id(n), childCommand(id(n+1), id(n+1)))
		}
		_, err := r.c.TerminateWorkflowExecution(t.Context(), &workflowservice.TerminateWorkflowExecutionRequest{
			Namespace: service.DefaultNamespace, WorkflowExecution: top,
		})
		if err != nil {
			t.Fatal(err)
		}
		for n := range deep + 1 {
			d, err := r.c.DescribeWorkflowExecution(t.Context(), &workflowservice.DescribeWorkflowExecutionRequest{
				Namespace: service.DefaultNamespace, Execution: &commonpb.WorkflowExecution{WorkflowId: id(n)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if info := d.GetWorkflowExecutionInfo(); info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED ||
				info.GetRootExecution().GetWorkflowId() != "0" {
				t.Errorf("workflow %d below the top is %v", n, info)
			}
		}
	})
}
