package realserver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// beChild serves activities if this process is a child of an executor.
func beChild() { subprocess.Main(subprocess.Program{Activities: childActivities()}) }

func childActivities() []any { return []any{square, resume, obey, refuse, reveal} }

// square takes a while and heartbeats.
func square(ctx context.Context, n int) (int, error) {
	for i := range 3 {
		activity.RecordHeartbeat(ctx, i)
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
	}
	return n * n, nil
}

// resume crashes until it has got to its third step.
func resume(ctx context.Context) (string, error) {
	step := 0
	if err := activity.GetHeartbeatDetails(ctx, &step); err != nil && activity.HasHeartbeatDetails(ctx) {
		return "", err
	}
	if step < 3 {
		activity.RecordHeartbeat(ctx, step+1)
		fmt.Fprintln(os.Stderr, "crashing at step", step)
		os.Exit(7)
	}
	return fmt.Sprintf("step %d in attempt %d", step, activity.GetInfo(ctx).Attempt), nil
}

// obey tells what it learns of the end of its context.
func obey(ctx context.Context) (string, error) {
	for ctx.Err() == nil {
		activity.RecordHeartbeat(ctx, "here")
		time.Sleep(10 * time.Millisecond)
	}
	return "", temporal.NewCanceledError(context.Cause(ctx).Error())
}

// refuse goes on whatever it is told.
func refuse(ctx context.Context) error {
	for {
		activity.RecordHeartbeat(ctx, "here")
		time.Sleep(10 * time.Millisecond)
	}
}

// reveal tells where it runs, and for whom.
func reveal(ctx context.Context) (string, error) {
	i := activity.GetInfo(ctx)
	activity.GetLogger(ctx).Info("revealed", "pid", os.Getpid())
	return fmt.Sprint(os.Getpid(), " ", i.WorkflowExecution.ID, " ", i.TaskQueue), nil
}

func inChildren(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: patience, HeartbeatTimeout: patience, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumInterval: 50 * time.Millisecond},
	})
}

// squares adds up squares that activities make.
func squares(ctx workflow.Context, from, n int) (int, error) {
	ctx = inChildren(ctx)
	var futures []workflow.Future
	for i := range n {
		futures = append(futures, workflow.ExecuteActivity(ctx, square, from+i))
	}
	sum := 0
	for _, f := range futures {
		var got int
		if err := f.Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

// asks runs one activity without arguments, and cancels it after a while if it is to.
func asks(ctx workflow.Context, name string, cancelIt bool) (string, error) {
	inner, cancel := workflow.WithCancel(inChildren(ctx))
	f := workflow.ExecuteActivity(inner, name)
	if cancelIt {
		if err := workflow.Sleep(ctx, 300*time.Millisecond); err != nil {
			return "", err
		}
		cancel()
	}
	var said string
	err := f.Get(ctx, &said)
	var application *temporal.ApplicationError
	var canceled *temporal.CanceledError
	switch {
	case errors.As(err, &application):
		return "failed: " + application.Type() + ": " + application.Message(), nil
	case errors.As(err, &canceled):
		var why string
		if err := canceled.Details(&why); err != nil {
			return "", err
		}
		return "canceled: " + why, nil
	}
	return said, err
}

// executors counts those that were made.
var executors atomic.Int32

// newChildren makes an executor that leaves nothing behind.
func newChildren(t *testing.T, o subprocess.Options) *subprocess.Executor {
	t.Helper()
	marker := fmt.Sprint("REALSERVER_CHILD_OF=", executors.Add(1))
	o.Env = append(os.Environ(), marker)
	o.Stderr, o.Logger = io.Discard, quiet()
	e, err := subprocess.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		if left := childrenWith(t, marker); len(left) > 0 {
			t.Errorf("children are left: %v", left)
		}
	})
	return e
}

