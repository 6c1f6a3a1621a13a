package worker_test

import (
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A session is announced with the queue of its worker, its activities run there, and its completion
// ends it.
func TestSession(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{
			Activities: []any{Echo}, EnableSessionWorker: true, MaxConcurrentSessionExecutionSize: 1,
		})
		f.sessionTasks <- activityTask("internalSessionCreationActivity", 1, "id")
		pass(time.Second)
		signal := only[*workflowservice.SignalWorkflowExecutionRequest](t, f)
		var said struct{ Taskqueue, HostName, ResourceID string }
		if err := converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &said); err != nil {
			t.Fatal(err)
		}
		if signal.GetSignalName() != "id" || signal.GetWorkflowExecution().GetWorkflowId() != "w" ||
			said.Taskqueue != said.ResourceID+"@"+said.HostName || signal.GetRequestId() == "" {
			t.Errorf("signal %v says %+v", signal, said)
		}
		if !f.polls(said.Taskqueue) {
			t.Errorf("nobody polls %s", said.Taskqueue)
		}
		// One that came by the worker's own queue finds no room now.
		f.ownTasks <- activityTask("internalSessionCreationActivity", 2, "another")
		pass(time.Second)
		failed := only[*workflowservice.RespondActivityTaskFailedRequest](t, f).GetFailure()
		if failed.GetMessage() != "too many outstanding sessions" || failed.GetApplicationFailureInfo().GetNonRetryable() {
			t.Errorf("a session too many: %v", failed)
		}
		f.ownTasks <- activityTask("Echo", 3, "x")
		f.ownTasks <- activityTask("internalSessionCompletionActivity", 4, "id")
		pass(time.Second)
		done, _ := arrivals[*workflowservice.RespondActivityTaskCompletedRequest](f)
		if len(done) != 3 || f.polling(sessions) != 1 {
			t.Errorf("%d activities completed, %d polls for sessions", len(done), f.polling(sessions))
		}
		if took := stop(t, w); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

// polls says whether a queue has been polled.
func (f *frontend) polls(queue string) bool {
	all, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f)
	for _, req := range all {
		if req.GetTaskQueue().GetName() == queue {
			return true
		}
	}
	return false
}

// The queues of sessions end with the worker, and open sessions fail for good.
func TestSessionsEndWithTheWorker(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		w := f.start(t, worker.Options{Activities: []any{Echo}, EnableSessionWorker: true})
		f.sessionTasks <- activityTask("internalSessionCreationActivity", 1, "id")
		pass(time.Second)
		stop(t, w)
		failed := only[*workflowservice.RespondActivityTaskFailedRequest](t, f).GetFailure()
		if info := failed.GetApplicationFailureInfo(); info.GetType() != "SessionWorkerShutdown" || !info.GetNonRetryable() {
			t.Errorf("the session failed with %v", failed)
		}
		told := make(map[string]bool)
		all, _ := arrivals[*workflowservice.ShutdownWorkerRequest](f)
		for _, req := range all {
			if len(req.GetTaskQueueTypes()) == 1 && req.GetTaskQueueTypes()[0] == enumspb.TASK_QUEUE_TYPE_ACTIVITY {
				told[req.GetTaskQueue()] = true
			}
		}
		if len(told) != 3 || !told[taskQueue] || !told[taskQueue+"__internal_session_creation"] {
			t.Errorf("the server was told of the queues %v", told)
		}
	})
}

// A session beats three times in its heartbeat timeout, or every ten seconds.
func TestSessionBeats(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Activities: []any{Echo}, EnableSessionWorker: true})
		f.sessionTasks <- activityTask("internalSessionCreationActivity", 1, "id")
		pass(time.Minute)
		beats, _ := arrivals[*workflowservice.RecordActivityTaskHeartbeatRequest](f)
		if len(beats) < 2 || !strings.Contains(string(beats[0].GetTaskToken()), "Session") {
			t.Errorf("%d heartbeats in a minute", len(beats))
		}
	})
}

func testEnableSessionWorker(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Activities: []any{Echo}, EnableSessionWorker: true})
	if asks, own := f.polling(sessions), f.polling(inSession); asks != 1 || own != 2 {
		t.Errorf("%d polls for sessions, %d for their activities", asks, own)
	}
}

func testMaxConcurrentSessions(t *testing.T, f *frontend) {
	f.start(t, worker.Options{
		Activities: []any{Echo}, EnableSessionWorker: true, MaxConcurrentSessionExecutionSize: 2,
	})
	for _, want := range []int{1, 0} {
		f.sessionTasks <- activityTask("internalSessionCreationActivity", want, "session")
		pass(time.Second)
		if asks := f.polling(sessions); asks != want {
			t.Errorf("%d polls for sessions, want %d", asks, want)
		}
	}
}
