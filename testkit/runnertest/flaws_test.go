package runnertest_test

import (
	"fmt"
	"slices"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/testkit/runnertest"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

type (
	instance   = brokenInstance
	activation = runner.Activation
	completion = runner.Completion
)

// flaws are one or more for each clause.
var flaws = slices.Concat(flawsOfLife, flawsOfOrder, flawsOfMessages, flawsOfMarkers)

var flawsOfLife = []flaw{
	{
		name: "runs what it does not know", clause: "UnknownTypeIsRefused",
		unknown: func(r *broken, _ error) (runner.Instance, error) {
			return r.NewInstance(runner.Details{WorkflowType: runnertest.Return})
		},
	},
	{
		name: "does not say that a type is unknown", clause: "UnknownTypeIsRefused",
		unknown: func(_ *broken, err error) (runner.Instance, error) { return nil, fmt.Errorf("no: %v", err) },
	},
	{
		name: "prepares anything", clause: "BadDefinitionIsRefused",
		prepare: func(r *broken, def runner.Definition) error {
			if own, ok := r.functions[def.Type]; ok {
				return r.inner.Prepare(own)
			}
			return nil
		},
	},
	{
		name: "waits for its start", clause: "StartComesFirst",
		after: func(_ *instance, a *activation, c *completion) {
			if len(a.Items) > 0 && a.Items[0].Start == nil {
				forgive(c)
			}
		},
	},
	{
		name: "ignores a second start", clause: "StartComesOnce",
		after: func(_ *instance, _ *activation, c *completion) { forgive(c) },
	},
	{
		name: "does not say that it has ended", clause: "ResultCloses",
		after: func(_ *instance, _ *activation, c *completion) { c.Closed = false },
	},
	{
		name: "fails the task when the workflow fails", clause: "ErrorCloses",
		after: func(_ *instance, _ *activation, c *completion) {
			if n := len(c.Commands); n > 0 && c.Commands[n-1].GetFailWorkflowExecutionCommandAttributes() != nil {
				*c = completion{Failure: &runner.TaskFailure{
					Cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
					Failure: c.Commands[n-1].GetFailWorkflowExecutionCommandAttributes().GetFailure(),
				}}
			}
		},
	},
	{
		name: "loses the input of the next run", clause: "NextRunCloses",
		after: func(_ *instance, _ *activation, c *completion) {
			for _, cmd := range c.Commands {
				if a := cmd.GetContinueAsNewWorkflowExecutionCommandAttributes(); a != nil {
					a.Input = nil
				}
			}
		},
	},
	{
		name: "ends the run at a defect", clause: "DefectFailsTheTask",
		after: func(i *instance, _ *activation, c *completion) {
			if c.Failure != nil && i.details.WorkflowType == runnertest.Crash {
				*c = completion{Closed: true, Commands: []*commandpb.Command{{
					CommandType: enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
				}}}
			}
		},
	},
	{
		name: "does not say why a task failed", clause: "DefectFailsTheTask",
		after: func(_ *instance, _ *activation, c *completion) {
			if c.Failure != nil {
				c.Failure.Cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED
			}
		},
	},
	{
		name: "goes on after a failure", clause: "FailedIsOver",
		after: func(i *instance, _ *activation, c *completion) {
			if i.failed {
				forgive(c)
			}
			i.failed = i.failed || c.Failure != nil
		},
	},
	{
		name: "leaves out inputs in replay", clause: "ReplayIsTheSame",
		after: func(_ *instance, a *activation, c *completion) {
			for _, cmd := range c.Commands {
				if attr := cmd.GetScheduleActivityTaskCommandAttributes(); attr != nil && a.Replaying {
					attr.Input = nil
				}
			}
		},
	},
	{
		name: "ends all runs with one", clause: "InstancesAreApart",
		close: func(i *instance) {
			for _, other := range i.runner.all {
				other.Instance.Close()
			}
		},
	},
	{
		name: "makes up run ids", clause: "InfoIsOfTheRun",
		details: func(d *runner.Details) { d.RunID = "mine" },
	},
	{
		name: "works on after Close", clause: "CloseIsIdempotent",
		close: func(i *instance) {
			i.closed = true
			i.Instance.Close()
		},
		after: func(i *instance, _ *activation, c *completion) {
			if i.closed {
				forgive(c)
			}
		},
	},
	{
		name: "takes hours to close", clause: "CloseFreesABlockedRun",
		close: func(i *instance) {
			time.Sleep(2 * time.Hour) // of the bubble
			i.Instance.Close()
		},
	},
	{
		name: "changes what it was given", clause: "InputIsNotChanged",
		before: func(_ *instance, a *activation) {
			for _, item := range a.Items {
				if item.Signal != nil {
					item.Signal.Input.Payloads[0].Data = []byte(`"changed"`)
				}
			}
		},
	},
	{
		name: "uses its commands again", clause: "OutputIsNotChanged",
		after: func(i *instance, _ *activation, c *completion) {
			for _, cmd := range i.commands {
				proto.Reset(cmd)
			}
			i.commands = c.Commands
		},
	},
	{
		name: "has one input for all runs", clause: "SafeForConcurrentUse",
		before: func(i *instance, a *activation) {
			if a.Items[0].Start == nil {
				return
			}
			i.runner.mu.Lock()
			i.runner.input = a.Items[0]
			i.runner.mu.Unlock()
			time.Sleep(time.Millisecond) // of the bubble
			i.runner.mu.Lock()
			defer i.runner.mu.Unlock()
			a.Items = []runner.Item{i.runner.input}
		},
	},
}

var flawsOfOrder = []flaw{
	{
		name: "numbers what it makes", clause: "IDsArePredicted",
		after: func(_ *instance, _ *activation, c *completion) {
			for n, cmd := range c.Commands {
				if attr := cmd.GetScheduleActivityTaskCommandAttributes(); attr != nil {
					attr.ActivityId = fmt.Sprint(n + 1)
				}
			}
		},
	},
	{
		name: "cancels at the end", clause: "EarlyCommandsComeFirst",
		after: func(_ *instance, _ *activation, c *completion) {
			slices.SortStableFunc(c.Commands, func(a, b *commandpb.Command) int {
				late := func(c *commandpb.Command) int {
					if c.GetCancelTimerCommandAttributes() != nil {
						return 1
					}
					return 0
				}
				return late(a) - late(b)
			})
		},
	},
	{
		name: "takes one item of each task", clause: "ItemsBeforeCode",
		before: func(_ *instance, a *activation) { a.Items = a.Items[:min(1, len(a.Items))] },
	},
	{
		name: "mixes up what has ended", clause: "ResolutionsReachTheirs",
		before: func(_ *instance, a *activation) {
			for n, item := range a.Items {
				if item.Resolve == nil {
					continue
				}
				other := *item.Resolve
				other.ID = map[string]string{"12": "13", "13": "12"}[other.ID]
				a.Items = slices.Clone(a.Items)
				a.Items[n].Resolve = &other
			}
		},
	},
	{
		name: "loses causes", clause: "FailureIsSeen",
		after: func(_ *instance, _ *activation, c *completion) {
			for _, cmd := range c.Commands {
				if attr := cmd.GetFailWorkflowExecutionCommandAttributes(); attr != nil {
					attr.Failure.Cause = nil
				}
			}
		},
	},
	{
		name: "asks the machine for the time", clause: "ClockIsTheTasks",
		before: func(_ *instance, a *activation) { a.Time = time.Now() },
	},
	{
		name: "sets the clock back", clause: "ClockNeverGoesBack",
		after: func(i *instance, a *activation, c *completion) {
			if i.details.WorkflowType != runnertest.Clock || len(c.Commands) == 0 {
				return
			}
			p, err := converter.GetDefaultDataConverter().ToPayloads(a.Time)
			if err == nil {
				c.Commands[0].GetCompleteWorkflowExecutionCommandAttributes().Result = p
			}
		},
	},
	{
		name: "ignores flags that it does not know", clause: "UnknownFlagFails",
		before: func(_ *instance, a *activation) {
			a.Flags = slices.DeleteFunc(slices.Clone(a.Flags), func(f uint32) bool { return f > 100 })
		},
	},
	{
		name: "repeats its flags", clause: "FlagsAreToldOnce",
		after: func(i *instance, _ *activation, c *completion) {
			i.flags = append(i.flags, c.Flags...)
			c.Flags = i.flags
		},
	},
}

var flawsOfMessages = []flaw{
	{
		name: "answers queries backwards", clause: "QueriesAreAnsweredInOrder",
		after: func(_ *instance, _ *activation, c *completion) { slices.Reverse(c.Answers) },
	},
	{
		name: "makes commands in queries", clause: "QueriesAreAnsweredInOrder",
		after: func(_ *instance, a *activation, c *completion) {
			if len(a.Queries) > 0 {
				c.Commands = append(c.Commands, &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_START_TIMER})
			}
		},
	},
	{
		name: "answers queries before the task", clause: "QueriesSeeTheTask",
		before: func(i *instance, a *activation) {
			if len(a.Queries) > 0 && len(a.Items) > 0 && a.Items[0].Start == nil {
				i.answers = i.Instance.Activate(i.runner.ctx(), &activation{Queries: a.Queries}).Answers
			}
		},
		after: func(i *instance, _ *activation, c *completion) {
			if i.answers != nil {
				c.Answers = i.answers
			}
		},
	},
	{
		name: "is silent after the end", clause: "QueriesOutliveTheRun",
		after: func(i *instance, _ *activation, c *completion) {
			if i.ended {
				c.Answers = nil
			}
			i.ended = i.ended || c.Closed
		},
	},
	{
		name: "completes updates without accepting them", clause: "UpdateIsAnswered",
		after: func(_ *instance, _ *activation, c *completion) {
			if len(c.Messages) == 2 {
				c.Messages, c.Commands = c.Messages[1:], c.Commands[1:]
			}
		},
	},
	{
		name: "rejects with a command", clause: "UpdateIsRejected",
		after: func(_ *instance, _ *activation, c *completion) {
			if len(c.Messages) == 1 {
				c.Commands = append(c.Commands, &commandpb.Command{
					CommandType: enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE,
					Attributes: &commandpb.Command_ProtocolMessageCommandAttributes{
						ProtocolMessageCommandAttributes: &commandpb.ProtocolMessageCommandAttributes{
							MessageId: c.Messages[0].GetId(),
						},
					},
				})
			}
		},
	},
	{
		name: "validates in replay", clause: "ReplaySkipsValidators",
		before: func(_ *instance, a *activation) { live(a) },
	},
}

