package native_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/workflow"
)

// made is what a worker signals.
type made struct{ Taskqueue, HostName, ResourceID string }

func inSession(ctx workflow.Context) (workflow.Context, error) {
	return workflow.CreateSession(options(ctx), &workflow.SessionOptions{
		CreationTimeout: time.Minute, ExecutionTimeout: time.Hour,
	})
}

// session runs fn as a workflow up to where its session is asked for, and returns the run and the
// session's id.
func session(t *testing.T, fn any) (*live, string) {
	t.Helper()
	l := start(t, fn)
	a := l.task()
	if len(a.Commands) != 2 {
		t.Fatalf("commands %v, want a marker and an activity", a.Commands)
	}
	creation := a.Commands[1].GetScheduleActivityTaskCommandAttributes()
	if creation.GetActivityType().GetName() != "internalSessionCreationActivity" ||
		creation.GetTaskQueue().GetName() != "tasks__internal_session_creation" ||
		creation.GetHeartbeatTimeout().AsDuration() != 20*time.Second ||
		creation.GetScheduleToStartTimeout().AsDuration() != time.Minute ||
		creation.GetStartToCloseTimeout().AsDuration() != time.Hour {
		t.Errorf("the session is asked for by %v", creation)
	}
	return l, decode[string](t, creation.GetInput())
}

func TestSession(t *testing.T) {
	l, id := session(t, func(ctx workflow.Context) (string, error) {
		ctx, err := inSession(ctx)
		if err != nil {
			return "", err
		}
		if err := workflow.ExecuteActivity(ctx, "inside").Get(ctx, nil); err != nil {
			return "", err
		}
		info := workflow.GetSessionInfo(ctx)
		if _, err := workflow.CreateSession(ctx, &workflow.SessionOptions{ExecutionTimeout: 1}); err == nil {
			return "", errors.New("a session inside a session")
		}
		workflow.CompleteSession(ctx)
		workflow.CompleteSession(ctx) // once is enough
		if info.SessionState != workflow.SessionStateClosed || ctx.Err() == nil {
			return "", errors.New("the session did not end")
		}
		after, _ := workflow.NewDisconnectedContext(ctx)
		err = workflow.ExecuteActivity(after, "outside").Get(after, nil)
		return string(info.GetRecreateToken()), err
	})
	if got := decode[[]workflow.SessionInfo](t, l.ask("__open_sessions").Result); len(got) != 0 {
		t.Errorf("sessions %v before there is one", got)
	}
	l.Signal(id, made{"r@h", "h", "r"})
	a := l.task()
	queueOf := func(i int, want, typ string) {
		t.Helper()
		attr := a.Commands[i].GetScheduleActivityTaskCommandAttributes()
		if attr.GetTaskQueue().GetName() != want || attr.GetActivityType().GetName() != typ {
			t.Errorf("command %v, want %s on %s", a.Commands[i], typ, want)
		}
	}
	queueOf(0, "r@h", "inside")
	inside := a.Commands[0].GetScheduleActivityTaskCommandAttributes().GetActivityId()
	if got := decode[[]workflow.SessionInfo](t, l.ask("__open_sessions").Result); len(got) != 1 ||
		got[0].SessionID != id || got[0].HostName != "h" {
		t.Errorf("open sessions %+v", got)
	}
	l.evict()
	l.CompleteActivity(inside)
	a = l.task()
	if len(a.Commands) != 2 ||
		a.Commands[0].GetCommandType() != enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK {
		t.Fatalf("commands %v, want the creation canceled and a completion", a.Commands)
	}
	queueOf(1, "r@h", "internalSessionCompletionActivity")
	l.CompleteActivity(a.Commands[1].GetScheduleActivityTaskCommandAttributes().GetActivityId())
	a = l.task()
	queueOf(0, "tasks", "outside")
	l.CompleteActivity(a.Commands[0].GetScheduleActivityTaskCommandAttributes().GetActivityId())
	a = l.task()
	token := decode[string](t, a.Commands[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
	if token != `{"Taskqueue":"r@h"}` {
		t.Errorf("token %s", token)
	}
}

func TestSessionWhoseWorkerIsGone(t *testing.T) {
	l, id := session(t, func(ctx workflow.Context) error {
		ctx, err := inSession(ctx)
		if err != nil {
			return err
		}
		_ = workflow.ExecuteActivity(ctx, "inside").Get(ctx, nil)
		return workflow.ExecuteActivity(ctx, "too late").Get(ctx, nil)
	})
	l.Signal(id, made{"r@h", "h", "r"})
	l.task()
	l.FailActivity("6", &failurepb.Failure{
		Message: "session failed due to worker shutdown",
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
			Type: "SessionWorkerShutdown", NonRetryable: true,
		}},
	})
	a := l.task()
	last := a.Commands[len(a.Commands)-1].GetFailWorkflowExecutionCommandAttributes().GetFailure()
	if last.GetMessage() != workflow.ErrSessionFailed.Error() {
		t.Errorf("commands %v, want the workflow to fail with the session", a.Commands)
	}
}

func TestSessionForWhichThereIsNoRoom(t *testing.T) {
	l, _ := session(t, func(ctx workflow.Context) error {
		_, err := inSession(ctx)
		return err
	})
	l.TimeOutActivity("6")
	a := l.task()
	failure := a.Commands[len(a.Commands)-1].GetFailWorkflowExecutionCommandAttributes().GetFailure()
	if !strings.Contains(failure.GetCause().GetMessage(), "ScheduleToStart") {
		t.Errorf("the workflow ends with %v", a.Commands)
	}
}

func TestRecreateSession(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		o := &workflow.SessionOptions{ExecutionTimeout: time.Hour, HeartbeatTimeout: 5 * time.Second}
		if _, err := workflow.RecreateSession(ctx, []byte("{"), o); err == nil {
			return errors.New("a token that cannot be read")
		}
		_, err := workflow.RecreateSession(ctx, []byte(`{"Taskqueue":"r@h"}`), o)
		return err
	})
	creation := l.task().Commands[1].GetScheduleActivityTaskCommandAttributes()
	if creation.GetTaskQueue().GetName() != "r@h" || creation.GetHeartbeatTimeout().AsDuration() != 5*time.Second {
		t.Errorf("the session is asked for by %v", creation)
	}
}

func TestWrongSessionOptions(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		for _, o := range []*workflow.SessionOptions{
			nil,
			{},
			{ExecutionTimeout: -1},
			{ExecutionTimeout: 1, CreationTimeout: -1},
			{ExecutionTimeout: 1, HeartbeatTimeout: -1},
		} {
			if _, err := workflow.CreateSession(ctx, o); err == nil {
				return errors.New("they were taken")
			}
		}
		if workflow.GetSessionInfo(ctx) != nil {
			return errors.New("a session from nowhere")
		}
		workflow.CompleteSession(ctx) // there is none
		return nil
	})
	l.does("CompleteWorkflow")
}
