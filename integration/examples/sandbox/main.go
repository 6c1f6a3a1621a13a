package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/examples/sandbox/flows"
	"github.com/mainspring-go/mainspring/integration/sandboxed"
	"github.com/mainspring-go/mainspring/sandbox"
	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/testkit/service"
)

func main() {
	cache := ""
	if dir, err := os.UserCacheDir(); err == nil {
		cache = filepath.Join(dir, "mainspring", "sandbox")
	}
	flag.StringVar(&cache, "cache", cache, "the directory that keeps the guest's compiled code")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Stderr, cache)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// run is the program: what it has to show goes to out, what it is about to do to progress.
func run(ctx context.Context, out, progress io.Writer, cache string) (err error) {
	module, err := compile(ctx, progress, cache)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, module.Close(context.WithoutCancel(ctx))) }()
	return show(ctx, out, module)
}

// show does what there is to see with a module of the guest.
func show(ctx context.Context, out io.Writer, module *engine.Module) (err error) {
	c, stop, err := startWorker(ctx, module)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := tellOrders(ctx, out, c); err != nil {
		return err
	}
	return tellMisdeeds(ctx, out, c)
}

// guest is the program with the workflows.
const guest = "github.com/mainspring-go/mainspring/integration/examples/sandbox/guest"

// compile makes a module of the guest, in two steps: to WebAssembly by the go command, and from there
// to this machine's code.
func compile(ctx context.Context, progress io.Writer, cache string) (*engine.Module, error) {
	began := time.Now()
	fmt.Fprintln(progress, "Compiling the workflows ...")
	// A program that is shipped would have the file embedded, or beside it.
	file, err := sandboxed.Build(ctx, guest)
	if err != nil {
		return nil, err
	}
	module, err := engine.Compile(ctx, file, engine.Options{
		CacheDir: cache, MemoryLimit: 32 << 20, MaxCallTime: 2 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	mode, why := module.Mode()
	fmt.Fprintf(progress, "They are %d MB of WebAssembly, after %v. Instances are made this way: %v %s\n\n",
		len(file)>>20, time.Since(began).Round(time.Millisecond), mode, why)
	return module, nil
}

const queue = "orders"

// startWorker starts a service in memory, and a worker that runs its workflows in the sandbox.
func startWorker(ctx context.Context, module *engine.Module) (c client.Client, stop func() error, err error) {
	inside, err := sandbox.New(ctx, module, sandbox.Options{})
	if err != nil {
		return nil, nil, err
	}
	server, err := service.New(service.Options{})
	if err != nil {
		return nil, nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	c, err = client.DialContext(ctx, client.Options{
		HostPort: "passthrough:///memory", Logger: quiet,
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithContextDialer(server.Dial)}},
	})
	if err != nil {
		return nil, nil, errors.Join(err, server.Close())
	}
	w, err := worker.New(c, queue, worker.Options{
		WorkflowRunner: inside,
		Workflows:      []any{flows.Order, flows.Misbehave, "MisbehaveOnce"}, // which is a name in the guest
		Activities:     []any{flows.Charge},
		FailWorkflowOn: endsWorkflow,
		Logger:         quiet, // what goes wrong here is meant to
	})
	if err == nil {
		err = w.Start(ctx)
	}
	if err != nil {
		c.Close()
		return nil, nil, errors.Join(err, server.Close())
	}
	return c, func() error {
		err := w.Shutdown(context.WithoutCancel(ctx))
		c.Close()
		return errors.Join(err, server.Close())
	}, nil
}

// endsWorkflow says which errors end a workflow, rather than have its task tried again until somebody
// has mended the code.
func endsWorkflow(workflowType string, err error) bool {
	if workflowType != "MisbehaveOnce" {
		return false
	}
	var stopped *temporal.ApplicationError
	return temporal.IsPanicError(err) || // also of code that does not let go
		errors.As(err, &stopped) && slices.Contains([]string{
			sandbox.Forbidden, sandbox.Memory, sandbox.Exit, sandbox.Deadlock, sandbox.Trap,
		}, stopped.Type())
}
