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
)

// run is what the authoring API keeps for one workflow run.
type run struct {
	env       *env.Env
	root      Context
	inbound   InboundInterceptor
	outbound  OutboundInterceptor
	info      *Info
	signals   map[string]*channel
	requested []signalUse // what code asked for, in order
	queries   map[string]*queryHandler
	updates   updates
	logger    log.Logger
	metrics   metrics.Handler                // nil until code asks for it
	summaries map[string]*sdkpb.UserMetadata // those that many timers share

	locals      map[*localKey]any // of LocalVar; nil without any
	noHeader    *commonpb.Header  // of all commands, if nobody looks at headers
	intercepted bool              // there are interceptors
	converters  bool              // there are contexts with a data converter of their own
	propagators []ContextPropagator
	preferred   PreferredVersionProvider

	lastResult  *commonpb.Payloads // of the run before
	lastFailure *failurepb.Failure

	sessions            map[string]*SessionInfo // that are open
	details             string                  // set by SetCurrentDetails
	channels, selectors int
}

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

// spawn starts a coroutine and returns the context of its own that it has.
func (r *run) spawn(ctx Context, name string, eager bool, f func(ctx Context)) Context {
	t := r.newThread()
	ctx = WithValue(ctx, coroutineKey, t)
	body := func(*coro.Coroutine) { f(ctx) }
	if eager {
		t.Coroutine = r.env.Coroutines.GoEager(name, body)
	} else {
		t.Coroutine = r.env.Coroutines.Go(name, body)
	}
	return ctx
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

func (r *run) nextName(kind string, counter *int) string {
	*counter++
	return kind + "-" + strconv.Itoa(*counter)
}
