package realserver_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/integration/outcomes"
)

var (
	// activities is how many TestOutcomes runs.
	activities = flag.Int("activities", 1000, "how many activities TestOutcomes runs")
	// outcomesSeed decides what they do.
	outcomesSeed = flag.Uint64("outcomes-seed", 1, "what the activities of TestOutcomes do")
)

// TestOutcomes has activities end in all ways, at random, and compares the histories
// with what the activities did. To see all of it:
// -run 'TestOutcomes$' -activities=10000 -outcomes-seed=$RANDOM.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	stage := outcomesStage(t, dial(t))
	began := time.Now()
	v, err := stage.Drive(t.Context(), outcomes.Generate(*outcomesSeed, *activities, "a"))
	if err != nil {
		t.Fatal(err)
	}
	reportVerdict(t, v, time.Since(began))
	for _, kind := range outcomes.Kinds() {
		if *activities >= 1000 && v.Ends[kind] == 0 {
			t.Errorf("no activity ended with %q; there were only %v", kind, v.Ends)
		}
	}
}

// TestOutcomesOverABadConnection is TestOutcomes for a worker whose reports and
// heartbeats fail now and then, before or after they have reached the server.
func TestOutcomesOverABadConnection(t *testing.T) {
	t.Parallel()
	const share = 0.2                                            // of the calls; of those that are repeated hardly any is lost
	random, failed := rand.New(rand.NewPCG(*outcomesSeed, 0)), 0 //nolint:gosec // no secret
	var mu sync.Mutex
	bad := func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		switch method[strings.LastIndexByte(method, '/')+1:] {
		case "RespondActivityTaskCompleted", "RespondActivityTaskFailed", "RespondActivityTaskCanceled",
			"RecordActivityTaskHeartbeat":
		default:
			return invoke(ctx, method, req, reply, cc, opts...)
		}
		mu.Lock()
		at := random.Float64()
		if at < share {
			failed++
		}
		mu.Unlock()
		if at < share/2 {
			return status.Error(codes.Unavailable, "the call got lost")
		}
		err := invoke(ctx, method, req, reply, cc, opts...)
		if at < share {
			return status.Error(codes.Unavailable, "the answer got lost")
		}
		return err
	}
	c, err := connect.Dial(connect.Options{
		Address: server.Address(), DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(bad)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	began := time.Now()
	v, err := outcomesStage(t, c).Drive(t.Context(), outcomes.Generate(*outcomesSeed, *activities/4, "a"))
	if err != nil {
		t.Fatal(err)
	}
	reportVerdict(t, v, time.Since(began))
	mu.Lock()
	defer mu.Unlock()
	if t.Logf("%d calls failed", failed); failed == 0 {
		t.Error("no call has failed")
	}
}

// outcomesStage runs a worker of plans, which is stopped when the test ends. What
// is not the worker's goes another way than through c.
func outcomesStage(t *testing.T, c worker.Client) outcomes.Stage {
	t.Helper()
	queue, service := taskQueue(t), dial(t).WorkflowService()
	actor := outcomes.NewActor(service)
	w := startWorker(t, actor.Client(c), queue, actor.Options(worker.Options{
		MaxConcurrentActivities: 2000, MaxConcurrentActivityTaskPolls: 10,
		// A busy machine may keep workflow code waiting for its turn.
		DeadlockDetectionTimeout: time.Minute,
	}))
	t.Cleanup(func() {
		awaitIdle(t, w)
	})
	return outcomes.Stage{
		Service: service, Namespace: embedded.DefaultNamespace, TaskQueue: queue,
		Actor: actor, Rules: outcomes.Rules{Late: true}, Each: 50, AtOnce: 12,
	}
}

// awaitIdle waits until no activity holds a slot.
func awaitIdle(t *testing.T, w *worker.Worker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	for w.Stats().ActivitySlots.Used != 0 {
		select {
		case <-ctx.Done():
			t.Errorf("%d slots are in use when nothing runs", w.Stats().ActivitySlots.Used)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// reportVerdict fails the test for what does not fit, and logs the numbers.
func reportVerdict(t *testing.T, v outcomes.Verdict, took time.Duration) {
	t.Helper()
	slices.Sort(v.Mismatches)
	for i, m := range v.Mismatches {
		if i == 50 {
			t.Errorf("and %d more", len(v.Mismatches)-i)
			break
		}
		t.Error(m)
	}
	ended := 0
	for _, n := range v.Ends {
		ended += n
	}
	t.Logf("%d activities with %d attempts in %v; late for load: %d; ends: %v",
		ended, v.Attempts, took.Round(time.Second/10), v.Late, v.Ends)
}
