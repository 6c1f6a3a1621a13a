package outcomes

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
)

// An Actor has the activities that follow plans. Make it with [NewActor]; it is
// safe for concurrent use.
type Actor struct {
	// Record is what the activities have done.
	Record *Record

	service workflowservice.WorkflowServiceClient
	busy    sync.WaitGroup // activities, and what goes on when they have returned
}

// NewActor returns an actor. Through service its activities do what is not a
// worker's: they ask for their own cancellation and have themselves completed. It
// should be one that always arrives.
func NewActor(service workflowservice.WorkflowServiceClient) *Actor {
	return &Actor{Record: NewRecord(), service: service}
}

// Wait blocks until all activities have returned and nothing goes on any more that
// they have left behind. No activity may begin meanwhile.
func (a *Actor) Wait() { a.busy.Wait() }

// Options are those of a worker that follows plans: they add to what the caller
// chooses.
func (a *Actor) Options(o worker.Options) worker.Options {
	acts := &acts{a}
	o.Workflows = append(o.Workflows, FanOut)
	o.Activities = append(o.Activities, acts)
	o.DefaultHeartbeatThrottleInterval = HeartbeatPause
	o.Limits.PayloadError = MaxResult
	return o
}

// Client is c for a worker of plans: the record learns which heartbeats fail.
func (a *Actor) Client(c worker.Client) worker.Client {
	return listened{listening{c.WorkflowService(), a.Record}}
}

type listened struct {
	service workflowservice.WorkflowServiceClient
}

// WorkflowService implements [worker.Client].
func (l listened) WorkflowService() workflowservice.WorkflowServiceClient { return l.service }

type listening struct {
	workflowservice.WorkflowServiceClient

	record *Record
}

// RecordActivityTaskHeartbeat sends one heartbeat.
func (l listening) RecordActivityTaskHeartbeat(
	ctx context.Context, req *workflowservice.RecordActivityTaskHeartbeatRequest, opts ...grpc.CallOption,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	resp, err := l.WorkflowServiceClient.RecordActivityTaskHeartbeat(ctx, req, opts...)
	if err != nil {
		l.record.unheard(req.GetTaskToken())
	}
	return resp, err
}

// acts are the activities.
type acts struct{ actor *Actor }

// Count cannot be called by those who want it counted: see [Mistyped].
func (a *acts) Count(ctx context.Context, _ int) error {
	info := activity.GetInfo(ctx)
	a.actor.Record.begin(info.ActivityID, info.TaskToken, int(info.Attempt), 0)
	return nil
}

// Act follows the plan.
func (a *acts) Act(ctx context.Context, p Plan) (any, error) {
	a.actor.busy.Add(1)
	defer a.actor.busy.Done()
	s := &scene{Actor: a.actor, ctx: ctx, plan: p, info: activity.GetInfo(ctx)}
	s.attempt = int(s.info.Attempt)
	step := p.Step(s.attempt)
	s.run = a.actor.Record.begin(p.Key, s.info.TaskToken, s.attempt, s.found())
	for i := range step.Beats {
		activity.RecordHeartbeat(ctx, detail(s.attempt, i+1))
	}
	if step.Do.asks() && step.Do != Backoff {
		s.askForCancel()
	}
	return s.do(step.Do)
}

// detail is what the i-th heartbeat of an attempt tells.
func detail(attempt, i int) int { return attempt*1000 + i }

// scene is one attempt.
type scene struct {
	*Actor

	ctx     context.Context //nolint:containedctx // the attempt's, as long as it lasts
	plan    Plan
	info    activity.Info
	attempt int
	run     *Run
}

func (s *scene) found() int {
	n := 0
	if !activity.HasHeartbeatDetails(s.ctx) {
		return 0
	}
	if err := activity.GetHeartbeatDetails(s.ctx, &n); err != nil {
		s.Record.mistake(s.plan.Key, "heartbeat details: %v", err)
	}
	return n
}

// result is what an attempt returns.
func result(key string, attempt int) string {
	return fmt.Sprintf("result of %s, attempt %d", key, attempt)
}

