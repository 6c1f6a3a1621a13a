package contestant

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// The names of the contestants.
const (
	SDK        = "Go SDK"           // as shipped
	Saturated  = "Go SDK saturated" // several workers in one process, since one is capped
	Floor      = "floor"            // the calls alone
	Honest     = "honest floor"     // and the deadlines and headers that a worker cannot leave out
	Mainspring = "Mainspring"
)

// All are the names of all contestants.
func All() []string { return []string{SDK, Saturated, Floor, Honest, Mainspring} }

// A Job is what a contestant is to do.
type Job struct {
	// Contestant is one of the names.
	Contestant string
	// Work is what the frontend hands out.
	Work frontend.Work
	// Address is where the frontend is.
	Address string
	// Gzip says whether requests are compressed, and with them the answers.
	Gzip bool
}

// start starts the contestant of the job. It works until stop is called.
func (j Job) start(ctx context.Context) (stop func(context.Context) error, err error) {
	switch j.Contestant {
	case SDK:
		return j.startSDK(1)
	case Saturated:
		return j.startSDK(saturation)
	case Floor, Honest:
		return j.startBare(ctx)
	case Mainspring:
		return j.startMainspring(ctx)
	default:
		return nil, fmt.Errorf("contestant %q is not known: one of %q", j.Contestant, All())
	}
}

// dialOptions are what all contestants but the SDK, which has an option of its own, dial with.
func (j Job) dialOptions() []grpc.DialOption {
	if !j.Gzip {
		return nil
	}
	return []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name))}
}

// A Reading is what a process has used so far.
type Reading struct {
	// CPU is the CPU time in nanoseconds, of the user and of the system.
	CPU int64 `json:"cpu"`
	// Allocations and Bytes count what was allocated on the heap.
	Allocations uint64 `json:"allocations"`
	// Bytes is the sum of their sizes.
	Bytes uint64 `json:"bytes"`
	// MaxRSS is the most memory that was resident, in bytes.
	MaxRSS int64 `json:"maxRSS"` //nolint:tagliatelle // as it is written
}

// Serve is the life of a contestant's process: it starts, writes "ready", and answers each line with
// a [Reading]. It stops at the line "stop", and tells how long that took as a [time.Duration].
func Serve(ctx context.Context, job Job, in io.Reader, out io.Writer) error {
	stop, err := job.start(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	lines := bufio.NewScanner(in)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		if lines.Text() == Stop {
			began := time.Now()
			err := stop(ctx)
			fmt.Fprintln(out, time.Since(began))
			return err
		}
		reading, err := read()
		if err == nil {
			err = encoder.Encode(reading)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(stop(ctx), lines.Err())
}

// Stop is the line that stops a contestant.
const Stop = "stop"

func read() (r Reading, err error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return r, err
	}
	r.CPU = used.Utime.Nano() + used.Stime.Nano()
	r.MaxRSS = used.Maxrss * 1024
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.Allocations, r.Bytes = m.Mallocs, m.TotalAlloc
	return r, nil
}

// Echo is the activity.
func Echo(_ context.Context, text string) (string, error) { return strings.Clone(text), nil }
