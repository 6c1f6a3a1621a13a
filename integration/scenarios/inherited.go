package scenarios

import (
	"slices"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

// inheritedScenarios have runs that follow another one, or are its children, go to
// its version.
func inheritedScenarios() []Scenario {
	return []Scenario{
		{"inherited-pinned-child", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.StartWith(client.StartWorkflowOptions{Priority: temporal.Priority{PriorityKey: 2}}, Listen)
			t := first.poll()
			e.deploy("second")
			e.setCurrent("second")
			first.respond(t, pinned, e.startSister("-near"))
			e.noteScheduled(e.Name + "-near")
			first.respond(first.pollBoth(), pinned, startChild(e, e.Name+"-far", abandoned))
			e.noteScheduled(e.Name + "-far")
			e.terminateAll("", "-near", "-far")
		}},
		{"inherited-upgraded-child", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), upgraded, e.startSister("-near"))
			e.noteScheduled(e.Name + "-near")
			first.respond(first.pollBoth(), upgraded, complete())
			e.terminateAll("-near")
		}},
		{"inherited-by-next", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			t := first.poll()
			e.deploy("second")
			e.setCurrent("second")
			first.respond(t, pinned, continueAsNew(nil))
			e.noteScheduled(e.Name)
			first.respond(first.poll(), pinned, complete())
			e.noteDescribed()
		}},
		{"inherited-by-next-upgraded", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), upgraded, continueAsNew(nil))
			e.noteScheduled(e.Name)
			first.respond(first.poll(), upgraded, complete())
			e.noteDescribed()
		}},
	}
}

// inheritedByChainScenarios are about the runs of a chain.
func inheritedByChainScenarios() []Scenario {
	return []Scenario{
		{"inherited-told", toldAndInherited},
		{"inherited-override", func(e *Env) {
			e.anew()
			e.deploy("first")
			second := e.deploy("second")
			e.setCurrent("first")
			e.Start(Listen)
			e.override(pinnedTo(e, "second"))
			second.respond(second.poll(), upgraded, e.startSister("-near"))
			e.noteScheduled(e.Name + "-near")
			second.respond(second.pollBoth(), upgraded, continueAsNew(nil))
			e.noteScheduled(e.Name)
			e.terminateAll("", "-near")
		}},
		{"inherited-not", func(e *Env) {
			e.moveOn(enumspb.CONTINUE_AS_NEW_VERSIONING_BEHAVIOR_AUTO_UPGRADE, func() { e.setCurrent("second") })
		}},
		{"inherited-not-but-ramping", func(e *Env) {
			e.moveOn(enumspb.CONTINUE_AS_NEW_VERSIONING_BEHAVIOR_USE_RAMPING_VERSION, func() {
				e.ramp("second", 0.001)
				e.awaitRouting(func(i *taskqueuepb.TaskQueueVersioningInfo) bool { return i.GetRampingVersionPercentage() > 0 })
			})
		}},
		{"inherited-by-retry-too", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), pinned, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
				a.RetryPolicy = &commonpb.RetryPolicy{InitialInterval: durationpb.New(10 * time.Millisecond)}
			}))
			e.deploy("second")
			e.setCurrent("second")
			e.noteScheduled(e.Name)
			first.respond(first.poll(), pinned, failWorkflow())
			e.noteScheduled(e.Name)
			first.respond(first.poll(), pinned, complete())
		}},
		{"inherited-by-retry", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.StartWith(client.StartWorkflowOptions{RetryPolicy: quickly()}, Listen)
			first.respond(first.poll(), pinned, failWorkflow())
			e.noteScheduled(e.Name)
			e.terminate()
		}},
	}
}

// childOverrideScenarios start children with an override.
func childOverrideScenarios() []Scenario {
	return []Scenario{
		{"override-of-child", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.deploy("second")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), pinned, e.startSister("-near", childOverride(pinnedTo(e, "second"))))
			e.noteScheduled(e.Name + "-near")
			first.respond(first.poll(), pinned, e.startSister("-none", childOverride(pinnedTo(e, "nothing"))))
			first.respond(first.poll(), pinned, complete())
			e.terminateAll("-near")
		}},
		{"override-of-child-bad", func(e *Env) {
			e.anew()
			first := e.deploy("first")
			e.setCurrent("first")
			e.Start(Listen)
			first.respond(first.poll(), pinned, e.startSister("-near", childOverride(upgrading(false))))
			first.respond(first.poll(), pinned, complete())
		}},
	}
}

// moveOn has a pinned workflow continue on the second version, after the change.
func (e *Env) moveOn(how enumspb.ContinueAsNewVersioningBehavior, change func()) {
	e.anew()
	first, second := e.deploy("first"), e.deploy("second")
	e.setCurrent("first")
	e.Start(Listen)
	t := first.poll()
	change()
	first.respond(t, pinned, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
		a.InitialVersioningBehavior = how
	}))
	e.noteScheduled(e.Name)
	second.respond(second.poll(), pinned, complete())
	e.noteDescribed()
}

// toldAndInherited has a run told of another version, which it declines.
func toldAndInherited(e *Env) {
	e.anew()
	first := e.deploy("first")
	e.setCurrent("first")
	e.Start(Listen)
	first.respond(first.poll(), pinned)
	e.deploy("second")
	e.setCurrent("second")
	e.signal()
	first.respond(first.poll(), pinned, continueAsNew(nil))
	e.keepLatest(e.Name)
	first.respond(first.poll(), pinned, complete())
}

func childOverride(o *workflowpb.VersioningOverride) func(*childAttributes) {
	return func(a *childAttributes) { a.VersioningOverride = o }
}

// startSister starts a child on the queue of its parent.
func (e *Env) startSister(suffix string, with ...func(*childAttributes)) *commandpb.Command {
	with = append(with, func(a *childAttributes) {
		a.TaskQueue = nil
		abandoned(a)
	})
	return startChild(e, e.Name+suffix, with...)
}

func abandoned(a *childAttributes) { a.ParentClosePolicy = enumspb.PARENT_CLOSE_POLICY_ABANDON }

// noteScheduled notes how the latest run of the workflow is once it waits for a
// worker.
func (e *Env) noteScheduled(id string) {
	e.Helper()
	e.Until(func() bool {
		_, err := e.Client.DescribeWorkflowExecution(e.Ctx(), id, "")
		return err == nil
	})
	e.keepLatest(id)
	e.Note("%s", describe(e, id))
}

// terminateAll ends the workflows whose ids are the scenario's with these suffixes.
func (e *Env) terminateAll(suffixes ...string) {
	e.Helper()
	for _, suffix := range suffixes {
		e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name+suffix, "", "enough"))
	}
}

// pollBoth gets the tasks of the scenario's workflow and of its child on the same
// queue, which come in any order. It returns that of the parent.
func (d deployed) pollBoth() *workflowTask {
	d.e.Helper()
	var tasks []*workflowTask
	for range 2 {
		t, err := d.e.Service.PollWorkflowTaskQueue(d.e.Ctx(), d.request())
		d.e.Must(err)
		tasks = append(tasks, t)
	}
	slices.SortFunc(tasks, func(a, b *workflowTask) int {
		return strings.Compare(a.GetWorkflowExecution().GetWorkflowId(), b.GetWorkflowExecution().GetWorkflowId())
	})
	d.e.noteTask(tasks[0])
	d.e.noteTask(tasks[1])
	d.respond(tasks[1], upgraded)
	return tasks[0]
}
