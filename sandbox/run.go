package sandbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A run is one run of a workflow, in an instance of the guest.
type run struct {
	runner *Runner
	begin  wire.Begin
	guest  instance  // nil before the first activation, and after the last
	now    time.Time // workflow time
	broken bool      // a task failed or it was closed
	buffer []byte    // of requests
}

var (
	errBroken = errors.New("this run failed a workflow task and must be rebuilt from history")
	errNoRun  = errors.New("the first activation of a run must start it")
)

// Activate implements [runner.Instance].
func (r *run) Activate(ctx context.Context, a *runner.Activation) *runner.Completion {
	if r.broken {
		return r.runner.fail(errBroken)
	}
	c, err := r.activate(context.WithoutCancel(ctx), a)
	if err != nil {
		c = r.runner.stopped(err)
	}
	if c.Failure != nil {
		r.end()
	}
	return c
}

func (r *run) activate(ctx context.Context, a *runner.Activation) (*runner.Completion, error) {
	request := wire.Request{Activation: a}
	if r.guest == nil {
		if err := r.start(ctx, a); err != nil {
			return nil, err
		}
		request.Begin = &r.begin
	}
	if a.Time.After(r.now) {
		r.now = a.Time
	}
	b, err := wire.AppendRequest(r.buffer[:0], &request)
	if err != nil {
		return nil, err
	}
	if cap(b) <= keptBuffer {
		r.buffer = b
	}
	if b, err = r.guest.Call(ctx, b); err != nil {
		return nil, err
	}
	answer, err := wire.ParseAnswer(b)
	if err != nil {
		return nil, &answerError{err.Error()}
	}
	r.runner.tell(ctx, answer.Notes)
	switch {
	case answer.Error != "":
		return nil, &answerError{answer.Error}
	case answer.Completion == nil:
		return nil, &answerError{"there is no completion in it"}
	}
	return answer.Completion, nil
}

// keptBuffer is up to which size a run keeps the buffer of a request for the next, in bytes.
const keptBuffer = 4 << 10

// start starts the instance that is to be the run.
func (r *run) start(ctx context.Context, a *runner.Activation) error {
	i := firstStart(a)
	if i == nil {
		return errNoRun
	}
	r.now = i.Time
	seed := i.Attributes.GetOriginalExecutionRunId() // a run that was reset goes on as it began
	if seed == "" {
		seed = r.begin.Details.RunID
	}
	var err error
	r.guest, err = r.runner.guest.start(ctx, engine.Host{
		Now:    func() time.Time { return r.now },
		Random: rand.NewChaCha8(sha256.Sum256([]byte(seed))),
		Log: func(line string) {
			r.runner.options.Logger.InfoContext(ctx, line, //nolint:sloglint // the guest's own words
				slog.String("WorkflowType", r.begin.Details.WorkflowType),
				slog.String("WorkflowID", r.begin.Details.WorkflowID),
				slog.String("RunID", r.begin.Details.RunID))
		},
	})
	return err
}

func firstStart(a *runner.Activation) *runner.Start {
	for i := range a.Items {
		if s := a.Items[i].Start; s != nil {
			return s
		}
	}
	return nil
}

// Close implements [runner.Instance]. Deferred functions do not run: all that they could touch
// is dropped.
func (r *run) Close() { r.end() }

func (r *run) end() {
	r.broken = true
	if r.guest != nil {
		r.guest.Close()
		r.guest = nil
	}
}
