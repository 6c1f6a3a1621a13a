package outcomes_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/outcomes"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// chaos lets the calls of a worker that are about activities go wrong, as a seed will
// have it.
type chaos struct {
	seed uint64

	mu     sync.Mutex
	calls  map[string]int
	faults int
}

// hook is the service's. Calls of the actor, which name nobody, pass.
func (c *chaos) hook(ctx context.Context, call *service.Call) (proto.Message, error) {
	r, ok := call.Request.(interface{ GetIdentity() string })
	if !ok || r.GetIdentity() == "" {
		return call.Do(ctx)
	}
	switch call.Method {
	case "RespondActivityTaskCompleted", "RespondActivityTaskFailed", "RespondActivityTaskCanceled",
		"RecordActivityTaskHeartbeat", "PollActivityTaskQueue":
		return c.fault(call.Method)(ctx, call)
	default:
		return call.Do(ctx)
	}
}

// fault decides about the next call of a method.
func (c *chaos) fault(method string) service.Hook {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[method]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", method, c.calls[method])
	random := rand.New(rand.NewPCG(c.seed, h.Sum64())) //nolint:gosec // no secret
	d := time.Duration(random.Int64N(int64(20 * time.Second)))
	at := random.Float64()
	for _, f := range []struct {
		share float64
		hook  service.Hook
	}{
		{0.08, service.Fail(serviceerror.NewUnavailable("chaos"))},
		{0.08, service.Lose()},
		{0.06, service.Repeat()},
		{0.06, service.Delay(d)},
		{0.06, service.DelayResponse(d)},
	} {
		if at -= f.share; at < 0 {
			c.faults++
			return f.hook
		}
	}
	return func(ctx context.Context, call *service.Call) (proto.Message, error) { return call.Do(ctx) }
}

// TestChaos has tasks, reports and heartbeats go astray. Each history still says what
// one of the attempts did, or that it took too long; no activity is lost, and none
// ends twice. Every other seed has a connection that repeats calls.
func TestChaos(t *testing.T) {
	t.Parallel()
	faults := 0
	var mu sync.Mutex
	sum := eachSeed(t, func(t *testing.T, seed uint64) (v outcomes.Verdict) {
		c := &chaos{seed: seed, calls: make(map[string]int)}
		client := func(t *testing.T, s *service.Service) worker.Client {
			if seed%2 == 0 {
				return s.Direct()
			}
			conn, err := connect.Dial(connect.Options{
				Address: "passthrough:///service", DialOptions: []grpc.DialOption{grpc.WithContextDialer(s.Dial)},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}
		stageOver(t, service.Options{Seed: seed, Hook: c.hook}, client, func(t *testing.T, s outcomes.Stage) {
			s.Rules.Lossy = true
			var err error
			if v, err = s.Drive(t.Context(), outcomes.Generate(seed, perSeed, "a")); err != nil {
				t.Fatal(err)
			}
		})
		mu.Lock()
		defer mu.Unlock()
		faults += c.faults
		return v
	})
	t.Logf("faults: %d", faults)
	if *seeds >= 20 && (faults == 0 || sum.Late == 0) {
		t.Errorf("there were %d faults and %d late activities, want some of both", faults, sum.Late)
	}
}
