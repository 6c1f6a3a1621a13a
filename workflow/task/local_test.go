package task_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// An executor calls local activities, which are functions of this one type.
type executor struct {
	mu    sync.Mutex
	began time.Time
	log   []string // what was run, and when
	open  int
	last  *task.LocalAttempt
}

type localFunc = func(context.Context) (string, error)

func (e *executor) ExecuteLocal(ctx context.Context, a *task.LocalAttempt) (*commonpb.Payloads, error) {
	a.Started()
	e.mu.Lock()
	e.log = append(e.log, fmt.Sprintf("%s.%d at %v", a.Request.ID, a.Attempt, time.Since(e.began).Round(time.Millisecond)))
	e.open++
	e.last = a
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.open--
		e.mu.Unlock()
	}()
	f, ok := a.Call.Function.(localFunc)
	if !ok {
		return nil, fmt.Errorf("got a %T", a.Call.Function)
	}
	s, err := f(ctx)
	if err != nil {
		return nil, err
	}
	return histories.Payloads(s), nil
}

// A beating is a bench in virtual time whose server answers heartbeats with the
// next task.
type beating struct {
	*bench
	*executor
	beats []time.Duration // when heartbeats came
	stop  chan struct{}
	next  func() // happens before the next task
	edit  func(*polled)
}

func newBeating(t *testing.T, fn func(workflow.Context) (string, error), edits ...func(*task.Options)) *beating {
	t.Helper()
	b := &beating{executor: &executor{began: time.Now()}, stop: make(chan struct{})}
	b.bench = newBench(t, fn, append([]func(*task.Options){func(o *task.Options) {
		o.Locals, o.LocalStop = b.executor, b.stop
	}}, edits...)...)
	b.complete = func(r *completed) (*response, error) {
		if !r.GetForceCreateNewWorkflowTask() {
			return &response{}, nil
		}
		b.beats = append(b.beats, time.Since(b.began))
		b.CompleteTask(r.GetSdkMetadata())
		b.Command(r.GetCommands(), r.GetMessages())
		if b.next != nil {
			b.next()
		}
		b.Task()
		if !r.GetReturnNewWorkflowTask() {
			return &response{}, nil
		}
		if r.GetStickyAttributes() == nil {
			return &response{WorkflowTask: b.full(b.edits()...)}, nil
		}
		return &response{WorkflowTask: b.sticky(b.edits()...)}, nil
	}
	return b
}

func (b *beating) edits() []func(*polled) {
	if b.edit == nil {
		return nil
	}
	return []func(*polled){b.edit}
}

func (b *beating) check(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func local(ctx workflow.Context, f localFunc) workflow.Future {
	return localWith(ctx, workflow.LocalActivityOptions{}, f)
}

func localWith(ctx workflow.Context, o workflow.LocalActivityOptions, f localFunc) workflow.Future {
	if o.ScheduleToCloseTimeout == 0 {
		o.ScheduleToCloseTimeout = time.Hour
	}
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, o), f)
}

// takes is a local activity that takes its time, and obeys.
func takes(d time.Duration) localFunc {
	return func(ctx context.Context) (string, error) {
		select {
		case <-time.After(d):
			return "done", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// kinds are those of the commands.
func kinds(r *completed) []string {
	var out []string
	for line := range strings.Lines(histories.Describe(r.GetCommands())) {
		kind, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, strings.TrimSuffix(kind, ":"))
	}
	return out
}

func TestTasksWaitForLocalActivities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			began := workflow.Now(ctx)
			var out string
			err := local(ctx, takes(2*time.Second)).Get(ctx, &out)
			return fmt.Sprintf("%s after %v", out, workflow.Now(ctx).Sub(began)), err
		})
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		b.ended(t, task.Fresh, task.Answered, task.Completed)
		r := b.completed[0]
		b.check(t, "commands", kinds(r), []string{"RecordMarker", "CompleteWorkflow"})
		result := r.GetCommands()[1].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
		if got := string(result.GetPayloads()[0].GetData()); got != `"done after 2s"` {
			t.Errorf("got %s", got)
		}
		if r.GetForceCreateNewWorkflowTask() || r.GetMeteringMetadata().GetNonfirstLocalActivityExecutionAttempts() != 0 {
			t.Errorf("got %v", r)
		}
		want := task.LocalAttempt{Attempt: 1, Scheduled: b.began}
		if b.last.Attempt != want.Attempt || !b.last.Scheduled.Equal(want.Scheduled) || !b.last.Expires.IsZero() ||
			b.last.WorkflowID != "id" || b.last.RunID != "run" || b.last.Namespace != "ns" || b.last.WorkflowType != "wf" {
			t.Errorf("got attempt %+v", b.last)
		}
	})
}

