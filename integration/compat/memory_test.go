package compat_test

import (
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/integration/compat"
)

// TestInMemory goes one by one: the SDK's workers of one process share a cache.
func TestInMemory(t *testing.T) {
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			if diff := compat.DifferInMemory(t, c, compat.On(compat.Ours)); diff != "" {
				t.Errorf("what has happened (-on the SDK +on ours):\n%s", diff)
			}
			for seed := range uint64(2) {
				compat.InMemory(t, c, compat.Turns(seed))
			}
		})
	}
}

// What is run again after each task does the same.
func TestVerified(t *testing.T) {
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			for n, h := range compat.InMemory(t, c, compat.On(compat.Verified)).Histories {
				for _, e := range h.GetEvents() {
					if a := e.GetWorkflowTaskFailedEventAttributes(); a.GetCause() ==
						enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR {
						t.Errorf("history %d: %v", n+1, a.GetFailure())
					}
				}
			}
		})
	}
}
