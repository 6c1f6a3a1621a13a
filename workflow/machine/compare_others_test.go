package machine_test

import (
	"errors"
	"strings"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func child(id, typ string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{
			StartChildWorkflowExecutionCommandAttributes: &commandpb.StartChildWorkflowExecutionCommandAttributes{
				WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: typ},
			},
		},
	}
}

// cancelOther cancels a child if it has no control.
//
//nolint:staticcheck // histories have these fields, deprecated as they are
func cancelOther(namespace, id, control string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_RequestCancelExternalWorkflowExecutionCommandAttributes{
			RequestCancelExternalWorkflowExecutionCommandAttributes: &commandpb.
				RequestCancelExternalWorkflowExecutionCommandAttributes{
				Namespace: namespace, WorkflowId: id, Control: control, ChildWorkflowOnly: control == "",
			},
		},
	}
}

//nolint:staticcheck // histories have these fields, deprecated as they are
func signalOther(namespace, id, name string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{
			SignalExternalWorkflowExecutionCommandAttributes: &commandpb.
				SignalExternalWorkflowExecutionCommandAttributes{
				Namespace: namespace, Execution: &commonpb.WorkflowExecution{WorkflowId: id},
				SignalName: name, Control: "s",
			},
		},
	}
}

func continueAsNew() *commandpb.Command {
	return &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION}
}

// replayOthers is replay with two children, c and d, that run.
func replayOthers(was, is *runner.Completion) error {
	s := &story{History: histories.Start("wf")}
	s.task(does(child("c", "Child"), child("d", "Child"), timer("t7")))
	s.StartChild("c")
	s.StartChild("d")
	s.Task()
	s.answers = append(s.answers, is)
	s.Complete(machine.Answer{Commands: was.Commands})
	s.Signal("s")
	s.Task()
	d, _ := s.driver()
	_, err := d.Full(s.History)
	return err
}

func TestCommandsAboutOthers(t *testing.T) {
	for _, tt := range []struct {
		name    string
		was, is *runner.Completion
		err     string // empty if they fit
	}{
		{"child", does(child("e", "a.Child")), does(child("e", "Child")), ""},
		{
			"id of a child", does(child("e", "Child")), does(child("f", "Child")), // later events name it
			"a matching child workflow e command was expected in history event position 13",
		},
		{
			"type of a child", does(child("e", "Child")), does(child("e", "Other")),
			"history event is StartChildWorkflowExecutionInitiated (EventId: 13, WorkflowId: e, WorkflowType: Child), " +
				"replay command is StartChildWorkflowExecution (WorkflowId: e, WorkflowType: Other)",
		},
		{"cancellation of a child", does(cancelOther("ns", "c", "")), does(cancelOther("ns", "c", "")), ""},
		{
			"of another child", does(cancelOther("ns", "c", "")), does(cancelOther("ns", "d", "")),
			"RequestCancelExternalWorkflowExecutionInitiated (EventId: 13, WorkflowId: c)",
		},
		{
			"cancellations in any order", does(cancelOther("ns", "c", ""), cancelTimer("t7"), cancelOther("ns", "d", "")),
			does(cancelOther("ns", "d", ""), cancelOther("ns", "c", ""), cancelTimer("t7")), "",
		},
		{
			"but not those that code asks for", does(cancelOther("ns", "x", "1"), cancelOther("ns", "y", "2")),
			does(cancelOther("ns", "y", "1"), cancelOther("ns", "x", "2")),
			"RequestCancelExternalWorkflowExecutionInitiated (EventId: 13, WorkflowId: x)",
		},
		{"external cancellation", does(cancelOther("ns", "x", "1")), does(cancelOther("ns", "x", "1")), ""},
		{"in no namespace", does(cancelOther("ns", "x", "1")), does(cancelOther("", "x", "1")), ""},
		{"in that of a replay", does(cancelOther("ns", "x", "1")), does(cancelOther("ReplayNamespace", "x", "1")), ""},
		{
			"in another", does(cancelOther("ns", "x", "1")), does(cancelOther("other", "x", "1")),
			"RequestCancelExternalWorkflowExecutionInitiated",
		},
		{"signal", does(signalOther("ns", "x", "s")), does(signalOther("ns", "x", "s")), ""},
		{
			"to another workflow", does(signalOther("ns", "x", "s")), does(signalOther("ns", "y", "s")),
			"SignalExternalWorkflowExecutionInitiated (EventId: 13, WorkflowId: x, SignalName: s)",
		},
		{
			"of another name", does(signalOther("ns", "x", "s")), does(signalOther("ns", "x", "t")),
			"SignalExternalWorkflowExecution (WorkflowId: x, SignalName: t)",
		},
		{
			"in another namespace", does(signalOther("ns", "x", "s")), does(signalOther("other", "x", "s")),
			"SignalExternalWorkflowExecutionInitiated",
		},
		{"continue as new", does(continueAsNew()), does(continueAsNew()), ""},
		{
			"another end", does(continueAsNew()), does(completeWorkflow()),
			"WorkflowExecutionContinuedAsNew (EventId: 13)",
		},
		{"another kind", does(timer("a")), does(child("e", "Child")), "StartChildWorkflowExecution (WorkflowId: e"},
	} {
		err := replayOthers(tt.was, tt.is)
		if tt.err == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		var mismatch *machine.NondeterminismError
		if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %v, want %q in it", tt.name, err, tt.err)
		}
	}
}

// Events that no command has caused do not fit.
func TestEventsOfOthersOutOfPlace(t *testing.T) {
	for name, happen := range map[string]func(*story){
		"start of a child": func(s *story) {
			s.Children["x"] = histories.Child{}
			s.StartChild("x")
		},
		"end of a child": func(s *story) {
			s.Children["c"] = histories.Child{}
			s.CompleteChild("c")
			s.Children["c"] = histories.Child{}
			s.CompleteChild("c")
		},
		"cancellation of a child that was not asked for": func(s *story) {
			s.Command(does(cancelOther("ns", "c", "")).Commands, nil)
		},
		"answer to a child": func(s *story) {
			s.Sent = []histories.Sent{{Initiated: 1, WorkflowID: "x"}}
			s.Deliver(1)
		},
		"answer to a signal": func(s *story) {
			s.Sent = []histories.Sent{{Initiated: 1, WorkflowID: "x", Signal: true}}
			s.Deliver(1)
		},
		"refused signal": func(s *story) {
			s.Sent = []histories.Sent{{Initiated: 1, WorkflowID: "x", Signal: true}}
			s.Refuse(1, histories.NoSuchWorkflow)
		},
		"refused cancellation": func(s *story) {
			s.Sent = []histories.Sent{{Initiated: 1, WorkflowID: "x"}}
			s.Refuse(1, histories.NoSuchWorkflow)
		},
	} {
		s := &story{History: histories.Start("wf")}
		s.task(does(child("c", "Child")))
		s.StartChild("c")
		happen(s)
		s.Task()
		d, _ := s.driver()
		_, err := d.Full(s.History)
		if _, ok := errors.AsType[*machine.NondeterminismError](err); !ok {
			t.Errorf("%s: got error %v, want a determinism error", name, err)
		}
	}
}
