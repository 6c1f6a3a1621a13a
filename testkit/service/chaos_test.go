package service_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
)

// seeds is how many seeds the chaos is tried with: 24 take two or three seconds.
// scripts/nightly gives more.
var (
	seeds    = flag.Int("seeds", 24, "how many seeds TestChaos tries")
	fromSeed = flag.Uint64("seed", 1, "the first seed that TestChaos tries")
)

// chaos injects faults into calls. A seed decides how the n-th call of each method
// fares, so that a seed that failed once shows much the same again.
type chaos struct {
	seed    uint64
	restart func()
	over    atomic.Bool

	mu    sync.Mutex
	calls map[string]int
	done  map[string]int // faults by their names
}

// decide returns the numbers that decide about one call.
func (c *chaos) decide(method string) *rand.Rand {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[method]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", method, c.calls[method])
	return rand.New(rand.NewPCG(c.seed, h.Sum64())) //nolint:gosec // no secret
}

func (c *chaos) count(fault string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[fault]++
}

func (c *chaos) hook(ctx context.Context, call *service.Call) (proto.Message, error) {
	if c.over.Load() {
		return call.Do(ctx)
	}
	random := c.decide(call.Method)
	d := time.Duration(random.Int64N(int64(15 * time.Second)))
	faults := []struct {
		name  string
		share float64
		hook  service.Hook
	}{
		{"unavailable", 0.06, service.Fail(serviceerror.NewUnavailable("chaos"))},
		{"exhausted", 0.03, service.Fail(serviceerror.NewResourceExhausted(
			enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "chaos"))},
		{"internal", 0.02, service.Fail(serviceerror.NewInternal("chaos"))},
		{"lost", 0.08, service.Lose()},
		{"twice", 0.06, service.Repeat()},
		{"late", 0.05, service.Delay(d)},
		{"answered late", 0.05, service.DelayResponse(d)},
		{"restart", 0.01, func(ctx context.Context, call *service.Call) (proto.Message, error) {
			c.restart()
			return call.Do(ctx)
		}},
	}
	at := random.Float64()
	for _, f := range faults {
		if at -= f.share; at < 0 {
			c.count(f.name)
			return f.hook(ctx, call)
		}
	}
	return call.Do(ctx)
}

// Collect adds up what activities, signals and updates bring, with pauses.
func Collect(ctx workflow.Context, rounds int) (int, error) {
	sum, updates := 0, 0
	err := workflow.SetUpdateHandler(ctx, "add", func(ctx workflow.Context, n int) (int, error) {
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return 0, err
		}
		sum += n
		updates++
		return sum, nil
	})
	if err != nil {
		return 0, err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
	})
	for i := range rounds {
		if err := workflow.Sleep(ctx, time.Duration(i)*time.Minute); err != nil {
			return 0, err
		}
		a, b := workflow.ExecuteActivity(ctx, "Square", i), workflow.ExecuteActivity(ctx, "Square", i+1)
		for _, f := range []workflow.Future{a, b} {
			var n int
			if err := f.Get(ctx, &n); err != nil {
				return 0, err
			}
			sum += n
		}
		var n int
		workflow.GetSignalChannel(ctx, "add").Receive(ctx, &n)
		sum += n
	}
	err = workflow.Await(ctx, func() bool { return updates == rounds })
	return sum, err
}

// collected is what Collect returns, if the i-th signal and update bring 1000 and
// 1000000.
func collected(rounds int) int {
	sum := 0
	for i := range rounds {
		sum += i*i + (i+1)*(i+1) + 1000 + 1000000
	}
	return sum
}

type squares struct{ calls atomic.Int32 }

// Square fails now and then.
func (s *squares) Square(_ context.Context, n int) (int, error) {
	if s.calls.Add(1)%5 == 0 {
		return 0, errors.New("try again")
	}
	return n * n, nil
}

var errNotYet = status.Error(codes.Unavailable, "not yet")

// insist makes a call until it is through, as clients do.
func insist(ctx context.Context, call func() error) error {
	for {
		err := call()
		switch status.Code(err) {
		case codes.OK:
			return nil
		case codes.Unavailable, codes.ResourceExhausted, codes.Internal, codes.DeadlineExceeded:
		default:
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

func number(n int) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(strconv.Itoa(n)),
	}}}
}

