package realserver_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// TestScenarios tells every scenario to the real server and to the service in
// memory. All that is seen, histories and errors, must be equal. It goes one by
// one: the workers of the SDK in one process share a cache.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios.All() {
		t.Run(s.Name, func(t *testing.T) {
			onReal := scenarios.Run(t, s, scenarios.Server{HostPort: server.Address()})
			if diff := cmp.Diff(onReal, onFake(t, s)); diff != "" {
				t.Errorf("seen (-on the real server +in memory):\n%s", changed(diff))
			}
		})
	}
}

// onFake runs the scenario in virtual time.
func onFake(t *testing.T, s scenarios.Scenario) []string {
	t.Helper()
	var seen []string
	synctest.Test(t, func(t *testing.T) {
		fake, err := service.New(service.Options{Namespaces: scenarios.Namespaces()})
		if err != nil {
			t.Fatal(err)
		}
		seen = scenarios.Run(t, s, scenarios.Server{
			HostPort:    "passthrough:///service",
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
		})
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
	return seen
}

// changed leaves out of a diff what is equal.
func changed(diff string) string {
	lines := strings.Split(diff, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool {
		return !strings.HasPrefix(l, "+") && !strings.HasPrefix(l, "-")
	}), "\n")
}
