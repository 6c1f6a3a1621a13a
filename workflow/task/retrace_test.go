package task_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// changed is what counting became: it makes no timer.
func changed(ctx workflow.Context) (string, error) {
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	return haveNothingToDo(ctx)
}

func haveNothingToDo(ctx workflow.Context) (string, error) {
	err := workflow.Await(ctx, func() bool { return false })
	return "", err
}

// A determinism error tells where the code is that made it, however the history
// came to the worker.
func TestDeterminismErrorsShowTheCode(t *testing.T) {
	for name, p := range map[string]func(*bench) *polled{
		"with the task": func(b *bench) *polled { return b.full() },
		"in pages": func(b *bench) *polled {
			b.pages = b.paged(3)
			return b.full(func(p *polled) {
				p.History.Events, p.NextPageToken = p.GetHistory().GetEvents()[:3], []byte("3")
			})
		},
		"fetched": func(b *bench) *polled {
			b.pages = b.paged(3)
			return b.sticky()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			b := newBench(t, counting, func(o *task.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			b.Signal("s", "one")
			b.Task()
			b.does(t, b.full(), "StartTimer 6 1m0s")
			b.close()
			b.Signal("s", "two")
			b.Task()
			if err := b.change(changed); err != nil {
				t.Fatal(err)
			}
			err := b.handler.Handle(t.Context(), p(b))
			nd, ok := errors.AsType[*machine.NondeterminismError](err)
			if !ok || nd.EventID != 6 || nd.Change != machine.Removed || !strings.Contains(nd.Stack, "haveNothingToDo") {
				t.Fatalf("got %v, want a NondeterminismError with the stack of the code", err)
			}
			f := b.failed[0].GetFailure()
			if b.failed[0].GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR ||
				f.GetMessage() != nd.Report() || f.GetStackTrace() != nd.Stack ||
				f.GetApplicationFailureInfo().GetType() != "NondeterminismError" {
				t.Errorf("the server was told %v", b.failed[0])
			}
			if !strings.Contains(log.String(), "haveNothingToDo") {
				t.Errorf("the log lacks the stack:\n%s", &log)
			}
			// Later attempts do not do the work twice.
			b.close()
			again := p(b)
			again.Attempt = 2
			asked := len(b.asked)
			err = b.handler.Handle(t.Context(), again)
			if nd, ok := errors.AsType[*machine.NondeterminismError](err); !ok || nd.Stack != "" {
				t.Errorf("got %v", err)
			}
			if n := len(b.asked) - asked; n > (len(b.Events)+2)/3 {
				t.Errorf("%d pages were read for the second attempt", n)
			}
		})
	}
}

// change makes other code of the workflow.
func (b *bench) change(fn func(workflow.Context) (string, error)) error {
	r := native.New(native.Options{})
	b.handler.Runner = r
	return r.Prepare(runner.Definition{Type: "wf", Func: fn})
}

// Who encrypts messages and stacks does not find them in the open.
func TestDeterminismErrorsAreEncoded(t *testing.T) {
	b := newBench(t, counting, func(o *task.Options) {
		o.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: converter.GetDefaultDataConverter(), EncodeCommonAttributes: true,
		})
	})
	b.Signal("s", "one")
	b.Task()
	b.does(t, b.full(), "StartTimer 6 1m0s")
	b.Signal("s", "two")
	b.Task()
	if err := b.change(changed); err != nil {
		t.Fatal(err)
	}
	if err := b.handler.Handle(t.Context(), b.full()); err == nil {
		t.Fatal("code that does not fit was taken")
	}
	f := b.failed[0].GetFailure()
	if f.GetStackTrace() != "" || strings.Contains(f.GetMessage(), "TMPRL") ||
		!strings.Contains(string(f.GetEncodedAttributes().GetData()), "haveNothingToDo") {
		t.Errorf("the server was told %v", f)
	}
}