// childrenWith are the processes, as far as they live, that have a variable.
func childrenWith(t *testing.T, marker string) (pids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("children cannot be found without /proc")
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err == nil && bytes.Contains(append(env, 0), []byte(marker+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// zombies counts the children of this process that have ended and were not waited for.
func zombies() (n int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		b, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		if _, rest, _ := strings.Cut(string(b), ") "); strings.HasPrefix(rest, fmt.Sprint("Z ", os.Getpid(), " ")) {
			n++
		}
	}
	return n
}

// pipes counts the open files that belong to processes.
func pipes() (n int) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && (strings.HasPrefix(to, "pipe:") || strings.Contains(to, "pidfd")) {
			n++
		}
	}
	return n
}

// Children are killed at random while two workers that share them run 200 activities: every one
// comes to its result, and nothing of the children is left. It does not run beside other tests,
// whose files it could not tell from its own.
func TestChildrenKilledUnderLoad(t *testing.T) {
	const flows, each, most = 5, 40, 40
	random := newRandom(t)
	filesBefore, zombiesBefore := pipes(), zombies()
	queue, c := taskQueue(t), sdkClient(t)
	manager := subprocess.NewSharedState()
	e := newChildren(t, subprocess.Options{Size: 6, MaxTasks: 25})
	var workers []*worker.Worker
	for range 2 {
		w, err := worker.New(dial(t), queue, worker.Options{
			Workflows: []any{squares}, Activities: []any{square}, ActivityExecutor: e, SharedStateManager: manager,
			MaxConcurrentActivities: 6, Logger: quiet(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		workers = append(workers, w)
	}
	until(t, func() bool { return e.Stats().Children == 6 })
	stop := make(chan struct{})
	var kills atomic.Int32
	var killer sync.WaitGroup
	killer.Go(func() {
		for kills.Load() < most {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(20+random.IntN(60)) * time.Millisecond):
			}
			// Two are left, so that something is done while others start, on a slow machine.
			if pids := e.PIDs(); len(pids) > 2 && syscall.Kill(pids[random.IntN(len(pids))], syscall.SIGKILL) == nil {
				kills.Add(1)
			}
		}
	})
	var runs []client.WorkflowRun
	for i := range flows {
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "squares", i*each, each)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	for i, run := range runs {
		want, got := 0, 0
		for n := i * each; n < (i+1)*each; n++ {
			want += n * n
		}
		if err := run.Get(t.Context(), &got); err != nil || got != want {
			t.Errorf("workflow %d says %d, %v, want %d", i, got, err, want)
		}
		if n := countEvents(t, c, run, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED); n != each {
			t.Errorf("workflow %d has %d activities that completed, want %d", i, n, each)
		}
	}
	close(stop)
	killer.Wait()
	if err := manager.Close(); !errors.Is(err, subprocess.ErrSharedStateInUse) {
		t.Errorf("Close of the manager while workers run: %v", err)
	}
	for _, w := range workers {
		if err := w.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	if err := manager.Close(); err != nil {
		t.Errorf("Close of the manager: %v", err)
	}
	e.Close()
	if kills.Load() == 0 {
		t.Error("no child was killed")
	}
	t.Logf("%d children were killed: %+v", kills.Load(), e.Stats())
	until(t, func() bool { return pipes() <= filesBefore && zombies() <= zombiesBefore })
}

// What a workflow sees of activities in other processes: details that outlive a crash, the cause of
// a cancellation, and one that ignores it and is killed.
func TestActivitiesInOtherProcesses(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	logs := new(locked)
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{asks}, Activities: childActivities(), Logger: slog.New(slog.NewTextHandler(logs, nil)),
		MaxHeartbeatThrottleInterval: 50 * time.Millisecond,
		ActivityExecutor:             newChildren(t, subprocess.Options{Size: 2, CancelGrace: 200 * time.Millisecond}),
	})
	ask := func(name string, cancelIt bool) string {
		t.Helper()
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue, ID: queue + name}, "asks", name, cancelIt)
		if err != nil {
			t.Fatal(err)
		}
		var said string
		if err := run.Get(t.Context(), &said); err != nil {
			t.Fatal(err)
		}
		return said
	}
	if said := ask("resume", false); said != "step 3 in attempt 4" {
		t.Errorf("resume says %q", said)
	}
	if said := ask("obey", true); said != "canceled: canceled" {
		t.Errorf("obey says %q", said)
	}
	said := ask("refuse", true)
	for _, want := range []string{"failed: ProcessError: the process of activity refuse", "signal: terminated", "ignored that its context was done (canceled) for 200ms"} {
		if !strings.Contains(said, want) {
			t.Errorf("refuse says %q, want %q", said, want)
		}
	}
	if said := ask("reveal", false); strings.HasPrefix(said, fmt.Sprint(os.Getpid(), " ")) ||
		!strings.HasSuffix(said, fmt.Sprint(" ", queue, "reveal ", queue)) {
		t.Errorf("reveal says %q", said)
	}
	logs.mu.Lock()
	defer logs.mu.Unlock()
	if text := logs.String(); !strings.Contains(text, "msg=revealed") || !strings.Contains(text, "ActivityType=reveal") {
		t.Errorf("the worker's log has no line of the child: %s", text)
	}
}

