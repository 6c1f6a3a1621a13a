package sharedstatetest

import (
	"context"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/activity"
)

// New makes a manager that is open.
type New func() activity.SharedStateManager

// A Clause is one sentence of the contract and the check of it.
type Clause struct {
	// Name is fit for the name of a test.
	Name string
	// Contract is the sentence.
	Contract string
	// Check tests it on managers made by mk and says what was wrong.
	Check func(ctx context.Context, mk New) error
}

// Clauses returns the contract, always in the same order.
func Clauses() []Clause {
	return []Clause{
		{"HeartbeatsReach", "heartbeats reach the worker in order, with their details or none", heartbeatsReach},
		{"HeartbeatWaits", "a heartbeat returns when the worker has dealt with it", heartbeatWaits},
		{"HeartbeatObeysContext", "a heartbeat returns when its context is done", heartbeatObeysContext},
		{"NewestIsKept", "while a heartbeat is under way others return at once, and the newest follows it", newestIsKept},
		{"CloseFlushes", "Close of the child's half waits until what was recorded has reached the worker", closeFlushes},
		{"HeartbeatLearns", "what a heartbeat has learnt reaches the activity before it returns", heartbeatLearns},
		{"StatusReaches", "the status that the worker tells reaches the activity", statusReaches},
		{"CancelReaches", "cancellation reaches the activity once, with its cause", cancelReaches},
		{"StopReaches", "the worker's stop reaches the activity once", stopReaches},
		{"CallsKeepApart", "calls at once each have their own state", callsKeepApart},
		{"GarbageIsAnError", "what the other process makes up is an error of Receive, and no panic", garbageIsAnError},
		{"ClosedIsSilent", "a half that is closed calls nothing and sends nothing", closedIsSilent},
		{"SendingMayFail", "nobody waits for an answer to what could not be sent", sendingMayFail},
		{"HeldIsNotClosed", "a manager that is held cannot be closed, and goes on", heldIsNotClosed},
		{"ClosedIsNotHeld", "a manager that is closed cannot be held, and may be closed again", closedIsNotHeld},
	}
}

// patience is how long something may take that takes no time.
const patience = 10 * time.Second

// TestManager runs every clause against the managers that mk makes.
func TestManager(t *testing.T, mk New) {
	t.Helper()
	for _, c := range Clauses() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := c.Check(ctx, mk); err != nil {
				t.Errorf("%v\ncontract: %s", err, c.Contract)
			}
		})
	}
}