// A heartbeat comes at 0.8 of the task's timeout of 10 s; signals that came
// meanwhile are seen in the task that it brings, and queries are answered.
func TestHeartbeats(t *testing.T) {
	for _, sticky := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBeating(t, func(ctx workflow.Context) (string, error) {
				state := "none"
				err := workflow.SetQueryHandler(ctx, "state", func() (string, error) { return state, nil })
				if err != nil {
					return "", err
				}
				workflow.Go(ctx, func(ctx workflow.Context) {
					workflow.GetSignalChannel(ctx, "s").Receive(ctx, &state)
					workflow.NewTimer(ctx, time.Hour)
				})
				return state, local(ctx, takes(20*time.Second)).Get(ctx, nil)
			}, func(o *task.Options) {
				if !sticky {
					o.StickyQueue = ""
				}
			})
			b.none = !sticky
			b.next = func() {
				if len(b.beats) == 1 {
					b.Signal("s", "told")
				}
			}
			b.edit = func(p *polled) {
				p.Queries = map[string]*querypb.WorkflowQuery{"q": {QueryType: "state"}}
			}
			b.Task()
			if err := b.handler.Handle(t.Context(), b.full(b.edit)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(b.beats, []time.Duration{8 * time.Second, 16 * time.Second}) {
				t.Errorf("heartbeats came at %v", b.beats)
			}
			b.check(t, "runs", b.log, []string{"1.1 at 0s"})
			want := []struct {
				commands, answer string
				beat             bool
			}{
				{"", "none", true},
				{"StartTimer", "told", true},
				{"RecordMarker CompleteWorkflow", "told", false},
			}
			if len(b.completed) != len(want) {
				t.Fatalf("got %d answers", len(b.completed))
			}
			for i, w := range want {
				r := b.completed[i]
				answer := string(r.GetQueryResults()["q"].GetAnswer().GetPayloads()[0].GetData())
				if got := strings.Join(kinds(r), " "); got != w.commands || answer != `"`+w.answer+`"` ||
					r.GetForceCreateNewWorkflowTask() != w.beat || r.GetReturnNewWorkflowTask() != (sticky || w.beat) {
					t.Errorf("answer %d: got commands %q, query answer %s, %v", i, got, answer, r)
				}
			}
			for i, e := range b.observed[1:] {
				if e.Origin != task.Cached {
					t.Errorf("the run of task %d was %s", i+1, e.Origin)
				}
			}
			// It replays like any other.
			b.CompleteTask(b.completed[2].GetSdkMetadata())
			b.Command(b.completed[2].GetCommands(), nil)
			if err := b.handler.Handle(t.Context(), b.ask("state", true)); err != nil {
				t.Error(err)
			}
			if got := string(b.queried[0].GetQueryResult().GetPayloads()[0].GetData()); got != `"told"` {
				t.Errorf("the query got %s", got)
			}
			b.check(t, "runs", b.log, []string{"1.1 at 0s"})
		})
	}
}

// Many short activities keep a task as one long does.
func TestHeartbeatsBetweenShortActivities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			for range 200 {
				if err := local(ctx, takes(100*time.Millisecond)).Get(ctx, nil); err != nil {
					return "", err
				}
			}
			return "", nil
		})
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		if len(b.log) != 200 || !slices.Equal(b.beats, []time.Duration{8 * time.Second, 16 * time.Second}) {
			t.Errorf("%d ran, heartbeats came at %v", len(b.log), b.beats)
		}
	})
}

