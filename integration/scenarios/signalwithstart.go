package scenarios

import (
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"
)

type signalWithStart = workflowservice.SignalWithStartWorkflowExecutionRequest

// signalWithStart sends a signal to the scenario's workflow, or starts it with
// that, and notes what comes of it.
func (e *Env) signalWithStart(what string, with func(*signalWithStart)) {
	e.Helper()
	req := &signalWithStart{
		Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, Identity: Identity, SignalName: "say", RequestId: what,
	}
	if with != nil {
		with(req)
	}
	resp, err := e.Service.SignalWithStartWorkflowExecution(e.Ctx(), req)
	e.NoteErr(what, err)
	if err == nil {
		e.Note("%s", Message(resp))
		e.Keep(req.GetWorkflowId(), resp.GetRunId())
	}
}

func signalWithStartScenarios() []Scenario {
	return alone([]Scenario{
		{"signal-with-start", func(e *Env) {
			e.Worker(worker.Options{}, Listen)
			for _, say := range []string{"hello", "stop"} {
				run, err := e.Client.SignalWithStartWorkflow(e.Ctx(), e.Name, "say", say, client.StartWorkflowOptions{
					TaskQueue: e.Name, Memo: map[string]any{"color": "blue"}, StaticSummary: "one that listens",
				}, Listen)
				e.Must(err)
				e.Keep(run.GetID(), run.GetRunID())
				e.Await(e.Name, has("WorkflowTaskCompleted"))
				if say == "stop" {
					e.End(run)
				}
			}
		}},
		{"signal-with-start-twice", func(e *Env) {
			e.signalWithStart("first", nil)
			e.signalWithStart("first", nil)
			e.signalWithStart("second", nil)
			e.signalWithStart("second", nil)
			e.signalWithStart("of no name", func(r *signalWithStart) { r.RequestId = "" })
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
			e.signalWithStart("second", nil)
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
		}},
		{"signal-with-start-conflict", signalConflict},
		{"signal-with-start-reuse", signalReuse},
		{"signal-with-start-closing", func(e *Env) {
			e.Start(Listen)
			t := e.poll("")
			e.signalWithStart("in flight", nil)
			e.respond(t, nil, complete())
			t = e.poll("")
			e.signalWithStart("while it closes", nil)
			e.NoteErr("signal", e.Client.SignalWorkflow(e.within(second), e.Name, "", "say", "once more"))
			e.respond(t, nil, complete())
		}},
		{"signal-with-start-delayed", func(e *Env) {
			later := func(r *signalWithStart) { r.WorkflowStartDelay = durationpb.New(time.Hour) }
			e.signalWithStart("first", later)
			e.signal()
			e.Note("%s", describe(e, e.Name))
			e.signalWithStart("second", later) // this one does not wait
			e.respond(e.poll(""), nil, complete())
		}},
		{"signal-with-start-bad", badSignalWithStart},
	})
}

// signalConflict signals a workflow that is open, with every policy.
func signalConflict(e *Env) {
	e.signalWithStart("start", nil)
	for _, p := range []enumspb.WorkflowIdConflictPolicy{
		enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
	} {
		e.signalWithStart(p.String(), func(r *signalWithStart) { r.WorkflowIdConflictPolicy = p })
	}
	e.signalWithStart("the same request", func(r *signalWithStart) {
		r.RequestId = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING.String()
	})
	for _, p := range []enumspb.WorkflowIdReusePolicy{
		enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING, //nolint:staticcheck // older clients use it
	} {
		e.signalWithStart(p.String(), func(r *signalWithStart) { r.WorkflowIdReusePolicy = p })
	}
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
}

// signalReuse signals a workflow that is closed, with every policy.
func signalReuse(e *Env) {
	e.Worker(worker.Options{}, Greet, Fail)
	after := func(kind string, p enumspb.WorkflowIdReusePolicy) {
		id := e.Name + "-" + kind
		e.signalWithStart(p.String()+" after "+kind, func(r *signalWithStart) {
			r.WorkflowId, r.WorkflowIdReusePolicy, r.TaskQueue.Name = id, p, "nobody"
		})
		if d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), id, ""); err == nil &&
			d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), id, "", "over"))
		}
	}
	for _, p := range []enumspb.WorkflowIdReusePolicy{
		enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING, //nolint:staticcheck // older clients use it
	} {
		e.End(e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-done"}, Greet, "Ada"))
		after("done", p)
		e.End(e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-failed"}, Fail))
		after("failed", p)
	}
}

// badSignalWithStart are requests that no server takes.
func badSignalWithStart(e *Env) {
	long := strings.Repeat("x", 1001)
	for _, bad := range []struct {
		what  string
		spoil func(*signalWithStart)
	}{
		{"no id", func(r *signalWithStart) { r.WorkflowId = "" }},
		{"long id", func(r *signalWithStart) { r.WorkflowId = long }},
		{"no signal", func(r *signalWithStart) { r.SignalName = "" }},
		{"long signal", func(r *signalWithStart) { r.SignalName = long }},
		{"no type", func(r *signalWithStart) { r.WorkflowType = nil }},
		{"long type", func(r *signalWithStart) { r.WorkflowType.Name = long }},
		{"no queue", func(r *signalWithStart) { r.TaskQueue = nil }},
		{"long request", func(r *signalWithStart) { r.RequestId = long }},
		{"past timeout", func(r *signalWithStart) { r.WorkflowTaskTimeout = durationpb.New(-1) }},
		{"no namespace", func(r *signalWithStart) { r.Namespace = "nowhere" }},
		{"bad retry policy", func(r *signalWithStart) { r.RetryPolicy = &commonpb.RetryPolicy{BackoffCoefficient: 0.5} }},
		{"past delay", func(r *signalWithStart) { r.WorkflowStartDelay = durationpb.New(-1) }},
		{"bad schedule", func(r *signalWithStart) { r.CronSchedule = "never" }},
		{"delay and schedule", func(r *signalWithStart) {
			r.CronSchedule, r.WorkflowStartDelay = "* * * * *", durationpb.New(1)
		}},
		{"bad priority", func(r *signalWithStart) { r.Priority = &commonpb.Priority{PriorityKey: -1} }},
		{"no sense", func(r *signalWithStart) {
			r.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
			r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
		}},
		{"no sense either", func(r *signalWithStart) {
			r.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING //nolint:staticcheck // older clients use it
			r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
		}},
	} {
		e.signalWithStart(bad.what, bad.spoil)
	}
}
