package task

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// attempt is one task while it runs. It is the activity.Outbound of its activity.
type attempt struct {
	handler  *Handler
	info     activity.Info
	received time.Time
	waited   time.Duration // for a worker, since it was first scheduled
	header   *commonpb.Header
	details  *commonpb.Payloads // that its heartbeats begin with

	workflowType string // empty without a workflow

	outer  context.Context //nolint:containedctx // what reports and observers are given
	dc     converter.DataConverter
	fc     converter.FailureConverter
	beats  heartbeats
	cancel context.CancelCauseFunc
	expire context.CancelFunc // nil without a deadline
	expiry error              // the cause when the deadline passes

	naming sync.Once
	named  *slog.Logger

	mu        sync.Mutex
	why       reason // why we told the activity to stop; the first reason stands
	cause     error  // the cause that goes with it
	gone      bool   // the server does not know the attempt any more
	requested bool   // the server asked for a cancellation, before or after the first reason

	parting *commonpb.Payloads // heartbeat details that the report of a failure carries
}

// newAttempt keeps what will be asked for of t, but not all of it: the arguments may be large, and
// are to be gone when the activity has ended, which is long before its result has arrived if that
// is large too.
func (h *Handler) newAttempt(ctx context.Context, t *workflowservice.PollActivityTaskQueueResponse) *attempt {
	return &attempt{
		handler:  h,
		info:     infoOf(t, h.options.Namespace, h.options.TaskQueue),
		received: time.Now(),
		waited:   between(t.GetScheduledTime(), t.GetStartedTime()),
		header:   t.GetHeader(),
		details:  t.GetHeartbeatDetails(),

		workflowType: t.GetWorkflowType().GetName(),
		outer:        ctx,
	}
}

// tell stops the activity, unless it was told to stop before.
func (a *attempt) tell(why reason, cause error) {
	a.mu.Lock()
	if a.why == reasonNone {
		a.why, a.cause = why, cause
	}
	a.gone = a.gone || why == reasonGone
	a.requested = a.requested || why == reasonRequested
	a.mu.Unlock()
	a.cancel(cause) // the context, too, keeps its first cause
}

func (a *attempt) stopped() (why reason, cause error, gone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.why, a.cause, a.gone
}

func (a *attempt) cancelRequested() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requested
}

// begin makes the activity's context. end must be called.
func (a *attempt) begin(ctx context.Context) (run context.Context) {
	h := a.handler
	run, a.cancel = context.WithCancelCause(ctx)
	if left, kind, bounded := a.info.Bound(); bounded {
		a.info.Deadline = a.received.Add(left)
		a.expiry = temporal.NewTimeoutError(kind, nil)
		run, a.expire = context.WithDeadlineCause(run, a.info.Deadline, a.expiry)
	}
	run = activity.WithOutbound(run, a)
	a.bindConverters(run)

	a.beats.interval = throttleOf(a.info.HeartbeatTimeout,
		h.options.MaxHeartbeatThrottleInterval, h.options.DefaultHeartbeatThrottleInterval)
	a.beats.workerStop = h.options.WorkerStop
	a.beats.newest = a.details
	a.beats.caller = a
	if a.info.HeartbeatTimeout > 0 {
		a.beats.lapseFor = a.info.HeartbeatTimeout + lapseMargin
		a.beats.lapse = time.AfterFunc(a.beats.lapseFor, func() {
			a.tell(reasonHeartbeatTimeout,
				temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_HEARTBEAT, nil))
		})
	}
	return run
}

// end ends the activity's context.
func (a *attempt) end() {
	a.cancel(context.Canceled)
	if a.expire != nil {
		a.expire()
	}
}

// bindConverters tells those converters that want to know what they convert.
func (a *attempt) bindConverters(run context.Context) {
	a.dc = converter.WithContext(run, a.handler.options.DataConverter)
	a.fc = a.handler.options.FailureConverter
	_, dcAware := a.dc.(converter.DataConverterWithSerializationContext)
	_, fcAware := a.fc.(converter.FailureConverterWithSerializationContext)
	if !dcAware && !fcAware {
		return
	}
	var about converter.SerializationContext = converter.ActivitySerializationContext{
		Namespace:    a.info.Namespace,
		WorkflowID:   a.info.WorkflowExecution.ID,
		WorkflowType: a.workflowType,
		ActivityType: a.info.ActivityType.Name,
		TaskQueue:    a.info.TaskQueue,
	}
	a.dc = converter.WithDataConverterSerializationContext(a.dc, about)
	a.fc = converter.WithFailureConverterSerializationContext(a.fc, about)
}

// suit fits the heartbeats to the activity that is about to run.
func (a *attempt) suit(d *activity.Definition) {
	if longest := d.MaxHeartbeatThrottleInterval(); longest > 0 {
		a.beats.interval = min(a.beats.interval, longest)
	}
	if d.AutoHeartbeat() || (a.handler.options.AutoHeartbeat && a.info.HeartbeatTimeout > 0) {
		a.beats.automate()
	}
}

// heartbeat makes one heartbeat call and does what the answer says.
func (a *attempt) heartbeat(
	ctx context.Context, details *commonpb.Payloads, timeout time.Duration,
) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o := &a.handler.options
	response, err := o.Service.RecordActivityTaskHeartbeat(ctx,
		&workflowservice.RecordActivityTaskHeartbeatRequest{
			TaskToken:  a.info.TaskToken,
			Details:    details,
			Identity:   o.Identity,
			Namespace:  o.Namespace,
			ResourceId: a.resourceID(),
		})
	switch {
	case err == nil:
		a.obey(response)
	case isGone(err):
		a.tell(reasonGone, fmt.Errorf("the server does not know this activity attempt "+
			"any more: %w", err))
	case isA[*serviceerror.NamespaceNotActive](err):
		// The attempt may go on to be known where the namespace is active now, or here when
		// it comes back: a report is worth the try.
		a.tell(reasonNotActive, fmt.Errorf("the server has handed over the namespace: %w", err))
	default:
		a.logger().LogAttrs(a.outer, slog.LevelWarn,
			"activity heartbeat was not delivered", slog.Any("error", err))
	}
	if isTooLarge(err) {
		a.refuseHeartbeat(unfit(heartbeatName, details, err))
	}
	return err
}

