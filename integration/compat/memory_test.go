package compat_test

import (
	"testing"
	"testing/synctest"

	enumspb "go.temporal.io/api/enums/v1"
	sdkworker "go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/compat"
	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// inMemory tells the story of a case to the service in memory, in virtual time.
func inMemory(t *testing.T, c compat.Case, workers compat.Workers) (story compat.Story) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fake, err := service.New(service.Options{SearchAttributes: scenarios.SearchAttributes()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			sdkworker.PurgeStickyWorkflowCache() // what is cached has goroutines
			if err := fake.Close(); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}()
		story = compat.Run(t, compat.Server{
			HostPort:    "passthrough:///service",
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
		}, c.Name, c, workers)
	})
	return story
}

// attempts are how often a case may run until both sides have left the same history: what happens at
// one moment, such as the end of a child and the task that its signal brought, has no order.
const attempts = 3

// TestInMemory goes one by one: the SDK's workers of one process share a cache.
func TestInMemory(t *testing.T) {
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			diff := ""
			for range attempts {
				theirs, ours := inMemory(t, c, compat.On(compat.SDK)), inMemory(t, c, compat.On(compat.Ours))
				if diff = compat.Differences(theirs, ours); diff == "" || c.Random {
					break
				}
			}
			if diff != "" && !c.Random {
				t.Errorf("what has happened (-on the SDK +on ours):\n%s", diff)
			}
			for seed := range uint64(2) {
				inMemory(t, c, compat.Turns(seed))
			}
		})
	}
}

// What is run again after each task does the same.
func TestVerified(t *testing.T) {
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			for n, h := range inMemory(t, c, compat.On(compat.Verified)).Histories {
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
