package contestant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// registry has the activity that runs in a process of its own.
func registry() (*activity.Registry, error) {
	r := activity.NewRegistry()
	return r, r.RegisterActivityWithOptions(Echo, activity.RegisterOptions{Name: frontend.EchoActivity})
}

// BeChild runs activities, if a contestant has started this process for that, and does not return
// then.
func BeChild() error {
	r, err := registry()
	subprocess.Main(subprocess.Program{Registry: r})
	return err
}

// children are the processes in which activities run, if they do in others.
type children struct{ executor *subprocess.Executor }

func newExecutor(o subprocess.Options) (*subprocess.Executor, error) {
	o.Stderr, o.Logger = io.Discard, slog.New(slog.DiscardHandler)
	return subprocess.New(o)
}

// start starts them; there are as many as the processors.
func (c *children) start() (activity.Executor, error) {
	e, err := newExecutor(subprocess.Options{})
	if err != nil {
		return nil, err
	}
	c.executor = e
	return e, nil
}

func (c *children) stop() {
	if c.executor != nil {
		c.executor.Close()
	}
}

// cpu is the CPU time that they have used, in nanoseconds.
func (c *children) cpu() (sum int64, err error) {
	if c.executor == nil {
		return 0, nil
	}
	if lost := c.executor.Stats().Lost; lost > 0 {
		return 0, fmt.Errorf("contestant: %d child processes were lost", lost)
	}
	for _, pid := range c.executor.PIDs() {
		var t unix.Timespec
		clock := int32(^pid<<3 | 2) //nolint:gosec // that of another process, as clock_getcpuclockid(3) makes it
		if err := unix.ClockGettime(clock, &t); err != nil {
			return 0, fmt.Errorf("contestant: CPU time of process %d: %w", pid, err)
		}
		sum += t.Nano()
	}
	return sum, nil
}

// first is how long it takes from the making of an executor like the worker's, of one child, until its
// first activity has ended.
func (c *children) first(ctx context.Context) (took time.Duration, err error) {
	r, err := registry()
	if err != nil {
		return 0, err
	}
	d, err := r.Lookup(frontend.EchoActivity)
	if err != nil {
		return 0, err
	}
	input, err := converter.GetDefaultDataConverter().ToPayloads(frontend.Text)
	if err != nil {
		return 0, err
	}
	ctx = activity.WithOutbound(ctx, &activity.Environment{})
	var e activity.Executor = activity.InPlace{}
	began := time.Now()
	if c.executor != nil {
		one, err := newExecutor(subprocess.Options{Size: 1})
		if err != nil {
			return 0, err
		}
		defer one.Close()
		e = one
	}
	result, err := e.Execute(ctx, &activity.Call{Type: frontend.EchoActivity, Input: input, Definition: d})
	took = time.Since(began)
	if err == nil && len(result.GetPayloads()) != 1 {
		err = errors.New("contestant: the first activity has no result")
	}
	return took, err
}
