package workflow

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// Execution names a workflow run.
type Execution = temporal.WorkflowExecution

// Type names a workflow type.
type Type = temporal.WorkflowType

// Info tells a workflow about its run.
type Info struct {
	// WorkflowExecution is the run.
	WorkflowExecution Execution
	// OriginalRunID is the run's id before any reset: it stays the same.
	OriginalRunID string
	// FirstRunID is the id of the first run in the chain of continue-as-new,
	// retries, cron and resets.
	FirstRunID string
	// WorkflowType is the type of the workflow.
	WorkflowType Type
	// TaskQueueName is the task queue that the run was started on.
	TaskQueueName string
	// WorkflowExecutionTimeout bounds the chain of runs; zero is none.
	WorkflowExecutionTimeout time.Duration
	// WorkflowRunTimeout bounds this run; zero is none.
	WorkflowRunTimeout time.Duration
	// WorkflowTaskTimeout bounds one workflow task.
	WorkflowTaskTimeout time.Duration
	// Namespace of the run.
	Namespace string
	// Attempt counts from 1 and grows with each retry of the workflow.
	Attempt int32
	// WorkflowStartTime is when the server started the run.
	WorkflowStartTime time.Time
	// CronSchedule of the workflow; empty is none.
	CronSchedule string
	// ContinuedExecutionRunID is the run that this one continues.
	ContinuedExecutionRunID string
	// ParentWorkflowNamespace is the namespace of the parent.
	ParentWorkflowNamespace string
	// ParentWorkflowExecution is the parent; nil if there is none.
	ParentWorkflowExecution *Execution
	// RootWorkflowExecution is the top of the tree of parents; nil for the top itself.
	RootWorkflowExecution *Execution
	// Memo as it is now, with what [UpsertMemo] has changed. It is replaced when it
	// changes.
	Memo *commonpb.Memo
	// RetryPolicy of the workflow; nil is none.
	RetryPolicy *temporal.RetryPolicy
	// Priority of the workflow.
	Priority temporal.Priority
	// BinaryChecksum is what names the worker that ran the current task in old
	// histories; in new ones it is the worker's build id. See GetBinaryChecksum.
	BinaryChecksum string

	env *env.Env
}

func newInfo(e *env.Env) Info {
	s := e.Info.Started
	return Info{
		WorkflowExecution:        Execution{ID: e.Details.WorkflowID, RunID: e.Details.RunID},
		OriginalRunID:            s.GetOriginalExecutionRunId(),
		FirstRunID:               s.GetFirstExecutionRunId(),
		WorkflowType:             Type{Name: e.Details.WorkflowType},
		TaskQueueName:            s.GetTaskQueue().GetName(),
		WorkflowExecutionTimeout: s.GetWorkflowExecutionTimeout().AsDuration(),
		WorkflowRunTimeout:       s.GetWorkflowRunTimeout().AsDuration(),
		WorkflowTaskTimeout:      s.GetWorkflowTaskTimeout().AsDuration(),
		Namespace:                e.Details.Namespace,
		Attempt:                  s.GetAttempt(),
		WorkflowStartTime:        e.Info.StartTime,
		CronSchedule:             s.GetCronSchedule(),
		ContinuedExecutionRunID:  s.GetContinuedExecutionRunId(),
		ParentWorkflowNamespace:  s.GetParentWorkflowNamespace(),
		ParentWorkflowExecution:  execution(s.GetParentWorkflowExecution()),
		RootWorkflowExecution:    execution(s.GetRootWorkflowExecution()),
		Memo:                     e.Info.Memo,
		RetryPolicy:              temporal.RetryPolicyFromProto(s.GetRetryPolicy()),
		Priority:                 temporal.PriorityFromProto(s.GetPriority()),
		env:                      e,
	}
}

func execution(e *commonpb.WorkflowExecution) *Execution {
	if e == nil {
		return nil
	}
	return &Execution{ID: e.GetWorkflowId(), RunID: e.GetRunId()}
}

// GetCurrentHistoryLength returns the number of events at the current task.
func (i *Info) GetCurrentHistoryLength() int { return int(i.env.Info.HistoryLength) }

// GetCurrentHistorySize returns the size in bytes at the current task.
func (i *Info) GetCurrentHistorySize() int { return int(i.env.Info.HistorySize) }

