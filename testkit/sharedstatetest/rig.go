package sharedstatetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// rig is the two halves of one call, joined, and what has reached their sides.
type rig struct {
	worker activity.WorkerHalf
	child  activity.ChildHalf

	hold chan struct{} // not nil: heartbeats are dealt with when it is closed

	mu     sync.Mutex
	cut    error // of everything that is sent
	sent   int
	beats  []string
	ends   []error
	stops  int
	ended  error // of the worker's context
	status activity.HeartbeatStatus
}

func join(m activity.SharedStateManager) *rig {
	r := &rig{}
	r.worker = m.AtWorker(func(b []byte) error { return r.pass(b, r.child.Receive) }, activity.WorkerSide{
		Heartbeat: r.beat, Status: r.tell, Canceled: r.canceled,
	})
	r.child = m.AtChild(func(b []byte) error { return r.pass(b, r.worker.Receive) }, activity.ChildSide{
		Cancel: func(cause error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ends = append(r.ends, cause)
		},
		Stop: func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.stops++
		},
	})
	return r
}

// pass takes a message across.
func (r *rig) pass(message []byte, receive func([]byte) error) error {
	r.mu.Lock()
	r.sent++
	err := r.cut
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return receive(slices.Clone(message))
}

func (r *rig) beat(details *commonpb.Payloads) {
	if r.hold != nil {
		<-r.hold
	}
	text := "nothing"
	if details != nil {
		if err := converter.GetDefaultDataConverter().FromPayloads(details, &text); err != nil {
			text = err.Error()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beats = append(r.beats, text)
}

func (r *rig) tell() activity.HeartbeatStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

func (r *rig) canceled() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// seen is what has reached the sides by now.
func (r *rig) seen() (beats []string, ends []error, stops, sent int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.beats), slices.Clone(r.ends), r.stops, r.sent
}

// heartbeat sends one with text as its details, and none for an empty text.
func (r *rig) heartbeat(ctx context.Context, text string) error {
	var details *commonpb.Payloads
	if text != "" {
		var err error
		if details, err = converter.GetDefaultDataConverter().ToPayloads(text); err != nil {
			return err
		}
	}
	return within(ctx, "Heartbeat", func() { r.child.Heartbeat(ctx, details) })
}

// close closes both halves.
func (r *rig) close(ctx context.Context) error {
	return errors.Join(within(ctx, "Close of the child's half", r.child.Close),
		within(ctx, "Close of the worker's half", r.worker.Close))
}

// within waits for f, which must return.
func within(ctx context.Context, what string, f func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(patience / 2):
	case <-ctx.Done():
	}
	select {
	case <-done:
		return nil
	default:
		return fmt.Errorf("%s does not return", what)
	}
}

// until waits until something is so.
func until(ctx context.Context, what string, so func() bool) error {
	for !so() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("it is never so that %s", what)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}
