package scenarios

import (
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Tell signals other workflows, one after the other, and returns what came of it.
func Tell(ctx workflow.Context, ids []string) ([]string, error) {
	var got []string
	for _, id := range ids {
		got = append(got, outcome(workflow.SignalExternalWorkflow(ctx, id, "", "say", "stop").Get(ctx, nil)))
	}
	return got, nil
}

// Stop asks for the cancellation of other workflows, one after the other, and
// returns what came of it.
func Stop(ctx workflow.Context, ids []string) ([]string, error) {
	var got []string
	for _, id := range ids {
		got = append(got, outcome(workflow.RequestCancelExternalWorkflow(ctx, id, "").Get(ctx, nil)))
	}
	return got, nil
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return err.Error()
}

func signalExternal(id, run string, with ...func(*commandpb.SignalExternalWorkflowExecutionCommandAttributes),
) *commandpb.Command {
	a := &commandpb.SignalExternalWorkflowExecutionCommandAttributes{
		Execution:  &commonpb.WorkflowExecution{WorkflowId: id, RunId: run},
		SignalName: "say",
	}
	for _, w := range with {
		w(a)
	}
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{
			SignalExternalWorkflowExecutionCommandAttributes: a,
		},
	}
}

func cancelExternal(id, run string,
	with ...func(*commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes),
) *commandpb.Command {
	a := &commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes{WorkflowId: id, RunId: run}
	for _, w := range with {
		w(a)
	}
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_RequestCancelExternalWorkflowExecutionCommandAttributes{
			RequestCancelExternalWorkflowExecutionCommandAttributes: a,
		},
	}
}

func payloads(s string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{payload(s)}}
}

func payload(s string) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(s)}
}

// other starts a second workflow, on a queue that nobody polls.
func (e *Env) other() (id, run string) {
	e.Helper()
	started := e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-other", TaskQueue: e.Name + "-idle"}, Listen)
	return started.GetID(), started.GetRunID()
}

// noRun is the id of no run.
const noRun = "00000000-0000-4000-8000-000000000000"

// fully makes a signal one with everything in it.
func fully(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes) {
	a.Namespace = "default" //nolint:staticcheck // older workers send it
	a.Input = payloads(`"hello"`)
	a.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"trace": payload(`"1"`)}}
	a.Control = "control" //nolint:staticcheck // older workers use it
}

// answers responds to the next task and waits for what follows from that.
func (e *Env) answers(event string, n int, commands ...*commandpb.Command) {
	e.Helper()
	e.respond(e.poll(""), nil, commands...)
	e.Await(e.Name, nth(event, n))
}

// signalsByHand sends signals in ways that no SDK does.
func signalsByHand(e *Env) {
	id, run := e.other()
	e.Start(Listen)
	e.answers("ExternalWorkflowExecutionSignaled", 1, signalExternal(id, "", fully))
	e.answers("ExternalWorkflowExecutionSignaled", 2, signalExternal(id, run))
	e.answers("SignalExternalWorkflowExecutionFailed", 1, signalExternal(id, noRun))
	e.answers("SignalExternalWorkflowExecutionFailed", 2, signalExternal(id, run,
		func(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes) {
			a.ChildWorkflowOnly = true
			a.Control = "control" //nolint:staticcheck // older workers use it
		}))
	e.answers("SignalExternalWorkflowExecutionFailed", 3, signalExternal(e.Name, ""))
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), id, "", "enough"))
	e.answers("SignalExternalWorkflowExecutionFailed", 4, signalExternal(id, run))
	e.respond(e.poll(""), nil, complete())
}

// cancelsByHand asks for cancellations in ways that no SDK does.
func cancelsByHand(e *Env) {
	id, run := e.other()
	e.Start(Listen)
	e.answers("RequestCancelExternalWorkflowExecutionFailed", 1, cancelExternal(id, run,
		func(a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) { a.ChildWorkflowOnly = true }))
	e.answers("ExternalWorkflowExecutionCancelRequested", 1, cancelExternal(id, run,
		func(a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) {
			a.Namespace = "default" //nolint:staticcheck // older workers send it
			a.Control = "control"   //nolint:staticcheck // older workers use it
			a.Reason = "enough"
		}))
	e.answers("ExternalWorkflowExecutionCancelRequested", 2, cancelExternal(id, ""))
	e.answers("RequestCancelExternalWorkflowExecutionFailed", 2, cancelExternal(id, noRun))
	e.answers("RequestCancelExternalWorkflowExecutionFailed", 3, cancelExternal(e.Name, ""))
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), id, "", "enough"))
	e.answers("ExternalWorkflowExecutionCancelRequested", 3, cancelExternal(id, run))
	e.answers("ExternalWorkflowExecutionCancelRequested", 4, cancelExternal(id, run,
		func(a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) { a.ChildWorkflowOnly = true }))
	e.respond(e.poll(""), nil, complete())
}

