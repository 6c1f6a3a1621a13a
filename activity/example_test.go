package activity_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Copier holds what its activities share.
type Copier struct{ Bucket string }

// Copy is an activity: it resumes where the last attempt left off.
func (c *Copier) Copy(ctx context.Context, files []string) (int, error) {
	done := 0
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &done); err != nil {
			return 0, err
		}
	}
	for ; done < len(files); done++ {
		activity.RecordHeartbeat(ctx, done)
		if ctx.Err() != nil {
			return done, context.Cause(ctx)
		}
	}
	return done, nil
}

func ExampleGetHeartbeatStatus() {
	act := func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx, "half way")
		s := activity.GetHeartbeatStatus(ctx)
		switch {
		case s.Err != nil:
			return fmt.Errorf("the server does not hear us: %w", s.Err) // rather than go on alone
		case s.Waiting:
			fmt.Println("to be sent at", s.Next)
		}
		return nil
	}
	ctx := activity.WithOutbound(context.Background(), &activity.Environment{})
	fmt.Println(act(ctx), activity.GetHeartbeatStatus(ctx).Sent.IsZero())
	// Output: <nil> true
}

func ExampleRegisterOptions_autoHeartbeat() {
	hash := func(ctx context.Context, file string) (string, error) {
		<-ctx.Done() // a library that knows contexts, but not Temporal
		return "", context.Cause(ctx)
	}
	registry := activity.NewRegistry()
	err := registry.RegisterActivityWithOptions(hash, activity.RegisterOptions{
		Name: "Hash", AutoHeartbeat: true,
	})
	definition, _ := registry.Lookup("Hash")
	fmt.Println(err, definition.AutoHeartbeat())
	// Output: <nil> true
}

func ExampleRegistry() {
	registry := activity.NewRegistry()
	copier := &Copier{Bucket: "b"}
	if err := registry.RegisterActivity(copier); err != nil {
		fmt.Println(err)
	}
	name, err := registry.Name(copier.Copy)
	fmt.Println(registry.Types(), name, err)
	_, err = registry.Lookup("Move")
	fmt.Println(err)
	// Output:
	// [Copy] Copy <nil>
	// unable to find activityType=Move. Supported types: [Copy]
}

func ExampleNewRegistryWithOptions() {
	registry := activity.NewRegistryWithOptions(activity.RegistryOptions{
		DisableRegistrationAliasing: true,
	})
	copier := &Copier{}
	err := registry.RegisterActivityWithOptions(copier, activity.RegisterOptions{Name: "s3_"})
	name, _ := registry.Name(copier.Copy)
	fmt.Println(registry.Types(), name, err)
	// Output: [s3_Copy] Copy <nil>
}

func ExampleEnvironment() {
	ctx := activity.WithOutbound(context.Background(), &activity.Environment{
		Info:      activity.Info{ActivityID: "1"},
		Logger:    slog.New(slog.DiscardHandler),
		Heartbeat: func(_ context.Context, details []any) { fmt.Println("heartbeat", details) },
	})
	n, err := (&Copier{}).Copy(ctx, []string{"a", "b"})
	fmt.Println(n, err)
	// Output:
	// heartbeat [0]
	// heartbeat [1]
	// 2 <nil>
}

func ExampleNewPool() {
	pool, err := activity.NewPool(4)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	fmt.Println(pool.Capacity(), pool.Health())
	// Output: 4 <nil>
}

func ExampleCall() {
	registry := activity.NewRegistry()
	double := func(n int) (int, error) { return 2 * n, nil }
	if err := registry.RegisterActivityWithOptions(double,
		activity.RegisterOptions{Name: "Double"}); err != nil {
		fmt.Println(err)
		return
	}
	definition, err := registry.Lookup("Double")
	if err != nil {
		fmt.Println(err)
		return
	}
	input, err := converter.GetDefaultDataConverter().ToPayloads(21)
	if err != nil {
		fmt.Println(err)
		return
	}
	call := &activity.Call{Type: "Double", Input: input, Definition: definition}
	result, err := activity.InPlace{}.Execute(context.Background(), call)
	fmt.Println(string(result.GetPayloads()[0].GetData()), err)
	// Output: 42 <nil>
}

func ExampleChain() {
	logged := func(next activity.Invoke) activity.Invoke {
		return func(ctx context.Context, in *activity.Invocation) (any, error) {
			result, err := next(ctx, in)
			fmt.Println(in.Definition.Name(), in.Args, "->", result, err)
			return result, err
		}
	}
	registry := activity.NewRegistry()
	double := func(n int) (int, error) { return 2 * n, nil }
	_ = registry.RegisterActivityWithOptions(double, activity.RegisterOptions{Name: "Double"})
	definition, _ := registry.Lookup("Double")
	invoke := activity.Chain(logged)
	_, _ = invoke(context.Background(), &activity.Invocation{Definition: definition, Args: []any{4}})
	// Output: Double [4] -> 8 <nil>
}
