package poller_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// longPoll is how long an empty poll of a queue lasts.
const longPoll = time.Minute

// A queue is a Source over a channel. A task that meets a cancelled poll stays in the channel.
type queue struct {
	tasks chan int
	open  atomic.Int64 // polls in flight
	most  atomic.Int64 // the most that were in flight at once
	sent  atomic.Int64 // polls ever sent
}

func newQueue() *queue { return &queue{tasks: make(chan int, 10_000)} }

func (q *queue) Poll(ctx context.Context) (int, poller.Feedback, error) {
	q.sent.Add(1)
	if n := q.open.Add(1); n > q.most.Load() {
		q.most.Store(n)
	}
	defer q.open.Add(-1)
	timer := time.NewTimer(longPoll)
	defer timer.Stop()
	select {
	case task := <-q.tasks:
		return task, poller.Feedback{}, nil
	case <-timer.C:
		return 0, poller.Feedback{Empty: true}, nil
	case <-ctx.Done():
		return 0, poller.Feedback{}, context.Cause(ctx)
	}
}

// desk is an Admission of n tickets that keeps account of them.
type desk struct {
	free  chan struct{}
	out   atomic.Int64
	twice atomic.Int64 // settled more than once
}

func newDesk(n int) *desk { return &desk{free: make(chan struct{}, n)} }

type ticket struct {
	desk    *desk
	settled atomic.Bool
}

func (d *desk) Admit(ctx context.Context) (*ticket, error) {
	select {
	case d.free <- struct{}{}:
		d.out.Add(1)
		return &ticket{desk: d}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (k *ticket) Return() {
	if k.settled.Swap(true) {
		k.desk.twice.Add(1)
		return
	}
	k.desk.out.Add(-1)
	<-k.desk.free
}

// rig is a poller with everything around it.
type rig struct {
	*poller.Poller[int, *ticket]
	queue *queue
	desk  *desk
	ran   chan error

	mu      sync.Mutex
	handled []int
}

type options = poller.Options[int, *ticket]

// start runs a poller in the present bubble with ten tickets; change may alter the options.
func start(t *testing.T, change func(*options)) *rig {
	t.Helper()
	r := newRig(t, 10, change)
	r.run(t.Context())
	synctest.Wait()
	return r
}

func newRig(t *testing.T, tickets int, change func(*options)) *rig {
	t.Helper()
	r := &rig{queue: newQueue(), desk: newDesk(tickets), ran: make(chan error, 1)}
	o := options{
		Source:  r.queue,
		Admit:   r.desk,
		Scaler:  poller.Fixed(3),
		Backoff: poller.Backoff{Jitter: -1},
		Handle: func(_ context.Context, task int, k *ticket) {
			r.note(task)
			k.Return()
		},
	}
	if change != nil {
		change(&o)
	}
	p, err := poller.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Poller = p
	return r
}

func (r *rig) note(task int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handled = append(r.handled, task)
}

func (r *rig) seen() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]int(nil), r.handled...)
}

func (r *rig) run(ctx context.Context) { go func() { r.ran <- r.Run(ctx) }() }

// ended waits for Run, which has to return nil.
func (r *rig) ended(t *testing.T) {
	t.Helper()
	if err := <-r.ran; err != nil {
		t.Errorf("Run: got %v, want nil", err)
	}
}

// stop interrupts, and checks that Run returns nil at once and that every ticket is back.
func (r *rig) stop(t *testing.T) {
	t.Helper()
	begin := time.Now()
	r.Stop(poller.Interrupt)
	if err := <-r.ran; err != nil {
		t.Errorf("Run after Stop: got %v, want nil", err)
	}
	if err := r.Wait(t.Context()); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if d := time.Since(begin); d != 0 {
		t.Errorf("stopping took %s, want no time", d)
	}
	r.settled(t)
}

// settled checks that nothing is left in flight and every ticket was settled once.
func (r *rig) settled(t *testing.T) {
	t.Helper()
	if n := r.desk.out.Load(); n != 0 {
		t.Errorf("%d tickets are still out", n)
	}
	if n := r.desk.twice.Load(); n != 0 {
		t.Errorf("%d tickets were settled twice", n)
	}
	if n := r.queue.open.Load(); n != 0 {
		t.Errorf("%d polls are still in flight", n)
	}
	s := r.Status()
	if s.State != poller.StateStopped || s.InFlight+s.Admitting+s.BackingOff+s.Handling != 0 {
		t.Errorf("status after the end: %+v", s)
	}
}

// within runs f and checks that it takes exactly d of the bubble's time.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	if got := time.Since(begin); got != d {
		t.Errorf("%s took %s, want %s", what, got, d)
	}
}

// script is a Source that answers from a list and then blocks; it notes when it was asked.
type script struct {
	mu      sync.Mutex
	answers []func() (int, poller.Feedback, error)
	asked   []time.Duration
	begin   time.Time
}

func (s *script) Poll(ctx context.Context) (int, poller.Feedback, error) {
	s.mu.Lock()
	if s.begin.IsZero() {
		s.begin = time.Now()
	}
	s.asked = append(s.asked, time.Since(s.begin))
	if len(s.answers) == 0 {
		s.mu.Unlock()
		<-ctx.Done()
		return 0, poller.Feedback{}, ctx.Err()
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	s.mu.Unlock()
	return answer()
}

func (s *script) times() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.asked...)
}

type answer = func() (int, poller.Feedback, error)

func fails(err error) answer {
	return func() (int, poller.Feedback, error) { return 0, poller.Feedback{}, err }
}

func empty() (int, poller.Feedback, error) { return 0, poller.Feedback{Empty: true}, nil }

func gives(task int) answer {
	return func() (int, poller.Feedback, error) { return task, poller.Feedback{}, nil }
}

func repeat(n int, a answer) []answer {
	var list []answer
	for range n {
		list = append(list, a)
	}
	return list
}

var (
	errNetwork   = errors.New("network is down")
	errThrottled = errors.New("too much")
	errDenied    = errors.New("permission denied")
	errClosed    = errors.New("closed")
)

func classify(err error) poller.Class {
	switch {
	case errors.Is(err, errThrottled):
		return poller.Throttled
	case errors.Is(err, errDenied):
		return poller.Fatal
	case errors.Is(err, errClosed):
		return poller.Stopped
	default:
		return poller.Retry
	}
}
