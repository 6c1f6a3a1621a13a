package workflow

import (
	"maps"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
)

// ChildWorkflowOptions say how a child workflow is run. Without any, a child
// has the namespace, the task queue and the timeouts of its parent.
type ChildWorkflowOptions struct {
	// Namespace of the child; default: the parent's. Most servers allow no other.
	Namespace string
	// WorkflowID of the child; default: one made of the parent's run id.
	WorkflowID string
	// TaskQueue of the child; default: the parent's.
	TaskQueue string
	// WorkflowExecutionTimeout bounds all runs of the child together; default:
	// unlimited.
	WorkflowExecutionTimeout time.Duration
	// WorkflowRunTimeout bounds one run of the child; default:
	// WorkflowExecutionTimeout.
	WorkflowRunTimeout time.Duration
	// WorkflowTaskTimeout bounds one workflow task of the child; default: the
	// server's, 10 s.
	WorkflowTaskTimeout time.Duration
	// WaitForCancellation has no effect, as in the official SDK: the future of a
	// child that was canceled always waits for the child to end.
	WaitForCancellation bool
	// WorkflowIDReusePolicy says what to do if a workflow of this id has ended
	// before; default: it may have.
	WorkflowIDReusePolicy enumspb.WorkflowIdReusePolicy
	// RetryPolicy of the child; nil is no retry.
	RetryPolicy *temporal.RetryPolicy
	// CronSchedule in UTC, as in "15 8 * * *"; empty is none.
	CronSchedule string
	// Memo is shown beside the child and not indexed.
	Memo map[string]any
	// TypedSearchAttributes are what the child can be found by.
	TypedSearchAttributes temporal.SearchAttributes
	// ParentClosePolicy says what becomes of the child when the parent ends
	// before it; default: it is terminated.
	ParentClosePolicy enumspb.ParentClosePolicy
	// VersioningIntent says which build runs the child, for task queues that are
	// versioned by build id.
	VersioningIntent temporal.VersioningIntent
	// VersioningOverride says which version of a worker deployment runs the child,
	// whatever the parent's is; default: none. Servers before 1.32 refuse it.
	VersioningOverride VersioningOverride
	// StaticSummary is one line that people see beside the child.
	StaticSummary string
	// StaticDetails are more lines of it, in Markdown.
	StaticDetails string
	// Priority orders tasks that wait in one task queue.
	Priority temporal.Priority
}

// WithChildOptions returns a context whose child workflows have these options,
// and so has what it continues as new. Every field is replaced, except that an
// empty Namespace or TaskQueue keeps the one set before: the timeouts of a
// context that went through here are the server's defaults if they are not set.
func WithChildOptions(ctx Context, cwo ChildWorkflowOptions) Context {
	before := GetChildWorkflowOptions(ctx)
	if cwo.Namespace == "" {
		cwo.Namespace = before.Namespace
	}
	if cwo.TaskQueue == "" {
		cwo.TaskQueue = before.TaskQueue
	}
	cwo.RetryPolicy = copyOf(cwo.RetryPolicy)
	return WithValue(ctx, childOptionsKey, &cwo)
}

// copyOf copies a policy, so that changing one that was given changes nothing.
func copyOf(p *temporal.RetryPolicy) *temporal.RetryPolicy {
	return temporal.RetryPolicyFromProto(temporal.RetryPolicyToProto(p))
}

// GetChildWorkflowOptions returns the options that child workflows of ctx have,
// and what it continues as new. They are a copy.
func GetChildWorkflowOptions(ctx Context) ChildWorkflowOptions {
	if set, ok := ctx.Value(childOptionsKey).(*ChildWorkflowOptions); ok {
		o := *set
		o.RetryPolicy = copyOf(o.RetryPolicy)
		o.Memo = maps.Clone(o.Memo)
		return o
	}
	info := runOf(ctx).info
	return ChildWorkflowOptions{
		Namespace:                info.Namespace,
		TaskQueue:                info.TaskQueueName,
		WorkflowExecutionTimeout: info.WorkflowExecutionTimeout,
		WorkflowRunTimeout:       info.WorkflowRunTimeout,
		WorkflowTaskTimeout:      info.WorkflowTaskTimeout,
	}
}

func changeChildOptions(ctx Context, change func(*ChildWorkflowOptions)) Context {
	o := GetChildWorkflowOptions(ctx)
	change(&o)
	return WithValue(ctx, childOptionsKey, &o)
}

// WithWorkflowNamespace sets the namespace of the child workflows of a context,
// and of the workflows that it signals or cancels. Most servers allow no other
// than the workflow's own.
func WithWorkflowNamespace(ctx Context, name string) Context {
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.Namespace = name })
}

// WithWorkflowTaskQueue sets the task queue of the child workflows of a context,
// and of what it continues as new. An empty name panics.
func WithWorkflowTaskQueue(ctx Context, name string) Context {
	if name == "" {
		mistake("empty task queue name")
	}
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.TaskQueue = name })
}

// WithWorkflowID sets the workflow id of the child workflows of a context.
func WithWorkflowID(ctx Context, workflowID string) Context {
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.WorkflowID = workflowID })
}

// WithWorkflowRunTimeout sets ChildWorkflowOptions.WorkflowRunTimeout, also for
// what is continued as new.
func WithWorkflowRunTimeout(ctx Context, d time.Duration) Context {
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.WorkflowRunTimeout = d })
}

// WithWorkflowTaskTimeout sets ChildWorkflowOptions.WorkflowTaskTimeout, also
// for what is continued as new.
func WithWorkflowTaskTimeout(ctx Context, d time.Duration) Context {
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.WorkflowTaskTimeout = d })
}

// WithWorkflowPriority sets ChildWorkflowOptions.Priority.
func WithWorkflowPriority(ctx Context, priority temporal.Priority) Context {
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.Priority = priority })
}

// WithWorkflowVersioningIntent sets ChildWorkflowOptions.VersioningIntent, also
// for what is continued as new.
func WithWorkflowVersioningIntent(ctx Context, intent temporal.VersioningIntent) Context {
	return changeChildOptions(ctx, func(o *ChildWorkflowOptions) { o.VersioningIntent = intent })
}

// inheritsBuild reports whether what is started on the task queue is to run on
// the build that runs this workflow.
func (r *run) inheritsBuild(intent temporal.VersioningIntent, queue string) bool {
	switch intent {
	case temporal.VersioningIntentUseAssignmentRules:
		return false
	case temporal.VersioningIntentUnspecified:
		return queue == "" || queue == r.info.TaskQueueName
	default:
		return true
	}
}
