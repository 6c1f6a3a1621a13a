package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdkactivity "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// pending is an activity whose result is given by someone else, and what is needed to give it.
type pending struct {
	t     *testing.T
	c     client.Client
	s     workflowservice.WorkflowServiceClient
	run   client.WorkflowRun
	way   string
	id    string
	token []byte
}

func (p pending) namespace() string { return embedded.DefaultNamespace }

func (p pending) payloads(v any) *commonpb.Payloads {
	out, err := converter.GetDefaultDataConverter().ToPayloads(v)
	if err != nil {
		p.t.Error(err)
	}
	return out
}

func (p pending) failure() *failurepb.Failure {
	return &failurepb.Failure{
		Message: "gone wrong",
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "Wrong", NonRetryable: true},
		},
	}
}

// beats checks that the server has the details.
func (p pending) beats(err error) error {
	if err != nil {
		return err
	}
	d, err := p.c.DescribeWorkflowExecution(p.t.Context(), p.run.GetID(), "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(d.GetPendingActivities(), func(a *workflowpb.PendingActivityInfo) bool {
		return a.GetActivityId() == p.id
	})
	if i < 0 {
		return errors.New("the activity is not pending")
	}
	var got string
	err = converter.GetDefaultDataConverter().FromPayloads(d.GetPendingActivities()[i].GetHeartbeatDetails(), &got)
	if got != "alive" {
		return fmt.Errorf("the server has details %q, %w", got, err)
	}
	return nil
}

// asksToCancel heartbeats until the server asks for the cancellation, as whoever does the work would.
func (p pending) asksToCancel(beat func() error) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := beat(); err != nil {
			if _, canceled := errors.AsType[*sdktemporal.CanceledError](err); canceled {
				return nil
			}
			return err
		}
	}
	return errors.New("no cancellation was asked for")
}

// wrong is an error as clients give it.
func wrong() error {
	return sdktemporal.NewNonRetryableApplicationError("gone wrong", "Wrong", nil)
}

