package verify

import (
	"slices"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// did is what code did in one workflow task, in all its steps.
type did struct {
	commands []*commandpb.Command
	messages []*protocolpb.Message
	flags    []uint32
	locals   []*runner.LocalRequest
	canceled []string
	closed   bool
	origins  []string // the stacks of the commands, if they were asked for
	blocked  string
}

func (d *did) add(c *runner.Completion) {
	d.commands = append(d.commands, c.Commands...)
	d.messages = append(d.messages, c.Messages...)
	d.flags = append(d.flags, c.Flags...)
	d.locals = append(d.locals, c.Locals...)
	d.canceled = append(d.canceled, c.CanceledLocals...)
	d.closed = d.closed || c.Closed
	if c.Trace != nil {
		d.origins, d.blocked = append(d.origins, c.Trace.Commands...), c.Trace.Blocked
	}
}

// A task is one workflow task that the run has had.
type task struct {
	first *runner.Activation
	steps []*step // those that local activities have ended
	did
}

type step struct {
	activation *runner.Activation
	commands   int // how many had been made before
	made       int // how many were made by it
}

func newTask(a *runner.Activation, c *runner.Completion) *task {
	t := &task{first: a}
	t.did.add(c)
	return t
}

func (t *task) add(a *runner.Activation, c *runner.Completion) {
	t.steps = append(t.steps, &step{activation: a, commands: len(t.commands), made: len(c.Commands)})
	t.did.add(c)
}

// library signs the tasks that are run again: anyone but the official SDK, whose
// old releases behaved differently.
const library = "verify"

// replay returns the activations of the task as history would have it: with the
// flags and markers that it has recorded, and without the updates that it has
// rejected, of which history knows nothing.
func (t *task) replay() []*runner.Activation {
	a := *t.first
	a.Queries, a.Trace = nil, true
	if t.first.Replaying {
		return append([]*runner.Activation{&a}, t.replayedSteps()...)
	}
	a.Replaying, a.SDK = true, runner.SDK{Name: library}
	a.Flags = slices.Concat(a.Flags, t.flags)
	a.Markers = nil
	for n, cmd := range t.commands {
		if m := t.marker(n); isMarker(cmd) && m.Attributes.GetMarkerName() != localMarker {
			a.Markers = append(a.Markers, m)
		}
	}
	rejected := t.rejected()
	a.Items = nil
	for _, item := range t.first.Items {
		if item.Update != nil && slices.Contains(rejected, item.Update.Instance) {
			continue
		}
		item.Replaying = true
		a.Items = append(a.Items, item)
	}
	return append([]*runner.Activation{&a}, t.replayedSteps()...)
}

// localMarker is the name of the markers that say how local activities ended.
const localMarker = "LocalActivity"

// replayedSteps are the further steps of the task: for each local activity that
// has ended, what its marker says.
func (t *task) replayedSteps() (out []*runner.Activation) {
	for _, s := range t.steps {
		if s.activation.Replaying {
			a := *s.activation
			a.Trace = true
			out = append(out, &a)
			continue
		}
		for n := s.commands; n < s.commands+s.made; n++ {
			m := t.marker(n)
			if !isMarker(t.commands[n]) || m.Attributes.GetMarkerName() != localMarker {
				continue
			}
			out = append(out, &runner.Activation{
				Run: true, Replaying: true, SDK: runner.SDK{Name: library}, Trace: true,
				Local: &runner.LocalResult{Marker: &m},
			})
			break
		}
	}
	return out
}

func isMarker(c *commandpb.Command) bool {
	return c.GetCommandType() == enumspb.COMMAND_TYPE_RECORD_MARKER
}

// marker is the event that the n-th command of the task will cause: ids are
// predicted, as everywhere.
func (t *task) marker(n int) runner.Marker {
	a := t.commands[n].GetRecordMarkerCommandAttributes()
	m := runner.Marker{
		EventID: t.first.StartedID + 2 + int64(n),
		Attributes: &historypb.MarkerRecordedEventAttributes{
			MarkerName: a.GetMarkerName(), Details: a.GetDetails(), Header: a.GetHeader(), Failure: a.GetFailure(),
		},
	}
	if a.GetMarkerName() == versionMarker && listsVersions(at(t.commands, n+1)) {
		m.SearchAttributes = t.commands[n+1].GetUpsertWorkflowSearchAttributesCommandAttributes().GetSearchAttributes()
	}
	return m
}

// The names of the markers that a replay does not make again, and of the search
// attribute that goes with those of versions.
const (
	versionMarker           = "Version"
	mutableSideEffectMarker = "MutableSideEffect"
	changeVersion           = "TemporalChangeVersion"
)

// listsVersions reports whether c is the upsert that goes with a version.
func listsVersions(c *commandpb.Command) bool {
	_, ok := c.GetUpsertWorkflowSearchAttributesCommandAttributes().GetSearchAttributes().
		GetIndexedFields()[changeVersion]
	return ok
}

// rejected are the updates that the task has rejected.
func (t *task) rejected() (instances []string) {
	for _, m := range t.messages {
		if isRejection(m) {
			instances = append(instances, m.GetProtocolInstanceId())
		}
	}
	return instances
}

func isRejection(m *protocolpb.Message) bool {
	return m.GetBody().MessageIs((*updatepb.Rejection)(nil))
}