func signalIn(namespace string) func(*commandpb.SignalExternalWorkflowExecutionCommandAttributes) {
	return func(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes) {
		a.Namespace = namespace //nolint:staticcheck // older workers send it
	}
}

func cancelIn(namespace string) func(*commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) {
	return func(a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) {
		a.Namespace = namespace //nolint:staticcheck // older workers send it
	}
}

// badExternal are commands to others that fail their task, or are refused.
func badExternal(e *Env) {
	type signal = commandpb.SignalExternalWorkflowExecutionCommandAttributes
	e.Start(Listen)
	long := strings.Repeat("x", 1001)
	e.respond(e.poll(""), nil, signalExternal("", ""))
	t := e.poll("") // the second attempt stays in flight
	for _, c := range []*commandpb.Command{
		{CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION},
		{CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION},
		signalExternal("a", "", func(a *signal) { a.Execution = nil }),
		signalExternal("a", "", func(a *signal) { a.SignalName = "" }),
		signalExternal("a", "", signalIn("nowhere")), signalExternal("a", "", signalIn("other")),
		signalExternal(long, ""), signalExternal("a", "no uuid"),
		cancelExternal("", ""), cancelExternal(long, ""), cancelExternal("a", "no uuid"),
		cancelExternal("a", "", cancelIn("nowhere")), cancelExternal("a", "", cancelIn("other")),
	} {
		e.respond(t, nil, c)
	}
	e.respond(t, nil, complete())
}

func externalScenarios() []Scenario {
	return []Scenario{
		{"signals-others", func(e *Env) {
			e.Worker(worker.Options{}, Listen, Tell)
			other := e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-other"}, Listen)
			e.Await(other.GetID(), has("WorkflowTaskCompleted"))
			e.End(e.Start(Tell, []string{other.GetID(), e.Name, "nobody"}))
			e.End(other)
			e.End(e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-late"}, Tell, []string{other.GetID()}))
		}},
		{"cancels-others", func(e *Env) {
			e.Worker(worker.Options{}, Sleep, Stop)
			other := e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-other"}, Sleep, time.Hour)
			e.Await(other.GetID(), has("TimerStarted"))
			e.End(e.Start(Stop, []string{other.GetID(), e.Name, "nobody"}))
			e.End(other)
			e.End(e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-late"}, Stop, []string{other.GetID()}))
		}},
		{"hand-signals-others", signalsByHand},
		{"hand-cancels-others", cancelsByHand},
		{"hand-bad-external", badExternal},
		{"hand-external-in-flight", func(e *Env) {
			id, _ := e.other()
			e.Start(Listen)
			t := e.respond(e.poll(""), both(more, heartbeat), signalExternal(id, ""))
			e.Await(id, has("WorkflowExecutionSignaled"))
			e.respond(t, nil, startTimer("a", time.Hour))
			e.Await(e.Name, has("ExternalWorkflowExecutionSignaled"))
			t = e.respond(e.poll(""), both(more, heartbeat), cancelExternal(id, ""))
			e.Await(id, has("WorkflowExecutionCancelRequested"))
			e.respond(t, nil, startTimer("b", time.Hour))
			e.Await(e.Name, has("ExternalWorkflowExecutionCancelRequested"))
			e.respond(e.poll(""), nil, complete())
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), id, "", "enough"))
		}},
		{"hand-external-at-the-end", func(e *Env) {
			// What a workflow asks for as it closes does not happen.
			id, _ := e.other()
			e.Start(Listen)
			e.respond(e.poll(""), nil, signalExternal(id, ""), cancelExternal(id, ""), complete())
			e.Must(e.Client.SignalWorkflow(e.Ctx(), id, "", "say", "stop"))
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), id, "", "enough"))
		}},
	}
}

// heartbeat asks for another task at once.
func heartbeat(a *answer) { a.ForceCreateNewWorkflowTask = true }
