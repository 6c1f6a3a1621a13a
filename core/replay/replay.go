package replay

import (
	"context"
	"iter"
	"os"
	"os/signal"
	"syscall"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/replay/command"
	"github.com/mainspring-go/mainspring/workflow/replay/server"
)

// Main replays what the arguments of the process name on the workflows, and
// returns the exit code.
func Main(workflows ...any) int {
	return MainWithOptions(connect.Options{}, command.Options{Workflows: workflows})
}

// MainWithOptions is Main with options: of the connection, of which -address
// and -namespace set the fields of their names, and of the program.
func MainWithOptions(c connect.Options, o command.Options) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o.Dial = func(address, namespace string) (command.Connection, error) { return dial(c, address, namespace) }
	return command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr, o)
}

func dial(o connect.Options, address, namespace string) (command.Connection, error) {
	o.Address, o.Namespace = address, namespace
	c, err := connect.Dial(o)
	if err != nil {
		return nil, err
	}
	return connection{server.Of(c.WorkflowService()), c}, nil
}

// connection is a client that the program can ask.
type connection struct {
	replay.Service
	*connect.Client
}

// Query implements [command.Connection].
func (c connection) Query(ctx context.Context, namespace, query string) iter.Seq[replay.Source] {
	return server.Query(ctx, c.WorkflowService(), namespace, query)
}
