package scenarios

import (
	"time"

	"github.com/google/uuid"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"
)

type resetRequest = workflowservice.ResetWorkflowExecutionRequest

// goBack resets the scenario's workflow, with what a test changes of the request,
// to before the event.
func (e *Env) goBack(to int64, with ...func(*resetRequest)) {
	e.Helper()
	req := &resetRequest{
		Namespace: "default", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.Name},
		Reason: "once more", WorkflowTaskFinishEventId: to, RequestId: uuid.NewString(), Identity: Identity,
	}
	for _, w := range with {
		w(req)
	}
	resp, err := e.Service.ResetWorkflowExecution(e.Ctx(), req)
	e.NoteErr("reset", err)
	if err == nil {
		e.Keep(e.Name, resp.GetRunId())
	}
}

// of resets this run.
func of(run string) func(*resetRequest) {
	return func(r *resetRequest) { r.WorkflowExecution.RunId = run }
}

func goBackScenarios() []Scenario {
	return []Scenario{
		{"goes-back", goesBack},
		{"goes-back-unstarted", func(e *Env) {
			e.Start(Listen)
			e.signal()
			e.goBack(3) // the task has not begun
			e.respond(e.poll(""), nil, startTimer("a", time.Hour))
			e.signal()
			e.fail(e.poll(""))
			e.goBack(e.last("WorkflowTaskFailed"))
			e.fail(e.poll(""))
			e.signal()
			e.goBack(e.last("WorkflowTaskFailed") + 1) // the second attempt has not begun either
			e.respond(e.poll(""), nil, cancelTimer("a"), complete())
		}},
		{"goes-back-without", goesBackWithout},
		{"goes-back-with-updates", goesBackWithUpdates},
		{"goes-back-from-the-end", func(e *Env) {
			first := e.Start(Listen)
			e.respond(e.poll(""), nil, complete())
			e.goBack(4)
			e.respond(e.poll(""), nil, complete())
			e.goBack(4, of(first.GetRunID())) // once more from there
			e.respond(e.poll(""), nil, complete())
			e.Note("first: %s", describeRun(e, e.Name, first.GetRunID()))
			e.Note("latest: %s", describe(e, e.Name))
		}},
		{"goes-back-in-a-chain", goesBackInChain},
		{"goes-back-with-a-child", goesBackWithChild},
		{"goes-back-badly", goesBackBadly},
	}
}

// goesBack drops what has happened since a task: what it did, and a task in
// flight. What waited then waits again, and signals come again.
func goesBack(e *Env) {
	first := e.StartWith(client.StartWorkflowOptions{
		WorkflowExecutionTimeout: time.Hour, Memo: map[string]any{"color": "blue"},
	}, Listen)
	t := e.poll("")
	e.signal()
	e.respond(t, nil, startTimer("a", time.Hour), startTimer("b", time.Hour), scheduleActivity(e, "1"))
	e.respond(e.poll(""), nil, cancelTimer("a"), requestCancel(e.last("ActivityTaskScheduled")))
	e.signal()
	t = e.poll("")
	e.signal() // kept back: the task is in flight
	e.goBack(e.last("WorkflowTaskCompleted"))
	e.respond(t, nil, complete())
	e.Note("first: %s", describeRun(e, e.Name, first.GetRunID()))
	e.Note("latest: %s", describe(e, e.Name))
	e.respondActivity(e.pollActivity())
	e.respond(e.poll(""), nil, cancelTimer("a"), cancelTimer("b"), complete())
}

// goesBackWithout leaves out what came later.
func goesBackWithout(e *Env) {
	e.Start(Listen)
	e.respond(e.poll(""), nil)
	e.signal()
	first := e.runs[0].GetRunId()
	for _, with := range []func(*resetRequest){
		func(r *resetRequest) {
			r.ResetReapplyExcludeTypes = []enumspb.ResetReapplyExcludeType{enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL}
		},
		func(r *resetRequest) {
			r.ResetReapplyType = enumspb.RESET_REAPPLY_TYPE_NONE //nolint:staticcheck // older clients use it
		},
		func(r *resetRequest) {
			r.ResetReapplyType = enumspb.RESET_REAPPLY_TYPE_SIGNAL //nolint:staticcheck // older clients use it
		},
	} {
		e.goBack(4, of(first), with)
		e.respond(e.poll(""), nil)
	}
	e.terminate()
}

