package runnertest

import (
	"fmt"
	"time"

	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

func ids(r *rig) error {
	_, c, err := r.begin(Activities, "x")
	if err != nil {
		return err
	}
	return made(c, "ScheduleActivityTask 12 a", "ScheduleActivityTask 13 b")
}

func early(r *rig) error {
	p, c, err := r.begin(Cleanup)
	if err != nil {
		return err
	}
	if err := made(c, "StartTimer 12"); err != nil {
		return err
	}
	c, err = p.task(runner.Item{EventID: 15, Cancel: &runner.Cancel{Cause: "enough"}})
	if err != nil {
		return err
	}
	if err := made(c, "CancelTimer 12", "ScheduleActivityTask 23 cleanup"); err != nil {
		return err
	}
	c, err = p.task(resolve("23", nil))
	if err != nil {
		return err
	}
	return made(c, "CancelWorkflowExecution")
}

func itemsFirst(r *rig) error {
	p, err := r.run(Signals)
	if err != nil {
		return err
	}
	c, err := p.task(start(Signals), signal("s", "one"), signal("s", "two"))
	if err != nil {
		return err
	}
	return list(c, "one", "two")
}

func resolutions(r *rig) error {
	p, _, err := r.begin(Activities, "x")
	if err != nil {
		return err
	}
	c, err := p.task(resolve("13", "from b"))
	if err != nil {
		return err
	}
	if err := made(c); err != nil {
		return fmt.Errorf("the code waits for activity 12, and 13 has ended: %w", err)
	}
	c, err = p.task(resolve("12", "from a"))
	if err != nil {
		return err
	}
	if err := made(c, "CompleteWorkflowExecution"); err != nil {
		return err
	}
	if got := returned[string](c); got != "from a" {
		return fmt.Errorf("the result of activity 12 is %q", got)
	}
	return nil
}

func failureIsSeen(r *rig) error {
	p, _, err := r.begin(Activities, "x")
	if err != nil {
		return err
	}
	c, err := p.task(runner.Item{EventID: 7, Resolve: &runner.Resolve{
		Kind: runner.Activity, ID: "12",
		Failure: &failurepb.Failure{
			Message: "activity error",
			Cause: &failurepb.Failure{
				Message: "no money",
				FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
					ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "Broke"},
				},
			},
			FailureInfo: &failurepb.Failure_ActivityFailureInfo{
				ActivityFailureInfo: &failurepb.ActivityFailureInfo{ActivityId: "12", ScheduledEventId: 12},
			},
		},
	}})
	if err != nil {
		return err
	}
	if err := made(c, "FailWorkflowExecution"); err != nil {
		return err
	}
	f := c.Commands[0].GetFailWorkflowExecutionCommandAttributes().GetFailure()
	if f.GetActivityFailureInfo().GetActivityId() != "12" || f.GetCause().GetMessage() != "no money" ||
		f.GetCause().GetApplicationFailureInfo().GetType() != "Broke" {
		return fmt.Errorf("the run failed with %v", f)
	}
	return nil
}

func clock(r *rig) error {
	p, _, err := r.begin(Clock)
	if err != nil {
		return err
	}
	return p.tells(p.now.Add(time.Second), p.next(signal("s", "1"), signal("s", "2")))
}

func clockForward(r *rig) error {
	p, _, err := r.begin(Clock)
	if err != nil {
		return err
	}
	at := p.now
	a := p.next(signal("s", "1"), signal("s", "2"))
	a.Time = at.Add(-time.Minute)
	return p.tells(at, a)
}

// tells checks that the run of Clock ends with a time.
func (p *probe) tells(want time.Time, a *runner.Activation) error {
	c, err := p.activate(a)
	if err != nil {
		return err
	}
	got := returned[time.Time](c)
	if !got.Equal(want) {
		return fmt.Errorf("the clock says %v, want %v", got, want)
	}
	return nil
}

func unknownFlag(r *rig) error {
	p, err := r.run(Signals)
	if err != nil {
		return err
	}
	p.replaying, p.flags = true, []uint32{9_999}
	return p.fails(p.next(start(Signals)))
}

func flagsOnce(r *rig) error {
	p, c, err := r.begin(Sum)
	if err != nil {
		return err
	}
	told := make(map[uint32]bool)
	for n := range 3 {
		for _, f := range c.Flags {
			if told[f] {
				return fmt.Errorf("flag %d was told twice", f)
			}
			told[f] = true
		}
		if c, err = p.task(update(fmt.Sprint(n), n)); err != nil {
			return err
		}
	}
	again, err := r.run(Sum)
	if err != nil {
		return err
	}
	again.replaying = true
	for f := range told {
		again.flags = append(again.flags, f)
	}
	for _, item := range []runner.Item{start(Sum), update("0", 0)} {
		c, err := again.task(item)
		if err != nil {
			return err
		}
		if len(c.Flags) > 0 {
			return fmt.Errorf("a replay told of the flags %d", c.Flags)
		}
	}
	return nil
}
