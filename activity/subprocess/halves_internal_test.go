package subprocess

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// halves are the two of a call, joined. What reaches a side is kept.
type halves struct {
	worker activity.WorkerHalf
	child  activity.ChildHalf

	mu     sync.Mutex
	beats  []string
	ends   []error
	stops  int
	ended  error
	taking time.Duration
}

func join(m *SharedState) *halves {
	h := &halves{}
	h.worker = m.AtWorker(func(b []byte) error { return h.child.Receive(b) }, activity.WorkerSide{
		Heartbeat: func(details *commonpb.Payloads) {
			time.Sleep(h.taking)
			var s string
			_ = converter.GetDefaultDataConverter().FromPayloads(details, &s)
			h.mu.Lock()
			defer h.mu.Unlock()
			h.beats = append(h.beats, s)
		},
		Status: func() activity.HeartbeatStatus {
			return activity.HeartbeatStatus{Sent: time.Unix(5, 7), Err: errors.New("away"), Waiting: true}
		},
		Canceled: func() error { return h.ended },
	})
	h.child = m.AtChild(func(b []byte) error { return h.worker.Receive(b) }, activity.ChildSide{
		Cancel: func(cause error) { h.ends = append(h.ends, cause) },
		Stop:   func() { h.stops++ },
	})
	return h
}

func (h *halves) beat(t *testing.T, n int) {
	t.Helper()
	details, err := converter.GetDefaultDataConverter().ToPayloads(fmt.Sprint("beat ", n))
	if err != nil {
		t.Error(err)
	}
	h.child.Heartbeat(t.Context(), details)
}

// Heartbeats of which the worker needs a while to be rid of do not pile up: the newest is kept, and
// none of the last is lost.
func TestHeartbeatsDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := join(NewSharedState())
		h.taking = time.Second
		var first sync.WaitGroup
		first.Go(func() { h.beat(t, 1) })
		synctest.Wait()
		began := time.Now()
		for n := 2; n < 100; n++ {
			h.beat(t, n)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("heartbeats that wait took %v", took)
		}
		first.Wait()
		if took := time.Since(began); took != time.Second {
			t.Errorf("the first one took %v, want that of the worker", took)
		}
		h.child.Close()
		h.worker.Close()
		if want := []string{"beat 1", "beat 99"}; !slices.Equal(h.beats, want) {
			t.Errorf("the worker recorded %q, want %q", h.beats, want)
		}
		h.beat(t, 100)
		if len(h.beats) != 2 {
			t.Error("a heartbeat after the end was recorded")
		}
	})
}

// A heartbeat whose context ends returns, and is recorded all the same.
func TestHeartbeatReturnsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := join(NewSharedState())
		h.taking = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		h.child.Heartbeat(ctx, nil)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		h.child.Close()
		if took := time.Since(began); took != time.Minute || len(h.beats) != 1 {
			t.Errorf("the end took %v, %d were recorded", took, len(h.beats))
		}
		h.worker.Close()
	})
}

// What a heartbeat learns is known when it returns, the cause keeps what it is, and counts once.
func TestCancellationAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := join(NewSharedState())
		h.ended = fmt.Errorf("so: %w", activity.ErrActivityReset)
		h.beat(t, 1)
		if len(h.ends) != 1 || !errors.Is(h.ends[0], activity.ErrActivityReset) || h.ends[0].Error() != h.ended.Error() {
			t.Errorf("the child learnt %v", h.ends)
		}
		h.worker.Cancel(temporal.NewCanceledError())
		h.worker.Stop()
		h.worker.Stop()
		if len(h.ends) != 1 || h.stops != 1 {
			t.Errorf("%d ends and %d stops, want one of each", len(h.ends), h.stops)
		}
		if s := h.child.Status(); !s.Sent.Equal(time.Unix(5, 7)) || s.Err.Error() != "away" || !s.Waiting || !s.Next.IsZero() {
			t.Errorf("status %+v", s)
		}
		h.child.Close()
		h.worker.Close()
		h.worker.Cancel(nil)
		h.worker.Stop()
		if s := h.child.Status(); s != (activity.HeartbeatStatus{}) {
			t.Errorf("status after the end: %+v", s)
		}
	})
}

// What is out of order is an error of whoever sent it.
func TestNotesOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := join(NewSharedState())
		h.taking = time.Second
		body := func(about about) []byte {
			m := note{about: about}
			b, err := m.marshal()
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if err := h.worker.Receive(body(aboutHeartbeat)); err != nil {
			t.Error(err)
		}
		for name, err := range map[string]error{
			"a second heartbeat": h.worker.Receive(body(aboutHeartbeat)), "garbage": h.worker.Receive([]byte{0xff}),
			"nothing": h.worker.Receive(nil), "a note of a worker": h.worker.Receive(body(aboutStop)),
			"a note of a child": h.child.Receive(body(aboutStatus)), "garbage for a child": h.child.Receive([]byte{0xff}),
		} {
			if _, is := errors.AsType[*garbageError](err); !is {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Answers to nothing are passed over.
		for _, about := range []about{aboutTaken, aboutTold} {
			if err := h.child.Receive(body(about)); err != nil {
				t.Error(err)
			}
		}
		h.child.Close()
		h.worker.Close()
	})
}

// A manager cannot be closed while it is held, nor held when it is closed.
func TestSharedStateIsHeld(t *testing.T) {
	s := NewSharedState()
	one, err := s.Hold()
	two, err2 := s.Hold()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	one()
	one()
	if err := s.Close(); !errors.Is(err, ErrSharedStateInUse) {
		t.Errorf("Close of one that is held: %v", err)
	}
	two()
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := s.Hold(); !errors.Is(err, ErrSharedStateClosed) {
		t.Errorf("Hold of one that is closed: %v", err)
	}
	if _, err := New(Options{SharedStateManager: s}); !errors.Is(err, ErrSharedStateClosed) {
		t.Errorf("New with one that is closed: %v", err)
	}
}
