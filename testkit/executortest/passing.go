package executortest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// The clauses on what passes between the caller and the activity.

func (r *rig) resultPasses(ctx context.Context) error {
	c, err := r.run(ctx, "Echo", "a word")
	if err != nil {
		return err
	}
	want, err := converter.GetDefaultDataConverter().ToPayloads("a word")
	if err != nil {
		return err
	}
	if c.err != nil || !proto.Equal(c.result, want) {
		return fmt.Errorf("got %v, %v, want %v", c.result, c.err, want)
	}
	if c, err = r.run(ctx, "Nothing"); err != nil {
		return err
	}
	if c.err != nil || len(c.result.GetPayloads()) != 0 {
		return fmt.Errorf("an activity without a result gave %v, %v", c.result, c.err)
	}
	return nil
}

func (r *rig) errorPasses(ctx context.Context) error {
	c, err := r.run(ctx, "Fail", "it broke")
	if err != nil {
		return err
	}
	application, ok := errors.AsType[*temporal.ApplicationError](c.err)
	if !ok {
		return fmt.Errorf("got error %w, want the *temporal.ApplicationError", c.err)
	}
	var n int
	var word string
	err = application.Details(&n, &word)
	if application.Message() != "it broke" || application.Type() != "Suite" || !application.NonRetryable() ||
		n != 7 || word != "seven" || err != nil {
		return fmt.Errorf("got %w with details %d, %s (%v): it has changed", application, n, word, err)
	}
	if c.result != nil {
		return fmt.Errorf("got result %v beside the error", c.result)
	}
	return nil
}

func (r *rig) pendingPasses(ctx context.Context) error {
	c, err := r.run(ctx, "Pending")
	if err == nil && !errors.Is(c.err, activity.ErrResultPending) {
		err = fmt.Errorf("got %v, want activity.ErrResultPending", c.err)
	}
	return err
}

func (r *rig) badInputFails(ctx context.Context) error {
	c, err := r.run(ctx, "Echo", []int{1})
	if err == nil && (c.err == nil || !strings.Contains(c.err.Error(), "decode")) {
		err = fmt.Errorf("got %v, %v, want an error that says what does not decode", c.result, c.err)
	}
	return err
}

func (r *rig) infoReaches(ctx context.Context) error {
	c, err := r.newCall(ctx, "Tell")
	if err != nil {
		return err
	}
	deadline := time.Now().Add(time.Hour).Round(time.Millisecond)
	var stop context.CancelFunc
	c.ctx, stop = context.WithDeadline(c.ctx, deadline)
	defer stop()
	c.execute()
	if err := r.over(c); err != nil {
		return err
	}
	got, err := value[told](c)
	if err != nil {
		return err
	}
	want := told{
		ID: "0", Type: prefix + "Tell", WorkflowID: "workflow", RunID: "run", WorkflowType: "Suite", Queue: "queue",
		Namespace: "namespace", Attempt: 3, Heartbeat: time.Minute, DetailsErr: temporal.ErrNoData.Error(),
		HasDeadline: true, Deadline: deadline.UTC(),
	}
	if r.can.Remote { // the clocks, and what a message may round
		if d := got.Deadline.Sub(want.Deadline).Abs(); d < time.Second {
			got.Deadline = want.Deadline
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("the activity saw %+v, want %+v", got, want)
	}
	return nil
}

func (r *rig) detailsReach(ctx context.Context) error {
	c, err := r.newCall(ctx, "Tell")
	if err != nil {
		return err
	}
	if c.env.LastHeartbeatDetails, err = converter.GetDefaultDataConverter().ToPayloads("half way"); err != nil {
		return err
	}
	c.execute()
	if err := r.over(c); err != nil {
		return err
	}
	got, err := value[told](c)
	if err == nil && (!got.HasDetails || got.Details != "half way" || got.DetailsErr != "") {
		err = fmt.Errorf("the activity saw %+v", got)
	}
	return err
}

func (r *rig) heartbeatsReach(ctx context.Context) error {
	words := []string{"one", "two", "three"}
	c, err := r.run(ctx, "Beat", words)
	if err != nil {
		return err
	}
	if got := c.heard(); c.err != nil || !slices.Equal(got, words) {
		return fmt.Errorf("heard %q, %v, want %q", got, c.err, words)
	}
	return nil
}

func (r *rig) workerStopReaches(ctx context.Context) error {
	c, err := r.hold(ctx)
	if err != nil {
		return err
	}
	c.release()
	if err := r.over(c); err != nil {
		return fmt.Errorf("the activity does not see that the worker stops: %w", err)
	}
	got, err := value[string](c)
	if err == nil && got != "released" {
		err = fmt.Errorf("got %q", got)
	}
	return err
}

func (r *rig) cancellationReaches(ctx context.Context) error {
	c, err := r.hold(ctx)
	if err != nil {
		return err
	}
	c.cancel(activity.ErrActivityPaused)
	if err := r.over(c); err != nil {
		return fmt.Errorf("the activity does not see that ctx has ended: %w", err)
	}
	want := "stopped: " + activity.ErrActivityPaused.Error()
	if e, ok := errors.AsType[*temporal.ApplicationError](c.err); !ok || e.Message() != want {
		return fmt.Errorf("got %v, want %q", c.err, want)
	}
	return nil
}

func (r *rig) executeWaits(ctx context.Context) error {
	c, err := r.hold(ctx)
	if err != nil {
		return err
	}
	c.cancel(context.Canceled)
	if err := r.over(c); err != nil {
		return err
	}
	if !slices.Contains(c.heard(), ended) {
		return errors.New("the call of Execute returned while the activity was still running")
	}
	return nil
}

func (r *rig) callRunsOnce(ctx context.Context) error {
	c, err := r.run(ctx, "Beat", []string{"ran"})
	if err != nil {
		return err
	}
	r.settle()
	if !r.can.Remote {
		time.Sleep(time.Hour) // nothing may come later either
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.beats) != 1 || len(c.late) != 0 {
		return fmt.Errorf("it ran %d times, and %d times after Execute had returned", len(c.beats), len(c.late))
	}
	return nil
}

var errSentinel = errors.New("the suite's own error")

// inProcess gives a call a function that no other process has.
func (r *rig) inProcess(c *call, f any) error {
	err := r.registry.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: "here"})
	if err != nil {
		return err
	}
	c.call.Type = "here"
	c.call.Definition, err = r.registry.Lookup("here")
	return err
}