// collect is one client: it starts a workflow, sends what that waits for and
// returns how it ended.
func (r rig) collect(ctx context.Context, id string, rounds int) (string, error) {
	err := insist(ctx, func() error {
		_, err := r.c.StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
			Namespace: service.DefaultNamespace, WorkflowId: id, RequestId: id, TaskQueue: queue(),
			WorkflowType: &commonpb.WorkflowType{Name: "Collect"}, Input: number(rounds),
		})
		return err
	})
	e := &commonpb.WorkflowExecution{WorkflowId: id}
	for i := range rounds {
		err = errors.Join(err, insist(ctx, func() error {
			_, err := r.c.SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
				Namespace: service.DefaultNamespace, WorkflowExecution: e, RequestId: fmt.Sprint(id, i),
				SignalName: "add", Input: number(1000),
			})
			return err
		}), insist(ctx, func() error { return r.add(ctx, e, fmt.Sprint(id, i)) }))
	}
	if err != nil {
		return "", err
	}
	var result string
	request := &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: service.DefaultNamespace, Execution: e, WaitNewEvent: true,
		HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
	}
	err = insist(ctx, func() error {
		resp, err := r.c.GetWorkflowExecutionHistory(ctx, request)
		if err != nil {
			return err
		}
		if len(resp.GetHistory().GetEvents()) == 0 {
			request.NextPageToken = resp.GetNextPageToken()
			return errNotYet
		}
		last := resp.GetHistory().GetEvents()[0]
		payloads := last.GetWorkflowExecutionCompletedEventAttributes().GetResult().GetPayloads()
		if len(payloads) != 1 {
			return fmt.Errorf("it ended with %v", last)
		}
		result = string(payloads[0].GetData())
		return nil
	})
	return result, err
}

// add sends an update and waits until it has been accepted.
func (r rig) add(ctx context.Context, e *commonpb.WorkflowExecution, id string) error {
	resp, err := r.c.UpdateWorkflowExecution(ctx, &workflowservice.UpdateWorkflowExecutionRequest{
		Namespace: service.DefaultNamespace, WorkflowExecution: e, Request: &updatepb.Request{
			Meta: &updatepb.Meta{UpdateId: id}, Input: &updatepb.Input{Name: "add", Args: number(1000000)},
		},
		WaitPolicy: &updatepb.WaitPolicy{
			LifecycleStage: enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED,
		},
	})
	switch {
	case status.Code(err) == codes.FailedPrecondition:
		return errNotYet // its workflow task has failed
	case err != nil:
		return err
	case resp.GetStage() < enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED:
		return errNotYet
	case resp.GetOutcome().GetFailure() != nil:
		return fmt.Errorf("the update failed: %v", resp.GetOutcome().GetFailure())
	}
	return nil
}

// TestChaos runs workflows on a worker whose calls go wrong in all ways, as a seed
// will have it. All must end as if nothing had been wrong, the worker must stop,
// and nothing may be left. To see one seed again: -run TestChaos -seed N -seeds 1.
func TestChaos(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	done := make(map[string]int)
	t.Run("seeds", func(t *testing.T) {
		for n := range *seeds {
			seed := *fromSeed + uint64(n) //nolint:gosec // a small number
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				c := &chaos{seed: seed, calls: make(map[string]int), done: make(map[string]int)}
				runChaos(t, c)
				mu.Lock()
				defer mu.Unlock()
				for fault, n := range c.done {
					done[fault] += n
				}
			})
		}
	})
	t.Logf("faults: %v", done)
	if *seeds >= 24 && len(done) < 8 {
		t.Errorf("there were only these faults: %v", done)
	}
}

func runChaos(t *testing.T, c *chaos) {
	t.Helper()
	o := service.Options{Seed: c.seed, Hook: c.hook, WaitTimeout: time.Hour}
	direct, calm := c.seed%4 < 2, c.seed%2 == 0
	if direct && !calm {
		o.Capabilities = &namespacepb.NamespaceInfo_Capabilities{SyncUpdate: true, AsyncUpdate: true}
	}
	in(t, o, func(r rig) {
		c.restart = r.s.Restart
		var client worker.Client = r.s.Direct()
		if !direct {
			conn := dialled(r.t, r.s)
			defer conn.Close()
			client = conn
		}
		c.over.Store(true) // a worker does not start on a server that it cannot ask
		stop := r.workerOf(client, c.worker())
		c.over.Store(false)
		r.collectAll(c)
		// Every other worker has to stop in the middle of it: it may then have to give
		// up polls that nobody ends, which is an error, but no task is lost by that.
		c.over.Store(calm)
		if err := stop(r.t.Context()); err != nil && calm {
			r.t.Errorf("the worker did not stop cleanly: %v", err)
		}
		c.over.Store(true)
		synctest.Wait() // polls that were given up are on their way out
	})
}

// worker is one with a cache or, for some seeds, without.
func (c *chaos) worker() worker.Options {
	o := worker.Options{Workflows: []any{Collect}, Activities: []any{&squares{}}}
	if c.seed%3 == 0 {
		o.MaxCachedWorkflows = new(int)
	}
	return o
}

// collectAll lets some clients collect and checks what they get.
func (r rig) collectAll(c *chaos) {
	r.t.Helper()
	const workflows, rounds = 3, 3
	ctx, cancel := context.WithTimeout(r.t.Context(), month)
	defer cancel()
	var clients sync.WaitGroup
	for i := range workflows {
		clients.Go(func() {
			id := fmt.Sprint("w", i)
			result, err := r.collect(ctx, id, rounds)
			if err != nil || result != strconv.Itoa(collected(rounds)) {
				r.t.Errorf("seed %d: %s returned %q, want %d: %v", c.seed, id, result, collected(rounds), err)
			}
		})
	}
	clients.Wait()
}
