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
	"github.com/mainspring-go/mainspring/integration/bench/replays"
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
	Contestant string `json:"contestant"`
	// Work is what the frontend hands out; empty if the job is a replay.
	Work frontend.Work `json:"work,omitempty"`
	// Replay is the name of a replay, which needs no frontend.
	Replay string `json:"replay,omitempty"`
	// Address is where the frontend is.
	Address string `json:"address,omitempty"`
	// Gzip says whether requests are compressed, and with them the answers.
	Gzip bool `json:"gzip,omitempty"`
	// Workers is how many workers there are in the process, each on a task queue of its own and all
	// on one connection; default 1.
	Workers int `json:"workers,omitempty"`
	// AsShipped says that the worker polls as it does by default whatever the work is, since it is not
	// compared with the floor.
	AsShipped bool `json:"asShipped,omitempty"`
	// Cached is how many workflows have room in the cache; default: the worker's.
	Cached int `json:"cached,omitempty"`
	// Queue is the task queue, where it is not the frontend that names it.
	Queue string `json:"queue,omitempty"`
	// Drains is for the frontend: whether it ends the polls of a worker that stops.
	Drains bool `json:"drains,omitempty"`
	// Children says that activities run in child processes.
	Children bool `json:"children,omitempty"`

	// Guest is a file with the guest that has the workflows, if they run in a sandbox.
	Guest string `json:"guest,omitempty"`

	load     *load // that slow activities make
	children *children
	box      *box
}

// queue is the task queue of a worker.
func (j Job) queue(i int) string {
	if j.Queue != "" {
		return j.Queue
	}
	return frontend.QueueName(i)
}

// activities and workflows say whether a worker polls for them.
func (j Job) activities() bool {
	return j.Work != frontend.TwoTasks && j.Work != frontend.Signals && j.Work != frontend.Parked
}

func (j Job) workflows() bool {
	return j.Work != frontend.Activity && j.Work != frontend.Latency && j.Work != frontend.Slow
}

// start starts the contestant of the job. It works until stop is called.
func (j Job) start(ctx context.Context) (stop func(context.Context) error, err error) {
	j.Workers = max(j.Workers, 1)
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

// replay is how the contestant does the job's replay.
func (j Job) replay() (replays.Do, error) {
	r, err := replays.Named(j.Replay)
	switch {
	case err != nil:
		return nil, err
	case j.Contestant == SDK:
		return r.SDK(), nil
	case j.Contestant == Mainspring:
		return r.Ours(), nil
	default:
		return nil, fmt.Errorf("contestant %q has nothing to replay with", j.Contestant)
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
	// Children is the CPU time of child processes in nanoseconds.
	Children int64 `json:"children,omitempty"`
	// MaxRSS is the most memory that was resident, in bytes.
	MaxRSS int64 `json:"maxRSS"` //nolint:tagliatelle // as it is written
}

// The lines that a contestant's process is told, beside any other, which asks for a [Reading].
const (
	Stop     = "stop"
	Replay   = "replay"
	Memory   = "memory"    // asks for a [Footprint]
	Live     = "live"      // asks for [Lives]
	First    = "first"     // asks for the [time.Duration] until a new executor has done an activity
	StopBusy = "stop busy" // with a tab and a number: when so many slow activities have begun; asks for a [Stopped]
)

// Serve is the life of a contestant's process: it starts, writes "ready", and answers each line with
// a [Reading]. It stops at [Stop], and tells how long that took as a [time.Duration]. If its job is a
// replay it does that once at each [Replay], and answers "ok".
func Serve(ctx context.Context, job Job, in io.Reader, out io.Writer) error {
	job.load, job.children, job.box = newLoad(), new(children), new(box)
	stop, do, err := job.begin(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	lines := bufio.NewScanner(in)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		var answer any
		var err error
		switch question, number, _ := strings.Cut(lines.Text(), "\t"); question {
		case Stop:
			began := time.Now()
			err := stop(ctx)
			fmt.Fprintln(out, time.Since(began))
			return err
		case Replay:
			if err := do(); err != nil {
				return err
			}
			fmt.Fprintln(out, "ok")
			continue
		case StopBusy:
			if answer, err = job.load.stop(ctx, number, stop); err != nil {
				return err
			}
			return encoder.Encode(answer)
		case Memory:
			answer = measureMemory()
		case Live:
			answer, err = job.box.lives(ctx)
		case First:
			answer, err = job.children.first(ctx)
		default:
			answer, err = job.read()
		}
		if err == nil {
			err = encoder.Encode(answer)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(stop(ctx), lines.Err())
}

// begin starts what the job is; one of stop and do has nothing to do.
func (j Job) begin(ctx context.Context) (stop func(context.Context) error, do replays.Do, err error) {
	if j.Replay != "" {
		do, err = j.replay()
		return func(context.Context) error { return nil }, do, err
	}
	stop, err = j.start(ctx)
	return stop, func() error { return errors.New("this job is no replay") }, err
}

func (j Job) read() (r Reading, err error) {
	if r.Children, err = j.children.cpu(); err != nil {
		return r, err
	}
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

// Stamp is the activity that tells when it began.
func Stamp(context.Context, string) (int64, error) { return frontend.Clock() }