func (r *rig) errorIdentity(ctx context.Context) error {
	c, err := r.newCall(ctx, "Nothing")
	if err != nil {
		return err
	}
	if err := r.inProcess(c, func() error { return fmt.Errorf("wrapped: %w", errSentinel) }); err != nil {
		return err
	}
	c.execute()
	if err := r.over(c); err != nil {
		return err
	}
	if !errors.Is(c.err, errSentinel) {
		return fmt.Errorf("got %v, which is not the error that the activity returned", c.err)
	}
	return nil
}

// marking is a data converter that counts what it converts.
type marking struct {
	converter.DataConverter

	from, to atomic.Int32
}

func (m *marking) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	m.to.Add(1)
	return m.DataConverter.ToPayloads(values...)
}

func (m *marking) FromPayloads(p *commonpb.Payloads, pointers ...any) error {
	m.from.Add(1)
	return m.DataConverter.FromPayloads(p, pointers...)
}

func (r *rig) converterIsUsed(ctx context.Context) error {
	c, err := r.newCall(ctx, "Echo", "a word")
	if err != nil {
		return err
	}
	m := &marking{DataConverter: converter.GetDefaultDataConverter()}
	c.call.DataConverter = m
	c.execute()
	if err := r.over(c); err != nil {
		return err
	}
	if m.from.Load() == 0 || m.to.Load() == 0 {
		return fmt.Errorf("the call's converter decoded %d times and encoded %d times", m.from.Load(), m.to.Load())
	}
	return nil
}

func (r *rig) middlewareRuns(ctx context.Context) error {
	c, err := r.newCall(ctx, "Echo", "a word")
	if err != nil {
		return err
	}
	header := &commonpb.Header{Fields: map[string]*commonpb.Payload{"tenant": {Data: []byte("acme")}}}
	c.call.Header = header
	var saw *commonpb.Header
	c.call.Invoke = activity.Chain(func(next activity.Invoke) activity.Invoke {
		return func(ctx context.Context, in *activity.Invocation) (any, error) {
			saw = in.Header
			in.Args = []any{"another word"}
			out, err := next(ctx, in)
			return fmt.Sprint(out, " and more"), err
		}
	})
	c.execute()
	if err := r.over(c); err != nil {
		return err
	}
	got, err := value[string](c)
	if err == nil && (got != "another word and more" || !proto.Equal(saw, header)) {
		err = fmt.Errorf("got %q, and the middleware saw the header %v", got, saw)
	}
	return err
}

// counting is a metrics handler that counts.
type counting struct {
	metrics.NopHandler

	n *atomic.Int64
}

func (c counting) Counter(string) metrics.Counter { return c }
func (c counting) Inc(by int64)                   { c.n.Add(by) }

func (r *rig) loggerAndMetrics(ctx context.Context) error {
	c, err := r.newCall(ctx, "Write")
	if err != nil {
		return err
	}
	var text strings.Builder
	var n atomic.Int64
	c.env.Logger, c.env.Metrics = slog.New(slog.NewTextHandler(&text, nil)), counting{n: &n}
	c.execute()
	if err := r.over(c); err != nil {
		return err
	}
	if !strings.Contains(text.String(), "the suite writes") || n.Load() != 1 {
		return fmt.Errorf("the logger wrote %q and the counter has %d", text.String(), n.Load())
	}
	return nil
}
