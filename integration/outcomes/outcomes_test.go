package outcomes_test

import (
	"context"
	"flag"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/outcomes"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// seeds is how many seeds are tried: a hundred take some seconds. scripts/nightly
// gives more.
var (
	seeds    = flag.Int("seeds", 100, "how many seeds the tests of outcomes try")
	fromSeed = flag.Uint64("seed", 1, "the first seed that they try")
)

const (
	queue = "acts"
	// perSeed is how many activities a seed has.
	perSeed = 40
)

// stageFor runs a worker of plans on a service in memory and calls f, in a bubble.
func stageFor(t *testing.T, o service.Options, f func(t *testing.T, s outcomes.Stage)) {
	t.Helper()
	stageOver(t, o, func(_ *testing.T, s *service.Service) worker.Client { return s.Direct() }, f)
}

// stageOver is stageFor for a worker that reaches the service some other way.
func stageOver(
	t *testing.T, o service.Options, client func(*testing.T, *service.Service) worker.Client,
	f func(t *testing.T, s outcomes.Stage),
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := service.New(o)
		if err != nil {
			t.Fatal(err)
		}
		actor := outcomes.NewActor(s.Client())
		w, err := worker.New(actor.Client(client(t, s)), queue, actor.Options(worker.Options{
			Logger: slog.New(slog.DiscardHandler), MaxConcurrentActivities: 1000,
		}))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f(t, outcomes.Stage{
			Service: s.Client(), Namespace: service.DefaultNamespace, TaskQueue: queue,
			Actor: actor, Each: perSeed, AtOnce: 1,
		})
		time.Sleep(time.Minute) // reports of attempts that are over may be on their way
		synctest.Wait()
		if used := w.Stats().ActivitySlots.Used; used != 0 {
			t.Errorf("%d slots are in use when nothing runs", used)
		}
		if err := w.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("the worker did not stop cleanly: %v", err)
		}
		if err := s.Leftovers(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// eachSeed runs test for the seeds that the flags ask for, and adds up what it finds.
func eachSeed(t *testing.T, test func(t *testing.T, seed uint64) outcomes.Verdict) outcomes.Verdict {
	t.Helper()
	var mu sync.Mutex
	sum := outcomes.NewVerdict()
	t.Run("seeds", func(t *testing.T) {
		for n := range *seeds {
			seed := *fromSeed + uint64(n) //nolint:gosec // a small number
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				v := test(t, seed)
				for _, m := range v.Mismatches {
					t.Errorf("seed %d: %s", seed, m)
				}
				mu.Lock()
				defer mu.Unlock()
				sum.Add(v)
			})
		}
	})
	t.Logf("attempts: %d, ends: %v, late: %d", sum.Attempts, sum.Ends, sum.Late)
	return sum
}

// TestOnVirtualTime has a worker follow the plans of many seeds on the service in
// memory. To see one seed again: -run TestOnVirtualTime -seed N -seeds 1.
func TestOnVirtualTime(t *testing.T) {
	t.Parallel()
	sum := eachSeed(t, func(t *testing.T, seed uint64) (v outcomes.Verdict) {
		stageFor(t, service.Options{Seed: seed}, func(t *testing.T, s outcomes.Stage) {
			var err error
			if v, err = s.Drive(t.Context(), outcomes.Generate(seed, perSeed, "a")); err != nil {
				t.Fatal(err)
			}
		})
		return v
	})
	for _, kind := range outcomes.Kinds() {
		if *seeds >= 100 && sum.Ends[kind] == 0 {
			t.Errorf("no activity ended with %q; there were only %v", kind, sum.Ends)
		}
	}
}
