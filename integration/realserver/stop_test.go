package realserver_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/integration/stops"
)

// TestTwoHundredStopsLoseNothing replaces workers at random moments while workflows flow, on a server
// that ends the polls of a worker that stops and on one that does not. What a poll has returned is
// answered, and all workflows complete. Tasks that never reached a worker are counted, and not
// judged: a server that hands a task to a poll as that is cut short times it out, and one on a
// machine that is short of processors may do so anyway.
func TestTwoHundredStopsLoseNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		namespace string
		stops     int
		grace     time.Duration // the longest
	}{
		"server ends polls": {embedded.DefaultNamespace, 140, 100 * time.Millisecond},
		"server does not":   {oldNamespace, 60, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := replacing{namespace: tt.namespace, queue: taskQueue(t), grace: tt.grace}
			f := startFlows(t, tt.namespace, r.queue, 12)
			r.replace(t, tt.stops, f.finish)
			t.Logf("%d stops, %d workflows, %d tasks received; timed out: %d on their way, %d in sticky queues",
				tt.stops, f.ended, r.received, f.found.Started, f.found.Waiting)
		})
	}
}

// flows are workflows that run, so many at any time.
type flows struct {
	enough chan struct{} // closed when no more are to be started
	all    sync.WaitGroup

	mu    sync.Mutex
	ended int
	found stops.Timeouts
}

func startFlows(t *testing.T, namespace, queue string, atOnce int) *flows {
	t.Helper()
	f := &flows{enough: make(chan struct{})}
	c := dial(t).WorkflowService()
	for lane := range atOnce {
		f.all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-f.enough:
					return
				default:
				}
				if err := f.one(t, c, namespace, queue, fmt.Sprintf("%s-%d-%d", queue, lane, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return f
}

// one runs a workflow to its end.
func (f *flows) one(t *testing.T, c workflowservice.WorkflowServiceClient, namespace, queue, id string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience) // a task may time out, and another one
	defer cancel()
	if err := stops.Start(ctx, c, namespace, queue, id, rand.Uint64()); err != nil {
		return err
	}
	found, err := stops.End(ctx, c, namespace, id)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended++
	f.found.Add(found)
	return err
}

// finish starts no more and waits for those that run.
func (f *flows) finish() {
	close(f.enough)
	f.all.Wait()
}

// A replacing replaces the worker of a queue.
type replacing struct {
	namespace, queue string
	grace            time.Duration
	received         int
}

// replace starts a worker and stops the one before it at a random moment, n times. The last one stays
// until finish returns.
func (r *replacing) replace(t *testing.T, n int, finish func()) {
	t.Helper()
	before := r.start(t)
	for range n {
		next := r.start(t)
		<-time.After(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		r.received += before.stop(t)
		before = next
	}
	finish()
	r.received += before.stop(t)
}

// A stopped is a worker that will be, and the account of its tasks.
type stopped struct {
	*worker.Worker
	ledger *stops.Ledger
	client *connect.Client
}

func (r *replacing) start(t *testing.T) stopped {
	t.Helper()
	ledger := new(stops.Ledger)
	c, err := connect.Dial(connect.Options{
		Address: server.Address(), Namespace: r.namespace,
		DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(ledger.Intercept)},
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.New(c, r.queue, worker.Options{
		Workflows: []any{stops.Flow}, Activities: []any{stops.Work, stops.Deaf}, Logger: quiet(),
		GracefulShutdownTimeout: time.Duration(rand.IntN(3)) * r.grace / 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return stopped{w, ledger, c}
}

// stop stops the worker and checks that it has answered every task, and says so itself.
func (s stopped) stop(t *testing.T) (received int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		report, _ := s.Report()
		t.Fatalf("the worker did not stop cleanly: %v\n%v", err, report)
	}
	if err := s.client.Close(); err != nil {
		t.Error(err)
	}
	if left := s.ledger.Unanswered(); len(left) > 0 {
		t.Errorf("received and not answered: %q", left)
	}
	received = s.ledger.Received()
	if stats := s.Stats(); stats.WorkflowTasks+stats.Activities != uint64(received) {
		t.Errorf("the worker counts %d workflow tasks and %d activities, and received %d tasks",
			stats.WorkflowTasks, stats.Activities, received)
	}
	return received
}
