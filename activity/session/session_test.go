package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/session"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func TestMissingOptions(t *testing.T) {
	room := func() (func(), bool) { return func() {}, true }
	for _, o := range []session.Options{{}, {ID: "id"}, {ID: "id", Room: room}} {
		if s, err := session.New(o); s != nil || err == nil {
			t.Errorf("New(%+v) returned %v, %v", o, s, err)
		}
	}
}

// attempt is what an activity of a session sees of its worker.
type attempt struct {
	activity.Outbound
	info  activity.Info
	beats *int
}

func (a attempt) GetInfo(context.Context) activity.Info       { return a.info }
func (a attempt) RecordHeartbeat(_ context.Context, _ ...any) { *a.beats++ }

// rig is the sessions of a worker with room for one that comes by its own queue.
type rig struct {
	*session.Sessions
	activities *activity.Registry
	room       int
	told       []string
	refuse     error
	beats      int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{activities: activity.NewRegistry(), room: 1}
	var err error
	r.Sessions, err = session.New(session.Options{
		ID: "id", Host: "host",
		Room: func() (func(), bool) {
			if r.room == 0 {
				return nil, false
			}
			r.room--
			return func() { r.room++ }, true
		},
		Announce: func(_ context.Context, w activity.WorkflowExecution, name string, a session.Announcement) error {
			if want := (session.Announcement{
				Taskqueue: r.Queue(), HostName: "host", ResourceID: a.ResourceID,
			}); a != want || a.ResourceID+"@host" != r.Queue() {
				t.Errorf("announced %+v, want %+v", a, want)
			}
			r.told = append(r.told, w.ID+" "+name)
			return r.refuse
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Register(r.activities); err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs one of the activities.
func (r *rig) run(ctx context.Context, typ, queue, name string) error {
	d, err := r.activities.Lookup(typ)
	if err != nil {
		return err
	}
	ctx = activity.WithOutbound(ctx, attempt{beats: &r.beats, info: activity.Info{
		TaskQueue: queue, HeartbeatTimeout: 20 * time.Second, WorkflowExecution: activity.WorkflowExecution{ID: "w"},
	}})
	_, err = d.Invoke(ctx, []any{name})
	return err
}

// open starts a session and returns its end.
func (r *rig) open(ctx context.Context, queue, name string) <-chan error {
	end := make(chan error, 1)
	go func() { end <- r.run(ctx, session.Creation, queue, name) }()
	synctest.Wait()
	return end
}

func TestSessionLastsUntilItIsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		end := r.open(t.Context(), session.CreationQueue("q"), "s")
		if diff := cmp.Diff([]string{"w s"}, r.told); diff != "" || r.Open() != 1 {
			t.Errorf("announced, with %d sessions open: %s", r.Open(), diff)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if r.beats != 8 && r.beats != 9 {
			t.Errorf("%d heartbeats in a minute, want one every 20/3 s", r.beats)
		}
		if err := r.run(t.Context(), session.Completion, r.Queue(), "s"); err != nil {
			t.Error(err)
		}
		if err := <-end; err != nil || r.Open() != 0 {
			t.Errorf("the session ended with %v, %d are open", err, r.Open())
		}
		if err := r.run(t.Context(), session.Completion, r.Queue(), "s"); err != nil {
			t.Errorf("completed again: %v", err)
		}
	})
}

// server takes heartbeats, and the report of a session.
type server struct {
	task.Service
	beats []time.Time
}

func (s *server) RecordActivityTaskHeartbeat(
	context.Context, *workflowservice.RecordActivityTaskHeartbeatRequest,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	s.beats = append(s.beats, time.Now())
	return nil, nil
}

func (*server) RespondActivityTaskCompleted(
	context.Context, *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	return nil, nil
}

// The throttle of a worker would let through every third heartbeat only: too late for a second try.
func TestHeartbeatsReachTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := newRig(t), &server{}
		h, err := task.New(task.Options{Service: s, Registry: r.activities, Namespace: "n", TaskQueue: "q"})
		if err != nil {
			t.Fatal(err)
		}
		name, err := converter.GetDefaultDataConverter().ToPayloads("s")
		if err != nil {
			t.Fatal(err)
		}
		defer time.AfterFunc(time.Minute, func() { _ = r.run(t.Context(), session.Completion, r.Queue(), "s") }).Stop()
		start := time.Now()
		outcome, err := h.Handle(t.Context(), &workflowservice.PollActivityTaskQueueResponse{
			TaskToken: []byte("t"), ActivityType: &commonpb.ActivityType{Name: session.Creation}, Input: name,
			HeartbeatTimeout: durationpb.New(20 * time.Second),
		})
		if outcome != task.Completed || err != nil {
			t.Errorf("got %v, %v", outcome, err)
		}
		for i, at := range s.beats {
			if want := time.Duration(i+1) * (20 * time.Second / 3); at.Sub(start) != want {
				t.Errorf("heartbeat %d after %v, want %v", i, at.Sub(start), want)
			}
		}
		if len(s.beats) != 9 && len(s.beats) != 8 {
			t.Errorf("%d heartbeats in a minute", len(s.beats))
		}
	})
}

func TestSessionsByTheOwnQueueNeedRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		end := r.open(ctx, r.Queue(), "first")
		err := r.run(t.Context(), session.Creation, r.Queue(), "second")
		var app *temporal.ApplicationError
		if !errors.As(err, &app) || app.NonRetryable() || app.Message() != "too many outstanding sessions" {
			t.Errorf("a session too many: %v", err)
		}
		cancel(temporal.NewCanceledError())
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Errorf("a session that was canceled ended with %v", err)
		}
		if r.room != 1 || r.Open() != 0 {
			t.Errorf("room for %d, %d open", r.room, r.Open())
		}
	})
}

func TestSessionOfAStoppedWorkerFailsForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		end := r.open(ctx, session.CreationQueue("q"), "s")
		cancel(activity.ErrWorkerShutdown)
		var app *temporal.ApplicationError
		if err := <-end; !errors.As(err, &app) || !app.NonRetryable() || app.Type() != "SessionWorkerShutdown" ||
			errors.Is(err, context.Canceled) {
			t.Errorf("the session ended with %v", err)
		}
	})
}

func TestSessionThatNobodyHearsOf(t *testing.T) {
	r := newRig(t)
	r.refuse = errors.New("the workflow is gone")
	if err := r.run(t.Context(), session.Creation, r.Queue(), "s"); !errors.Is(err, r.refuse) {
		t.Errorf("the session ended with %v", err)
	}
	if r.room != 1 || r.Open() != 0 {
		t.Errorf("room for %d, %d open", r.room, r.Open())
	}
}

// Another attempt at a session outlives the first.
func TestLaterAttemptStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		ctx, cancel := context.WithCancel(t.Context())
		first := r.open(ctx, session.CreationQueue("q"), "s")
		second := r.open(t.Context(), session.CreationQueue("q"), "s")
		cancel()
		if err := <-first; err == nil {
			t.Error("the first attempt ended as if it were complete")
		}
		if r.Open() != 1 {
			t.Fatal("the second attempt went with the first")
		}
		if err := r.run(t.Context(), session.Completion, r.Queue(), "s"); err != nil {
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}
