package executortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// suite is the checks, which differ by what the executor is like.
type suite struct{ can Abilities }

// rig is an executor under test and all that was asked of it.
type rig struct {
	activity.Executor

	can      Abilities
	registry *activity.Registry
	calls    []*call
}

// capacity is how many places the executors under test have; without a limit, how many calls are made
// at once.
const capacity = 3

func (s suite) rig(mk New) (*rig, error) {
	r := &rig{Executor: mk(capacity), can: s.can, registry: activity.NewRegistry()}
	return r, Register(r.registry)
}

// onRig makes a check of one that needs a new executor, which it closes.
func (s suite) onRig(check func(r *rig, ctx context.Context) error) func(context.Context, New) error {
	return func(ctx context.Context, mk New) error {
		r, err := s.rig(mk)
		defer r.close()
		if err != nil {
			return err
		}
		return check(r, ctx)
	}
}

// errNotReturned is the error of a call whose Execute has not returned, and never will.
var errNotReturned = errors.New("the call of Execute did not return")

// call is one goroutine's Execute.
type call struct {
	executor activity.Executor
	call     activity.Call
	env      activity.Environment
	ctx      context.Context //nolint:containedctx // a call under test has one
	cancel   context.CancelCauseFunc
	stop     chan struct{}
	release  func()
	done     chan struct{} // closed when Execute has returned and the two below are set
	result   *commonpb.Payloads
	err      error

	mu    sync.Mutex
	beats []string
	late  []string // heartbeats after Execute had returned
}

func (c *call) beat(_ context.Context, details []any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprint(details...)
	if p, ok := remote(details); ok {
		text = p
	}
	if c.returned() {
		c.late = append(c.late, text)
		return
	}
	c.beats = append(c.beats, text)
}

// remote decodes details that an executor passes on as they came, encoded.
func remote(details []any) (text string, ok bool) {
	if len(details) != 1 {
		return "", false
	}
	p, ok := details[0].(*commonpb.Payloads)
	if !ok {
		return "", false
	}
	err := converter.GetDefaultDataConverter().FromPayloads(p, &text)
	return text, err == nil
}

func (c *call) heard() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.beats)
}

func (c *call) began() bool { return slices.Contains(c.heard(), began) }

// returned reports whether Execute has returned.
func (c *call) returned() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// newCall prepares a call of one of the suite's activities.
func (r *rig) newCall(ctx context.Context, name string, args ...any) (*call, error) {
	d, err := r.registry.Lookup(prefix + name)
	if err != nil {
		return nil, err
	}
	input, err := converter.GetDefaultDataConverter().ToPayloads(args...)
	if err != nil {
		return nil, err
	}
	c := &call{
		executor: r.Executor, err: errNotReturned,
		call: activity.Call{Type: prefix + name, Input: input, Definition: d},
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	c.release = sync.OnceFunc(func() { close(c.stop) })
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.env = activity.Environment{
		Info: activity.Info{
			ActivityID: fmt.Sprint(len(r.calls)), ActivityType: activity.Type{Name: prefix + name},
			WorkflowExecution: activity.WorkflowExecution{ID: "workflow", RunID: "run"},
			WorkflowType:      &activity.WorkflowType{Name: "Suite"},
			TaskQueue:         "queue", Namespace: "namespace", Attempt: 3, HeartbeatTimeout: time.Minute,
		},
		WorkerStop: c.stop, Heartbeat: c.beat,
	}
	r.calls = append(r.calls, c)
	return c, nil
}

// execute begins the call.
func (c *call) execute() {
	ctx := activity.WithOutbound(c.ctx, &c.env)
	go func() {
		defer close(c.done)
		c.result, c.err = c.executor.Execute(ctx, &c.call)
	}()
}

// start begins a call and waits until all has been done that will be by now.
func (r *rig) start(ctx context.Context, name string, args ...any) (*call, error) {
	c, err := r.newCall(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	c.execute()
	r.settle()
	return c, nil
}

// hold starts a call that must begin at once.
func (r *rig) hold(ctx context.Context) (*call, error) {
	c, err := r.start(ctx, "Hold")
	if err != nil {
		return nil, err
	}
	if !r.until(c.began) {
		return nil, errors.New("a call does not begin, though there is a place")
	}
	return c, nil
}

// holdAll starts as many calls as run at once.
func (r *rig) holdAll(ctx context.Context) ([]*call, error) {
	var all []*call
	for i := range capacity {
		c, err := r.hold(ctx)
		if err != nil {
			return nil, fmt.Errorf("call %d of %d: %w", i+1, capacity, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// run runs a call to its end.
func (r *rig) run(ctx context.Context, name string, args ...any) (*call, error) {
	c, err := r.start(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	return c, r.over(c)
}

// over waits for the end of a call.
func (r *rig) over(c *call) error {
	if !r.until(c.returned) {
		return errNotReturned
	}
	return nil
}

// everyPlace checks that all places are free, and leaves them so.
func (r *rig) everyPlace(ctx context.Context) error {
	all, err := r.holdAll(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		c.release()
		if err := r.over(c); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until the executor has done all that it will do by now.
func (r *rig) settle() {
	if !r.can.Remote {
		synctest.Wait()
		return
	}
	if r.can.Settle == 0 {
		r.can.Settle = 200 * time.Millisecond
	}
	time.Sleep(r.can.Settle)
}

// until waits until something is so; what is not so after a while never will be.
func (r *rig) until(so func() bool) bool {
	for range 100 {
		if so() {
			return true
		}
		r.settle()
		if so() {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return so()
}

// close ends all that is under way, so that no goroutine outlives the check.
func (r *rig) close() {
	for _, c := range r.calls {
		c.release()
		c.cancel(context.Canceled)
	}
	for _, c := range r.calls {
		r.until(c.returned)
	}
	if r.can.Close != nil {
		r.can.Close(r.Executor)
	}
	r.settle()
}

// value decodes the result of a call.
func value[T any](c *call) (v T, err error) {
	if c.err != nil {
		return v, fmt.Errorf("unexpected error: %w", c.err)
	}
	return v, converter.GetDefaultDataConverter().FromPayloads(c.result, &v)
}