// A canceled activity is told, and ends as canceled whatever it says, unless it
// has a result; one that waits for its next attempt, or was never begun, does
// not run.
func TestLocalActivitiesAreToldOfCancellation(t *testing.T) {
	for name, tt := range map[string]struct {
		f    localFunc
		runs int
		err  bool
	}{
		"obeys":      {takes(time.Hour), 1, true},
		"complains":  {func(ctx context.Context) (string, error) { <-ctx.Done(); return "", errors.New("no") }, 1, true},
		"has result": {func(ctx context.Context) (string, error) { <-ctx.Done(); return "still", nil }, 1, false},
		"waits":      {func(context.Context) (string, error) { return "", delayed(9 * time.Second) }, 1, true},
		"never ran":  {takes(time.Hour), 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBeating(t, func(ctx workflow.Context) (string, error) {
					child, cancel := workflow.WithCancel(ctx)
					if tt.runs == 0 {
						cancel()
					}
					f := local(child, tt.f)
					if err := local(ctx, takes(time.Second)).Get(ctx, nil); err != nil {
						return "", err
					}
					cancel()
					err := f.Get(ctx, nil)
					if temporal.IsCanceledError(err) != tt.err {
						return "", fmt.Errorf("got %w", err)
					}
					return "fine", nil
				})
				b.Task()
				if err := b.handler.Handle(t.Context(), b.full()); err != nil {
					t.Fatal(err)
				}
				b.check(t, "commands", kinds(b.completed[0]), []string{"RecordMarker", "RecordMarker", "CompleteWorkflow"})
				if runs := len(b.log) - 1; runs != tt.runs {
					t.Errorf("it ran %d times, want %d", runs, tt.runs)
				}
			})
		})
	}
}

// Whatever ends the task ends the activities that are waited for.
func TestNothingIsLeftRunning(t *testing.T) {
	forever := func(ctx workflow.Context) (string, error) {
		local(ctx, takes(time.Hour))
		var s string
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, &s)
		return s, ctx.Err()
	}
	for name, tt := range map[string]struct {
		prepare func(*beating)
		ctx     time.Duration
		failed  bool
		dropped task.Reason
	}{
		"the workflow returns": {func(b *beating) { b.next = func() { b.Signal("s") } }, 0, false, task.Completed},
		"no task comes back": {func(b *beating) {
			b.complete = func(*completed) (*response, error) { return &response{}, nil }
		}, 0, false, task.LeftLocals},
		"the heartbeat is refused": {func(b *beating) {
			b.complete = func(*completed) (*response, error) { return nil, serviceerror.NewNotFound("gone") }
		}, 0, true, task.Refused},
		"the next task is broken": {func(b *beating) { b.edit = func(p *polled) { p.History.Events = p.History.Events[1:] } }, 0, true, task.Stale},
		"there is no more time":   {func(*beating) {}, 3 * time.Second, true, task.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBeating(t, forever)
				tt.prepare(b)
				b.Task()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.ctx > 0 {
					time.AfterFunc(tt.ctx, cancel)
				}
				err := b.handler.Handle(ctx, b.full())
				if (err != nil) != tt.failed {
					t.Errorf("got error %v", err)
				}
				synctest.Wait()
				if b.open != 0 {
					t.Error("the activity still runs")
				}
				if len(b.dropped) == 0 || b.dropped[0] != tt.dropped {
					t.Errorf("runs were dropped for %q, want %q", b.dropped, tt.dropped)
				}
			})
		})
	}
}

// A worker that stops hands its task over at once, with what there is.
func TestAStoppingWorkerHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			slow := local(ctx, takes(time.Minute))
			if err := local(ctx, takes(time.Second)).Get(ctx, nil); err != nil {
				return "", err
			}
			return "", slow.Get(ctx, nil)
		})
		time.AfterFunc(3*time.Second, func() { close(b.stop) })
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(b.began); took != 3*time.Second {
			t.Errorf("it took %v", took)
		}
		b.ended(t, task.Fresh, task.Answered, task.LeftLocals)
		r := b.completed[0]
		b.check(t, "commands", kinds(r), []string{"RecordMarker"})
		if !r.GetForceCreateNewWorkflowTask() || r.GetReturnNewWorkflowTask() || r.GetStickyAttributes() != nil {
			t.Errorf("got %v, want a new task for anybody", r)
		}
		synctest.Wait()
		if b.open != 0 {
			t.Error("the activity still runs")
		}
		// Nothing begins any more.
		ran := len(b.log)
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		if last := b.completed[len(b.completed)-1]; !last.GetForceCreateNewWorkflowTask() || len(last.GetCommands()) != 0 {
			t.Errorf("got %v", last)
		}
		synctest.Wait()
		if len(b.log) != ran {
			t.Errorf("got runs %q, want no new ones", b.log)
		}
	})
}

