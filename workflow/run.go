package workflow

import (
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// run is what the authoring API keeps for one workflow run. What few runs need is
// made when it is needed.
type run struct {
	env       *env.Env
	root      *cancelContext
	inbound   InboundInterceptor
	outbound  OutboundInterceptor
	info      Info
	data      timed         // env's data converter
	failures  timedFailures // and its failure converter
	signals   []*channel    // by name
	requested []signalUse   // what code asked for, in order
	queries   map[string]*queryHandler
	updates   updates
	reports   *reports                       // nil until code makes one
	summaries map[string]*sdkpb.UserMetadata // those that many timers share

	locals     map[*localKey]any // of LocalVar; nil without any
	converters bool              // there are contexts with a data converter of their own
	done       bool              // the workflow function has returned
	between    *BindOptions
	noHeader   *commonpb.Header // of all commands, if nobody looks at headers

	lastResult  *commonpb.Payloads // of the run before
	lastFailure *failurepb.Failure

	sessions            map[string]*SessionInfo // that are open
	channels, selectors int32                   // for their names
}

// reports are what code tells people, and what it does that with.
type reports struct {
	logger  log.Logger      // nil until code asks for it
	metrics metrics.Handler // nil until code asks for it
	details string          // set by SetCurrentDetails
}

// reporting returns what code reports with.
func (r *run) reporting() *reports {
	if r.reports == nil {
		r.reports = &reports{}
	}
	return r.reports
}

// begin makes r the run of a world.
func (r *run) begin(e *env.Env, o *BindOptions) {
	r.env, r.between = e, o
	r.lastResult = e.Info.Started.GetLastCompletionResult()
	r.lastFailure = e.Info.Started.GetContinuedFailure()
	r.updates.run = r
	r.info = newInfo(e)
	e.Hooks = hooks{r}
	r.data = timedConverter(e.DataConverter, e.Coroutines.Watch)
	r.failures = timedFailures{e.FailureConverter, e.Coroutines.Watch}
	e.DataConverter, e.FailureConverter = &r.data, &r.failures
}

// hooks are what a run does when something happens to it.
type hooks struct{ run *run }

var _ env.Hooks = hooks{}

func (h hooks) Signal(s *runner.Signal) error                     { return h.run.signal(s) }
func (h hooks) Cancel()                                           { h.run.root.cancelByCode() }
func (h hooks) Update(u *runner.Update)                           { h.run.update(u) }
func (h hooks) Query(q *runner.Query) (*commonpb.Payloads, error) { return h.run.query(q) }
func (h hooks) MemoChanged(m *commonpb.Memo)                      { h.run.info.Memo = m }

// notWorkflowContext is what code gets that uses a context of its own making.
const notWorkflowContext = "getState: not workflow context"

// runOf returns the run that ctx belongs to.
func runOf(ctx Context) *run {
	r, ok := ctx.Value(runKey).(*run)
	if !ok {
		env.Misuse(notWorkflowContext)
	}
	return r
}

// illegalAccess is what code gets that uses the API where it must not.
const illegalAccess = "getState: illegal access from outside of workflow context"

// mustMutate panics where workflow state must not be changed: in queries and
// in update validators.
func (r *run) mustMutate() {
	if r.env.ReadOnly {
		env.Misuse(illegalAccess)
	}
}

// readOnly runs f while everything that would change the workflow panics.
func (r *run) readOnly(f func() error) error {
	was := r.env.ReadOnly
	r.env.ReadOnly = true
	defer func() { r.env.ReadOnly = was }()
	return f()
}

// A spawning is the job to make a coroutine: it allocates much.
type spawning struct {
	run   *run
	ctx   Context
	name  string
	eager bool
	f     func(ctx Context)
	made  *thread
}

// Do implements [coro.Job].
func (s *spawning) Do() { s.made = s.run.create(s.ctx, s.name, s.eager, s.f) }

func (r *run) create(ctx Context, name string, eager bool, f func(ctx Context)) *thread {
	t := &thread{Context: ctx, run: r}
	body := func(*coro.Coroutine) { f(t) }
	if eager {
		r.env.Coroutines.GoEagerIn(&t.Coroutine, name, body)
	} else {
		r.env.Coroutines.GoIn(&t.Coroutine, name, body)
	}
	return t
}

// spawn starts a coroutine and returns the context of its own that it has.
func (r *run) spawn(ctx Context, name string, eager bool, f func(ctx Context)) Context {
	s, ok := r.env.Spawnings.Get().(*spawning)
	if !ok {
		s = new(spawning)
	}
	*s = spawning{run: r, ctx: ctx, name: name, eager: eager, f: f}
	r.env.Coroutines.Watch.Help(s)
	t := s.made
	*s = spawning{}
	r.env.Spawnings.Put(s)
	return t
}

// Go starts f in a coroutine: what a go statement is to ordinary code. It
// starts when the current coroutine blocks; coroutines run one at a time.
func Go(ctx Context, f func(ctx Context)) { GoNamed(ctx, "", f) }

// GoNamed is [Go] with a name that stack traces show.
func GoNamed(ctx Context, name string, f func(ctx Context)) {
	r := runOf(ctx)
	r.mustMutate()
	r.outbound.Go(ctx, name, f)
}

func (o rootOutbound) Go(ctx Context, name string, f func(ctx Context)) Context {
	return o.run.spawn(ctx, name, false, f)
}

func (r *run) nextName(kind string, counter *int32) string {
	*counter++
	return kind + "-" + strconv.Itoa(int(*counter))
}
