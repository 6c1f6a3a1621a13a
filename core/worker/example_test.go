package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/slots"
)

// Charge is an activity.
func Charge(_ context.Context, cents int) (string, error) {
	return fmt.Sprintf("charged %d.%02d", cents/100, cents%100), nil
}

// A register is a Temporal server that has one activity to do.
type register struct {
	workflowservice.UnimplementedWorkflowServiceServer

	todo chan *workflowservice.PollActivityTaskQueueResponse
	done chan string
}

func (r *register) PollActivityTaskQueue(
	ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	select {
	case task := <-r.todo:
		return task, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *register) RespondActivityTaskCompleted(
	_ context.Context, req *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	r.done <- string(req.GetResult().GetPayloads()[0].GetData())
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// serve serves r in this process and returns a client of it.
func (r *register) serve() (client *connect.Client, stop func(), err error) {
	listener, server := bufconn.Listen(1<<16), grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, r)
	go func() { _ = server.Serve(listener) }()
	client, err = connect.Dial(connect.Options{
		Address: "passthrough:///this-process",
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(
			func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })},
	})
	return client, server.Stop, err
}

func Example() {
	server := &register{
		todo: make(chan *workflowservice.PollActivityTaskQueueResponse, 1), done: make(chan string),
	}
	client, stop, err := server.serve() // yours: connect.Dial(connect.Options{Address: "localhost:7233"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	w, err := worker.New(client, "orders", worker.Options{
		Activities:              []any{Charge},
		MaxConcurrentActivities: 10,
		GracefulShutdownTimeout: 20 * time.Second,
		Logger:                  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.todo <- &workflowservice.PollActivityTaskQueueResponse{
		TaskToken:           []byte("1"),
		ActivityType:        &commonpb.ActivityType{Name: "Charge"},
		Input:               payloads(4250),
		StartToCloseTimeout: durationpb.New(time.Minute),
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		fmt.Println(<-server.done)
		cancel() // yours: signal.NotifyContext
	}()
	fmt.Println("stopped:", w.Run(ctx))
	// Output:
	// "charged 42.50"
	// stopped: <nil>
}

// All that is wrong is told at once.
func ExampleNew() {
	_, err := worker.New(nil, "orders", worker.Options{
		Activities:                 []any{Charge, "Refund"},
		MaxConcurrentActivities:    -1,
		NonstickyToStickyPollRatio: new(1.5),
	})
	fmt.Println(err)
	var option *worker.OptionError
	fmt.Println(errors.As(err, &option), option.Field)
	// Output:
	// worker: client is nil: give one from connect.Dial or the SDK's client.Dial
	// worker: NonstickyToStickyPollRatio is 1.5: use a share from 0 to 1, such as the default of 0.2
	// worker: MaxConcurrentActivities is -1: use zero for the default of 100 or a number up to 16777216
	// worker: Activities[1] is string: register activity: string is no function: pass a function or a pointer to a struct
	// true client
}

// Two workers share what both are given: here at most ten activities at once.
func ExampleParts() {
	client, err := connect.Dial(connect.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	shared, err := slots.NewFixed(slots.FixedOptions{Limit: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, queue := range []string{"orders", "refunds"} {
		w, err := worker.New(client, queue, worker.Options{
			Activities: []any{Charge},
			Parts:      worker.Parts{ActivitySlots: shared},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(w.TaskQueue()) // then w.Start(ctx)
	}
	// Output:
	// orders
	// refunds
}
