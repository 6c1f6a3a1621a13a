package scenarios_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// BenchmarkScenarios tells some scenarios to the service in memory: a new service,
// a client and a worker of the Go SDK, the story, and the end of all of them.
func BenchmarkScenarios(b *testing.B) {
	some := map[string]bool{"returns": true, "sleeps": true, "activity": true, "listens": true, "queries": true, "updates": true, "hand-heartbeats": true}
	for _, s := range scenarios.All() {
		if !some[s.Name] {
			continue
		}
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				fake, err := service.New(service.Options{Time: service.TimeSkips})
				if err != nil {
					b.Fatal(err)
				}
				scenarios.Run(b, s, scenarios.Server{
					HostPort:    "passthrough:///service",
					DialOptions: []grpc.DialOption{grpc.WithContextDialer(fake.Dial)},
				})
				if err := fake.Close(); err != nil {
					b.Error(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scenarios/s")
		})
	}
}