// A worker whose children cannot be started stops, with an error that says why, and its tasks are
// done by another.
func TestChildrenThatDoNotStartStopTheWorker(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	e, err := subprocess.New(subprocess.Options{Size: 1, Command: "/bin/false", MaxStartFailures: 3, Stderr: io.Discard, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	told := make(chan error, 1)
	w, err := worker.New(dial(t), queue, worker.Options{
		Activities: childActivities(), ActivityExecutor: e, Logger: quiet(),
		OnFatalError: func(_ context.Context, err error) { told <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "asks", "reveal", false)
	if err != nil {
		t.Fatal(err)
	}
	runErr := w.Run(t.Context())
	var start *subprocess.StartError
	var option *worker.OptionError
	if !errors.As(runErr, &start) || !errors.As(runErr, &option) || option.Field != "ActivityExecutor" ||
		!strings.Contains(runErr.Error(), "exit status 1") {
		t.Errorf("Run: %v", runErr)
	}
	if err := <-told; !errors.As(err, &start) {
		t.Errorf("OnFatalError was told %v", err)
	}
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{asks}, Activities: childActivities(), ActivityExecutor: newChildren(t, subprocess.Options{Size: 1}),
	})
	var said string
	if err := run.Get(t.Context(), &said); err != nil || !strings.Contains(said, queue) {
		t.Errorf("the workflow says %q, %v", said, err)
	}
}

// Activities hear of a stop and of the end of the grace period, and the children of a worker that
// stops do not outlive its executor; the helper checks that.
func TestStopReachesActivitiesInOtherProcesses(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	first, err := worker.New(dial(t), queue, worker.Options{
		Workflows: []any{asks}, Activities: childActivities(), Logger: quiet(), GracefulShutdownTimeout: 100 * time.Millisecond,
		ActivityExecutor: newChildren(t, subprocess.Options{Size: 1, CancelGrace: 200 * time.Millisecond}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "asks", "obey", false)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return first.Stats().ActivitySlots.Used == 1 })
	if err := first.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{asks}, Activities: childActivities(), MaxHeartbeatThrottleInterval: 50 * time.Millisecond,
		ActivityExecutor: newChildren(t, subprocess.Options{Size: 1}),
	})
	// The attempt there ended with ErrWorkerShutdown, as what it was, so it is tried again here.
	pendingAttempt(t, c, run, 2)
	if err := c.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()); err != nil {
		t.Fatal(err)
	}
	var said string
	if err := run.Get(t.Context(), &said); err != nil || said != "canceled: canceled" {
		t.Errorf("the workflow says %q, %v", said, err)
	}
}

// pendingAttempt waits until the only activity of a workflow is in that attempt and running.
func pendingAttempt(t *testing.T, c client.Client, run client.WorkflowRun, attempt int32) {
	t.Helper()
	until(t, func() bool {
		d, err := c.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
		if err != nil {
			t.Fatal(err)
		}
		p := d.GetPendingActivities()
		return len(p) == 1 && p[0].GetAttempt() == attempt && p[0].GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED
	})
}
