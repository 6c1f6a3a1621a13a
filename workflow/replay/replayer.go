package replay

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/retrace"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

const (
	// namespaceOfReplay is where runs are of whose namespace nothing is known.
	namespaceOfReplay = "ReplayNamespace"
	// idOfReplay is the workflow id of those of whose id nothing is known.
	idOfReplay = "ReplayId"
)

// A WorkflowReplayer replays histories of the workflows registered with it.
// Register first: afterwards it is safe for concurrent use.
type WorkflowReplayer struct {
	options  WorkflowReplayerOptions
	runner   runner.Runner
	registry workflow.Registry
	rejected []error // registrations that failed

	mu      sync.Mutex
	results map[string]*commonpb.Payloads // by workflow id
}

// NewWorkflowReplayer returns a replayer of Go functions with all defaults.
func NewWorkflowReplayer() *WorkflowReplayer {
	var o WorkflowReplayerOptions
	_ = o.complete() // refuses only what is set
	return newReplayer(o)
}

// NewWorkflowReplayerWithOptions returns a replayer, or an error that says
// which options do not go together.
func NewWorkflowReplayerWithOptions(o WorkflowReplayerOptions) (*WorkflowReplayer, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return newReplayer(o), nil
}

func newReplayer(o WorkflowReplayerOptions) *WorkflowReplayer {
	r := &WorkflowReplayer{options: o, results: make(map[string]*commonpb.Payloads)}
	if r.runner = o.Runner; r.runner == nil {
		r.runner = r.native(nil)
	}
	return r
}

// RegisterWorkflow registers a workflow function under its own name. A mistake
// is returned, and again by every replay, so that it is not missed.
func (r *WorkflowReplayer) RegisterWorkflow(w any) error {
	return r.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{})
}

// RegisterWorkflowWithOptions is RegisterWorkflow with options.
func (r *WorkflowReplayer) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) error {
	return r.register(r.registry.RegisterWorkflowWithOptions(w, options))
}

// RegisterDynamicWorkflow registers the workflow that runs every type that
// nothing else is registered for.
func (r *WorkflowReplayer) RegisterDynamicWorkflow(w any, options workflow.DynamicRegisterOptions) error {
	return r.register(r.registry.RegisterDynamicWorkflow(w, options))
}

// register tells the runner of what is registered, or remembers why not.
func (r *WorkflowReplayer) register(err error) error {
	if err == nil {
		err = r.prepare(r.runner)
	}
	if err != nil {
		r.rejected = append(r.rejected, err)
	}
	return err
}

func (r *WorkflowReplayer) prepare(run runner.Runner) error {
	for _, def := range r.registry.Definitions() {
		if err := run.Prepare(def); err != nil {
			return fmt.Errorf("runner %T cannot run workflow %q: %w", run, def.Type, err)
		}
	}
	return nil
}

// runnerFor returns the runner of a replay, whose workflows log to logger if
// they may.
func (r *WorkflowReplayer) runnerFor(logger log.Logger) (runner.Runner, error) {
	if logger == nil || !r.options.EnableLoggingInReplay {
		return r.runner, nil
	}
	loud := r.native(slogOf(logger))
	return loud, r.prepare(loud)
}

// ReplayWorkflowHistoryOptions are the options of
// [WorkflowReplayer.ReplayWorkflowHistoryWithOptions].
type ReplayWorkflowHistoryOptions struct { //nolint:revive // the SDK's name
	// OriginalExecution is the run that the history is of. Default: the ids that
	// are recorded in it, as far as they are.
	OriginalExecution workflow.Execution
}

// ReplayWorkflowHistory replays a history. The error is an [*Error]; a logger,
// which may be nil, is told of it too.
func (r *WorkflowReplayer) ReplayWorkflowHistory(logger log.Logger, history *historypb.History) error {
	return r.ReplayWorkflowHistoryWithOptions(logger, history, ReplayWorkflowHistoryOptions{})
}

// ReplayWorkflowHistoryWithOptions is ReplayWorkflowHistory with options.
func (r *WorkflowReplayer) ReplayWorkflowHistoryWithOptions(
	logger log.Logger, history *historypb.History, options ReplayWorkflowHistoryOptions,
) error {
	return r.one(context.Background(), logger, Source{
		Execution: options.OriginalExecution,
		Load:      func(context.Context) (*historypb.History, error) { return history, nil },
	})
}

// ReplayWorkflowHistoryFromJSONFile replays a history from a file, as
// [HistoryFromJSON] reads it. To write one:
//
//	temporal workflow show --workflow-id ID --output json > FILE
func (r *WorkflowReplayer) ReplayWorkflowHistoryFromJSONFile(logger log.Logger, jsonfileName string) error {
	return r.ReplayPartialWorkflowHistoryFromJSONFile(logger, jsonfileName, 0)
}

// ReplayPartialWorkflowHistoryFromJSONFile replays the events up to and
// including lastEventID; zero is all of them.
func (r *WorkflowReplayer) ReplayPartialWorkflowHistoryFromJSONFile(
	logger log.Logger, jsonfileName string, lastEventID int64,
) error {
	return r.one(context.Background(), logger, Source{
		Name: jsonfileName,
		Load: func(context.Context) (*historypb.History, error) {
			return HistoryFromFile(jsonfileName, lastEventID)
		},
	})
}

// ReplayWorkflowExecution fetches the history of a run and replays it. An empty
// RunID means the latest run of the workflow.
func (r *WorkflowReplayer) ReplayWorkflowExecution(
	ctx context.Context, service Service, logger log.Logger, namespace string, execution workflow.Execution,
) error {
	return r.one(ctx, logger, FromService(service, namespace, execution))
}