// A way is one of ending a pending activity. Its name says which outcome it has.
var ways = map[string]func(ctx context.Context, p pending) error{
	"client, token, completed": func(ctx context.Context, p pending) error {
		return p.c.CompleteActivity(ctx, p.token, "done", nil)
	},
	"client, token, failed": func(ctx context.Context, p pending) error {
		return p.c.CompleteActivity(ctx, p.token, nil, wrong())
	},
	"client, token, canceled": func(ctx context.Context, p pending) error {
		return errors.Join(
			p.asksToCancel(func() error { return p.c.RecordActivityHeartbeat(ctx, p.token, "alive") }),
			p.c.CompleteActivity(ctx, p.token, nil, sdktemporal.NewCanceledError("why")))
	},
	"client, token, beats and is completed": func(ctx context.Context, p pending) error {
		return errors.Join(
			p.beats(p.c.RecordActivityHeartbeat(ctx, p.token, "alive")),
			p.c.CompleteActivity(ctx, p.token, "done", nil))
	},
	"client, id, completed": func(ctx context.Context, p pending) error {
		return p.c.CompleteActivityByID(ctx, p.namespace(), p.run.GetID(), "", p.id, "done", nil)
	},
	"client, id, failed": func(ctx context.Context, p pending) error {
		return p.c.CompleteActivityByID(ctx, p.namespace(), p.run.GetID(), "", p.id, nil, wrong())
	},
	"client, id, canceled": func(ctx context.Context, p pending) error {
		return errors.Join(
			p.asksToCancel(func() error {
				return p.c.RecordActivityHeartbeatByID(ctx, p.namespace(), p.run.GetID(), "", p.id, "alive")
			}),
			p.c.CompleteActivityByID(ctx, p.namespace(), p.run.GetID(), "", p.id, nil, sdktemporal.NewCanceledError("why")))
	},
	"client, id, beats and is completed": func(ctx context.Context, p pending) error {
		return errors.Join(
			p.beats(p.c.RecordActivityHeartbeatByID(ctx, p.namespace(), p.run.GetID(), "", p.id, "alive")),
			p.c.CompleteActivityByID(ctx, p.namespace(), p.run.GetID(), "", p.id, "done", nil))
	},
	"service, token, completed": func(ctx context.Context, p pending) error {
		_, err := p.s.RespondActivityTaskCompleted(ctx, &workflowservice.RespondActivityTaskCompletedRequest{
			Namespace: p.namespace(), TaskToken: p.token, Result: p.payloads("done"),
		})
		return err
	},
	"service, token, failed": func(ctx context.Context, p pending) error {
		_, err := p.s.RespondActivityTaskFailed(ctx, &workflowservice.RespondActivityTaskFailedRequest{
			Namespace: p.namespace(), TaskToken: p.token, Failure: p.failure(),
		})
		return err
	},
	"service, token, canceled": func(ctx context.Context, p pending) error {
		err := p.asksToCancel(func() error {
			resp, err := p.s.RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
				Namespace: p.namespace(), TaskToken: p.token,
			})
			return canceledIf(resp.GetCancelRequested(), err)
		})
		_, answer := p.s.RespondActivityTaskCanceled(ctx, &workflowservice.RespondActivityTaskCanceledRequest{
			Namespace: p.namespace(), TaskToken: p.token, Details: p.payloads("why"),
		})
		return errors.Join(err, answer)
	},
	"service, token, beats and is completed": func(ctx context.Context, p pending) error {
		_, err := p.s.RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
			Namespace: p.namespace(), TaskToken: p.token, Details: p.payloads("alive"),
		})
		err = p.beats(err)
		_, answer := p.s.RespondActivityTaskCompleted(ctx, &workflowservice.RespondActivityTaskCompletedRequest{
			Namespace: p.namespace(), TaskToken: p.token, Result: p.payloads("done"),
		})
		return errors.Join(err, answer)
	},
	"service, id, completed": func(ctx context.Context, p pending) error {
		_, err := p.s.RespondActivityTaskCompletedById(ctx, &workflowservice.RespondActivityTaskCompletedByIdRequest{
			Namespace: p.namespace(), WorkflowId: p.run.GetID(), ActivityId: p.id, Result: p.payloads("done"),
		})
		return err
	},
	"service, id, failed": func(ctx context.Context, p pending) error {
		_, err := p.s.RespondActivityTaskFailedById(ctx, &workflowservice.RespondActivityTaskFailedByIdRequest{
			Namespace: p.namespace(), WorkflowId: p.run.GetID(), ActivityId: p.id, Failure: p.failure(),
		})
		return err
	},
	"service, id, canceled": func(ctx context.Context, p pending) error {
		err := p.asksToCancel(func() error {
			resp, err := p.s.RecordActivityTaskHeartbeatById(ctx, &workflowservice.RecordActivityTaskHeartbeatByIdRequest{
				Namespace: p.namespace(), WorkflowId: p.run.GetID(), ActivityId: p.id,
			})
			return canceledIf(resp.GetCancelRequested(), err)
		})
		_, answer := p.s.RespondActivityTaskCanceledById(ctx, &workflowservice.RespondActivityTaskCanceledByIdRequest{
			Namespace: p.namespace(), WorkflowId: p.run.GetID(), ActivityId: p.id, Details: p.payloads("why"),
		})
		return errors.Join(err, answer)
	},
	"service, id, beats and is completed": func(ctx context.Context, p pending) error {
		_, err := p.s.RecordActivityTaskHeartbeatById(ctx, &workflowservice.RecordActivityTaskHeartbeatByIdRequest{
			Namespace: p.namespace(), WorkflowId: p.run.GetID(), ActivityId: p.id, Details: p.payloads("alive"),
		})
		err = p.beats(err)
		_, answer := p.s.RespondActivityTaskCompletedById(ctx, &workflowservice.RespondActivityTaskCompletedByIdRequest{
			Namespace: p.namespace(), WorkflowId: p.run.GetID(), ActivityId: p.id, Result: p.payloads("done"),
		})
		return errors.Join(err, answer)
	},
}

func canceledIf(requested bool, err error) error {
	if requested {
		return sdktemporal.NewCanceledError()
	}
	return err
}

