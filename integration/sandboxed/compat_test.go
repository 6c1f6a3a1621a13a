package sandboxed_test

import (
	"os"
	"testing"
	"testing/synctest"

	sdkworker "go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/compat"
	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

const stored = "../compat/testdata"

func TestStoredHistoriesReplayInASandbox(t *testing.T) {
	r, err := compat.NewReplayerOn(newRunner(t, "compat"))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := os.ReadDir(stored)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, label := range labels {
		for _, c := range compat.All() {
			s, err := compat.Load(stored, label.Name(), c.Name)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range s.Histories {
				n++
				if err := r.Replay(h); err != nil {
					t.Errorf("%s of %s, history %d: %v", c.Name, label.Name(), i+1, err)
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d histories are stored", n)
	}
}

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

// attempts are how often a case may run until both have left the same history: what happens at one
// moment, such as the end of a child and the task that its signal brought, has no order.
const attempts = 3

func TestSandboxedDoesAsTheSDK(t *testing.T) {
	r := newRunner(t, "compat")
	for _, c := range compat.All() {
		t.Run(c.Name, func(t *testing.T) {
			diff := ""
			for range attempts {
				theirs, ours := inMemory(t, c, compat.On(compat.SDK)), inMemory(t, c, compat.OnRunner(r))
				if diff = compat.Differences(theirs, ours); diff == "" || c.Random {
					break
				}
			}
			if diff != "" && !c.Random {
				t.Errorf("what has happened (-on the SDK +in a sandbox):\n%s", diff)
			}
		})
	}
}