// GetWorkflowResult decodes the result of a run that one of the methods above
// has replayed to its completion. An empty id means the last one that was
// replayed without an id in its options.
func (r *WorkflowReplayer) GetWorkflowResult(workflowID string, valuePtr any) error {
	r.mu.Lock()
	result, ok := r.results[cmp.Or(workflowID, idOfReplay)]
	r.mu.Unlock()
	if !ok {
		return errors.New("workflow result not found")
	}
	return r.options.DataConverter.FromPayloads(result, valuePtr)
}

// one replays one history for a caller that wants an error.
func (r *WorkflowReplayer) one(ctx context.Context, logger log.Logger, s Source) error {
	result := r.Replay(ctx, logger, s)
	if result.completed {
		r.keep(s, result)
	}
	return result.Err
}

// keep remembers the result of a run for GetWorkflowResult.
func (r *WorkflowReplayer) keep(s Source, result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[result.Execution.ID] = result.value
	if s.Execution.ID == "" {
		r.results[idOfReplay] = result.value
	}
}

// Replay loads and replays one history. The result's error is an [*Error]; a
// logger, which may be nil, is told of it too.
func (r *WorkflowReplayer) Replay(ctx context.Context, logger log.Logger, s Source) (result Result) {
	began := time.Now()
	result.Source, result.Execution, result.Outcome = s.Name, s.Execution, Same
	err := r.replay(ctx, logger, s, &result)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Execution, e.WorkflowType = result.Execution, result.WorkflowType
		result.Outcome, result.Err = e.Outcome, e
	}
	result.Took = time.Since(began)
	if result.Err != nil && logger != nil {
		logger.Error("Workflow replay ended",
			"WorkflowType", result.WorkflowType, "WorkflowID", result.Execution.ID,
			"RunID", result.Execution.RunID, "Outcome", string(result.Outcome), "Error", result.Err)
	}
	return result
}

// replay returns an *Error or nil.
func (r *WorkflowReplayer) replay(ctx context.Context, logger log.Logger, s Source, result *Result) error {
	refused := func(err error) error { return &Error{Outcome: NotReplayed, Err: err} }
	if err := errors.Join(r.rejected...); err != nil {
		return refused(err)
	}
	run, err := r.runnerFor(logger)
	if err != nil {
		return refused(err)
	}
	history, err := s.Load(ctx)
	if err != nil {
		return refused(err)
	}
	result.Events = len(history.GetEvents())
	if err := check(history); err != nil {
		return refused(err)
	}
	first := history.Events[0].GetWorkflowExecutionStartedEventAttributes()
	result.WorkflowType = first.GetWorkflowType().GetName()
	result.Execution = workflow.Execution{
		ID:    cmp.Or(s.Execution.ID, first.GetWorkflowId(), idOfReplay),
		RunID: cmp.Or(s.Execution.RunID, first.GetOriginalExecutionRunId(), newRunID()),
	}
	var d *drive
	coro.Unlocked(func() {
		d, err = r.drive(ctx, run, runner.Details{
			Namespace:    cmp.Or(s.Namespace, namespaceOfReplay),
			WorkflowID:   result.Execution.ID,
			RunID:        result.Execution.RunID,
			WorkflowType: result.WorkflowType,
		}, history.Events)
	})
	result.Tasks = d.tasks
	if err != nil {
		result.Tasks = max(0, d.tasks-1)
		return r.judge(err, d.started)
	}
	result.completed, result.value = d.completed, d.result
	return nil
}

// drive replays events on an instance of their own.
func (r *WorkflowReplayer) drive(
	ctx context.Context, run runner.Runner, details runner.Details, events []*historypb.HistoryEvent,
) (*drive, error) {
	d := new(drive)
	instance, err := run.NewInstance(details)
	if err != nil {
		return d, err
	}
	defer instance.Close()
	d.instance = instance
	if err = d.run(ctx, events); err == nil {
		err = d.ended(events[len(events)-1])
	}
	if found, ok := errors.AsType[*machine.NondeterminismError](err); ok {
		r.explain(ctx, details, events, found)
	}
	return d, err
}

// explain adds to a difference where in the code it was made.
func (r *WorkflowReplayer) explain(
	ctx context.Context, details runner.Details, events []*historypb.HistoryEvent, found *machine.NondeterminismError,
) {
	instance, err := r.runner.NewInstance(details)
	if err != nil {
		return // the difference is as good as it was
	}
	defer instance.Close()
	task := machine.Task{PreviousStartedID: lastCompleted(events)}
	retrace.Explain(ctx, instance, task, func(context.Context) ([]*historypb.HistoryEvent, bool, error) {
		return events, true, nil
	}, found)
}

// ended checks that the code came to the end that history came to.
func (d *drive) ended(last *historypb.HistoryEvent) error {
	switch last.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		if !d.closed {
			return &machine.HistoryError{Reason: fmt.Sprintf(
				"replay workflow doesn't return the same result as the last event: the last event is %s (event %d), "+
					"and no completed workflow task comes before it", last.GetEventType(), last.GetEventId())}
		}
	default:
	}
	return nil
}

// judge makes an *Error of what ended a replay.
func (r *WorkflowReplayer) judge(err error, started int64) error {
	e := &Error{Outcome: NotReplayed, StartedEventID: started, Err: err}
	if failed, ok := errors.AsType[*failedTaskError](err); ok {
		e.Outcome, e.Err = Differs, r.options.FailureConverter.FailureToError(failed.Failure)
	}
	if _, ok := errors.AsType[*machine.NondeterminismError](err); ok {
		e.Outcome = Differs
	}
	return e
}

// newRunID makes up the id of a run of which none is known.
func newRunID() string { return "replay-" + rand.Text() }
