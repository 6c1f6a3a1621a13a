package service

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

const (
	textActivityUnnamed = "Either Activity.Id or Activity.Type should be set on request."
	textActivityUnknown = "Can't find pending activity with such ID. Invalid activityID or activity already completed"
	// pauseInfo is the search attribute that tells what of a workflow is paused.
	pauseInfo = "TemporalPauseInfo"
)

// pause is how an activity came to be paused. It does not change.
type pause struct {
	at                          time.Time
	identity, reason, requestID string
}

// choice says which activities of a workflow a client means.
type choice struct {
	id, kind string
	all      bool
	none     bool // it has not said
}

// of returns the activities, in the order in which they were scheduled.
func (c choice) of(r *run) ([]*activity, error) {
	var chosen []*activity
	for _, a := range r.activities {
		if c.all || c.kind != "" && a.attributes.GetActivityType().GetName() == c.kind ||
			c.kind == "" && a.attributes.GetActivityId() == c.id {
			chosen = append(chosen, a)
		}
	}
	if len(chosen) == 0 {
		return nil, serviceerror.NewNotFound(textActivityUnknown)
	}
	slices.SortFunc(chosen, func(a, b *activity) int { return cmp.Compare(a.id(), b.id()) })
	return chosen, nil
}

// operate changes the activities that are chosen: all of them, or none if one
// cannot be changed.
func (s *Service) operate(
	space string, e *commonpb.WorkflowExecution, c choice, change func(*run, *activity) error,
) error {
	switch {
	case e.GetWorkflowId() == "":
		return invalid("WorkflowId is not set on request.")
	case c.none:
		return invalid(textActivityUnnamed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(space, e)
	switch {
	case err != nil:
		return err
	case !r.running():
		return errCompleted()
	}
	before := r.snapshot()
	chosen, err := c.of(r)
	for _, a := range chosen {
		if err == nil {
			err = change(r, a)
		}
	}
	if err != nil {
		r.undo(before)
		return err
	}
	r.showPaused()
	r.commit()
	return nil
}

// showPaused tells in the search attributes which activities are paused.
func (r *run) showPaused() {
	kinds := make(map[string]bool)
	for _, a := range r.activities {
		if a.pause != nil {
			kinds["property:activityType="+a.attributes.GetActivityType().GetName()] = true
		}
	}
	if _, known := r.attributes[pauseInfo]; len(kinds) == 0 && !known {
		return
	}
	data, err := json.Marshal(slices.Sorted(maps.Keys(kinds)))
	if err != nil {
		return // strings only
	}
	r.attributes = merged(r.attributes, map[string]*commonpb.Payload{pauseInfo: {
		Metadata: map[string][]byte{"encoding": []byte("json/plain"), "type": []byte("KeywordList")},
		Data:     data,
	}})
}

// original are the activity's options as they were scheduled.
func (a *activity) original() *historypb.ActivityTaskScheduledEventAttributes {
	return a.scheduled.GetActivityTaskScheduledEventAttributes()
}

// waits reports whether the activity is not with a worker.
func (a *activity) waits() bool { return !a.isStarted && !a.cancelRequested }

// recall makes offers of the attempt that are out void.
func (a *activity) recall() { a.stamp++ }

// again makes the next attempt come at the time; failure is that of the last one.
func (a *activity) again(at time.Time) {
	a.lastIdentity, a.lastFailure = a.identity, nil
	a.offered, a.isStarted, a.startedAt, a.requestID = false, false, time.Time{}, ""
	a.scheduledAt = at
	if a.resetHeartbeat {
		a.details, a.heartbeatAt = nil, time.Time{}
	}
	a.reset, a.resetHeartbeat = false, false
}

// soon is now, or a little later if the client wants that.
func (s *Service) soon(jitter time.Duration) time.Time {
	at := s.now()
	if jitter > 0 {
		at = at.Add(time.Duration(s.random.Int64N(int64(jitter))))
	}
	return at
}

// PauseActivity lets an activity not be tried again until it is unpaused. An
// attempt that a worker has goes on; its heartbeats tell that it is paused.
func (v *server) PauseActivity(
	_ context.Context, req *workflowservice.PauseActivityRequest,
) (*workflowservice.PauseActivityResponse, error) {
	c := choice{id: req.GetId(), kind: req.GetType(), none: req.GetActivity() == nil}
	err := v.s.operate(req.GetNamespace(), req.GetExecution(), c, func(r *run, a *activity) error {
		switch {
		case a.pause == nil:
		case a.pause.requestID == req.GetRequestId():
			return nil
		default:
			return serviceerror.NewFailedPrecondition("activity is already paused")
		}
		if a.waits() {
			a.recall()
		}
		a.pause = &pause{r.s.now(), req.GetIdentity(), req.GetReason(), req.GetRequestId()}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.PauseActivityResponse{}, nil
}

// UnpauseActivity lets a paused activity be tried again, at once.
func (v *server) UnpauseActivity(
	_ context.Context, req *workflowservice.UnpauseActivityRequest,
) (*workflowservice.UnpauseActivityResponse, error) {
	c := choice{id: req.GetId(), kind: req.GetType(), all: req.GetUnpauseAll(), none: req.GetActivity() == nil}
	err := v.s.operate(req.GetNamespace(), req.GetExecution(), c, func(r *run, a *activity) error {
		if a.pause == nil {
			return nil
		}
		a.pause = nil
		a.recall()
		if req.GetResetAttempts() {
			a.attempt = 1
		}
		if req.GetResetHeartbeat() {
			a.details, a.heartbeatAt = nil, time.Time{}
		}
		if a.waits() {
			a.again(r.s.soon(req.GetJitter().AsDuration()))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.UnpauseActivityResponse{}, nil
}

// ResetActivity lets an activity begin anew with its first attempt. The attempt
// that a worker has counts as that one.
func (v *server) ResetActivity(
	_ context.Context, req *workflowservice.ResetActivityRequest,
) (*workflowservice.ResetActivityResponse, error) {
	c := choice{id: req.GetId(), kind: req.GetType(), all: req.GetMatchAll(), none: req.GetActivity() == nil}
	err := v.s.operate(req.GetNamespace(), req.GetExecution(), c, func(r *run, a *activity) error {
		r.reset(a, req)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.ResetActivityResponse{}, nil
}

func (r *run) reset(a *activity, req *workflowservice.ResetActivityRequest) {
	a.attempt, a.reset = 1, true
	a.resetHeartbeat = a.resetHeartbeat || req.GetResetHeartbeat()
	if req.GetRestoreOriginalOptions() {
		restored, _ := proto.Clone(a.original()).(*historypb.ActivityTaskScheduledEventAttributes)
		restored.Priority = a.attributes.GetPriority() // which is not restored
		a.attributes = restored
		a.recall()
	}
	wasPaused := a.pause != nil
	if wasPaused && !req.GetKeepPaused() {
		a.pause = nil
		a.recall()
	}
	if a.isStarted && !a.cancelRequested || a.pause != nil {
		return
	}
	if !wasPaused {
		a.recall()
	}
	if a.waits() {
		a.again(r.s.soon(req.GetJitter().AsDuration()))
	}
}
