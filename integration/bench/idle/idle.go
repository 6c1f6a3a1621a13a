package idle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// Usage is what one run takes, or a process, in bytes.
type Usage struct {
	// Heap is what is reachable.
	Heap float64
	// Stacks is what the spans of stacks take, of goroutines that wait.
	Stacks float64
	// Resident is what the process has grown by: heap and stacks with what is between them, and what
	// the runtime keeps about both. It is zero where the system does not say, and means something only
	// if nothing was measured in the process before.
	Resident float64
}

// warm is how many runs are there before the first reading, so that what all runs share is in it.
const warm = 500

// A Worker is whose runs are measured.
type Worker string

// The workers.
const (
	Mainspring Worker = "Mainspring"
	SDK        Worker = "Go SDK"
)

// start starts a worker whose cache has room for so many runs.
func (w Worker) start(ctx context.Context, address string, room int) (stop func(context.Context) error, err error) {
	switch w {
	case Mainspring:
		return startMainspring(ctx, address, room)
	case SDK:
		return startSDK(address, room)
	default:
		return nil, fmt.Errorf("idle: worker %q is not known", w)
	}
}

// Measure returns what one of so many runs takes that wait; work is [frontend.Idle] or
// [frontend.Idle11]. The frontend is in this process too, and keeps nothing of the runs.
func Measure(ctx context.Context, w Worker, work frontend.Work, runs int) (u Usage, err error) {
	f, address, stopFrontend, err := serve(ctx)
	if err != nil {
		return u, err
	}
	defer stopFrontend()
	stop, err := w.start(ctx, address, warm+runs)
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, stop(ctx)) }()
	if _, err := f.HandOut(ctx, frontend.Order{Work: work, Units: warm}); err != nil {
		return u, err
	}
	before := Read()
	if _, err := f.HandOut(ctx, frontend.Order{Work: work, Units: runs}); err != nil {
		return u, err
	}
	after := Read()
	n := float64(runs)
	return Usage{
		Heap:     (after.Heap - before.Heap) / n,
		Stacks:   (after.Stacks - before.Stacks) / n,
		Resident: (after.Resident - before.Resident) / n,
	}, nil
}

func serve(ctx context.Context) (f *frontend.Frontend, address string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, err
	}
	f = frontend.New()
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	go func() { _ = server.Serve(listener) }() // until Stop
	return f, listener.Addr().String(), server.Stop, nil
}

// Read returns what the whole process takes, after collections that leave only what is needed.
func Read() (u Usage) {
	for range 3 { // stacks shrink by half at a time, and finalizers run after a collection
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Heap, u.Stacks = float64(m.HeapAlloc), float64(m.StackInuse)
	u.Resident = Resident()
	return u
}

// Resident is the anonymous memory of the process that is resident, in bytes; zero where the system
// does not say.
func Resident() (size float64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0 // another system
	}
	_, rest, _ := bytes.Cut(status, []byte("RssAnon:"))
	if _, err := fmt.Sscan(string(rest), &size); err != nil {
		return 0
	}
	return 1024 * size
}
