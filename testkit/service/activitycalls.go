package service

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// activityCall is what a report about an activity says of it.
type activityCall struct {
	token token
	byID  bool // the client names it; it need not have begun to be completed
}

// byToken reads the activity out of a task token.
func byToken(b []byte) (activityCall, error) {
	t, err := readToken(b)
	return activityCall{token: t}, err
}

// byID names an activity.
func byID(space, workflowID, runID, id string) (activityCall, error) {
	switch {
	case id == "":
		return activityCall{}, invalid("ActivityId is not set on request.")
	case workflowID == "":
		return activityCall{}, invalid("WorkflowId is not set on request.")
	}
	return activityCall{
		token: token{Namespace: space, WorkflowID: workflowID, RunID: runID, ActivityID: id}, byID: true,
	}, nil
}

// find returns the activity that the report is about.
func (c activityCall) find(s *Service, completes bool) (*run, *activity, error) {
	r, err := s.find(c.token.Namespace, &commonpb.WorkflowExecution{
		WorkflowId: c.token.WorkflowID, RunId: c.token.RunID,
	})
	switch {
	case err != nil:
		return nil, nil, err
	case !r.running():
		return nil, nil, errCompleted()
	}
	if c.byID {
		a := r.activityByID(c.token.ActivityID)
		if a == nil {
			return nil, nil, serviceerror.NewNotFoundf("cannot find pending activity with ActivityID %s, "+
				"check workflow execution history for more details", c.token.ActivityID)
		}
		if !a.isStarted && !completes {
			return nil, nil, serviceerror.NewNotFound(textActivityGone)
		}
		return r, a, nil
	}
	a := r.activities[c.token.Scheduled]
	if a == nil || !a.isStarted || a.attempt != c.token.Attempt {
		return nil, nil, serviceerror.NewNotFound(textActivityGone)
	}
	return r, a, nil
}

// endForSize fails the activity because what was reported of it is too large.
func (s *Service) endForSize(c activityCall, why, identity string) error {
	return s.failActivity(c, &workflowservice.RespondActivityTaskFailedRequest{
		Failure: finalFailure(why), Identity: identity,
	})
}

