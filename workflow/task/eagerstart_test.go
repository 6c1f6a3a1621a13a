package task_test

import (
	"context"
	"errors"
	"testing"

	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow/task"
)

type (
	startRequest  = workflowservice.StartWorkflowExecutionRequest
	startResponse = workflowservice.StartWorkflowExecutionResponse
)

// A starter takes first tasks if it has room.
type starter struct {
	full       bool
	deployment string
	asked, out int
	ran        []*task.WorkflowTask
}

func (s *starter) ReserveStart(
	*startRequest,
) (task.Reservation[*task.WorkflowTask], *deploymentpb.WorkerDeploymentOptions, bool) {
	s.asked++
	if s.full {
		return nil, nil, false
	}
	s.out++
	return s, &deploymentpb.WorkerDeploymentOptions{DeploymentName: s.deployment}, true
}

func (s *starter) Run(t *task.WorkflowTask) { s.ran = append(s.ran, t) }
func (s *starter) Release()                 { s.out-- }

func startEagerly(
	t *testing.T, wants bool, answer func(*startRequest) (*startResponse, error), workers ...task.EagerStarter,
) (*startResponse, error) {
	t.Helper()
	req := &startRequest{WorkflowId: "w", RequestEagerExecution: wants}
	was := proto.CloneOf(req)
	resp, err := task.StartEagerly(t.Context(), req,
		func(_ context.Context, sent *startRequest) (*startResponse, error) { return answer(sent) }, workers...)
	if !proto.Equal(req, was) {
		t.Errorf("the request was changed: %v", req)
	}
	return resp, err
}

func TestFirstTasksGoToWorkersWithRoom(t *testing.T) {
	first := &task.WorkflowTask{TaskToken: []byte("first")}
	answer := func(sent *startRequest) (*startResponse, error) {
		if !sent.GetRequestEagerExecution() || sent.GetEagerWorkerDeploymentOptions().GetDeploymentName() == "" {
			t.Errorf("sent %v", sent)
		}
		return &startResponse{RunId: "run", EagerWorkflowTask: first}, nil
	}
	full, one, other := &starter{full: true}, &starter{deployment: "d"}, &starter{deployment: "d"}
	const n = 64
	for range n {
		resp, err := startEagerly(t, true, answer, full, one, other)
		if err != nil || resp.GetRunId() != "run" || resp.GetEagerWorkflowTask() != nil {
			t.Fatalf("response %v, error %v", resp, err)
		}
	}
	if len(one.ran)+len(other.ran) != n || len(one.ran) == 0 || len(other.ran) == 0 || len(full.ran) > 0 || full.asked == 0 {
		t.Errorf("%d, %d and %d of %d tasks went to the workers", len(full.ran), len(one.ran), len(other.ran), n)
	}
	if one.ran[0] != first || one.out != len(one.ran) {
		t.Errorf("ran %v with %d reservations", one.ran[0], one.out)
	}
}

func TestWithoutRoomNoFirstTaskIsAskedFor(t *testing.T) {
	for name, workers := range map[string][]task.EagerStarter{"no worker": nil, "no room": {&starter{full: true}}} {
		_, err := startEagerly(t, true, func(sent *startRequest) (*startResponse, error) {
			if sent.GetRequestEagerExecution() {
				t.Errorf("%s: sent %v", name, sent)
			}
			return &startResponse{}, nil
		}, workers...)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyThoseWhoWishStartEagerly(t *testing.T) {
	s := &starter{}
	_, err := startEagerly(t, false, func(sent *startRequest) (*startResponse, error) {
		if sent.GetRequestEagerExecution() {
			t.Errorf("sent %v", sent)
		}
		return &startResponse{}, nil
	}, s)
	if err != nil || s.asked > 0 {
		t.Errorf("asked the worker %d times, error %v", s.asked, err)
	}
}

func TestRoomIsGivenBackIfNoFirstTaskComes(t *testing.T) {
	no := errors.New("no")
	for name, answer := range map[string]func(*startRequest) (*startResponse, error){
		"denied": func(*startRequest) (*startResponse, error) { return &startResponse{RunId: "run"}, nil },
		"failed": func(*startRequest) (*startResponse, error) { return nil, no },
		"failed with a task": func(*startRequest) (*startResponse, error) {
			return &startResponse{EagerWorkflowTask: &task.WorkflowTask{}}, no
		},
		"panicked": func(*startRequest) (*startResponse, error) { panic(no) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &starter{}
			func() {
				defer func() { _ = recover() }()
				resp, err := startEagerly(t, true, answer, s)
				if name == "denied" && (err != nil || resp.GetRunId() != "run") || name != "denied" && !errors.Is(err, no) {
					t.Errorf("response %v, error %v", resp, err)
				}
			}()
			if s.asked != 1 || s.out != 0 || len(s.ran) > 0 {
				t.Errorf("asked %d times, %d reserved, ran %d", s.asked, s.out, len(s.ran))
			}
		})
	}
}
