package outcomes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// A Stage is where plans are followed: a server and a task queue on which a worker
// with an [Actor]'s options runs.
type Stage struct {
	Service   workflowservice.WorkflowServiceClient
	Namespace string
	TaskQueue string
	Actor     *Actor
	Rules     Rules
	// Each is how many plans one workflow follows, and AtOnce how many workflows
	// are open at once.
	Each, AtOnce int
	// Seen, if not nil, is called with each history.
	Seen func(history []*historypb.HistoryEvent)
}

// Drive has all plans followed and returns how that compares with the histories. An
// error says that it could not be done.
func (s Stage) Drive(ctx context.Context, plans []Plan) (Verdict, error) {
	parts := slices.Collect(slices.Chunk(plans, s.Each))
	runs := make([]*commonpb.WorkflowExecution, len(parts))
	errs := make([]error, len(parts))
	permits := make(chan struct{}, s.AtOnce)
	var open sync.WaitGroup
	for i, part := range parts {
		permits <- struct{}{}
		open.Go(func() {
			defer func() { <-permits }()
			runs[i], errs[i] = s.follow(ctx, part)
		})
	}
	open.Wait()
	if err := errors.Join(errs...); err != nil {
		return Verdict{}, err
	}
	// An attempt that the server has given up may still run.
	s.Actor.Wait()
	v := NewVerdict()
	for i, part := range parts {
		history, err := s.history(ctx, runs[i])
		if err != nil {
			return Verdict{}, err
		}
		if s.Seen != nil {
			s.Seen(history)
		}
		v.Add(Check(part, history, s.Actor.Record, s.Rules))
	}
	return v, nil
}

// follow runs one workflow to its end.
func (s Stage) follow(ctx context.Context, plans []Plan) (*commonpb.WorkflowExecution, error) {
	input, err := payloads(plans)
	if err != nil {
		return nil, err
	}
	id := s.TaskQueue + "-" + plans[0].Key
	started, err := s.Service.StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
		Namespace: s.Namespace, WorkflowId: id, RequestId: id, Input: input,
		WorkflowType: &commonpb.WorkflowType{Name: "FanOut"},
		TaskQueue:    &taskqueuepb.TaskQueue{Name: s.TaskQueue},
	})
	if err != nil {
		return nil, err
	}
	run := &commonpb.WorkflowExecution{WorkflowId: id, RunId: started.GetRunId()}
	var next []byte
	for {
		page, err := s.Service.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: s.Namespace, Execution: run, WaitNewEvent: true, NextPageToken: next,
			HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
		})
		if err != nil {
			return nil, err
		}
		if events := page.GetHistory().GetEvents(); len(events) > 0 {
			if events[0].GetWorkflowExecutionCompletedEventAttributes() == nil {
				return nil, fmt.Errorf("workflow %s has not completed: %v", id, events[0])
			}
			return run, nil
		}
		next = page.GetNextPageToken()
	}
}

// history returns all events of a run.
func (s Stage) history(
	ctx context.Context, run *commonpb.WorkflowExecution,
) ([]*historypb.HistoryEvent, error) {
	var events []*historypb.HistoryEvent
	var next []byte
	for {
		page, err := s.Service.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: s.Namespace, Execution: run, NextPageToken: next,
		})
		if err != nil {
			return nil, err
		}
		events = append(events, page.GetHistory().GetEvents()...)
		if next = page.GetNextPageToken(); len(next) == 0 {
			return events, nil
		}
	}
}