// lifetime makes the context of all heartbeat calls.
func (a *attempt) lifetime() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.WithoutCancel(a.outer))
}

// beaten tells observers of a heartbeat call.
func (a *attempt) beaten(err error, next time.Time) {
	a.handler.observers.heartbeat(a.outer, Heartbeat{Info: &a.info, Err: err, Next: next})
}

// obey tells the activity what the server wants of it. A cancellation is final, a pause only
// defers, and a reset starts again: they rank in this order.
func (a *attempt) obey(response *workflowservice.RecordActivityTaskHeartbeatResponse) {
	switch {
	case response.GetCancelRequested():
		a.tell(reasonRequested, temporal.NewCanceledError())
	case response.GetActivityPaused():
		a.tell(reasonPaused, activity.ErrActivityPaused)
	case response.GetActivityReset():
		a.tell(reasonReset, activity.ErrActivityReset)
	}
}

// isGone says whether an error means that the attempt is over for the server.
func isGone(err error) bool {
	return isA[*serviceerror.NotFound](err) || isA[*serviceerror.NamespaceNotFound](err)
}

// GetInfo describes the attempt.
func (a *attempt) GetInfo(context.Context) activity.Info { return a.info }

// GetLogger names the attempt in each line.
func (a *attempt) GetLogger(context.Context) log.Logger { return a.logger() }

// GetMetricsHandler names the activity's type, the workflow's and the task queue.
func (a *attempt) GetMetricsHandler(context.Context) metrics.Handler {
	if _, nop := a.handler.options.Metrics.(metrics.NopHandler); nop {
		return metrics.NopHandler{}
	}
	return a.handler.options.Metrics.WithTags(map[string]string{
		"activity_type": a.info.ActivityType.Name,
		"task_queue":    a.info.TaskQueue,
		"workflow_type": a.workflowType,
	})
}

// GetWorkerStopChannel is the worker's.
func (a *attempt) GetWorkerStopChannel(context.Context) <-chan struct{} {
	return a.handler.options.WorkerStop
}

// RecordHeartbeat encodes details and sends them now or later.
func (a *attempt) RecordHeartbeat(ctx context.Context, details ...any) {
	var payloads *commonpb.Payloads
	if len(details) > 0 {
		var err error
		if payloads, err = a.dc.ToPayloads(details...); err != nil {
			a.refuseHeartbeat(fmt.Errorf("unable to encode activity heartbeat details: %w", err))
			return
		}
	}
	a.RecordEncodedHeartbeat(ctx, payloads)
}

// RecordEncodedHeartbeat sends details now or later.
func (a *attempt) RecordEncodedHeartbeat(ctx context.Context, details *commonpb.Payloads) {
	if err := a.fits(heartbeatName, details); err != nil {
		a.refuseHeartbeat(err)
		return
	}
	a.beats.record(ctx, details)
}

// EncodedHeartbeatDetails is what the task came with.
func (a *attempt) EncodedHeartbeatDetails(context.Context) *commonpb.Payloads {
	return a.details
}

// HeartbeatStatus tells of the heartbeats so far.
func (a *attempt) HeartbeatStatus(context.Context) activity.HeartbeatStatus {
	return a.beats.status()
}

// heartbeatName is what errors call one.
const heartbeatName = "activity heartbeat"

// refuseHeartbeat fails an attempt whose heartbeat will never arrive.
func (a *attempt) refuseHeartbeat(err error) {
	a.logger().LogAttrs(a.outer, slog.LevelError, "activity heartbeat was dropped", slog.Any("error", err))
	a.tell(reasonHeartbeatEncoding, err)
}

// HasHeartbeatDetails says whether the task came with details.
func (a *attempt) HasHeartbeatDetails(context.Context) bool {
	return a.details != nil
}

// GetHeartbeatDetails decodes them.
func (a *attempt) GetHeartbeatDetails(_ context.Context, pointers ...any) error {
	if a.details == nil {
		return temporal.ErrNoData
	}
	return a.dc.FromPayloads(a.details, pointers...)
}

// resourceID is what servers route calls about the attempt by.
func (a *attempt) resourceID() string {
	if a.info.IsWorkflowActivity() {
		return a.info.WorkflowExecution.ID
	}
	return a.info.ActivityID
}

// logger names the attempt in each line. Most attempts need none, so it is made when asked for.
func (a *attempt) logger() *slog.Logger {
	a.naming.Do(func() { a.named = a.handler.options.Logger.With(a.nameAttrs()...) })
	return a.named
}

// nameAttrs names the attempt under the keys that Temporal's own workers use.
func (a *attempt) nameAttrs() []any {
	attrs := []any{
		slog.String("ActivityID", a.info.ActivityID),
		slog.String("ActivityType", a.info.ActivityType.Name),
		slog.Int("Attempt", int(a.info.Attempt)),
	}
	if a.info.IsWorkflowActivity() {
		attrs = append(attrs,
			slog.String("WorkflowType", a.workflowType),
			slog.String("WorkflowID", a.info.WorkflowExecution.ID),
			slog.String("RunID", a.info.WorkflowExecution.RunID))
	} else {
		attrs = append(attrs, slog.String("ActivityRunID", a.info.ActivityRunID))
	}
	return attrs
}
