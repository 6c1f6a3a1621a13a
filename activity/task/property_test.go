package task_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
)

// A story is one attempt, all of it drawn from a seed: who records when, how long calls take and
// which fail, when the worker stops, how the activity ends.
type story struct {
	seed      uint64
	random    *rand.Rand // of the server's side
	interval  time.Duration
	timeout   time.Duration // of heartbeats, 0 for none
	auto      bool
	carries   bool // FailureIncludesHeartbeat
	stop      time.Duration
	shutdown  time.Duration
	slowest   time.Duration // call
	failing   int           // percent of the calls
	recorders int
	ends      int

	mu        sync.Mutex
	start     time.Time
	recorded  int // the newest
	delivered int // the newest
	inFlight  int
	calls     []storyCall
	reported  time.Time
	returned  time.Time
}

type storyCall struct {
	at, over time.Duration
	err      error
}

const (
	endsWell = iota
	endsBadly
	endsPending
	endsObeying
	endsByGoexit
	endsByPanic
	endings
)

func tell(seed uint64) *story {
	r := rand.New(rand.NewPCG(seed, 7))
	s := &story{
		seed: seed, random: r, recorders: r.IntN(4), interval: time.Duration(1+r.IntN(20)) * time.Second, auto: r.IntN(3) == 0, carries: r.IntN(2) == 0,
		slowest: time.Duration(r.IntN(12_000)) * time.Millisecond, failing: []int{0, 0, 25, 90}[r.IntN(4)],
		ends: r.IntN(endings), stop: time.Hour, shutdown: time.Hour,
	}
	if r.IntN(2) == 0 {
		s.timeout = s.interval * 10 / 8
	}
	if r.IntN(3) == 0 {
		s.stop = time.Duration(r.IntN(60_000)) * time.Millisecond
		s.shutdown = s.stop + time.Duration(r.IntN(30_000))*time.Millisecond
	}
	return s
}

// heartbeat is the server's side.
func (s *story) heartbeat(t *testing.T, srv *service) func(context.Context, int) (*heartbeatResponse, error) {
	return func(ctx context.Context, n int) (*heartbeatResponse, error) {
		srv.mu.Lock()
		at, details := srv.beats[n-1].at, srv.beats[n-1].request.GetDetails()
		srv.mu.Unlock()
		s.mu.Lock()
		s.inFlight++
		if s.inFlight > 1 {
			t.Errorf("%d calls at once", s.inFlight)
		}
		if !s.reported.IsZero() {
			t.Error("a heartbeat after the report")
		}
		takes := time.Duration(s.random.Int64N(int64(s.slowest) + 1))
		var err error
		if s.random.IntN(100) < s.failing {
			err = serviceerror.NewUnavailable("no")
		}
		s.mu.Unlock()
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			err = ctx.Err()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
		if err == nil && details != nil {
			n := decodeInt(t, details)
			if n == s.delivered && !s.auto {
				t.Errorf("%d was delivered a second time", n)
			}
			s.delivered = n
		}
		s.calls = append(s.calls, storyCall{at.Sub(s.start), time.Since(s.start), err})
		return nil, err
	}
}

// act is the activity. Its goroutines never do something at the same moment, so the one with the
// highest number is the newest.
func (s *story) act(ctx context.Context) error {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.returned = time.Now()
	}()
	var group sync.WaitGroup
	for k := range s.recorders {
		group.Go(func() {
			random := rand.New(rand.NewPCG(s.seed, uint64(k)))
			time.Sleep(time.Duration(k+1) * time.Microsecond)
			for range random.IntN(12) {
				time.Sleep(time.Duration(1+random.IntN(10_000)) * time.Millisecond)
				s.mu.Lock()
				s.recorded++
				n := s.recorded
				s.mu.Unlock()
				activity.RecordHeartbeat(ctx, n)
			}
		})
	}
	group.Wait()
	switch s.ends {
	case endsBadly:
		return errPlain
	case endsPending:
		return activity.ErrResultPending
	case endsObeying:
		return ctx.Err()
	case endsByGoexit:
		runtime.Goexit()
	case endsByPanic:
		panic("oh")
	}
	return nil
}

