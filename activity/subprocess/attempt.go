package subprocess

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// attempt is a call in the child that runs it. It is the activity.Outbound of its activity.
type attempt struct {
	server  *server
	id      uint64
	call    *callMessage
	info    activity.Info
	half    activity.ChildHalf
	logger  *slog.Logger
	metrics metrics.Handler
	dc      converter.DataConverter
	fc      converter.FailureConverter

	ctx    context.Context //nolint:containedctx // that of the activity
	cancel context.CancelCauseFunc
	expire context.CancelFunc
	stop   chan struct{}

	mu      sync.Mutex
	refused error // why a heartbeat will never arrive
}

func (s *server) newAttempt(m *callMessage) *attempt {
	a := &attempt{server: s, id: m.id, call: m, info: m.info, stop: make(chan struct{}), expire: func() {}}
	ctx, cancel := context.WithCancelCause(context.Background())
	a.cancel = cancel
	if m.bounded {
		ctx, a.expire = context.WithDeadlineCause(ctx, time.Now().Add(m.left), expiry(&m.info))
	}
	a.ctx = activity.WithOutbound(ctx, a)
	stop := sync.OnceFunc(func() { close(a.stop) })
	if m.stopping {
		stop()
	}
	sendState := func(message []byte) error {
		m := stateMessage{id: a.id, body: message}
		return s.out.write(kindState, m.marshal())
	}
	a.half = s.manager.AtChild(sendState, activity.ChildSide{Cancel: a.cancel, Stop: stop})
	a.logger = slog.New(log.Forward(m.level, func(line log.Record) error {
		m := logMessage{id: a.id, line: line}
		return s.out.write(kindLog, m.marshal())
	}))
	a.metrics = metrics.NopHandler{}
	if !m.mute {
		a.metrics = metrics.Forward(func(r metrics.Report) {
			m := metricMessage{id: a.id, report: r}
			_ = s.out.write(kindMetric, m.marshal()) // if it cannot be sent the worker is gone
		})
	}
	s.bind(a.ctx, a)
	return a
}

// expiry is the cause when the time of an attempt is over.
func expiry(info *activity.Info) error {
	if _, by, bounded := info.Bound(); bounded {
		return temporal.NewTimeoutError(by, nil)
	}
	return context.DeadlineExceeded
}

// run runs the call on this goroutine, and says how it ended whatever happens.
func (a *attempt) run() {
	defer a.expire()
	defer a.cancel(context.Canceled)
	outcome := resultMessage{failed: send(activity.ErrGoexit, nil, a.fc)}
	defer func() { a.server.end(a, &outcome) }()
	defer a.half.Close()
	stopClock := a.server.limits.clock()
	defer stopClock()
	result, err := a.invoke()
	var cause error
	if a.ctx.Err() != nil {
		cause = context.Cause(a.ctx)
	}
	if refused := a.whyRefused(); refused != nil {
		err = refused
	}
	outcome = resultMessage{result: result}
	if err != nil {
		outcome = resultMessage{failed: send(err, cause, a.fc)}
	}
}

func (a *attempt) invoke() (result *commonpb.Payloads, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, temporal.NewPanicError(p, string(debug.Stack()))
		}
	}()
	d, err := a.server.registry.Lookup(a.call.typ)
	if err != nil {
		return nil, temporal.NewApplicationErrorWithCause(fmt.Sprintf("%v: this is what subprocess.Program has in "+
			"the child process; give it the activities of the worker", err), "ActivityNotRegisteredError", nil)
	}
	ctx := a.ctx
	if extract := a.server.program.Extract; extract != nil {
		if ctx, err = extract(ctx, a.call.header); err != nil {
			return nil, err
		}
		a.server.bind(ctx, a)
	}
	call := activity.Call{
		Type: a.call.typ, Input: a.call.input, Header: a.call.header, Definition: d,
		DataConverter: a.dc, Invoke: a.server.invoke,
	}
	return call.Run(ctx)
}

// GetInfo describes the attempt.
func (a *attempt) GetInfo(context.Context) activity.Info { return a.info }

// GetLogger writes to the worker's logger.
func (a *attempt) GetLogger(context.Context) log.Logger { return a.logger }

// GetMetricsHandler reports to the worker's handler.
func (a *attempt) GetMetricsHandler(context.Context) metrics.Handler { return a.metrics }

// GetWorkerStopChannel is closed when the worker begins to stop.
func (a *attempt) GetWorkerStopChannel(context.Context) <-chan struct{} { return a.stop }

// RecordHeartbeat has the worker record one.
func (a *attempt) RecordHeartbeat(ctx context.Context, details ...any) {
	var payloads *commonpb.Payloads
	if len(details) > 0 {
		var err error
		if payloads, err = a.dc.ToPayloads(details...); err != nil {
			a.refuse(fmt.Errorf("unable to encode activity heartbeat details: %w", err))
			return
		}
	}
	a.half.Heartbeat(ctx, payloads)
}

// refuse fails an attempt whose heartbeat will never arrive.
func (a *attempt) refuse(err error) {
	a.mu.Lock()
	if a.refused == nil {
		a.refused = err
	}
	a.mu.Unlock()
	a.cancel(err)
}

func (a *attempt) whyRefused() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

// HeartbeatStatus asks the worker.
func (a *attempt) HeartbeatStatus(context.Context) activity.HeartbeatStatus {
	return a.half.Status()
}

// HasHeartbeatDetails says whether an earlier attempt left details.
func (a *attempt) HasHeartbeatDetails(context.Context) bool { return a.call.details != nil }

// GetHeartbeatDetails decodes them.
func (a *attempt) GetHeartbeatDetails(_ context.Context, pointers ...any) error {
	if a.call.details == nil {
		return temporal.ErrNoData
	}
	return a.dc.FromPayloads(a.call.details, pointers...)
}

// tooLarge is an error that the next attempt would meet again.
func tooLarge(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), "PayloadsTooLarge", err)
}
