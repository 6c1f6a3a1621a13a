package stops_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/stops"
	"github.com/mainspring-go/mainspring/testkit/service"
)

var (
	seeds = flag.Int("stops.seeds", 200, "how many stops of each kind are tried")
	first = flag.Uint64("stops.first", 0, "the first seed")
)

const (
	queue = "stops"
	flows = 6
)

// A network takes its time, and loses nothing, not even the answer to a call that its caller has
// canceled: what a poll has returned is what counts here.
type network struct {
	chance func(n int) int
	ledger *stops.Ledger
	told   error // what ShutdownWorker fails with
	second atomic.Bool
}

func (n *network) hook(ctx context.Context, call *service.Call) (proto.Message, error) {
	if call.Method == "ShutdownWorker" && n.told != nil && !n.second.Load() {
		return nil, n.told
	}
	time.Sleep(time.Duration(n.chance(3)) * 5 * time.Millisecond)
	response, err := call.Do(ctx)
	if !n.second.Load() {
		n.ledger.Note(call.Request, response)
	}
	time.Sleep(time.Duration(n.chance(3)) * 5 * time.Millisecond)
	return response, err
}

func TestStopsLoseNothing(t *testing.T) {
	for name, drains := range map[string]bool{"server ends polls": true, "server is old": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all tally
			for seed := range uint64(*seeds) {
				t.Run(fmt.Sprint(*first+seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { stopOnce(t, *first+seed, drains, &all) })
				})
			}
			t.Logf("%d stops of %d flows with %d tasks received, %d tasks waited in a sticky queue in vain",
				*seeds, *seeds*flows, all.received, all.Waiting)
		})
	}
}

type tally struct {
	stops.Timeouts
	received int
}

// stopOnce stops a worker at a random moment and lets another one finish.
func stopOnce(t *testing.T, seed uint64, drains bool, all *tally) {
	t.Helper()
	chance := rand.New(rand.NewPCG(seed, 7))
	ledger := new(stops.Ledger)
	n := &network{chance: rand.IntN, ledger: ledger}
	if chance.IntN(10) == 0 {
		n.told = []error{
			serviceerror.NewUnimplemented("never heard of it"), serviceerror.NewUnavailable("not now"),
		}[chance.IntN(2)]
	}
	can := service.DefaultCapabilities()
	can.WorkerPollCompleteOnShutdown = drains
	s := newService(t, can, n.hook)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	c := s.Client()
	for i := range uint64(flows) {
		if err := stops.Start(ctx, c, service.DefaultNamespace, queue, fmt.Sprint("flow ", i), seed*flows+i); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorker(t, s, options(chance))
	ran := make(chan error, 1)
	until, stop := context.WithTimeout(ctx, time.Duration(chance.IntN(120))*5*time.Millisecond)
	defer stop()
	go func() { ran <- w.Run(until) }()
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	if left := ledger.Unanswered(); len(left) > 0 {
		t.Errorf("seed %d: received and not answered: %q", seed, left)
	}
	checkNumbers(t, w, ledger.Received())

	n.second.Store(true)
	next := newWorker(t, s, worker.Options{})
	err := worker.With(ctx, next, func(ctx context.Context) error {
		var found stops.Timeouts
		for i := range flows {
			one, err := stops.End(ctx, c, service.DefaultNamespace, fmt.Sprint("flow ", i))
			if err != nil {
				return err
			}
			found.Add(one)
		}
		if found.Started > 0 {
			t.Errorf("seed %d: %d tasks timed out", seed, found.Started)
		}
		all.Add(found)
		return nil
	})
	if err != nil {
		t.Errorf("seed %d: the next worker: %v", seed, err)
	}
	all.received += ledger.Received()
	if err := s.Leftovers(); err != nil {
		t.Error(err)
	}
}

// options are those of a worker with much room or little, and with time to stop or without.
func options(chance *rand.Rand) worker.Options {
	o := worker.Options{GracefulShutdownTimeout: time.Duration(chance.IntN(4)) * 50 * time.Millisecond}
	if chance.IntN(2) == 0 {
		o.MaxConcurrentActivities, o.MaxConcurrentLocalActivities = 2, 1
	}
	switch chance.IntN(4) {
	case 0:
		o.MaxConcurrentWorkflowTasks = 2
	case 1:
		o.MaxCachedWorkflows = new(int)
	}
	return o
}

// checkNumbers compares what the worker says of itself with what it was given.
func checkNumbers(t *testing.T, w *worker.Worker, received int) {
	t.Helper()
	report, over := w.Report()
	if !over || report.Err() != nil {
		t.Errorf("report, over %v:\n%v", over, report)
	}
	stats := w.Stats()
	if n := stats.WorkflowTasks + stats.Activities; n != uint64(received) {
		t.Errorf("the worker counts %d workflow tasks and %d activities, and received %d tasks",
			stats.WorkflowTasks, stats.Activities, received)
	}
	for _, p := range stats.Pollers {
		if p.Handling+p.InFlight+p.Expecting > 0 {
			t.Errorf("left: %+v", p)
		}
	}
	if stats.WorkflowSlots.Issued+stats.ActivitySlots.Issued+stats.LocalActivitySlots.Issued+stats.Cache.Entries > 0 {
		t.Errorf("left: %+v", stats)
	}
}

func newWorker(t *testing.T, s *service.Service, o worker.Options) *worker.Worker {
	t.Helper()
	o.Workflows, o.Activities = []any{stops.Flow}, []any{stops.Work, stops.Deaf}
	o.Logger = slog.New(slog.DiscardHandler)
	w, err := worker.New(s.Direct(), queue, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newService(t *testing.T, can *namespacepb.NamespaceInfo_Capabilities, hook service.Hook) *service.Service {
	t.Helper()
	s, err := service.New(service.Options{Capabilities: can, Hook: hook})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
