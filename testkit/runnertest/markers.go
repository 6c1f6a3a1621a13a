package runnertest

import (
	"errors"
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// recordedMarker is what history makes of the n-th command of the first task.
func recordedMarker(c *commandpb.Command, n int64) runner.Marker {
	a := c.GetRecordMarkerCommandAttributes()
	return runner.Marker{EventID: 12 + n, Attributes: &historypb.MarkerRecordedEventAttributes{
		MarkerName: a.GetMarkerName(), Details: a.GetDetails(), Failure: a.GetFailure(),
	}}
}

func sideEffect(r *rig) error {
	_, c, err := r.begin(Chance)
	if err != nil {
		return err
	}
	if err := made(c, "RecordMarker SideEffect", "CompleteWorkflowExecution"); err != nil {
		return err
	}
	details := c.Commands[0].GetRecordMarkerCommandAttributes().GetDetails()
	if decoded[int64](details["side-effect-id"]) != 1 || decoded[int](details["data"]) != 42 {
		return fmt.Errorf("the marker says %v", details)
	}
	return nil
}

func sideEffectReplayed(r *rig) error {
	_, live, err := r.begin(Chance)
	if err != nil {
		return err
	}
	p, err := r.run(Chance)
	if err != nil {
		return err
	}
	m := recordedMarker(live.Commands[0], 0)
	m.Attributes.Details = map[string]*commonpb.Payloads{
		"side-effect-id": m.Attributes.GetDetails()["side-effect-id"], "data": payloads(7),
	}
	p.replaying, p.markers = true, []runner.Marker{m}
	c, err := p.task(start(Chance))
	if err != nil {
		return err
	}
	if err := made(c, "RecordMarker SideEffect", "CompleteWorkflowExecution"); err != nil {
		return err
	}
	if got := returned[int](c); got != 7 {
		return fmt.Errorf("the side effect is %d, and 7 in its marker", got)
	}
	return nil
}

func version(r *rig) error {
	_, c, err := r.begin(Changed)
	if err != nil {
		return err
	}
	err = made(c, "RecordMarker Version", "UpsertWorkflowSearchAttributes", "ScheduleActivityTask 14 new")
	if err != nil {
		return err
	}
	details := c.Commands[0].GetRecordMarkerCommandAttributes().GetDetails()
	if decoded[string](details["change-id"]) != "change" || decoded[int](details["version"]) != 1 {
		return fmt.Errorf("the marker says %v", details)
	}
	attributes := c.Commands[1].GetUpsertWorkflowSearchAttributesCommandAttributes().GetSearchAttributes()
	if _, ok := attributes.GetIndexedFields()["TemporalChangeVersion"]; !ok {
		return fmt.Errorf("the attributes are %v", attributes)
	}
	return nil
}

func versionReplayed(r *rig) error {
	_, live, err := r.begin(Changed)
	if err != nil {
		return err
	}
	p, err := r.run(Changed)
	if err != nil {
		return err
	}
	m := recordedMarker(live.Commands[0], 0)
	m.SearchAttributes = live.Commands[1].GetUpsertWorkflowSearchAttributesCommandAttributes().GetSearchAttributes()
	p.replaying, p.markers = true, []runner.Marker{m}
	c, err := p.task(start(Changed))
	if err != nil {
		return err
	}
	return made(c, "ScheduleActivityTask 14 new")
}

func versionMissing(r *rig) error {
	p, err := r.run(Changed)
	if err != nil {
		return err
	}
	p.replaying = true
	c, err := p.task(start(Changed))
	if err != nil {
		return err
	}
	return made(c, "ScheduleActivityTask 12 old")
}

func child(r *rig) error {
	_, c, err := r.begin(Parent)
	if err != nil {
		return err
	}
	return made(c, "StartChildWorkflowExecution original_12")
}

func resetChild(r *rig) error {
	p, err := r.run(Parent)
	if err != nil {
		return err
	}
	c, err := p.task(start(Parent), runner.Item{EventID: 7, Reset: &runner.Reset{RunID: "copy"}})
	if err != nil {
		return err
	}
	return made(c, "StartChildWorkflowExecution copy_12")
}

func childEnds(r *rig) error {
	p, _, err := r.begin(Parent)
	if err != nil {
		return err
	}
	item := func(kind runner.Kind) runner.Item {
		return runner.Item{EventID: 15, Resolve: &runner.Resolve{Kind: kind, ID: "original_12", RunID: "child"}}
	}
	c, err := p.task(item(runner.ChildStart))
	if err != nil {
		return err
	}
	if err := made(c); err != nil {
		return fmt.Errorf("when the child has started: %w", err)
	}
	if c, err = p.task(item(runner.Child)); err != nil {
		return err
	}
	return made(c, "CompleteWorkflowExecution")
}

// completes is the command of a workflow that returns a result.
const completes = "CompleteWorkflowExecution"

// localRun begins a run of Local, which asks for its local activity.
func localRun(r *rig) (*probe, *runner.LocalRequest, error) {
	p, c, err := r.begin(Local, "x")
	if err != nil {
		return nil, nil, err
	}
	if err := made(c); err != nil {
		return nil, nil, err
	}
	if len(c.Locals) != 1 {
		return nil, nil, fmt.Errorf("%d local activities were asked for, want 1", len(c.Locals))
	}
	return p, c.Locals[0], nil
}

func localRequest(r *rig) error {
	p, request, err := localRun(r)
	if err != nil {
		return err
	}
	if request.ID != "1" || request.Type != "l" || request.Attempt != 1 || !request.Scheduled.Equal(p.now) {
		return fmt.Errorf("the request is %+v", request)
	}
	caller, calls := p.instance.(runner.LocalCaller)
	if !calls {
		if got := decoded[string](request.Args); got != "x" {
			return fmt.Errorf("the argument is %q", got)
		}
		return nil
	}
	call, ok := caller.LocalCall("1")
	if !ok || len(call.Args) != 1 || call.Args[0] != "x" || request.Args != nil {
		return fmt.Errorf("the call is %+v, there: %t, and the arguments of its request are %v", call, ok, request.Args)
	}
	if _, ok := caller.LocalCall("2"); ok {
		return errors.New("there is a call that was not asked for")
	}
	return nil
}

// localEnd has the local activity end, and the workflow with it.
func localEnd(p *probe, l *runner.LocalResult, closes string) (*runner.Completion, error) {
	c, err := p.activate(&runner.Activation{Run: true, Time: l.Time, Local: l, Replaying: p.replaying})
	if err != nil {
		return nil, err
	}
	if c.EndedLocal != "1" {
		return nil, fmt.Errorf("the local activity that has ended is %q, want 1", c.EndedLocal)
	}
	return c, made(c, "RecordMarker LocalActivity", closes)
}

func localStep(r *rig) error {
	p, _, err := localRun(r)
	if err != nil {
		return err
	}
	c, err := localEnd(p, &runner.LocalResult{ID: "1", Attempt: 1, Time: p.now, Result: payloads("done")}, completes)
	if err != nil {
		return err
	}
	if got := returned[string](c); got != "done" {
		return fmt.Errorf("the result is %q", got)
	}
	return nil
}

func localReplayed(r *rig) error {
	p, _, err := localRun(r)
	if err != nil {
		return err
	}
	live, err := localEnd(p, &runner.LocalResult{ID: "1", Attempt: 1, Time: p.now, Result: payloads("done")}, completes)
	if err != nil {
		return err
	}
	again, err := r.run(Local)
	if err != nil {
		return err
	}
	again.replaying = true
	if _, err := again.task(start(Local, "x")); err != nil {
		return err
	}
	m := recordedMarker(live.Commands[0], 0)
	c, err := localEnd(again, &runner.LocalResult{Marker: &m}, completes)
	if err != nil {
		return err
	}
	if got := returned[string](c); got != "done" {
		return fmt.Errorf("the result is %q", got)
	}
	return nil
}

func localCanceled(r *rig) error {
	p, _, err := localRun(r)
	if err != nil {
		return err
	}
	c, err := p.task(runner.Item{EventID: 5, Cancel: &runner.Cancel{Cause: "enough"}})
	if err != nil {
		return err
	}
	if len(c.CanceledLocals) != 1 || c.CanceledLocals[0] != "1" {
		return fmt.Errorf("those to be canceled are %q, want 1", c.CanceledLocals)
	}
	if c.EndedLocal != "" || c.Closed {
		return errors.New("the local activity has ended before it did")
	}
	c, err = localEnd(p, &runner.LocalResult{ID: "1", Attempt: 1, Time: p.now, Failure: &failurepb.Failure{
		Message:     "canceled",
		FailureInfo: &failurepb.Failure_CanceledFailureInfo{CanceledFailureInfo: &failurepb.CanceledFailureInfo{}},
	}}, "CancelWorkflowExecution")
	if err != nil {
		return err
	}
	if c.Commands[0].GetRecordMarkerCommandAttributes().GetFailure().GetCanceledFailureInfo() == nil {
		return errors.New("the marker does not say that it was canceled")
	}
	return nil
}
