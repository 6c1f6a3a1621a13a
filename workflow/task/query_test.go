package task_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// asks handles a query and returns what the server was told.
func (b *bench) asks(t *testing.T, p *polled) (*queried, error) {
	t.Helper()
	err := b.handler.Handle(t.Context(), p)
	if len(b.queried) == 0 {
		t.Fatalf("the query was not answered: %v", err)
	}
	return b.queried[len(b.queried)-1], err
}

func (b *bench) answers(t *testing.T, p *polled, want string) {
	t.Helper()
	got, err := b.asks(t, p)
	if err != nil {
		t.Error(err)
	}
	if got.GetCompletedType() != enumspb.QUERY_RESULT_TYPE_ANSWERED || decode(t, got.GetQueryResult()) != want {
		t.Errorf("got %v, want the answer %q", got, want)
	}
	if string(got.GetTaskToken()) != "token" || got.GetNamespace() != "ns" || got.GetPollerGroupId() != "group" {
		t.Errorf("got %v", got)
	}
}

func group(p *polled) *polled {
	p.PollerGroupId = "group"
	return p
}

func TestQueriesThatComeAlone(t *testing.T) {
	b := newBench(t, counting)
	b.Signal("s", "one")
	b.Task()
	b.does(t, b.full(), "StartTimer 6 1m0s")

	b.answers(t, group(b.ask("state", false)), "one")
	b.ended(t, task.Cached, task.Queried)
	more := b.ask("state", false)
	more.NextPageToken = []byte("more")
	b.answers(t, group(more), "one")
	b.ended(t, task.Cached, task.Queried)
	if len(b.asked) != 0 {
		t.Error("history was fetched for a run that is up to date")
	}

	// Asked of any worker, the run in the cache is left alone.
	b.answers(t, group(b.ask("state", true)), "one")
	b.ended(t, task.Rebuilt, task.Queried)
	if len(b.runs) != 1 {
		t.Error("the run has left the cache")
	}
	b.Signal("s", "two")
	b.Task()
	b.does(t, b.sticky(), "StartTimer 11 1m0s")
	b.ended(t, task.Cached, task.Answered)

	// The run is not here any more.
	b.close()
	b.pages = b.paged(100)
	b.answers(t, group(b.ask("state", false)), "two")
	b.ended(t, task.Missed, task.Queried)
	if len(b.runs) != 0 {
		t.Error("a run that was made for a query is in the cache")
	}

	// The part of a history is as good as none.
	b.answers(t, group(func() *polled {
		p := b.ask("state", true)
		p.History = &historypb.History{Events: b.Events[4:]}
		return p
	}()), "two")
	b.ended(t, task.Missed, task.Queried)

	got, err := b.asks(t, b.ask("unknown", true))
	if err != nil || got.GetCompletedType() != enumspb.QUERY_RESULT_TYPE_FAILED ||
		!strings.HasPrefix(got.GetErrorMessage(), "unknown queryType unknown") ||
		got.GetFailure().GetMessage() != got.GetErrorMessage() {
		t.Errorf("got %v, %v, want the query to be unknown", got, err)
	}
	b.ended(t, task.Rebuilt, task.Queried)
}

func TestQueriesOfRunsThatFail(t *testing.T) {
	b := newBench(t, counting)
	b.Signal("s", "panic")
	b.Task()
	b.CompleteTask(nil)
	got, err := b.asks(t, b.ask("state", true))
	if err == nil || got.GetCompletedType() != enumspb.QUERY_RESULT_TYPE_FAILED ||
		got.GetErrorMessage() != "Workflow panic: as told" || got.GetCause() != unhandled ||
		got.GetFailure().GetMessage() != "as told" {
		t.Errorf("got %v, %v, want the panic", got, err)
	}
	b.ended(t, task.Rebuilt, task.Queried)
	if len(b.failed) != 0 {
		t.Error("a workflow task was failed for a query")
	}
}

// A handler that takes its goroutine down breaks the run, and only the run.
func TestQueriesThatBreakARunInTheCache(t *testing.T) {
	b := newBench(t, func(ctx workflow.Context) (string, error) {
		err := workflow.SetQueryHandler(ctx, "exit", func() (int, error) { runtime.Goexit(); return 0, nil })
		if err != nil {
			return "", err
		}
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		return "", workflow.Sleep(ctx, time.Minute)
	})
	b.Task()
	b.does(t, b.full(), "")
	got, err := b.asks(t, b.ask("exit", false))
	if err == nil || !strings.Contains(got.GetErrorMessage(), "runtime.Goexit") {
		t.Errorf("got %v, %v", got, err)
	}
	b.ended(t, task.Cached, task.Queried, task.Failed)
	b.Signal("s")
	b.Task()
	b.pages = b.paged(100)
	b.does(t, b.sticky(), "StartTimer 9 1m0s")
	b.ended(t, task.Missed, task.Answered)
}

func TestQueriesThatCannotBeAnswered(t *testing.T) {
	b := newBench(t, counting)
	b.Task()
	b.CompleteTask(nil)
	if err := b.handler.Handle(t.Context(), b.ask("state", false)); err == nil || len(b.queried) != 0 {
		t.Errorf("got %v with answer %v, though there is no history", err, b.queried)
	}
	b.ended(t, task.Missed, task.Silent)

	b.query = errors.New("too late")
	if err := b.handler.Handle(t.Context(), b.ask("state", true)); !errors.Is(err, b.query) {
		t.Errorf("got %v, want %v", err, b.query)
	}
	b.ended(t, task.Rebuilt, task.NotTaken)
}

// A run whose task ended in a panic, such as one of an interceptor of calls, is ahead of its history:
// it is not kept, or it would answer queries with what nobody knows of.
func TestTasksThatPanicKeepNoRun(t *testing.T) {
	b := newBench(t, counting)
	b.complete = func(*completed) (*response, error) { panic("boom") }
	b.Signal("s", "one")
	b.Task()
	func() {
		defer func() {
			if v := recover(); v != "boom" {
				t.Errorf("recovered %v", v)
			}
		}()
		_ = b.handler.Handle(t.Context(), b.full())
	}()
	if len(b.runs) > 0 || len(b.held) > 0 || !slices.Equal(b.dropped, []task.Reason{task.Failed}) {
		t.Errorf("%d runs are kept, %d held, dropped for %q", len(b.runs), len(b.held), b.dropped)
	}
}

// What a handler says that is no text must not keep the answer, and all else in it, from being sent.
func TestErrorsOfQueriesThatAreNoText(t *testing.T) {
	b := newBench(t, func(ctx workflow.Context) (string, error) {
		err := workflow.SetQueryHandler(ctx, "q", func() (string, error) { return "", errors.New("got \xff") })
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		return "", err
	})
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full(func(p *polled) {
		p.Queries = map[string]*querypb.WorkflowQuery{"1": {QueryType: "q"}}
	})); err != nil {
		t.Fatal(err)
	}
	got := b.completed[0]
	if _, err := proto.Marshal(got); err != nil || got.GetQueryResults()["1"].GetErrorMessage() != "got \uFFFD" {
		t.Errorf("got %v, which cannot be sent: %v", got.GetQueryResults(), err)
	}
}
