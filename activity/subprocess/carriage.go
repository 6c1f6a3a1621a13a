package subprocess

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// carriage carries one call to a child and back.
type carriage struct {
	process *process
	id      uint64
	ctx     context.Context //nolint:containedctx // that of the call
	call    *activity.Call
	half    activity.WorkerHalf
	logger  log.Logger
	metrics metrics.Handler
	result  chan *resultMessage
}

// run runs a call in the child.
func (p *process) run(j *job, id uint64) (*commonpb.Payloads, error) {
	c := &carriage{
		process: p, id: id, ctx: j.ctx, call: j.call, result: make(chan *resultMessage, 1),
		logger: activity.GetLogger(j.ctx), metrics: activity.GetMetricsHandler(j.ctx),
	}
	c.half = j.manager.AtWorker(c.sendState, activity.WorkerSide{
		Heartbeat: c.heartbeat,
		Status:    func() activity.HeartbeatStatus { return activity.GetHeartbeatStatus(c.ctx) },
		Canceled:  c.canceled,
	})
	defer c.half.Close()
	stop := activity.GetWorkerStopChannel(j.ctx)
	body, err := c.message(stop)
	if err != nil {
		return nil, tooLarge(fmt.Errorf("the call of activity %s cannot be sent to another process: %w", j.call.Type, err))
	}
	p.take(c)
	defer p.take(nil)
	if err := p.to.write(kindCall, body); err != nil {
		p.unwritten(err)
	}
	m := c.wait(stop)
	switch {
	case m == nil:
		return nil, p.obituary(j.call.Type)
	case m.failed != nil:
		var cause error
		if j.ctx.Err() != nil {
			cause = context.Cause(j.ctx)
		}
		return nil, m.failed.receive(cause, failures(j.call.DataConverter))
	default:
		return m.result, nil
	}
}

// canceled is why the call's context is done, nil if the child knows itself: it has the deadline.
func (c *carriage) canceled() error {
	if err := c.ctx.Err(); err == nil || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return context.Cause(c.ctx)
}

// take makes c the call that the child runs, nil for none.
func (p *process) take(c *carriage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = c
}

// message is the call as it is sent.
func (c *carriage) message(stop <-chan struct{}) ([]byte, error) {
	m := callMessage{
		id: c.id, typ: c.call.Type, input: c.call.Input, header: c.call.Header, info: activity.GetInfo(c.ctx),
		details: activity.EncodedHeartbeatDetails(c.ctx), level: log.Lowest(c.logger),
	}
	if deadline, ok := c.ctx.Deadline(); ok {
		m.bounded, m.left = true, time.Until(deadline)
	}
	select {
	case <-stop:
		m.stopping = true
	default:
	}
	_, m.mute = c.metrics.(metrics.NopHandler)
	body, err := m.marshal()
	if err == nil && len(body) > maxFrame {
		err = fmt.Errorf("it has %d bytes: %w", len(body), errFrameTooLarge)
	}
	return body, err
}

// unwritten ends a child that takes nothing any more.
func (p *process) unwritten(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.hung()
	}
	// Otherwise it is dead, or has closed its end: wait sees either.
}

func (p *process) hung() {
	p.kill(ReasonHung, fmt.Sprintf("it was silent for %v, so it was killed", p.options.PingTimeout), nil)
}

// wait waits for the result, and sees to the child in the meantime; nil if the child is dead.
func (c *carriage) wait(stop <-chan struct{}) *resultMessage {
	p := c.process
	w := watch{p: p}
	pings, endPings := pingTimes(p.options.PingTimeout)
	defer endPings()
	grace := time.NewTimer(0)
	grace.Stop()
	defer grace.Stop()
	done, read := c.ctx.Done(), p.read
	var deaf <-chan time.Time
	for {
		select {
		case m := <-c.result:
			return m
		case <-p.dead:
			select {
			case m := <-c.result: // it was in time
				return m
			default:
				return nil
			}
		case <-done:
			done = nil
			if cause := c.canceled(); cause != nil {
				c.half.Cancel(cause)
			}
			if p.options.CancelGrace >= 0 {
				grace.Reset(p.options.CancelGrace)
			}
		case <-stop:
			stop = nil
			c.half.Stop()
		case <-read:
			read = nil
			deaf = time.After(outputDelay) // it should be dead by then
		case <-deaf:
			p.kill(ReasonGarbage, "it has closed its connection, so it was killed", nil)
		case <-pings:
			w.ping()
		case <-grace.C:
			w.press(context.Cause(c.ctx))
			grace.Reset(p.options.KillGrace)
		}
	}
}