func (s *Service) completeActivity(
	c activityCall, result *commonpb.Payloads, identity string, version *commonpb.WorkerVersionStamp,
) error {
	if proto.Size(result) > s.limits(c.token.Namespace).Blob {
		return s.endForSize(c, textResultTooBig, identity)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, a, err := c.find(s, true)
	if err != nil {
		return err
	}
	if !a.isStarted {
		// Someone else has done it before a worker could begin.
		a.isStarted, a.startedAt, a.identity = true, s.now(), identity
	}
	r.endCompleted(a, result, identity, version)
	r.ensureTask()
	r.commit()
	return r.exceeded
}

func (s *Service) failActivity(c activityCall, req *workflowservice.RespondActivityTaskFailedRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, a, err := c.find(s, false)
	if err != nil {
		return err
	}
	if d := req.GetLastHeartbeatDetails(); d != nil {
		a.details, a.heartbeatAt = d, s.now()
	}
	a.lastCompletedAt = s.now()
	if state := r.retry(a, req.GetFailure()); state != enumspb.RETRY_STATE_IN_PROGRESS {
		//nolint:staticcheck // workers still send it
		r.endFailed(a, req.GetFailure(), state, req.GetIdentity(), req.GetWorkerVersion())
		r.ensureTask()
	}
	r.commit()
	return r.exceeded
}

func (s *Service) cancelActivity(c activityCall, details *commonpb.Payloads, identity string) error {
	if proto.Size(details) > s.limits(c.token.Namespace).Blob {
		return s.endForSize(c, textDetailsTooBig, identity)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, a, err := c.find(s, false)
	switch {
	case err != nil:
		return err
	case !a.cancelRequested:
		return serviceerror.NewInvalidArgument(textNotCancelled)
	}
	r.endCanceled(a, details, identity)
	r.ensureTask()
	r.commit()
	return r.exceeded
}

// sign is what a heartbeat is answered with.
type sign struct{ cancel, paused, reset bool }

func (s *Service) heartbeat(c activityCall, details *commonpb.Payloads, identity string) (sign, error) {
	if proto.Size(details) > s.limits(c.token.Namespace).Blob {
		return sign{cancel: true}, s.endForSize(c, textHeartbeatTooBig, identity)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, a, err := c.find(s, false)
	if err != nil {
		return sign{}, err
	}
	if identity != "" {
		a.lastIdentity = identity
	}
	a.details, a.heartbeatAt = details, s.now()
	r.commit()
	return sign{a.cancelRequested, a.pause != nil, a.reset}, nil
}

// RespondActivityTaskCompleted takes the result of an activity.
func (v *server) RespondActivityTaskCompleted(
	_ context.Context, req *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	c, err := byToken(req.GetTaskToken())
	if err == nil {
		//nolint:staticcheck // workers still send it
		err = v.s.completeActivity(c, req.GetResult(), req.GetIdentity(), req.GetWorkerVersion())
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// RespondActivityTaskCompletedById takes the result of an activity that the
// client names.
func (v *server) RespondActivityTaskCompletedById(
	_ context.Context, req *workflowservice.RespondActivityTaskCompletedByIdRequest,
) (*workflowservice.RespondActivityTaskCompletedByIdResponse, error) {
	c, err := byID(req.GetNamespace(), req.GetWorkflowId(), req.GetRunId(), req.GetActivityId())
	if err == nil {
		err = v.s.completeActivity(c, req.GetResult(), req.GetIdentity(), nil)
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.RespondActivityTaskCompletedByIdResponse{}, nil
}

// RespondActivityTaskFailed takes the failure of an attempt.
func (v *server) RespondActivityTaskFailed(
	_ context.Context, req *workflowservice.RespondActivityTaskFailedRequest,
) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	if f := req.GetFailure(); f != nil && f.GetApplicationFailureInfo() == nil {
		return nil, invalid("Failure must have ApplicationFailureInfo.")
	}
	c, err := byToken(req.GetTaskToken())
	var told []*failurepb.Failure
	if err == nil {
		told = v.s.limits(c.token.Namespace).cutReport(req)
		err = v.s.failActivity(c, req)
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.RespondActivityTaskFailedResponse{Failures: told}, nil
}

// RespondActivityTaskFailedById takes the failure of an activity that the client
// names.
func (v *server) RespondActivityTaskFailedById(
	_ context.Context, req *workflowservice.RespondActivityTaskFailedByIdRequest,
) (*workflowservice.RespondActivityTaskFailedByIdResponse, error) {
	c, err := byID(req.GetNamespace(), req.GetWorkflowId(), req.GetRunId(), req.GetActivityId())
	report := &workflowservice.RespondActivityTaskFailedRequest{
		Failure: req.GetFailure(), Identity: req.GetIdentity(),
		LastHeartbeatDetails: req.GetLastHeartbeatDetails(),
	}
	var told []*failurepb.Failure
	if err == nil {
		told = v.s.limits(c.token.Namespace).cutReport(report)
		err = v.s.failActivity(c, report)
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.RespondActivityTaskFailedByIdResponse{Failures: told}, nil
}

// RespondActivityTaskCanceled takes the word that an activity has given up.
func (v *server) RespondActivityTaskCanceled(
	_ context.Context, req *workflowservice.RespondActivityTaskCanceledRequest,
) (*workflowservice.RespondActivityTaskCanceledResponse, error) {
	c, err := byToken(req.GetTaskToken())
	if err == nil {
		err = v.s.cancelActivity(c, req.GetDetails(), req.GetIdentity())
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.RespondActivityTaskCanceledResponse{}, nil
}

// RespondActivityTaskCanceledById takes the word that an activity, which the
// client names, has given up.
func (v *server) RespondActivityTaskCanceledById(
	_ context.Context, req *workflowservice.RespondActivityTaskCanceledByIdRequest,
) (*workflowservice.RespondActivityTaskCanceledByIdResponse, error) {
	c, err := byID(req.GetNamespace(), req.GetWorkflowId(), req.GetRunId(), req.GetActivityId())
	if err == nil {
		err = v.s.cancelActivity(c, req.GetDetails(), req.GetIdentity())
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.RespondActivityTaskCanceledByIdResponse{}, nil
}

// RecordActivityTaskHeartbeat takes a sign of life.
func (v *server) RecordActivityTaskHeartbeat(
	_ context.Context, req *workflowservice.RecordActivityTaskHeartbeatRequest,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	c, err := byToken(req.GetTaskToken())
	if err != nil {
		return nil, err
	}
	sign, err := v.s.heartbeat(c, req.GetDetails(), req.GetIdentity())
	if err != nil {
		return nil, err
	}
	return &workflowservice.RecordActivityTaskHeartbeatResponse{
		CancelRequested: sign.cancel, ActivityPaused: sign.paused, ActivityReset: sign.reset,
	}, nil
}

// RecordActivityTaskHeartbeatById takes a sign of life of an activity that the
// client names.
func (v *server) RecordActivityTaskHeartbeatById(
	_ context.Context, req *workflowservice.RecordActivityTaskHeartbeatByIdRequest,
) (*workflowservice.RecordActivityTaskHeartbeatByIdResponse, error) {
	c, err := byID(req.GetNamespace(), req.GetWorkflowId(), req.GetRunId(), req.GetActivityId())
	if err != nil {
		return nil, err
	}
	sign, err := v.s.heartbeat(c, req.GetDetails(), req.GetIdentity())
	if err != nil {
		return nil, err
	}
	return &workflowservice.RecordActivityTaskHeartbeatByIdResponse{
		CancelRequested: sign.cancel, ActivityPaused: sign.paused, ActivityReset: sign.reset,
	}, nil
}
