package task_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/task"
)

type (
	polled                = workflowservice.PollWorkflowTaskQueueResponse
	completed             = workflowservice.RespondWorkflowTaskCompletedRequest
	response              = workflowservice.RespondWorkflowTaskCompletedResponse
	failed                = workflowservice.RespondWorkflowTaskFailedRequest
	queried               = workflowservice.RespondQueryTaskCompletedRequest
	page                  = workflowservice.GetWorkflowExecutionHistoryResponse
	completedCapabilities = workflowservice.RespondWorkflowTaskCompletedRequest_Capabilities
	pageAsk               = workflowservice.GetWorkflowExecutionHistoryRequest
)

// A service keeps what it is told and answers what the test says.
type service struct {
	completed []*completed
	failed    []*failed
	queried   []*queried
	asked     []*pageAsk

	complete func(*completed) (*response, error) // default: taken
	pages    func(*pageAsk) (*page, error)       // default: no history
	fail     error
	query    error
}

func (s *service) RespondWorkflowTaskCompleted(_ context.Context, r *completed) (*response, error) {
	s.completed = append(s.completed, r)
	if s.complete == nil {
		return &response{}, nil
	}
	return s.complete(r)
}

func (s *service) RespondWorkflowTaskFailed(
	_ context.Context, r *failed,
) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	s.failed = append(s.failed, r)
	return &workflowservice.RespondWorkflowTaskFailedResponse{}, s.fail
}

func (s *service) RespondQueryTaskCompleted(
	_ context.Context, r *queried,
) (*workflowservice.RespondQueryTaskCompletedResponse, error) {
	s.queried = append(s.queried, r)
	return &workflowservice.RespondQueryTaskCompletedResponse{}, s.query
}

func (s *service) GetWorkflowExecutionHistory(ctx context.Context, r *pageAsk) (*page, error) {
	s.asked = append(s.asked, r)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.pages == nil {
		return nil, errors.New("no history here")
	}
	return s.pages(r)
}

// A cache keeps runs without limit, or none at all.
type cache struct {
	none    bool
	refuse  error
	dropped []task.Reason

	mu   sync.Mutex
	runs map[string]*task.Run
	held map[string]bool
}

func (c *cache) Acquire(_ context.Context, runID string) (task.Lease, error) {
	if c.refuse != nil {
		return nil, c.refuse
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs == nil {
		c.runs, c.held = make(map[string]*task.Run), make(map[string]bool)
	}
	if c.held[runID] {
		return nil, errors.New("leased twice")
	}
	c.held[runID] = true
	return &lease{cache: c, id: runID}, nil
}

// close ends all runs.
func (c *cache) close() {
	for _, r := range c.runs {
		r.Close()
	}
	c.runs = nil
}

type lease struct {
	cache *cache
	id    string
}

func (l *lease) Run() (*task.Run, bool) {
	r, ok := l.cache.runs[l.id]
	return r, ok
}

func (l *lease) Keep(r *task.Run) { l.cache.runs[l.id] = r }

func (l *lease) Drop(why task.Reason) {
	l.cache.dropped = append(l.cache.dropped, why)
	l.evict()
}

func (l *lease) evict() {
	if r, ok := l.cache.runs[l.id]; ok {
		r.Close()
		delete(l.cache.runs, l.id)
	}
}

func (l *lease) Release() {
	if l.cache.none {
		l.evict()
	}
	delete(l.cache.held, l.id)
}

// events are what an observer was told.
type events []task.Event

func (e *events) WorkflowTaskEnded(ev task.Event) { *e = append(*e, ev) }

// A bench has a handler with fakes around it.
type bench struct {
	progress task.Progress // nil for none
	*service
	*cache
	*histories.History
	observed events
	handler  *task.Handler
}

func newBench(t *testing.T, fn func(workflow.Context) (string, error), edits ...func(*task.Options)) *bench {
	t.Helper()
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		t.Fatal(err)
	}
	b := &bench{service: &service{}, cache: &cache{}, History: histories.Start("wf")}
	t.Cleanup(b.close)
	o := task.Options{
		Service: b.service, Runner: r, Cache: b.cache, Namespace: "ns", Identity: "me",
		TaskQueue: "tasks", StickyQueue: "sticky", BuildID: "build", Observer: &b.observed,
	}
	for _, edit := range edits {
		edit(&o)
	}
	var err error
	if b.handler, err = task.New(o); err != nil {
		t.Fatal(err)
	}
	return b
}

// poll is the open task with the events from one on.
func (b *bench) poll(from int64, edits ...func(*polled)) *polled {
	p := &polled{
		TaskToken:              []byte("token"),
		WorkflowExecution:      &commonpb.WorkflowExecution{WorkflowId: "id", RunId: "run"},
		WorkflowType:           &commonpb.WorkflowType{Name: "wf"},
		PreviousStartedEventId: b.Previous,
		StartedEventId:         b.Started,
		Attempt:                1,
		History:                &historypb.History{Events: slices.Clone(b.Events[from-1:])},
	}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// full is the open task with all events, sticky with those since the last.
func (b *bench) full(edits ...func(*polled)) *polled   { return b.poll(1, edits...) }
func (b *bench) sticky(edits ...func(*polled)) *polled { return b.poll(b.Previous+1, edits...) }

// ask is a query of the run, which brings history or none.
func (b *bench) ask(name string, withHistory bool) *polled {
	return b.full(func(p *polled) {
		p.StartedEventId = 0
		p.Query = &querypb.WorkflowQuery{QueryType: name}
		if !withHistory {
			p.History = nil
		}
	})
}

// handle hands the task to the handler, watched if someone watches.
func (b *bench) handle(t *testing.T, p *polled) error {
	if b.progress == nil {
		return b.handler.Handle(t.Context(), p)
	}
	return b.handler.HandleWith(t.Context(), p, b.progress)
}

// does handles a task that ends well, and completes it in the history.
func (b *bench) does(t *testing.T, p *polled, want string) *completed {
	t.Helper()
	if err := b.handle(t, p); err != nil {
		t.Fatal(err)
	}
	if len(b.completed) == 0 {
		t.Fatal("nothing was completed")
	}
	got := b.completed[len(b.completed)-1]
	if d := histories.Describe(got.GetCommands()); d != want {
		t.Fatalf("got commands %q, want %q", d, want)
	}
	b.CompleteTask(got.GetSdkMetadata())
	b.Command(got.GetCommands(), got.GetMessages())
	return got
}

// ended checks how the last task ended.
func (b *bench) ended(t *testing.T, origin task.Origin, outcome task.Outcome, dropped ...task.Reason) {
	t.Helper()
	if len(b.observed) == 0 {
		t.Fatal("no task was observed")
	}
	e := b.observed[len(b.observed)-1]
	if e.Origin != origin || e.Outcome != outcome {
		t.Errorf("the run was %q and the task %q, want %q and %q", e.Origin, e.Outcome, origin, outcome)
	}
	if e.WorkflowType != "wf" || e.WorkflowID != "id" || e.RunID != "run" || e.Took < 0 {
		t.Errorf("got event %+v", e)
	}
	if !slices.Equal(b.dropped, dropped) {
		t.Errorf("runs were dropped for %q, want %q", b.dropped, dropped)
	}
	b.dropped = nil
}

// answer is a service that answers completions in order, then takes the rest.
func answer(responses ...*response) func(*completed) (*response, error) {
	return func(*completed) (*response, error) {
		if len(responses) == 0 {
			return &response{}, nil
		}
		r := responses[0]
		responses = responses[1:]
		return r, nil
	}
}
