package compat

import (
	"testing"
	"testing/synctest"

	sdkworker "go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// InMemory tells the story of a case to the service in memory, in virtual time.
func InMemory(t *testing.T, c Case, workers Workers) (story Story) {
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
		story = Run(t, Server{
			HostPort:    "passthrough:///service",
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
		}, c.Name, c, workers)
	})
	return story
}

// attempts are how often a case may run until both sides have left the same history: what happens at
// one moment, such as the end of a child and the task that its signal brought, has no order.
const attempts = 3

// DifferInMemory tells the story of a case to the service in memory on the SDK and on workers, and
// returns in what they differ. A random case runs all the same, and differs in nothing.
func DifferInMemory(t *testing.T, c Case, workers Workers) (diff string) {
	t.Helper()
	for range attempts {
		theirs, ours := InMemory(t, c, On(SDK)), InMemory(t, c, workers)
		if c.Random {
			return ""
		}
		if diff = Differences(theirs, ours); diff == "" {
			return ""
		}
	}
	return diff
}
