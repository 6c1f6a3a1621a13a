package scenarios

import (
	"errors"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Try fails until the attempt of the number.
func Try(ctx workflow.Context, until int) (int, error) {
	attempt := int(workflow.GetInfo(ctx).Attempt)
	if attempt < until {
		return attempt, temporal.NewApplicationErrorWithOptions("not yet", "Early", temporal.ApplicationErrorOptions{
			Details: []any{attempt},
		})
	}
	return attempt, nil
}

// Refuse fails in the way that is named.
func Refuse(ctx workflow.Context, how string) error {
	switch how {
	case "for good":
		return temporal.NewNonRetryableApplicationError(how, "Refused", nil)
	case "later":
		return temporal.NewApplicationErrorWithOptions(how, "Refused", temporal.ApplicationErrorOptions{
			NextRetryDelay: time.Hour,
		})
	case "canceled":
		return temporal.NewCanceledError(how)
	case "panic":
		return errors.New("none of these")
	default:
		return temporal.NewApplicationError(how, how)
	}
}

func retryScenarios() []Scenario {
	return []Scenario{
		{"retried", func(e *Env) {
			e.Worker(worker.Options{}, Try)
			e.endChain(e.StartWith(client.StartWorkflowOptions{
				RetryPolicy:              &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, MaximumInterval: time.Second},
				WorkflowExecutionTimeout: time.Hour, Memo: map[string]any{"color": "blue"},
			}, Try, 3))
			e.Note("%s", describe(e, e.Name))
		}},
		{"retried-in-vain", retriedInVain},
		{"retried-after-timeout", func(e *Env) {
			e.endChain(e.StartWith(client.StartWorkflowOptions{
				WorkflowRunTimeout: time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2},
			}, Listen))
		}},
		{"retried-too-late", func(e *Env) {
			// The next attempt would begin when the execution's time is over.
			e.Worker(worker.Options{}, Try)
			e.endChain(e.StartWith(client.StartWorkflowOptions{
				WorkflowExecutionTimeout: 10 * time.Minute, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Hour},
			}, Try, 2))
		}},
		{"retried-while-backing-off", retriedWhileBackingOff},
		{"retry-policies", retryPolicies},
	}
}

// retriedInVain are failures after which there is no other attempt.
func retriedInVain(e *Env) {
	e.Worker(worker.Options{}, Refuse, Try)
	policy := &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, NonRetryableErrorTypes: []string{"never"}}
	var runs []client.WorkflowRun
	for _, how := range []string{"for good", "never", "canceled"} {
		runs = append(runs, e.StartWith(client.StartWorkflowOptions{ID: e.Name + "-" + how, RetryPolicy: policy}, Refuse, how))
	}
	most := &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 2}
	runs = append(runs, e.StartWith(client.StartWorkflowOptions{RetryPolicy: most}, Try, 100))
	for _, run := range runs {
		e.endChain(run)
	}
	// The failure asks for an hour, the policy allows a minute.
	later := e.StartWith(client.StartWorkflowOptions{
		ID: e.Name + "-later", RetryPolicy: &temporal.RetryPolicy{MaximumInterval: time.Minute},
	}, Refuse, "later")
	e.next(execution(later))
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), later.GetID(), "", "over"))
}

// retriedWhileBackingOff does what can be done to a run that waits for its first
// workflow task.
func retriedWhileBackingOff(e *Env) {
	stop := e.Worker(worker.Options{}, Try)
	first := e.StartWith(client.StartWorkflowOptions{RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Hour}}, Try, 2)
	e.next(execution(first))
	stop()
	e.signal()
	e.Note("%s", describe(e, e.Name))
	e.Must(e.Client.CancelWorkflow(e.Ctx(), e.Name, "")) // this does not wait
	e.signal()
	e.Note("%s", describe(e, e.Name))
	e.respond(e.poll(""), nil, complete())
}

// retryPolicies are policies that no server takes, and one that leaves all open.
func retryPolicies(e *Env) {
	for _, p := range []*commonpb.RetryPolicy{
		{BackoffCoefficient: 0.5},
		{InitialInterval: durationpb.New(-time.Second)},
		{MaximumInterval: durationpb.New(-time.Second)},
		{InitialInterval: durationpb.New(time.Minute), MaximumInterval: durationpb.New(time.Second)},
		{MaximumAttempts: -1},
		{NonRetryableErrorTypes: []string{"TemporalTimeout:Never"}},
		{NonRetryableErrorTypes: []string{"TemporalTimeout:StartToClose"}, MaximumAttempts: 1, BackoffCoefficient: 0.5},
		{},
	} {
		resp, err := e.Service.StartWorkflowExecution(e.Ctx(), &workflowservice.StartWorkflowExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
			TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: p.String(), RetryPolicy: p,
		})
		e.NoteErr("start", err)
		if err == nil {
			e.Keep(e.Name, resp.GetRunId())
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
		}
	}
}
