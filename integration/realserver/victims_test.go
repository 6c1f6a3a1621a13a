package realserver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// A mark is how far an attempt has come: what heartbeats tell, and results.
type mark struct {
	Activity, Attempt, Step int
	// Worker that runs it, counted from 1.
	Worker int
}

// before reports whether m is older than n. Both are of one activity.
func (m mark) before(n mark) bool {
	return m.Attempt < n.Attempt || m.Attempt == n.Attempt && m.Step < n.Step
}

// readMark decodes a mark; it is zero if there is none.
func readMark(p *commonpb.Payloads) (m mark) {
	_ = converter.GetDefaultDataConverter().FromPayloads(p, &m)
	return m
}

// A line is what a worker tells while it lives.
type line struct {
	// What: an attempt "started" and Found that of an earlier one; a heartbeat or a
	// result is being "sent", or was "confirmed" by the server.
	What   string
	Result bool `json:",omitempty"`
	Mark   mark
	Found  mark `json:",omitzero"`
}

// A teller takes lines. It is called from many goroutines.
type teller func(line)

// tellCalls tells of heartbeats and results, before and after.
func tellCalls(tell teller) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		l := line{}
		switch req := req.(type) {
		case *workflowservice.RecordActivityTaskHeartbeatRequest:
			l.Mark = readMark(req.GetDetails())
		case *workflowservice.RespondActivityTaskCompletedRequest:
			l.Mark, l.Result = readMark(req.GetResult()), true
		default:
			return invoke(ctx, method, req, reply, cc, opts...)
		}
		l.What = "sent"
		tell(l)
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err == nil {
			l.What = "confirmed"
			tell(l)
		}
		return err
	}
}

// laborer has the activities. The last worker is the survivor: on it they end.
type laborer struct {
	tell     teller
	worker   int
	survivor bool
}

// Step sends heartbeats until it runs on the survivor.
func (l *laborer) Step(ctx context.Context, i int) (mark, error) {
	m := l.begin(ctx, i)
	for n := 0; !l.survivor || n < 3; n++ {
		m.Step++
		activity.RecordHeartbeat(ctx, m)
		select {
		case <-ctx.Done():
			return mark{}, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return m, nil
}

// Hand has a result soon.
func (l *laborer) Hand(ctx context.Context, i int) (mark, error) {
	m := l.begin(ctx, i)
	select {
	case <-ctx.Done():
		return mark{}, context.Cause(ctx)
	case <-time.After(time.Duration(rand.Int64N(int64(300 * time.Millisecond)))): //nolint:gosec // no secret
		return m, nil
	}
}

func (l *laborer) begin(ctx context.Context, i int) mark {
	found := mark{}
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &found); err != nil {
			found.Step = -1 // it is told, and fits nothing
		}
	}
	m := mark{Activity: i, Attempt: int(activity.GetInfo(ctx).Attempt), Step: found.Step, Worker: l.worker}
	l.tell(line{What: "started", Mark: m, Found: found})
	return m
}

// Climb runs activities that heartbeat, and counts them.
func Climb(ctx workflow.Context, n int, timeout time.Duration) (int, error) {
	return each(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: timeout,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, BackoffCoefficient: 1},
	}), n, "Step")
}

// Deliver runs activities that have a result soon, and counts them.
func Deliver(ctx workflow.Context, n int) (int, error) {
	return each(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 3 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, BackoffCoefficient: 1},
	}), n, "Hand")
}

func each(ctx workflow.Context, n int, name string) (int, error) {
	futures := make([]workflow.Future, n)
	for i := range n {
		futures[i] = workflow.ExecuteActivity(ctx, name, i)
	}
	seen := make(map[int]bool, n)
	for _, f := range futures {
		var m mark
		if err := f.Get(ctx, &m); err != nil {
			return 0, err
		}
		seen[m.Activity] = true
	}
	return len(seen), nil
}

// options of the workers.
func (l *laborer) options() worker.Options {
	o := worker.Options{
		Workflows: []any{Climb, Deliver}, Activities: []any{l}, Logger: quiet(),
		StickyQueueScheduleToStartTimeout: time.Second,
		DeadlockDetectionTimeout:          time.Minute,
		MaxConcurrentActivities:           climbing + 10,
	}
	return o
}

// serve runs the worker until ctx ends.
func (l *laborer) serve(ctx context.Context, address, queue string, slots int) error {
	c, err := connect.Dial(connect.Options{
		Address: address, DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(tellCalls(l.tell))},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	o := l.options()
	if slots > 0 {
		o.MaxConcurrentActivities = slots
	}
	w, err := worker.New(c, queue, o)
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// A part is what a victim is told to be, in the environment.
type part struct {
	Address, Queue string
	Worker, Slots  int
}

// partEnv makes a process of this test binary a victim.
const partEnv = "REALSERVER_VICTIM"

// beVictim is a worker in a process of its own that tells on standard output what it
// does. It lives until it is killed, or its parent is gone.
func beVictim(settings string) error {
	var p part
	if err := json.Unmarshal([]byte(settings), &p); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends with the parent
	}()
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	l := &laborer{worker: p.Worker, tell: func(l line) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(l) // one write, so that a kill cuts no line
	}}
	return l.serve(ctx, p.Address, p.Queue, p.Slots)
}

// A victim is a worker in another process.
type victim struct {
	command *exec.Cmd
	read    chan error // closed when all it has told is in the ledger
}

// startVictim starts one.
func startVictim(t *testing.T, l *ledger, p part) *victim {
	t.Helper()
	p.Address = server.Address()
	settings, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{command: exec.CommandContext(context.WithoutCancel(t.Context()), self), read: make(chan error, 1)}
	v.command.Env = append(os.Environ(), partEnv+"="+string(settings))
	says := &strings.Builder{}
	v.command.Stderr = says
	if _, err := v.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := v.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(v.read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var one line
			if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
				v.read <- fmt.Errorf("victim %d says %q: %w", p.Worker, lines.Text(), err)
				return
			}
			l.take(one)
		}
	}()
	t.Cleanup(func() {
		v.kill(t)
		if t.Failed() && says.Len() > 0 {
			t.Logf("victim %d: %s", p.Worker, says)
		}
	})
	return v
}

// kill ends the process at once, with SIGKILL, and returns when all is known that it
// has told.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	if v.command.ProcessState != nil {
		return
	}
	if err := v.command.Process.Kill(); err != nil {
		t.Errorf("kill the victim: %v", err)
	}
	if err := <-v.read; err != nil {
		t.Error(err)
	}
	_ = v.command.Wait() // it was killed
}