// goesBackWithUpdates makes an update again that came later, and remembers one
// that came before.
func goesBackWithUpdates(e *Env) {
	stop := e.Worker(worker.Options{}, Talk)
	e.Start(Talk)
	e.Await(e.Name, has("WorkflowTaskCompleted"))
	e.say("hello")
	e.say("again")
	stop()
	e.goBack(e.last("WorkflowTaskCompleted"))
	e.Worker(worker.Options{}, Talk)
	e.Await(e.Name, nth("WorkflowExecutionUpdateCompleted", 2))
	e.say("hello") // it was made before
	e.say("again") // it has been made again
	e.say("more")
	e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
	e.End(e.Client.GetWorkflow(e.Ctx(), e.Name, ""))
}

// goesBackInChain resets the first run of a chain, whose latest is open: that
// ends, and signals of all come again.
func goesBackInChain(e *Env) {
	first := e.Start(Listen)
	e.respond(e.poll(""), nil)
	e.signal()
	e.respond(e.poll(""), nil, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
		a.BackoffStartInterval = durationpb.New(time.Hour)
	}))
	e.next(execution(first))
	e.signal()
	e.goBack(4, of(first.GetRunID()))
	e.Note("latest: %s", describe(e, e.Name))
	e.respond(e.poll(""), nil, continueAsNew(nil))
	e.next(e.runs[len(e.runs)-1])
	e.terminate()
}

// goesBackWithChild resets a workflow that has a child: the child finds the run
// that goes on.
func goesBackWithChild(e *Env) {
	e.bear(childPolicy(enumspb.PARENT_CLOSE_POLICY_TERMINATE))
	e.respond(e.poll(""), nil)
	e.signal()
	e.respond(e.poll(""), nil)
	to := e.last("WorkflowTaskCompleted")
	e.goBack(to)
	e.Note("latest: %s", describe(e, e.Name))
	e.respond(e.poll(""), nil)
	e.respond(e.pollQueue(e.child()), nil, complete())
	e.Await(e.Name, has("ChildWorkflowExecutionCompleted"))
	e.goBack(to) // its end comes again
	e.respond(e.poll(""), nil, complete())
}

// goesBackBadly are resets that no server makes, and ones that are made twice.
func goesBackBadly(e *Env) {
	e.goBack(3, func(r *resetRequest) { r.WorkflowExecution.WorkflowId = "unknown" })
	start, twice := uuid.NewString(), uuid.NewString()
	e.startRaw(start)
	e.respond(e.poll(""), nil, startTimer("a", time.Hour), startTimer("b", time.Hour))
	e.goBack(4, func(r *resetRequest) { r.RequestId = "" })
	e.goBack(4, func(r *resetRequest) { r.WorkflowExecution = nil })
	e.goBack(4, of("x"))
	e.goBack(4, of(noRun))
	e.goBack(4, func(r *resetRequest) { r.Namespace = "nowhere" })
	e.goBack(4, func(r *resetRequest) { r.PostResetOperations = []*workflowpb.PostResetOperation{{}} })
	for _, to := range []int64{0, 1, 2, 5, 6, 7, 100} {
		e.Note("to %d", to)
		e.goBack(to)
	}
	e.signal()
	e.goBack(8) // behind the timers no task waits
	once := func(r *resetRequest) { r.RequestId = twice }
	e.goBack(4, once)
	e.goBack(4, once)
	e.goBack(4, func(r *resetRequest) { r.RequestId = start })
	e.terminate()
}

// startRaw starts the scenario's workflow with the request id.
func (e *Env) startRaw(request string) {
	e.Helper()
	resp, err := e.Service.StartWorkflowExecution(e.Ctx(), &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
		TaskQueue: e.queue(), RequestId: request, Identity: Identity,
	})
	e.Must(err)
	e.Keep(e.Name, resp.GetRunId())
}

// last is the id of the last event of the type in the latest run.
func (e *Env) last(kind string) int64 {
	e.Helper()
	id := int64(0)
	for _, event := range e.History(&commonpb.WorkflowExecution{WorkflowId: e.Name}) {
		if event.GetEventType().String() == kind {
			id = event.GetEventId()
		}
	}
	return id
}
