package verify

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// instance is one run, with all that it was told.
type instance struct {
	runner.Instance
	runner  *Runner
	details runner.Details
	tasks   []*task
	ended   bool // it has had as many tasks as are verified
}

// Activate implements [runner.Instance].
func (i *instance) Activate(ctx context.Context, a *runner.Activation) *runner.Completion {
	c := i.Instance.Activate(ctx, a)
	if c.Failure != nil || i.ended {
		return c
	}
	switch {
	case a.Local != nil && len(i.tasks) > 0:
		i.tasks[len(i.tasks)-1].add(a, c)
	case a.StartedID == 0:
		return c // only queries, or what follows the last task for one to see
	case len(i.tasks) == i.runner.options.MaxTasks:
		i.ended, i.tasks = true, nil
		return c
	default:
		i.tasks = append(i.tasks, newTask(a, c))
	}
	if a.Replaying {
		return c // the machines compare it with history itself
	}
	found := i.verify(ctx)
	switch {
	case found == nil:
	case i.runner.options.Report != nil:
		i.runner.options.Report(found)
	default:
		return &runner.Completion{Failure: &runner.TaskFailure{
			Cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
			Failure: i.runner.options.FailureConverter.ErrorToFailure(found),
		}}
	}
	return c
}

// verify runs all tasks again and compares those that history does not vouch
// for: what an earlier one did the same by chance, it may not do a second time.
func (i *instance) verify(ctx context.Context) *DifferenceError {
	shadow, err := i.runner.inner.NewInstance(i.details)
	if err != nil {
		return i.tasks[0].difference(i, "", "the run cannot be made again: "+err.Error())
	}
	defer shadow.Close()
	for _, t := range i.tasks {
		again := new(did)
		for _, a := range t.replay() {
			c := shadow.Activate(ctx, a)
			if c.Failure != nil {
				return t.difference(i, "", "a task that fails: "+c.Failure.Failure.GetMessage())
			}
			again.add(c)
		}
		if t.first.Replaying {
			continue
		}
		if found := i.compare(t, again); found != nil {
			return found
		}
	}
	return nil
}

func (t *task) difference(i *instance, first, again string) *DifferenceError {
	return &DifferenceError{
		Details: i.details, StartedEventID: t.first.StartedID, First: first, Again: again,
	}
}