// text is what it says when it fails.
func text(kind Kind, key string, attempt int) string {
	return fmt.Sprintf("%s of %s, attempt %d", kind, key, attempt)
}

// stray is an error of a type of its own.
type stray struct{ text string }

func (e *stray) Error() string { return e.text }

// do does what a step says, after its heartbeats.
func (s *scene) do(kind Kind) (any, error) {
	switch kind {
	case OK:
		return result(s.plan.Key, s.attempt), nil
	case Nothing:
		return nil, nil //nolint:nilnil // that is the point
	case Panic:
		panic(text(kind, s.plan.Key, s.attempt)) //nolint:forbidigo // that is the point
	case Goexit:
		runtime.Goexit()
	case Oversized:
		return strings.Repeat("x", MaxResult), nil
	case Unencodable:
		return make(chan int), nil
	case Overrun, Silent:
		return nil, s.untilStopped()
	case Late:
		_ = s.untilStopped()
		return result(s.plan.Key, s.attempt), nil
	case Revived:
		return nil, s.untilGone()
	case AsyncToken, AsyncID, FailToken, FailID, AsyncCancel:
		s.busy.Go(func() { s.completeFor(kind) })
		return nil, fmt.Errorf("somebody else has it: %w", activity.ErrResultPending)
	case Cancel:
		return nil, s.untilCanceled()
	case CancelDetails:
		_ = s.untilCanceled()
		return nil, temporal.NewCanceledError(text(kind, s.plan.Key, s.attempt))
	case Ignore:
		_ = s.untilCanceled()
		return result(s.plan.Key, s.attempt), nil
	case Spoil:
		_ = s.untilCanceled()
	case Backoff:
		s.busy.Go(s.cancelInBackoff)
	default:
	}
	return nil, failureOf(kind, s.plan.Key, s.attempt)
}

// failureOf is the error of an attempt that fails by itself.
func failureOf(kind Kind, key string, attempt int) error {
	says := text(kind, key, attempt)
	cause := &stray{"cause of " + says}
	switch kind {
	case Plain:
		return errors.New(says)
	case Wrapped:
		return fmt.Errorf("%s: %w", says, temporal.NewApplicationError("inside of "+says, "Inside"))
	case Foreign:
		return temporal.NewTimeoutErrorWithOptions(enumspb.TIMEOUT_TYPE_HEARTBEAT, temporal.TimeoutErrorOptions{Message: says})
	case Unasked:
		return temporal.NewCanceledError()
	case Fatal:
		return temporal.NewNonRetryableApplicationError(says, "Fatal", cause, attempt)
	case Forbidden:
		return temporal.NewApplicationError(says, forbiddenType)
	default:
	}
	o := temporal.ApplicationErrorOptions{Details: []any{attempt}}
	switch kind {
	case Benign:
		o.Category = temporal.ApplicationErrorCategoryBenign
	case Delayed:
		o.NextRetryDelay = retryDelay
	case Backoff:
		o.NextRetryDelay = backoffDelay
	default:
		o.Cause = cause
	}
	return temporal.NewApplicationErrorWithOptions(says, typeOf(kind), o)
}

// typeOf is the type of the application error of a kind.
func typeOf(kind Kind) string { return "Type of " + string(kind) }

// untilStopped waits for the end of the attempt's context.
func (s *scene) untilStopped() error {
	<-s.ctx.Done()
	cause := context.Cause(s.ctx)
	s.Record.told(s.run, cause)
	return cause
}

// untilGone sends heartbeats that the server no longer waits for.
func (s *scene) untilGone() error {
	for {
		select {
		case <-s.ctx.Done():
			return s.untilStopped()
		case <-time.After(5 * ShortTimeout / 2):
			activity.RecordHeartbeat(s.ctx, detail(s.attempt, 1))
		}
	}
}

// untilCanceled sends heartbeats until one is answered with a cancellation.
func (s *scene) untilCanceled() error {
	for {
		select {
		case <-s.ctx.Done():
			_ = s.untilStopped()
			return s.ctx.Err()
		case <-time.After(HeartbeatPause / 2):
			activity.RecordHeartbeat(s.ctx, detail(s.attempt, max(1, s.plan.Step(s.attempt).Beats)))
		}
	}
}
