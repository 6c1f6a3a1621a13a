package worker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/worker"
)

// badDays is a client whose first answers about the namespace are errors. It retries nothing, as
// clients of users may not.
type badDays struct {
	workflowservice.WorkflowServiceClient

	mu    sync.Mutex
	codes []codes.Code
	asked int
}

func (b *badDays) WorkflowService() workflowservice.WorkflowServiceClient { return b }

func (b *badDays) DescribeNamespace(
	ctx context.Context, req *workflowservice.DescribeNamespaceRequest, opts ...grpc.CallOption,
) (*workflowservice.DescribeNamespaceResponse, error) {
	b.mu.Lock()
	n := b.asked
	b.asked++
	b.mu.Unlock()
	if n < len(b.codes) {
		return nil, refused(b.codes[n])
	}
	return b.WorkflowServiceClient.DescribeNamespace(ctx, req, opts...)
}

// onBadDays makes a worker over a client that gives these answers first.
func (f *frontend) onBadDays(t *testing.T, o worker.Options, answers ...codes.Code) (*worker.Worker, *badDays) {
	t.Helper()
	b := &badDays{WorkflowServiceClient: f.client.WorkflowService(), codes: answers}
	o.Logger = new(logbook).logger()
	w, err := worker.New(b, taskQueue, o)
	if err != nil {
		t.Fatal(err)
	}
	return w, b
}

// One bad answer does not keep a worker from starting, if the next one may be better.
func TestStartOutlastsBadAnswers(t *testing.T) {
	for code, passes := range map[codes.Code]bool{
		codes.Unavailable:       true,
		codes.Internal:          true,
		codes.Unknown:           true,
		codes.ResourceExhausted: true,
		codes.Aborted:           true,
		codes.DeadlineExceeded:  true,
		codes.NotFound:          false,
		codes.PermissionDenied:  false,
		codes.Unauthenticated:   false,
		codes.InvalidArgument:   false,
	} {
		t.Run(code.String(), func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				w, b := f.onBadDays(t, both(), code, code)
				began := time.Now()
				err := w.Start(t.Context())
				if passes != (err == nil) {
					t.Fatalf("Start: %v", err)
				}
				if passes && b.asked != 3 || !passes && (b.asked != 1 || time.Since(began) != 0) {
					t.Errorf("asked %d times in %v", b.asked, time.Since(began))
				}
				if err != nil && serviceerror.ToStatus(err).Code() != code {
					t.Errorf("the error hides what the server said: %v", err)
				}
				stop(t, w)
			})
		})
	}
}

// A server that never knows better ends the start after a minute, with what it said.
func TestStartGivesUp(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(context.Context) error { return refused(codes.Unavailable) }
		began := time.Now()
		err := f.worker(t, both()).Start(t.Context())
		var option *worker.OptionError
		var down *serviceerror.Unavailable
		if !errors.As(err, &option) || option.Field != "Namespace" || !errors.As(err, &down) ||
			!errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

// Whoever stops a worker that waits for its server is not kept waiting, whichever way.
func TestStopWhileTheServerIsDown(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(context.Context) error { return refused(codes.Unavailable) }
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		if err := f.worker(t, both()).Run(ctx); err != nil || time.Since(began) != 30*time.Second {
			t.Errorf("Run: %v after %v", err, time.Since(began))
		}
		w := f.worker(t, both())
		started := make(chan error, 1)
		go func() { started <- w.Start(t.Context()) }()
		pass(20 * time.Second)
		if took := stop(t, w); took != 0 {
			t.Errorf("Shutdown took %v", took)
		}
		if err := <-started; !errors.Is(err, worker.ErrStopped) {
			t.Errorf("Start: %v", err)
		}
	})
}

// Whatever is called when, by how many, while the server takes its time: all return, and nothing
// is left.
func TestLivesInAnyOrder(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) { liveInAnyOrder(t, f, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func forASecond(context.Context) error {
	time.Sleep(time.Second)
	return nil
}

func liveInAnyOrder(t *testing.T, f *frontend, chance *rand.Rand) {
	slow := time.Duration(chance.IntN(3)) * time.Second
	answer := []error{nil, nil, nil, refused(codes.NotFound)}[chance.IntN(4)]
	f.drains = chance.IntN(2) == 0
	f.describe = func(ctx context.Context) error {
		select {
		case <-time.After(slow):
			return answer
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if chance.IntN(4) == 0 {
		breakPolls(f, []kind{normal, stickyKind, activities}[chance.IntN(3)], codes.PermissionDenied)
	}
	w := f.worker(t, both())
	long, patience := eventually(t), time.Duration(chance.IntN(4))*time.Second
	calls := []func() error{
		func() error { return w.Start(long) },
		func() error {
			ctx, cancel := context.WithTimeout(long, patience)
			defer cancel()
			return w.Run(ctx)
		},
		func() error { return worker.With(long, w, forASecond) },
		func() error { return w.Shutdown(long) },
		func() error { return w.Shutdown(long) },
		func() error { w.IsRunning(); w.IsShutdown(); w.Stats(); _, _ = w.Report(); return nil },
	}
	var all sync.WaitGroup
	for _, i := range chance.Perm(len(calls)) {
		wait := time.Duration(chance.IntN(4)) * 500 * time.Millisecond
		all.Go(func() {
			time.Sleep(wait)
			if err := calls[i](); errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("call %d hung: %v", i, err)
			}
		})
	}
	all.Wait()
	if !w.IsShutdown() || w.IsRunning() {
		t.Error("Shutdown has returned, and the worker has not ended")
	}
	synctest.Wait()
	if n := f.polling(normal) + f.polling(stickyKind) + f.polling(activities); n > 0 {
		t.Errorf("%d polls are left", n)
	}
}
