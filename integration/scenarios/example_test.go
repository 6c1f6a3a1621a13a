package scenarios_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/scenarios"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// The Go SDK's client and worker on the service in memory, without a bubble: its
// clock skips the month that the workflow sleeps.
func Example() {
	ctx := context.Background()
	s, err := service.New(service.Options{Time: service.TimeSkips})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := client.DialContext(ctx, client.Options{
		HostPort: "passthrough:///service", Logger: slog.New(slog.DiscardHandler),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithContextDialer(s.Dial)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	w := worker.New(c, "orders", worker.Options{})
	w.RegisterWorkflow(scenarios.Sleep)
	if err := w.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer w.Stop()
	began := s.Now()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "orders"}, scenarios.Sleep, 720*time.Hour)
	if err == nil {
		err = run.Get(ctx, nil)
	}
	fmt.Println(s.Now().Sub(began).Round(time.Hour), err)
	// Output: 720h0m0s <nil>
}
