package sharedstatetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/testkit/sharedstatetest"
)

// The usual manager keeps the contract.
func TestSharedState(t *testing.T) {
	sharedstatetest.TestManager(t, func() activity.SharedStateManager { return subprocess.NewSharedState() })
}

// flaw is one thing that is wrong with a manager.
type flaw string

// rejectedBy says which clause must find a flaw.
var rejectedBy = map[flaw]string{
	"loses details":            "HeartbeatsReach",
	"does not wait":            "HeartbeatWaits",
	"ignores the context":      "HeartbeatObeysContext",
	"drops what waits":         "NewestIsKept",
	"closes at once":           "CloseFlushes",
	"learns nothing":           "HeartbeatLearns",
	"has no status":            "StatusReaches",
	"loses the cause":          "CancelReaches",
	"loses the stop":           "StopReaches",
	"mixes calls up":           "CallsKeepApart",
	"takes anything":           "GarbageIsAnError",
	"talks on":                 "ClosedIsSilent",
	"waits for the impossible": "SendingMayFail",
	"closes though held":       "HeldIsNotClosed",
	"is held though closed":    "ClosedIsNotHeld",
}

// broken is the usual manager with a flaw.
type broken struct {
	*subprocess.SharedState

	flaw flaw
	last *activity.WorkerSide
}

func (b *broken) Hold() (func(), error) {
	switch b.flaw {
	case "closes though held":
		return func() {}, nil
	case "is held though closed":
		if release, err := b.SharedState.Hold(); err == nil {
			return release, nil
		}
		return func() {}, nil
	}
	return b.SharedState.Hold()
}

func (b *broken) AtWorker(send func([]byte) error, side activity.WorkerSide) activity.WorkerHalf {
	switch b.flaw {
	case "learns nothing":
		side.Canceled = func() error { return nil }
	case "has no status":
		side.Status = func() activity.HeartbeatStatus { return activity.HeartbeatStatus{} }
	case "loses details":
		record := side.Heartbeat
		side.Heartbeat = func(*commonpb.Payloads) { record(nil) }
	case "mixes calls up":
		if b.last == nil {
			b.last = &side
		}
		side = *b.last
	}
	return brokenWorker{b.SharedState.AtWorker(send, side), b.flaw, send}
}

type brokenWorker struct {
	activity.WorkerHalf

	flaw flaw
	send func([]byte) error
}

func (w brokenWorker) Cancel(cause error) {
	if w.flaw == "loses the cause" {
		cause = errors.New(cause.Error())
	}
	if w.flaw == "talks on" {
		_ = w.send([]byte("one more thing"))
	}
	w.WorkerHalf.Cancel(cause)
}

func (w brokenWorker) Stop() {
	if w.flaw != "loses the stop" {
		w.WorkerHalf.Stop()
	}
}

func (w brokenWorker) Receive(b []byte) error {
	err := w.WorkerHalf.Receive(b)
	if w.flaw == "takes anything" {
		return nil
	}
	return err
}

func (b *broken) AtChild(send func([]byte) error, side activity.ChildSide) activity.ChildHalf {
	return &brokenChild{b.SharedState.AtChild(send, side), b.flaw, send, make(chan struct{}, 1)}
}

type brokenChild struct {
	activity.ChildHalf

	flaw flaw
	send func([]byte) error
	one  chan struct{}
}

func (c *brokenChild) Heartbeat(ctx context.Context, details *commonpb.Payloads) {
	switch c.flaw {
	case "does not wait":
		go func() {
			time.Sleep(10 * time.Millisecond)
			c.ChildHalf.Heartbeat(ctx, details)
		}()
		return
	case "ignores the context":
		ctx = context.WithoutCancel(ctx)
	case "drops what waits":
		select {
		case c.one <- struct{}{}:
			defer func() { <-c.one }()
		default:
			return
		}
	case "waits for the impossible":
		if c.send(nil) != nil {
			select {}
		}
		return
	}
	c.ChildHalf.Heartbeat(ctx, details)
}

func (c *brokenChild) Close() {
	if c.flaw == "closes at once" {
		go c.ChildHalf.Close()
		return
	}
	c.ChildHalf.Close()
}

// Each flaw is found by its clause, and there is one for each clause.
func TestSuiteRejectsBroken(t *testing.T) {
	found := map[string]bool{}
	for f, clause := range rejectedBy {
		found[clause] = true
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			for _, c := range sharedstatetest.Clauses() {
				if c.Name != clause {
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := c.Check(ctx, func() activity.SharedStateManager {
					return &broken{SharedState: subprocess.NewSharedState(), flaw: f}
				})
				if err == nil {
					t.Errorf("a manager with a flaw (%s) passed %s", f, clause)
				}
				t.Log(err)
				return
			}
			t.Errorf("there is no clause %s", clause)
		})
	}
	for _, c := range sharedstatetest.Clauses() {
		if !found[c.Name] {
			t.Errorf("no broken manager is for clause %s", c.Name)
		}
	}
}

// Clauses can be read, and checked one by one.
func ExampleClauses() {
	for _, c := range sharedstatetest.Clauses()[:2] {
		fmt.Printf("%s: %s\n", c.Name, c.Contract)
	}
	// Output:
	// HeartbeatsReach: heartbeats reach the worker in order, with their details or none
	// HeartbeatWaits: a heartbeat returns when the worker has dealt with it
}