// check is what must be true of every story.
func (s *story) check(t *testing.T, outcome task.Outcome, srv *service) {
	t.Helper()
	slices.SortFunc(s.calls, func(a, b storyCall) int { return int(a.at - b.at) })
	flushed := false
	for i := 1; i < len(s.calls); i++ {
		before, call := s.calls[i-1], s.calls[i]
		pause := s.interval
		if before.err != nil {
			pause = min(s.interval, time.Second) // at least
		}
		switch {
		case call.at < before.over:
			t.Errorf("call %d is made at %v, before that of %v is over", i, call.at, before.at)
		case before.err == nil && call.at-before.at >= pause, before.err != nil && call.at-before.over >= pause:
		case i == len(s.calls)-1: // the flush at the end
		case call.at >= s.stop && !flushed:
			flushed = true
		default:
			t.Errorf("call %d is made within the pause: %v", i, s.calls)
		}
	}
	switch {
	case s.recorded == 0 || outcome == task.Completed || outcome == task.TimedOut:
		return
	case outcome == task.None && s.reported.IsZero(): // Goexit when it had timed out
		return
	}
	last := s.calls[len(s.calls)-1]
	known := s.delivered == s.recorded || last.err != nil // undelivered, and the observer was told
	if !known && !s.carried(t, srv) {
		t.Errorf("%v: the server has %d, the newest is %d: %v", outcome, s.delivered, s.recorded, s.calls)
	}
}

func (s *story) carried(t *testing.T, srv *service) bool {
	t.Helper()
	for _, r := range srv.reports {
		if f, ok := r.(*workflowservice.RespondActivityTaskFailedRequest); ok && f.GetLastHeartbeatDetails() != nil {
			return decodeInt(t, f.GetLastHeartbeatDetails()) == s.recorded
		}
	}
	return false
}

func (s *story) run(t *testing.T) {
	s.start = time.Now()
	srv := &service{}
	srv.onHeartbeat = s.heartbeat(t, srv)
	srv.onReport = func(context.Context, int, proto.Message) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.inFlight > 0 {
			t.Error("a report while a heartbeat is under way")
		}
		s.reported = time.Now()
		return nil
	}
	workerStop := make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	defer time.AfterFunc(s.stop, func() { close(workerStop) }).Stop()
	defer time.AfterFunc(s.shutdown, func() { cancel(activity.ErrWorkerShutdown) }).Stop()
	h := autoHandler(t, srv, s.act, activity.RegisterOptions{AutoHeartbeat: s.auto}, func(o *task.Options) {
		o.DefaultHeartbeatThrottleInterval, o.MaxHeartbeatThrottleInterval = s.interval, time.Hour
		o.WorkerStop, o.FailureIncludesHeartbeat = workerStop, s.carries
	})
	outcome := task.None // as it stays after Goexit
	done := make(chan struct{})
	go func() {
		defer close(done)
		o, err := h.Handle(ctx, newTask(withHeartbeatTimeout(s.timeout)))
		if err != nil {
			t.Error(err)
		}
		outcome = o
	}()
	<-done
	if late := time.Since(s.returned); late > 2*max(s.interval, time.Second)+time.Second {
		t.Errorf("it took %v from the return to the end", late)
	}
	s.check(t, outcome, srv)
}

// TestHeartbeatsKeepTheirPromises tells many stories. That no goroutine is left is the bubble's
// own check.
func TestHeartbeatsKeepTheirPromises(t *testing.T) {
	for seed := range uint64(2000) {
		s := tell(seed)
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("seed %d: %+v", seed, s)
				}
			}()
			s.run(t)
		})
	}
}

func FuzzHeartbeats(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(binary.LittleEndian.AppendUint64(nil, seed))
	}
	f.Fuzz(func(t *testing.T, seed []byte) {
		var b [8]byte
		copy(b[:], seed)
		synctest.Test(t, tell(binary.LittleEndian.Uint64(b[:])).run)
	})
}