// live takes a replayed task for one that is live.
func live(a *activation) {
	a.Replaying = false
	a.Items = slices.Clone(a.Items)
	for n := range a.Items {
		a.Items[n].Replaying = false
	}
}

var flawsOfMarkers = []flaw{
	{
		name: "records no side effects", clause: "SideEffectIsRecorded",
		after: func(i *instance, _ *activation, c *completion) {
			if i.details.WorkflowType == runnertest.Chance {
				without(c, enumspb.COMMAND_TYPE_RECORD_MARKER)
			}
		},
	},
	{
		name: "has side effects again", clause: "SideEffectIsReplayed",
		before: func(i *instance, a *activation) {
			if i.details.WorkflowType == runnertest.Chance {
				live(a)
				a.Markers = nil
			}
		},
	},
	{
		name: "lists no versions", clause: "VersionIsRecorded",
		after: func(_ *instance, _ *activation, c *completion) {
			without(c, enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES)
		},
	},
	{
		name: "gives the ids of markers to others", clause: "VersionIsReplayed",
		before: func(_ *instance, a *activation) {
			a.Markers = slices.Clone(a.Markers)
			for n := range a.Markers {
				a.Markers[n].EventID += 100
			}
		},
	},
	{
		name: "takes the newest version", clause: "NoVersionIsDefault",
		before: func(i *instance, a *activation) {
			if i.details.WorkflowType == runnertest.Changed && len(a.Markers) == 0 {
				live(a)
			}
		},
	},
	{
		name: "names children by their run", clause: "ChildIsNamed",
		after: func(i *instance, _ *activation, c *completion) {
			for _, cmd := range c.Commands {
				if attr := cmd.GetStartChildWorkflowExecutionCommandAttributes(); attr != nil {
					attr.WorkflowId = i.details.RunID + "_12"
				}
			}
		},
	},
	{
		name: "forgets resets", clause: "ResetNamesChildren",
		before: func(_ *instance, a *activation) {
			a.Items = slices.DeleteFunc(slices.Clone(a.Items), func(i runner.Item) bool { return i.Reset != nil })
		},
	},
	{
		name: "ends with the start of a child", clause: "ChildEnds",
		before: func(i *instance, a *activation) {
			if len(a.Items) == 1 && a.Items[0].Resolve != nil {
				// The start comes, and with it the end.
				end := *a.Items[0].Resolve
				end.Kind = runner.Child
				a.Items = append(slices.Clone(a.Items), runner.Item{Resolve: &end})
			}
		},
	},
	{
		name: "schedules local activities", clause: "LocalIsAskedFor",
		after: func(_ *instance, _ *activation, c *completion) {
			for range c.Locals {
				c.Commands = append(c.Commands, &commandpb.Command{
					CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
				})
			}
		},
	},
	{
		name: "does not say which local activity has ended", clause: "LocalEndsInAStep",
		after: func(_ *instance, _ *activation, c *completion) { c.EndedLocal = "" },
	},
	{
		name: "does not ask local activities to stop", clause: "LocalIsCanceled",
		after: func(_ *instance, _ *activation, c *completion) { c.CanceledLocals = nil },
	},
	{
		name: "does not record that a local activity was canceled", clause: "LocalIsCanceled",
		after: func(_ *instance, _ *activation, c *completion) {
			for _, command := range c.Commands {
				if a := command.GetRecordMarkerCommandAttributes(); a != nil {
					a.Failure = nil
				}
			}
		},
	},
	{
		name: "ignores the markers of local activities", clause: "LocalIsReplayed",
		before: func(_ *instance, a *activation) {
			if a.Local != nil && a.Local.Marker != nil {
				*a = activation{}
			}
		},
	},
}
