package native_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	protocolpb "go.temporal.io/api/protocol/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A live run of one workflow, with the history that it makes.
type live struct {
	t *testing.T
	*histories.History
	histories.Driver
	runner *native.Runner
	failed bool
}

// start starts a run of fn. When the test ends, the run's history must replay
// on a new instance.
func start(t *testing.T, fn any, args ...any) *live {
	t.Helper()
	return startWith(t, native.Options{}, fn, args...)
}

func startWith(t *testing.T, o native.Options, fn any, args ...any) *live {
	t.Helper()
	l := &live{t: t, History: histories.Start("wf", args...), runner: native.New(o)}
	if err := l.runner.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		t.Fatal(err)
	}
	l.Instance = l.instance()
	t.Cleanup(func() {
		if !t.Failed() && !l.failed {
			l.replay()
		}
	})
	return l
}

func (l *live) instance() runner.Instance {
	l.t.Helper()
	i, err := l.runner.NewInstance(runner.Details{
		Namespace: "ns", WorkflowID: "id", RunID: "run", WorkflowType: "wf",
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(i.Close)
	return i
}

// task runs a workflow task on the live run.
func (l *live) task(edits ...func(*machine.Task)) machine.Answer {
	l.t.Helper()
	l.Task()
	a, err := l.Sticky(l.History, edits...)
	if err != nil {
		l.t.Fatalf("workflow task failed: %v", err)
	}
	l.Complete(a)
	return a
}

// does runs a workflow task and checks its commands.
func (l *live) does(want ...string) machine.Answer {
	l.t.Helper()
	a := l.task()
	checkCommands(l.t, a.Commands, want...)
	return a
}

// fails runs a workflow task that has to fail.
func (l *live) fails(edits ...func(*machine.Task)) *runner.TaskFailure {
	l.t.Helper()
	l.failed = true
	l.Task()
	a, err := l.Sticky(l.History, edits...)
	failed, ok := errors.AsType[*histories.TaskError](err)
	if !ok {
		l.t.Fatalf("got commands %q and error %v, want a failed task", histories.Describe(a.Commands), err)
	}
	return failed.TaskFailure
}

// ask asks the live run queries, without a task.
func (l *live) ask(queryType string, args ...any) runner.Answer {
	l.t.Helper()
	return l.query(&l.Driver, queryType, args...)
}

func (l *live) query(d *histories.Driver, queryType string, args ...any) runner.Answer {
	l.t.Helper()
	a, err := d.Do(machine.Task{
		PreviousStartedID: l.Previous,
		Queries:           []runner.Query{{ID: "q", Type: queryType, Args: histories.Payloads(args...)}},
	}, l.Since(d.Machine.LastStarted()))
	if err != nil {
		l.t.Fatalf("query %s: %v", queryType, err)
	}
	if len(a.Answers) != 1 || len(a.Commands) != 0 {
		l.t.Fatalf("got %d answers and %d commands, want 1 and none", len(a.Answers), len(a.Commands))
	}
	return a.Answers[0]
}

// evict makes the next task rebuild the run from its history.
func (l *live) evict() {
	l.t.Helper()
	l.Instance.Close()
	l.Driver = histories.Driver{Instance: l.instance()}
}

// replay runs the whole history on a new instance and returns its driver.
func (l *live) replay() *histories.Driver {
	l.t.Helper()
	d := &histories.Driver{Instance: l.instance()}
	if _, err := d.Do(machine.Task{PreviousStartedID: l.Previous}, l.Since(0)); err != nil {
		l.t.Errorf("replay: %v", err)
	}
	return d
}

func checkCommands(t *testing.T, got []*commandpb.Command, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n"), histories.Describe(got)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// with attaches update requests to a task, at the place that a server gives them.
func with(messages ...*protocolpb.Message) func(*machine.Task) {
	return func(t *machine.Task) {
		for _, m := range messages {
			m.SequencingId = &protocolpb.Message_EventId{EventId: t.StartedID - 1}
		}
		t.Messages = append(t.Messages, messages...)
	}
}

// decode reads one payload of a type.
func decode[T any](t *testing.T, p *commonpb.Payloads) T {
	t.Helper()
	var v T
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// record keeps a description of the commands of the last activation.
func record(into *string) func(*runner.Activation, *runner.Completion) {
	return func(_ *runner.Activation, c *runner.Completion) { *into = histories.Describe(c.Commands) }
}

// startTimer is the command of a timer, for histories that no live run made.
func startTimer(id string) []*commandpb.Command {
	return []*commandpb.Command{{
		CommandType: enumspb.COMMAND_TYPE_START_TIMER,
		Attributes: &commandpb.Command_StartTimerCommandAttributes{
			StartTimerCommandAttributes: &commandpb.StartTimerCommandAttributes{TimerId: id},
		},
	}}
}