// waitForOthers has an activity of each name done by others, all at once, and cancels some of them.
func waitForOthers(ctx sdkworkflow.Context, queue string, names []string) (map[string]string, error) {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{
		TaskQueue: queue, StartToCloseTimeout: patience, WaitForCancellation: true,
	})
	futures := map[string]sdkworkflow.Future{}
	canceled, cancel := sdkworkflow.WithCancel(ctx)
	for _, name := range names {
		ctx := ctx
		if strings.HasSuffix(name, "canceled") {
			ctx = canceled
		}
		futures[name] = sdkworkflow.ExecuteActivity(ctx, "elsewhere", name)
	}
	sdkworkflow.GetSignalChannel(ctx, "cancel").Receive(ctx, nil)
	cancel()
	said := map[string]string{}
	for _, name := range names {
		var s, details string
		err := futures[name].Get(ctx, &s)
		var application *sdktemporal.ApplicationError
		var stopped *sdktemporal.CanceledError
		switch {
		case err == nil:
			said[name] = s
		case errors.As(err, &application):
			said[name] = application.Message() + " " + application.Type()
		case errors.As(err, &stopped):
			said[name] = fmt.Sprint("canceled ", stopped.Details(&details), " ", details)
		default:
			said[name] = err.Error()
		}
	}
	return said, nil
}

// An activity that is pending can be ended by whoever has its token or knows its id, in every way and
// with every outcome, whether its worker is ours or the SDK's.
func TestPendingActivitiesAreEndedByOthers(t *testing.T) {
	t.Parallel()
	c, home := sdkClient(t), taskQueue(t)
	names := slices.Sorted(maps.Keys(ways))
	theirs := sdkworker.New(c, home, sdkworker.Options{DeadlockDetectionTimeout: patience, LocalActivityWorkerOnly: true})
	theirs.RegisterWorkflow(waitForOthers)
	if err := theirs.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Stop)
	want := map[string]string{}
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, "completed"):
			want[name] = "done"
		case strings.HasSuffix(name, "failed"):
			want[name] = "gone wrong Wrong"
		default:
			want[name] = "canceled <nil> why"
		}
	}
	for side, start := range map[string]func(*testing.T, string, chan<- pending){"ours": elsewhereOurs, "theirs": elsewhereTheirs} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			queue, all := home+"-"+side, make(chan pending, len(names))
			start(t, queue, all)
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: home, ID: queue}, waitForOthers, queue, names)
			if err != nil {
				t.Fatal(err)
			}
			open := map[string]pending{}
			for range names {
				p := <-all
				p.t, p.c, p.s, p.run = t, c, dial(t).WorkflowService(), run
				open[p.way] = p
			}
			signalCancel(t, c, run)
			for _, name := range names {
				if err := ways[name](t.Context(), open[name]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			got := map[string]string{}
			if err := run.Get(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the workflow was told (-want +got):\n%s", diff)
			}
		})
	}
}

// elsewhereOurs and elsewhereTheirs start a worker whose activity leaves its work to others.

func elsewhereOurs(t *testing.T, queue string, all chan<- pending) {
	t.Helper()
	w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	err = w.RegisterActivityWithOptions(func(ctx context.Context, way string) (string, error) {
		info := activity.GetInfo(ctx)
		all <- pending{way: way, id: info.ActivityID, token: info.TaskToken}
		return "", activity.ErrResultPending
	}, activity.RegisterOptions{Name: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	run(t, w)
}

func elsewhereTheirs(t *testing.T, queue string, all chan<- pending) {
	t.Helper()
	w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{DisableWorkflowWorker: true})
	w.RegisterActivityWithOptions(func(ctx context.Context, way string) (string, error) {
		info := sdkactivity.GetInfo(ctx)
		all <- pending{way: way, id: info.ActivityID, token: info.TaskToken}
		return "", sdkactivity.ErrResultPending
	}, sdkactivity.RegisterOptions{Name: "elsewhere"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func signalCancel(t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "cancel", nil); err != nil {
		t.Fatal(err)
	}
}