// pingTimes says when to ping.
func pingTimes(timeout time.Duration) (<-chan time.Time, func()) {
	if timeout < 0 {
		return nil, func() {}
	}
	t := time.NewTicker(max(1, timeout/pingShare))
	return t.C, t.Stop
}

// pingShare is how often a child is looked at while it may be silent.
const pingShare = 4

// watch looks after a child that runs a call.
type watch struct {
	p      *process
	pinged bool
	heard  uint64
	misses int
	term   bool // it was sent SIGTERM
}

// ping kills a child that has not answered for too long, and asks it again otherwise. Time in
// which neither runs, as on a machine that sleeps, does not count.
func (w *watch) ping() {
	heard := w.p.heard.Load()
	if w.pinged && heard == w.heard && !w.p.busy.Load() {
		w.misses++
	} else {
		w.misses = 0
	}
	w.pinged, w.heard = true, heard
	if w.misses >= pingShare-1 {
		w.p.hung()
		return
	}
	if err := w.p.to.write(kindPing, nil); err != nil {
		w.p.unwritten(err)
	}
}

// press ends a child whose activity goes on although its context is done: first it is asked, then
// it is killed.
func (w *watch) press(cause error) {
	o := w.p.options
	w.p.blame(ReasonIgnoredCancel, ignored(cause, o.CancelGrace, o.KillGrace, w.term), cause)
	if w.term {
		w.p.signal(syscall.SIGKILL)
		return
	}
	w.term = true
	w.p.signal(syscall.SIGTERM)
}

// sendState takes a message of the worker's half to the child.
func (c *carriage) sendState(message []byte) error {
	m := stateMessage{id: c.id, body: message}
	err := c.process.to.write(kindState, m.marshal())
	if err != nil && !errors.Is(err, errFrameTooLarge) {
		c.process.unwritten(err)
	}
	return err
}

// handle deals with a frame about a call. Frames about another one are late, from goroutines that
// an activity has left behind.
func (c *carriage) handle(k kind, body []byte) error {
	switch k {
	case kindResult:
		m := new(resultMessage)
		if err := m.unmarshal(body); err != nil {
			return err
		}
		if c == nil || m.id != c.id {
			return garbage("it sent a result of a call that it does not run")
		}
		select {
		case c.result <- m:
			return nil
		default:
			return garbage("it sent a second result of a call")
		}
	case kindState:
		var m stateMessage
		if err := m.unmarshal(body); err != nil || c == nil || m.id != c.id {
			return err
		}
		if err := c.half.Receive(m.body); err != nil {
			return &garbageError{fmt.Errorf("shared state: %w", err)}
		}
		return nil
	case kindLog:
		var m logMessage
		if err := m.unmarshal(body); err != nil || c == nil || m.id != c.id {
			return err
		}
		c.guard("logger", func() { m.line.LogTo(c.ctx, c.logger) })
		return nil
	case kindMetric:
		var m metricMessage
		if err := m.unmarshal(body); err != nil || c == nil || m.id != c.id {
			return err
		}
		c.guard("metrics handler", func() { m.report.ReportTo(c.metrics) })
		return nil
	default:
		return garbage("it sent a frame of kind %q", k)
	}
}

func (c *carriage) heartbeat(details *commonpb.Payloads) {
	c.guard("recording a heartbeat", func() { activity.RecordEncodedHeartbeat(c.ctx, details) })
}

// guard keeps a panic of what the user has given away from the worker.
func (c *carriage) guard(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			c.process.options.Logger.Error("what takes a message of a child process panicked", slog.String("what", what),
				slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
	}()
	f()
}