// GetContinueAsNewSuggested reports whether the server would like the workflow
// to continue as new, because its history has grown long.
func (i *Info) GetContinueAsNewSuggested() bool { return i.env.Info.ContinueAsNewSuggested }

// GetContinueAsNewSuggestedReasons returns why the server would like it to.
func (i *Info) GetContinueAsNewSuggestedReasons() []ContinueAsNewSuggestedReason {
	out := make([]ContinueAsNewSuggestedReason, 0, len(i.env.Info.ContinueAsNewReasons))
	for _, reason := range i.env.Info.ContinueAsNewReasons {
		out = append(out, ContinueAsNewSuggestedReason(reason))
	}
	return out
}

// GetCurrentBuildID returns the build id of the worker that runs the current
// task: this worker's own if it runs for the first time, and in replay that of
// the one that ran it. It may be empty. Code may branch on it. In a query it is
// that of the task that changed the workflow last.
func (i *Info) GetCurrentBuildID() string { return i.env.Info.BuildID }

// GetBinaryChecksum returns BinaryChecksum as it is now. Use GetCurrentBuildID
// instead, unless histories were written with checksums only. Both are a checksum of
// the executable where a worker of core was given no build id.
func (i *Info) GetBinaryChecksum() string { return i.env.Info.BinaryChecksum }

// GetTargetWorkerDeploymentVersionChanged reports whether a new run of the
// workflow would be on another version of its worker deployment than this one:
// a reason to continue as new.
func (i *Info) GetTargetWorkerDeploymentVersionChanged() bool { return i.env.Info.TargetVersionChanged }

// GetInfo returns what is known of the run of ctx.
func GetInfo(ctx Context) *Info { return runOf(ctx).outbound.GetInfo(ctx) }

func (o rootOutbound) GetInfo(Context) *Info {
	i := &o.run.info
	i.BinaryChecksum = o.run.env.Info.BinaryChecksum
	return i
}

// Now returns the workflow's clock: the time of the current workflow task, the
// same whenever the workflow is replayed.
func Now(ctx Context) time.Time { return runOf(ctx).outbound.Now(ctx) }

func (o rootOutbound) Now(Context) time.Time { return o.run.env.Now }

// IsReplaying reports whether the code runs again over what it did before. Use
// it for side effects that do no harm if they are lost, such as logs; never
// for what the workflow does.
func IsReplaying(ctx Context) bool { return runOf(ctx).outbound.IsReplaying(ctx) }

func (o rootOutbound) IsReplaying(Context) bool { return o.run.env.Replaying }

// IsReadOnly reports whether the code runs where the workflow must not be
// changed: in a query handler or an update validator.
func IsReadOnly(ctx Context) bool { return runOf(ctx).env.ReadOnly }

// GetLogger returns a logger that is silent while the workflow is replayed. In
// an update handler its lines name the update.
func GetLogger(ctx Context) log.Logger { return runOf(ctx).outbound.GetLogger(ctx) }

func (o rootOutbound) GetLogger(ctx Context) log.Logger {
	if u := updateInfoOf(ctx); u != nil {
		return log.With(o.run.log(), "UpdateID", u.ID, "UpdateName", u.Name)
	}
	return o.run.log()
}

// log returns the logger of the run.
func (r *run) log() log.Logger {
	reports := r.reporting()
	if reports.logger == nil {
		reports.logger = replayLogger{env: r.env, to: r.env.Logger()}
	}
	return reports.logger
}

// replayLogger is silent in replay, so that every line is logged once.
type replayLogger struct {
	env *env.Env
	to  log.Logger
}

func (l replayLogger) speaks() bool { return !l.env.Replaying || l.env.LogInReplay }

func (l replayLogger) Debug(msg string, keyvals ...any) {
	if l.speaks() {
		l.to.Debug(msg, keyvals...)
	}
}

func (l replayLogger) Info(msg string, keyvals ...any) {
	if l.speaks() {
		l.to.Info(msg, keyvals...)
	}
}

func (l replayLogger) Warn(msg string, keyvals ...any) {
	if l.speaks() {
		l.to.Warn(msg, keyvals...)
	}
}

func (l replayLogger) Error(msg string, keyvals ...any) {
	if l.speaks() {
		l.to.Error(msg, keyvals...)
	}
}

// With returns a logger that adds keyvals to every line.
func (l replayLogger) With(keyvals ...any) log.Logger {
	return replayLogger{env: l.env, to: log.With(l.to, keyvals...)}
}
