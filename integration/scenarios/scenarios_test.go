package scenarios_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// TestTable tells every scenario to the service in memory, in virtual time. What
// has been seen is judged beside the real server, in integration/realserver; here
// nothing may be left behind.
func TestTable(t *testing.T) {
	began, all := time.Now(), scenarios.All()
	// One after the other: the SDK's workers of one process share a cache.
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake, err := service.New(service.Options{
					Namespaces: scenarios.Namespaces(), SearchAttributes: scenarios.SearchAttributes(),
					Limits: scenarios.Limits(),
				})
				if err != nil {
					t.Fatal(err)
				}
				seen := scenarios.Run(t, s, scenarios.Server{
					HostPort:    "passthrough:///service",
					DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
				})
				if len(seen) == 0 {
					t.Error("nothing was seen")
				}
				synctest.Wait() // the polls of workers that have stopped are on their way out
				if err := fake.Leftovers(); err != nil {
					t.Error(err)
				}
				if err := fake.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
	took := time.Since(began)
	t.Logf("%d scenarios in %v: %.0f a second", len(all), took, float64(len(all))/took.Seconds())
}