// What has ended by the stop is handed over too, and does not run again.
func TestAStopLosesNoResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *beating
		b = newBeating(t, func(ctx workflow.Context) (string, error) {
			slow := local(ctx, takes(time.Minute))
			all := workflow.NewWaitGroup(ctx)
			stopped := false
			for range 5 {
				all.Go(ctx, func(ctx workflow.Context) {
					if err := local(ctx, takes(time.Second)).Get(ctx, nil); err == nil && !stopped {
						stopped = true
						close(b.stop)
						time.Sleep(time.Millisecond) // by then the others have ended, too
					}
				})
			}
			all.Wait(ctx)
			return "", slow.Get(ctx, nil)
		})
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		r := b.completed[0]
		if got := kinds(r); len(got) != 5 || !r.GetForceCreateNewWorkflowTask() || r.GetReturnNewWorkflowTask() {
			t.Errorf("got commands %q, want five markers and a task for anybody: %v", got, r)
		}
	})
}

// What fails while the worker stops has not failed.
func TestFailuresOfAStopAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *beating
		b = newBeating(t, func(ctx workflow.Context) (string, error) {
			return "", local(ctx, func(context.Context) (string, error) {
				close(b.stop)
				return "", temporal.NewNonRetryableApplicationError("stopped", "T", nil)
			}).Get(ctx, nil)
		})
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		if r := b.completed[0]; len(r.GetCommands()) != 0 || !r.GetForceCreateNewWorkflowTask() {
			t.Errorf("got %v", r)
		}
	})
}

func TestWithoutAnExecutor(t *testing.T) {
	b := newBench(t, func(ctx workflow.Context) (string, error) {
		return "", local(ctx, takes(0)).Get(ctx, nil)
	})
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full()); err == nil || !strings.Contains(err.Error(), "runs no local activities") {
		t.Errorf("got %v", err)
	}
	b.ended(t, task.Fresh, task.TaskFailed, task.Failed)
}

// Waiting for local activities is no slowness of the worker.
func TestWaitingIsNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			return "", local(ctx, takes(20*time.Second)).Get(ctx, nil)
		}, func(o *task.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		if log.Len() > 0 {
			t.Errorf("got log %s", log.String())
		}
	})
}

// A workflow that is failed by its code keeps what it did before in the task.
func TestAPanicAfterALocalActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			local(ctx, takes(time.Hour))
			workflow.NewTimer(ctx, time.Hour)
			if err := local(ctx, takes(time.Second)).Get(ctx, nil); err != nil {
				return "", err
			}
			workflow.NewTimer(ctx, time.Minute)
			panic("boom")
		}, func(o *task.Options) { o.PanicPolicy = task.Fail })
		b.Task()
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		r := b.completed[0]
		b.check(t, "commands", kinds(r), []string{"StartTimer", "RecordMarker", "StartTimer", "FailWorkflow"})
		if r.GetForceCreateNewWorkflowTask() {
			t.Error("the last answer is a heartbeat")
		}
		synctest.Wait()
		if b.open != 0 {
			t.Error("the activity still runs")
		}
	})
}

// A determinism error in a further step of a task is shown like any other.
func TestDeterminismErrorsAfterALocalActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changed := false
		b := newBeating(t, func(ctx workflow.Context) (string, error) {
			if err := local(ctx, takes(time.Second)).Get(ctx, nil); err != nil {
				return "", err
			}
			if changed {
				return haveNothingToDo(ctx)
			}
			return "", workflow.Sleep(ctx, time.Hour)
		})
		b.Task()
		b.does(t, b.full(), `RecordMarker LocalActivity `+
			`data={"ActivityID":"1","ActivityType":"1","ReplayTime":"2026-01-01T00:00:03Z","Attempt":1,"Backoff":0} result="done"`+
			"\nStartTimer 6 1h0m0s")
		changed = true
		b.close()
		b.FireTimer("6")
		b.Task()
		err := b.handler.Handle(t.Context(), b.full())
		nd, ok := errors.AsType[*machine.NondeterminismError](err)
		if !ok || nd.EventID != 6 || nd.Task != 3 || !strings.Contains(nd.Stack, "haveNothingToDo") {
			t.Errorf("got %v", err)
		}
	})
}
